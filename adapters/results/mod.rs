//! The folder of a run's results.

mod file;
mod folder;
mod table;
mod texts;

pub use file::write_file;
pub use folder::{ResultsError, ResultsFolder};
pub use table::{Column, Table, TableError};
pub use texts::Texts;
