//! Where a column is decoded to: a vector, or pieces in a temporary file.

use std::collections::TryReserveError;

use hemiola_components::column::{Column, Sink as _};

use super::error::StoreError;
use super::pages;
use super::spill::{Plain, Scratch, Spill};

/// A column that is being decoded.
pub(super) enum Output<T> {
    Whole(Vec<T>),
    Pieces(Spill<T>),
}

impl<T: Plain> Output<T> {
    /// In memory, or where there is a folder for it, in a file there.
    pub(super) fn new(scratch: Option<&Scratch>) -> Result<Self, StoreError> {
        scratch.map_or_else(|| Ok(Self::Whole(Vec::new())), |scratch| scratch.column().map(Self::Pieces))
    }

    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Whole(values) => values.len(),
            Self::Pieces(spill) => spill.len(),
        }
    }

    /// Makes room for exactly so many values in all, where they stay in memory.
    pub(super) fn make_room(&mut self, all: usize) -> Result<(), TryReserveError> {
        if let Self::Whole(values) = self
            && values.capacity() < all
        {
            values.try_reserve_exact(all.saturating_sub(values.len()))?;
            pages::enlarge(values);
        }
        Ok(())
    }

    /// Where the next values go, behind what is there.
    pub(super) const fn tail(&mut self) -> &mut Vec<T> {
        match self {
            Self::Whole(values) => values,
            Self::Pieces(spill) => spill.tail(),
        }
    }

    /// Takes what was put there.
    pub(super) fn settle(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Whole(_) => Ok(()),
            Self::Pieces(spill) => spill.settle(),
        }
    }

    /// Forgets all but the first values.
    pub(super) fn truncate(&mut self, len: usize) -> Result<(), StoreError> {
        match self {
            Self::Whole(values) => {
                values.truncate(len);
                Ok(())
            }
            Self::Pieces(spill) => spill.truncate(len),
        }
    }

    pub(super) fn finish(self) -> Result<Column<T>, StoreError> {
        match self {
            Self::Whole(values) => Ok(values.into()),
            Self::Pieces(spill) => spill.finish(),
        }
    }
}
