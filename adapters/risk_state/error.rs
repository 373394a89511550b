//! What can go wrong with a kept risk state.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::folder::StateFolder;

/// Why a risk state cannot be read or kept.
#[derive(Debug, Error)]
pub enum RiskStateError {
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
        "{}: the risk state is in use by {}: end that process first, then try again",
        path.display(),
        holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
    )]
    Locked {
        /// The lock's file.
        path: PathBuf,
        /// The process that holds it, where it says so.
        holder: Option<u32>,
    },
    /// The state is damaged, or gone while its backup is there.
    #[error("{}: the risk state is damaged ({what}), and without its latches nothing may trade: {remedy}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// A later version of the program wrote the file.
    #[error(
        "{}: the risk state has version {found}, and this program reads {known}: use the program that wrote it, or a \
         newer one",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version that is understood.
        known: i64,
    },
    /// A state with numbers that no file can hold.
    #[error("the risk state of `{profile}` cannot be kept: {reason}")]
    Unstorable {
        /// The profile.
        profile: String,
        /// What is wrong.
        reason: String,
    },
}

impl RiskStateError {
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
    pub(super) fn at(self, path: &Path, action: &'static str, remedy: Remedy<'_>) -> RiskStateError {
        let path = path.to_owned();
        match self {
            Self::Damage(what) => RiskStateError::Damaged { path, what, remedy: remedy.text() },
            Self::Newer(found) => RiskStateError::Newer { path, found, known: super::schema::VERSION },
            Self::Access(reason) => RiskStateError::Access { path, action, reason },
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
pub(super) enum Remedy<'f> {
    /// It is the state of an environment.
    Environment(&'f StateFolder),
    /// It is a copy.
    OtherCopy,
}

impl Remedy<'_> {
    fn text(self) -> String {
        match self {
            Self::Environment(folder) => format!(
                "restore it with `hemiola risk restore --environment {0} --from {1}`, or delete it deliberately with \
                 `hemiola risk reset --environment {0} --confirm`",
                folder.environment(),
                folder.backup().display()
            ),
            Self::OtherCopy => "take another copy".to_owned(),
        }
    }
}
