//! Keeps the records of an environment.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::backup;
use super::contents::{self, States};
use super::error::{Fault, Remedy, StateError};
use super::folder::{Folder, StateLock};
use super::kind::Record;
use super::schema;
use super::seal::Seal;
use super::write::{create, write};

/// The records of an environment, open for writing. It holds the lock on them.
#[derive(Debug)]
pub struct Repository<R> {
    folder: Folder<R>,
    connection: Connection,
    records: BTreeMap<String, R>,
    seal: Seal,
    _lock: StateLock,
}

impl<R: Record> Repository<R> {
    /// Opens an environment's state, which begins empty where there never was one.
    ///
    /// # Errors
    /// [`StateError::Locked`] when another process has it open, [`StateError::Damaged`] or
    /// [`StateError::Newer`] when what is there cannot be believed, [`StateError::Access`] when the system
    /// refuses.
    pub fn open(folder: &Folder<R>) -> Result<Self, StateError> {
        let lock = folder.lock()?;
        let path = folder.database();
        let found = read(folder)?;
        if found.is_none() {
            create(&path, &States::<R>::default())?;
        }
        let fault = |fault: Fault| fault.at(&path, "open", Remedy::Environment(folder));
        let connection = schema::open(&path).map_err(|error| fault(error.into()))?;
        let (states, seal) = contents::read(&connection).map_err(fault)?;
        Ok(Self { folder: folder.clone(), connection, records: states.records, seal, _lock: lock })
    }

    /// The records, by name.
    #[must_use]
    pub const fn records(&self) -> &BTreeMap<String, R> {
        &self.records
    }

    /// Keeps some records, and what happened to them: all of it or nothing. When it returns, they
    /// survive the loss of power, and the backup holds the same.
    ///
    /// # Errors
    /// [`StateError::Unstorable`] for a number that is not finite, [`StateError::Access`] when the system
    /// refuses, [`StateError::Damaged`] when the file was damaged meanwhile. The backup is then as it was.
    pub fn save(&mut self, records: &[R], events: &[R::Event]) -> Result<(), StateError> {
        let path = self.folder.database();
        self.seal = write(&mut self.connection, &self.seal, records, events)
            .map_err(|problem| problem.at(&path, Remedy::Environment(&self.folder)))?;
        self.records.extend(records.iter().map(|record| (record.name().to_owned(), record.clone())));
        backup::keep(&self.connection, &self.folder)
    }
}

/// What an environment has kept; `None` when it never kept anything. Takes no lock.
///
/// # Errors
/// As for [`Repository::open`], apart from the lock. A file that is gone while its backup is there is damage.
pub fn read<R: Record>(folder: &Folder<R>) -> Result<Option<States<R>>, StateError> {
    let path = folder.database();
    let remedy = Remedy::Environment(folder);
    if path.exists() {
        return contents::read_file(&path).map(Some).map_err(|fault| fault.at(&path, "read", remedy));
    }
    let traces = [folder.backup()].into_iter().chain(folder.leftovers());
    match traces.into_iter().find(|trace| trace.exists()) {
        Some(trace) => {
            let what = format!("the file is gone, and {} is there", trace.display());
            Err(Fault::Damage(what).at(&path, "read", remedy))
        }
        None => Ok(None),
    }
}

/// The records in a file of its own, such as that of a run's results.
///
/// # Errors
/// [`StateError::Access`] when it cannot be read, [`StateError::Damaged`] or [`StateError::Newer`] when
/// what is there cannot be believed.
pub fn read_file<R: Record>(path: &Path) -> Result<States<R>, StateError> {
    contents::read_file(path).map_err(|fault| fault.at(path, "read the state", Remedy::<R>::OtherCopy))
}
