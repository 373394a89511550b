//! A table of values over two axes, as colours: for a page and for the terminal.

mod colour;
mod grid;
mod svg;
mod terminal;
#[cfg(test)]
mod tests;
mod text;

use thiserror::Error;

pub use svg::to_svg;
pub use terminal::to_terminal;

/// One of the two directions of a heat map.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What varies along it.
    pub name: String,
    /// Its values, in order: from left to right, or from the bottom to the top.
    pub labels: Vec<String>,
}

/// A table of values over two axes.
#[derive(Clone, Debug)]
pub struct HeatMap {
    title: String,
    measure: String,
    x: Axis,
    y: Axis,
    /// Row by row, in the order of the axes.
    cells: Vec<Option<f64>>,
}

/// Cells that do not fill a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a table of {columns} columns and {rows} rows takes a cell for each, and at least one: there are {cells}"
)]
pub struct NotATable {
    /// Labels of the x axis.
    pub columns: usize,
    /// Labels of the y axis.
    pub rows: usize,
    /// Cells.
    pub cells: usize,
}

impl HeatMap {
    /// A heat map of `measure`: `cells` has the row of the first label of `y` first, from left to right. A number that is
    /// not finite is a missing one.
    ///
    /// # Errors
    /// When there are not as many cells as the axes make, or none.
    pub fn new(
        title: impl Into<String>,
        measure: impl Into<String>,
        x: Axis,
        y: Axis,
        mut cells: Vec<Option<f64>>,
    ) -> Result<Self, NotATable> {
        let (columns, rows) = (x.labels.len(), y.labels.len());
        if cells.is_empty() || columns.checked_mul(rows) != Some(cells.len()) {
            return Err(NotATable { columns, rows, cells: cells.len() });
        }
        for cell in &mut cells {
            *cell = cell.filter(|value| value.is_finite());
        }
        Ok(Self { title: title.into(), measure: measure.into(), x, y, cells })
    }
}
