//! The folder of an environment's risk state, and the lock on it.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::RiskStateError;

/// Name of the database, in an environment's folder and in a folder of results.
pub const DATABASE: &str = "risk.sqlite";

/// Where an environment keeps its risk state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFolder {
    environment: String,
    path: PathBuf,
}

impl StateFolder {
    /// The folder of an environment; it need not exist yet.
    #[must_use]
    pub fn new(environment: &str, path: &Path) -> Self {
        Self { environment: environment.to_owned(), path: path.to_owned() }
    }

    /// The environment's name.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// The copy of what was saved last.
    #[must_use]
    pub fn backup(&self) -> PathBuf {
        self.path.join("risk.sqlite.bak")
    }

    /// Where a restore puts the database it replaces.
    #[must_use]
    pub fn replaced(&self) -> PathBuf {
        self.path.join("risk.sqlite.replaced")
    }

    /// What SQLite leaves beside the database when the process dies during a save.
    pub(super) fn leftovers(&self) -> [PathBuf; 3] {
        ["risk.sqlite-journal", "risk.sqlite-wal", "risk.sqlite-shm"].map(|name| self.path.join(name))
    }

    /// Takes the lock without waiting, and creates the folder when there is none.
    ///
    /// # Errors
    /// [`RiskStateError::Locked`] when another process holds it; [`RiskStateError::Access`] when the folder cannot be
    /// created or the lock's file not be written.
    pub fn lock(&self) -> Result<StateLock, RiskStateError> {
        fs::create_dir_all(&self.path).map_err(RiskStateError::io(&self.path, "create the folder"))?;
        let path = self.path.join("risk.lock");
        let opened = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(RiskStateError::io(&path, "open the lock"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let holder = file.read_to_string(&mut holder).ok().and_then(|_| holder.trim().parse().ok());
                return Err(RiskStateError::Locked { path, holder });
            }
            Err(TryLockError::Error(error)) => return Err(RiskStateError::io(&path, "take the lock")(error)),
        }
        let sign = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        sign(&mut file).map_err(RiskStateError::io(&path, "sign the lock"))?;
        self.sweep().map_err(RiskStateError::io(&self.path, "remove temporary files"))?;
        Ok(StateLock { _file: file })
    }

    /// Removes the temporary files of a process that died.
    fn sweep(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(TEMPORARY.as_bytes()) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// The right to write an environment's risk state, until it is dropped or the process ends.
#[derive(Debug)]
pub struct StateLock {
    _file: File,
}

/// How the names of temporary files begin.
const TEMPORARY: &str = ".risk-";

pub(super) fn temporary(folder: &Path) -> Result<NamedTempFile, RiskStateError> {
    NamedTempFile::with_prefix_in(TEMPORARY, folder).map_err(RiskStateError::io(folder, "create a file"))
}

/// Makes the names in a folder durable.
#[cfg(unix)]
pub(super) fn sync_folder(folder: &Path) -> Result<(), RiskStateError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(RiskStateError::io(folder, "sync the folder"))
}

/// Folders cannot be synced here; the file system keeps its names in a journal of its own.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature on every platform")]
pub(super) fn sync_folder(_: &Path) -> Result<(), RiskStateError> {
    Ok(())
}
