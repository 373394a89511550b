//! The folder of a run's results.

mod folder;
mod table;

pub use folder::{ResultsError, ResultsFolder};
pub use table::{Column, Table, TableError};
