//! Why a journal is not written.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

/// Why a journal cannot be opened, or is written no further.
#[derive(Clone, Debug, Error)]
pub enum WriterError {
    /// The system refused.
    #[error("{}: cannot {action}: {source}: {}", path.display(), advice(source.kind()))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why not.
        source: Arc<io::Error>,
    },
    /// Another process writes the journal.
    #[error("{}: another process writes this journal: end it first, or name another folder", folder.display())]
    Busy {
        /// Its folder.
        folder: PathBuf,
    },
    /// The pattern does not order the days' files.
    #[error(
        "`{pattern}` is no pattern for journal files: it needs year, month and day in this order, no folder and \
         `.jsonl` at its end, as `{}` has them",
        super::PATTERN
    )]
    Pattern {
        /// The pattern.
        pattern: String,
    },
    /// What is there is not a journal that can go on.
    #[error("{}: the journal cannot go on here: {why}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// A journal without a key cannot hand over to one.
    #[error("an unsigned journal cannot hand over to a key: begin a new journal in another folder")]
    Unsigned,
    /// The second place does not take checkpoints.
    #[error("{place}: cannot write a checkpoint: {source}: {}", advice(source.kind()))]
    Checkpoint {
        /// What it is.
        place: String,
        /// Why not.
        source: Arc<io::Error>,
    },
}

impl WriterError {
    /// What the system refused of a file.
    pub fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), action, source: Arc::new(source) }
    }

    /// Whether opening the journal again may help: the system refused, and what is there is sound.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::Checkpoint { .. })
    }

    pub(super) fn refused(path: &Path, why: impl Into<String>) -> Self {
        Self::Refused { path: path.to_owned(), why: why.into() }
    }
}

/// What to do about an error of the system.
fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space, then start again",
        ErrorKind::ReadOnlyFilesystem => {
            "see why the disk became read-only (often a failing one), then start again"
        }
        ErrorKind::PermissionDenied => "give its user the right to write there, then start again",
        _ => "see what the system says about the disk, then start again",
    }
}
