//! The copy of a state, and how it comes back.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::NamedTempFile;

use super::contents::{self, States};
use super::error::{Fault, Remedy, StateError};
use super::folder::{Folder, sync_folder, temporary};
use super::kind::Record;
use super::repository::read_file;
use super::schema;

/// Makes the backup hold what the database holds.
pub(super) fn keep<R: Record>(connection: &Connection, folder: &Folder<R>) -> Result<(), StateError> {
    put(copy(connection, folder, &folder.database())?, &folder.backup())
}

/// Puts a backup in the place of an environment's state, which is kept beside it, and returns what it holds.
///
/// # Errors
/// As for [`Repository::open`](super::Repository::open); when the backup itself is damaged, nothing is changed.
pub fn restore<R: Record>(folder: &Folder<R>, from: &Path) -> Result<States<R>, StateError> {
    let _lock = folder.lock()?;
    let states = read_file(from)?;
    let access =
        |error: rusqlite::Error| Fault::from(error).at(from, "read the backup", Remedy::<R>::OtherCopy);
    let source = schema::open(from).map_err(access)?;
    let copy = copy(&source, folder, from)?;
    let path = folder.database();
    if path.exists() {
        let aside = fs::rename(&path, folder.replaced());
        aside.map_err(StateError::io(&path, "move the replaced state aside"))?;
    }
    // What a crash left belongs to the file that was moved, and would be taken for the new one's.
    remove(&folder.leftovers())?;
    put(copy, &path)?;
    keep(&source, folder)?;
    Ok(states)
}

/// Deletes an environment's state and its backup. Returns whether there was anything.
///
/// # Errors
/// [`StateError::Locked`] when another process has it open, [`StateError::Access`] when a file cannot be
/// removed.
pub fn reset<R: Record>(folder: &Folder<R>) -> Result<bool, StateError> {
    let _lock = folder.lock()?;
    let [journal, log, shared] = folder.leftovers();
    let removed = remove(&[folder.database(), folder.backup(), journal, log, shared])?;
    sync_folder(folder.path())?;
    Ok(removed)
}

fn remove(paths: &[PathBuf]) -> Result<bool, StateError> {
    let mut removed = false;
    for path in paths.iter().filter(|path| path.exists()) {
        fs::remove_file(path).map_err(StateError::io(path, "remove"))?;
        removed = true;
    }
    Ok(removed)
}

/// A checked copy of a database, as a temporary file in the folder.
fn copy<R: Record>(
    connection: &Connection,
    folder: &Folder<R>,
    from: &Path,
) -> Result<NamedTempFile, StateError> {
    let file = temporary::<R>(folder.path())?;
    let target = file.path().to_str().ok_or_else(|| Fault::Access("its path is not UTF-8".to_owned()));
    let copied = target.and_then(|target| Ok(connection.execute("VACUUM INTO ?1", [target])?));
    let checked = copied.and_then(|_| contents::read_file::<R>(file.path()));
    checked.map_err(|fault| fault.at(from, "copy the state", Remedy::Environment(folder)))?;
    Ok(file)
}

/// Makes a temporary file durable under a name.
fn put(file: NamedTempFile, path: &Path) -> Result<(), StateError> {
    file.as_file().sync_all().map_err(StateError::io(path, "sync"))?;
    file.persist(path).map_err(|error| StateError::io(path, "write")(error.error))?;
    sync_folder(path.parent().unwrap_or(Path::new("")))
}
