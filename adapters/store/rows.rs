//! Which rows of a file are decoded.

use std::ops::Range;

use parquet::arrow::arrow_reader::{RowSelection, RowSelector};

use super::error::StoreError;
use super::table::Table;

/// Rows of one row group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) group: usize,
    /// Counted from the group's first row.
    pub(super) rows: Range<usize>,
}

/// A stretch of a file's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    parts: Vec<Part>,
    /// Counted from the file's first row.
    first: usize,
    len: usize,
}

impl Selection {
    /// All rows of a file.
    pub(super) fn all(table: &Table) -> Result<Self, StoreError> {
        Self::new(table, 0..table.rows()?)
    }

    /// These rows of a file, counted from 0.
    pub(super) fn new(table: &Table, rows: Range<usize>) -> Result<Self, StoreError> {
        // Also finds counts that are not numbers of rows.
        let len = rows.end.min(table.rows()?).saturating_sub(rows.start);
        let rows = rows.start..rows.start + len;
        let (mut parts, mut first) = (Vec::new(), 0);
        for (group, metadata) in table.parquet().row_groups().iter().enumerate() {
            let count = usize::try_from(metadata.num_rows()).unwrap_or_default();
            let (start, end) = (rows.start.max(first), rows.end.min(first + count));
            if start < end {
                parts.push(Part { group, rows: start - first..end - first });
            }
            first += count;
        }
        Ok(Self { parts, first: rows.start, len })
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The first row, counted from 0 in the file.
    pub(super) const fn first(&self) -> usize {
        self.first
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The row groups, and which of their rows, as the batch reader wants them.
    pub(super) fn for_batches(&self, table: &Table) -> (Vec<usize>, RowSelection) {
        let mut selectors = Vec::new();
        for Part { group, rows } in &self.parts {
            let count = usize::try_from(table.parquet().row_group(*group).num_rows()).unwrap_or_default();
            selectors.push(RowSelector::skip(rows.start));
            selectors.push(RowSelector::select(rows.len()));
            selectors.push(RowSelector::skip(count - rows.end));
        }
        (self.parts.iter().map(|part| part.group).collect(), selectors.into())
    }
}
