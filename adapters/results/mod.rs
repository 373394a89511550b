//! The folder of a run's results.

mod file;
mod folder;
mod read;
mod table;
mod texts;

pub use file::write_file;
pub use folder::{ResultsError, ResultsFolder};
pub use read::read_texts;
pub use table::{Column, Table, TableError};
pub use texts::Texts;
