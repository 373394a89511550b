//! What can go wrong with a kept state.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::folder::Folder;
use super::kind::{Kind, Record};

/// Why a state cannot be read or kept.
#[derive(Debug, Error)]
pub enum StateError {
    /// The operating system or the database refused.
    #[error("{}: cannot {action}: {reason}", path.display())]
    Access {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why not.
        reason: String,
    },
    /// Another process trades or writes.
    #[error(
        "{}: the {noun} is in use by {}: end that process first, then try again",
        path.display(),
        holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
    )]
    Locked {
        /// What kind of state it is.
        noun: &'static str,
        /// The lock's file.
        path: PathBuf,
        /// The process that holds it, where it says so.
        holder: Option<u32>,
    },
    /// The state is damaged, or gone while its backup is there.
    #[error("{}: the {} is damaged ({what}), {}: {remedy}", path.display(), kind.noun, kind.without)]
    Damaged {
        /// What kind of state it is.
        kind: Kind,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// A later version of the program wrote the file.
    #[error(
        "{}: the {noun} has version {found}, and this program reads {known}: use the program that wrote it, or a \
         newer one",
        path.display()
    )]
    Newer {
        /// What kind of state it is.
        noun: &'static str,
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version that is understood.
        known: i64,
    },
    /// A state with numbers that no file can hold.
    #[error("the {noun} of `{name}` cannot be kept: {reason}")]
    Unstorable {
        /// What kind of state it is.
        noun: &'static str,
        /// Whose.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

impl StateError {
    /// Whether what was kept is at fault, rather than access to it.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Newer { .. })
    }

    pub(super) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Access { path, action, reason: error.to_string() }
    }
}

/// Why a database's contents cannot be had, without its place.
#[derive(Debug)]
pub(super) enum Fault {
    Damage(String),
    Newer(i64),
    Access(String),
}

impl Fault {
    pub(super) fn at<R: Record>(
        self,
        path: &Path,
        action: &'static str,
        remedy: Remedy<'_, R>,
    ) -> StateError {
        let path = path.to_owned();
        let kind = R::KIND;
        match self {
            Self::Damage(what) => StateError::Damaged { kind, path, what, remedy: remedy.text() },
            Self::Newer(found) => {
                StateError::Newer { noun: kind.noun, path, found, known: super::schema::VERSION }
            }
            Self::Access(reason) => StateError::Access { path, action, reason },
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, FileLockingProtocolFailed, OutOfMemory,
            PermissionDenied, ReadOnly, SystemIoFailure,
        };
        match error.sqlite_error_code() {
            Some(
                CannotOpen
                | DatabaseBusy
                | DatabaseLocked
                | DiskFull
                | FileLockingProtocolFailed
                | OutOfMemory
                | PermissionDenied
                | ReadOnly
                | SystemIoFailure,
            ) => Self::Access(error.to_string()),
            _ => Self::Damage(error.to_string()),
        }
    }
}

/// How a damaged file is got over.
#[derive(Clone, Copy, Debug)]
pub(super) enum Remedy<'f, R: Record> {
    /// It is the state of an environment.
    Environment(&'f Folder<R>),
    /// It is a copy.
    OtherCopy,
}

impl<R: Record> Remedy<'_, R> {
    fn text(self) -> String {
        match self {
            Self::Environment(folder) => format!(
                "restore it with `{2} restore --environment {0} --from {1}`, or delete it deliberately with \
                 `{2} reset --environment {0} --confirm`",
                folder.environment(),
                folder.backup().display(),
                R::KIND.command
            ),
            Self::OtherCopy => "take another copy".to_owned(),
        }
    }
}
