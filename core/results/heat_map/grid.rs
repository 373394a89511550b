//! A heat map in as many cells as there is room for.

use std::fmt::Write as _;
use std::ops::Range;

use super::text::label;
use super::{Axis, HeatMap};

/// Cells that stand for blocks of the table, equally large ones but for the last of each axis.
pub(super) struct Grid<'a> {
    map: &'a HeatMap,
    /// Table cells per cell, along x and y.
    step: [usize; 2],
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Row by row: the mean of the table cells that have a value.
    values: Vec<Option<f64>>,
    /// The lowest and the highest value; none when all are missing.
    pub(super) range: Option<[f64; 2]>,
}

impl<'a> Grid<'a> {
    /// At most so many columns and rows, and at least one of each.
    pub(super) fn of(map: &'a HeatMap, columns: usize, rows: usize) -> Self {
        let step = [map.x.labels.len().div_ceil(columns.max(1)), map.y.labels.len().div_ceil(rows.max(1))];
        let mut grid = Self {
            map,
            step,
            columns: map.x.labels.len().div_ceil(step[0]),
            rows: map.y.labels.len().div_ceil(step[1]),
            values: Vec::new(),
            range: None,
        };
        let cells = (0..grid.rows).flat_map(|row| (0..grid.columns).map(move |column| (column, row)));
        grid.values = cells.map(|(column, row)| grid.mean(column, row)).collect();
        for value in grid.values.iter().flatten() {
            let [lowest, highest] = grid.range.unwrap_or([*value; 2]);
            grid.range = Some([lowest.min(*value), highest.max(*value)]);
        }
        grid
    }

    fn mean(&self, column: usize, row: usize) -> Option<f64> {
        let width = self.map.x.labels.len();
        let values = self.table_rows(row).flat_map(|row| {
            self.table_columns(column).filter_map(move |column| self.map.cells[row * width + column])
        });
        let count = values.clone().count();
        // Divided first: the sum of finite numbers may not be finite.
        (count > 0).then(|| values.map(|value| value / count as f64).sum())
    }

    fn table_columns(&self, column: usize) -> Range<usize> {
        block(column, self.step[0], self.map.x.labels.len())
    }

    fn table_rows(&self, row: usize) -> Range<usize> {
        block(row, self.step[1], self.map.y.labels.len())
    }

    /// A cell's value.
    pub(super) fn value(&self, column: usize, row: usize) -> Option<f64> {
        self.values[row * self.columns + column]
    }

    /// Where a value lies between the lowest and the highest, from 0 to 1; in the middle when they are the same.
    pub(super) fn place(&self, value: f64) -> f64 {
        match self.range {
            // Halves: the range of finite numbers may not be finite.
            Some([lowest, highest]) if lowest < highest => {
                (value / 2.0 - lowest / 2.0) / (highest / 2.0 - lowest / 2.0)
            }
            _ => 0.5,
        }
    }

    /// Whether a cell has no value.
    pub(super) fn has_missing(&self) -> bool {
        self.values.contains(&None)
    }

    /// The first label of a column.
    pub(super) fn x_label(&self, column: usize) -> String {
        label(&self.map.x.labels[self.table_columns(column).start])
    }

    /// The first label of a row.
    pub(super) fn y_label(&self, row: usize) -> String {
        label(&self.map.y.labels[self.table_rows(row).start])
    }

    /// What a cell shows, exactly.
    pub(super) fn describe(&self, column: usize, row: usize) -> String {
        let mut text = labels(&self.map.x, self.table_columns(column));
        let _ = write!(text, ", {}: ", labels(&self.map.y, self.table_rows(row)));
        match self.value(column, row) {
            // Debug has an exponent where there would be many zeros, and reads back as the same number.
            Some(value) => {
                let _ = write!(text, "{value:?}");
            }
            None => text.push_str("no value"),
        }
        text
    }

    /// What a cell is, where it is not a cell of the table.
    pub(super) fn blocks(&self) -> Option<String> {
        let [x, y] = self.step;
        (self.step != [1, 1]).then(|| format!("each cell: the mean of up to {x} × {y}"))
    }
}

/// A name with its label, or with the first and last of several.
fn labels(axis: &Axis, range: Range<usize>) -> String {
    let first = &axis.labels[range.start];
    match &axis.labels[range.end - 1] {
        _ if range.len() == 1 => format!("{} {first}", axis.name),
        last => format!("{} {first} to {last}", axis.name),
    }
}

fn block(index: usize, step: usize, count: usize) -> Range<usize> {
    index * step..((index + 1) * step).min(count)
}

/// Every how many cells there is room for a label: one takes `label`, a cell `cell` of the same unit.
pub(super) fn stride(label: usize, cell: usize) -> usize {
    label.div_ceil(cell.max(1)).max(1)
}
