//! Why an input log cannot be used.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

/// Why an input log cannot be read or written.
#[derive(Clone, Debug, Error)]
pub enum InputLogError {
    /// The system refused something.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why not.
        source: Arc<io::Error>,
    },
    /// A line is not what was written.
    #[error(
        "{}:{line}: {what}: put the file back from a backup; to begin anew, with a fresh account, move the folder {} away",
        path.display(),
        folder(path)
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A file between others is not there.
    #[error(
        "{}: the file is missing, and later ones are there: put it back from a backup; to begin anew, with a fresh \
         account, move the folder {} away",
        path.display(),
        folder(path)
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
}

fn folder(path: &Path) -> String {
    path.parent().unwrap_or(path).display().to_string()
}

impl InputLogError {
    /// What the system refused of a file.
    pub fn io<'a>(path: &'a Path, action: &'static str) -> impl FnOnce(io::Error) -> Self + 'a {
        move |error| Self::Io { path: path.to_owned(), action, source: Arc::new(error) }
    }

    /// Whether trying again may help: the system refused, and what is there is sound.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Io { .. })
    }
}
