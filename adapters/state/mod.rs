//! States that survive the process: a SQLite database per environment and kind, one writer, every row with its hash.
//!
//! A state that cannot be believed is an error and never "no state": what it held back would be let go.

mod backup;
mod contents;
mod error;
mod folder;
mod kind;
mod repository;
mod schema;
mod seal;
mod write;

pub use backup::{reset, restore};
pub use contents::States;
pub use error::StateError;
pub use folder::{Folder, StateLock};
pub use kind::{Kind, Record};
pub use repository::{Repository, read, read_file};
pub use write::create;
