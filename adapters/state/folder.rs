//! The folder of an environment's state, and the lock on it.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::StateError;
use super::kind::Record;

/// Where an environment keeps its records of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder<R> {
    environment: String,
    path: PathBuf,
    kind: PhantomData<fn() -> R>,
}

impl<R: Record> Folder<R> {
    /// The folder of an environment; it need not exist yet.
    #[must_use]
    pub fn new(environment: &str, path: &Path) -> Self {
        Self { environment: environment.to_owned(), path: path.to_owned(), kind: PhantomData }
    }

    /// The same folder, for records of another kind.
    #[must_use]
    pub fn to<S: Record>(&self) -> Folder<S> {
        Folder::new(&self.environment, &self.path)
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
        self.file(".sqlite")
    }

    /// The copy of what was saved last.
    #[must_use]
    pub fn backup(&self) -> PathBuf {
        self.file(".sqlite.bak")
    }

    /// Where a restore puts the database it replaces.
    #[must_use]
    pub fn replaced(&self) -> PathBuf {
        self.file(".sqlite.replaced")
    }

    /// What SQLite leaves beside the database when the process dies during a save.
    pub(super) fn leftovers(&self) -> [PathBuf; 3] {
        [".sqlite-journal", ".sqlite-wal", ".sqlite-shm"].map(|end| self.file(end))
    }

    /// Takes the lock without waiting, and creates the folder when there is none.
    ///
    /// # Errors
    /// [`StateError::Locked`] when another process holds it; [`StateError::Access`] when the folder cannot be
    /// created or the lock's file not be written.
    pub fn lock(&self) -> Result<StateLock, StateError> {
        fs::create_dir_all(&self.path).map_err(StateError::io(&self.path, "create the folder"))?;
        let path = self.file(".lock");
        let opened = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(StateError::io(&path, "open the lock"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let holder = file.read_to_string(&mut holder).ok().and_then(|_| holder.trim().parse().ok());
                return Err(StateError::Locked { noun: R::KIND.noun, path, holder });
            }
            Err(TryLockError::Error(error)) => return Err(StateError::io(&path, "take the lock")(error)),
        }
        let sign = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        sign(&mut file).map_err(StateError::io(&path, "sign the lock"))?;
        self.sweep().map_err(StateError::io(&self.path, "remove temporary files"))?;
        Ok(StateLock { _file: file })
    }

    fn file(&self, end: &str) -> PathBuf {
        self.path.join(format!("{}{end}", R::KIND.stem))
    }

    /// Removes the temporary files of a process that died.
    fn sweep(&self) -> io::Result<()> {
        let prefix = temporary_prefix::<R>();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes()) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// The right to write an environment's state, until it is dropped or the process ends.
#[derive(Debug)]
pub struct StateLock {
    _file: File,
}

/// How the names of temporary files begin.
fn temporary_prefix<R: Record>() -> String {
    format!(".{}-", R::KIND.stem)
}

pub(super) fn temporary<R: Record>(folder: &Path) -> Result<NamedTempFile, StateError> {
    NamedTempFile::with_prefix_in(temporary_prefix::<R>(), folder)
        .map_err(StateError::io(folder, "create a file"))
}

/// Makes the names in a folder durable.
#[cfg(unix)]
pub(super) fn sync_folder(folder: &Path) -> Result<(), StateError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StateError::io(folder, "sync the folder"))
}

/// Folders cannot be synced here; the file system keeps its names in a journal of its own.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature on every platform")]
pub(super) fn sync_folder(_: &Path) -> Result<(), StateError> {
    Ok(())
}
