//! What can go wrong with a ledger.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a ledger cannot be written or read.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// The operating system refused.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// Another process writes the file.
    #[error("{}: another process writes this ledger: end it first, or name another folder", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The pattern does not tell one day's file from another's.
    #[error(
        "`{pattern}` is no pattern for ledger files: it needs year, month and day and no folder, as `{}` has them",
        super::PATTERN
    )]
    Pattern {
        /// The pattern.
        pattern: String,
    },
    /// A line is not a row.
    #[error("{}:{line}: is not a row of a ledger ({reason}): correct it, or move the file away", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

impl LedgerError {
    pub(super) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }
}
