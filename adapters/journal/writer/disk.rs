//! The disk as far as the writer needs it, so that tests can let it fail.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// What a journal is written on.
pub trait Disk: Clone + Send + 'static {
    /// A file that is open for appending.
    type File: Send;
    /// Held while the journal is open.
    type Lock: Send;

    /// Makes a folder and those above it.
    ///
    /// # Errors
    /// The system's, here and everywhere below.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;
    /// Takes a lock; `None` when another process has it.
    ///
    /// # Errors
    /// The system's.
    fn lock(&self, file: &Path) -> io::Result<Option<Self::Lock>>;
    /// The names of the files in a folder.
    ///
    /// # Errors
    /// The system's.
    fn names(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// Opens a file for appending, a new one when there is none.
    ///
    /// # Errors
    /// The system's.
    fn open(&self, file: &Path) -> io::Result<Self::File>;
    /// Appends all of these bytes. When it fails, some of them may be there.
    ///
    /// # Errors
    /// The system's.
    fn write(&self, file: &mut Self::File, bytes: &[u8]) -> io::Result<()>;
    /// Bytes of a file.
    ///
    /// # Errors
    /// The system's.
    fn length(&self, file: &Self::File) -> io::Result<u64>;
    /// What stands in a file from this byte on.
    ///
    /// # Errors
    /// The system's.
    fn read(&self, file: &Path, from: u64) -> io::Result<Vec<u8>>;
    /// Cuts a file.
    ///
    /// # Errors
    /// The system's.
    fn set_length(&self, file: &mut Self::File, length: u64) -> io::Result<()>;
    /// Returns when a file's content survives the loss of power.
    ///
    /// # Errors
    /// The system's.
    fn sync(&self, file: &mut Self::File) -> io::Result<()>;
    /// Returns when the names of a folder's files survive the loss of power.
    ///
    /// # Errors
    /// The system's.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Gives a file another name.
    ///
    /// # Errors
    /// The system's.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Deletes a file.
    ///
    /// # Errors
    /// The system's.
    fn remove(&self, file: &Path) -> io::Result<()>;
}

/// The system's disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Disk for System {
    type File = File;
    type Lock = File;

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }

    fn lock(&self, file: &Path) -> io::Result<Option<File>> {
        let file = File::options().append(true).create(true).open(file)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                names.extend(entry.file_name().into_string());
            }
        }
        Ok(names)
    }

    fn open(&self, file: &Path) -> io::Result<File> {
        File::options().append(true).create(true).open(file)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn length(&self, file: &File) -> io::Result<u64> {
        Ok(file.metadata()?.len())
    }

    fn read(&self, file: &Path, from: u64) -> io::Result<Vec<u8>> {
        let mut file = File::open(file)?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn set_length(&self, file: &mut File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    fn sync(&self, file: &mut File) -> io::Result<()> {
        file.sync_data()
    }

    #[cfg(unix)]
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    /// Only Unix opens folders; elsewhere their names are the file system's business.
    #[cfg(not(unix))]
    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        fs::remove_file(file)
    }
}
