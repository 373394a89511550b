//! Keeps the risk states of an environment.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::backup;
use super::contents::{self, RiskStates};
use super::error::{Fault, Remedy, RiskStateError};
use super::folder::{StateFolder, StateLock};
use super::record::{RiskRecord, Transition};
use super::schema;
use super::seal::Seal;
use super::write::{create, write};

/// The risk states of an environment, open for writing. It holds the environment's lock.
#[derive(Debug)]
pub struct RiskRepository {
    folder: StateFolder,
    connection: Connection,
    records: BTreeMap<String, RiskRecord>,
    seal: Seal,
    _lock: StateLock,
}

impl RiskRepository {
    /// Opens an environment's state, which begins empty where there never was one.
    ///
    /// # Errors
    /// [`RiskStateError::Locked`] when another process has it open, [`RiskStateError::Damaged`] or
    /// [`RiskStateError::Newer`] when what is there cannot be believed, [`RiskStateError::Access`] when the system
    /// refuses.
    pub fn open(folder: &StateFolder) -> Result<Self, RiskStateError> {
        let lock = folder.lock()?;
        let path = folder.database();
        let found = read(folder)?;
        if found.is_none() {
            create(&path, &RiskStates::default())?;
        }
        let fault = |fault: Fault| fault.at(&path, "open the risk state", Remedy::Environment(folder));
        let connection = schema::open(&path).map_err(|error| fault(error.into()))?;
        let (states, seal) = contents::read(&connection).map_err(fault)?;
        Ok(Self { folder: folder.clone(), connection, records: states.records, seal, _lock: lock })
    }

    /// The state of each profile, by name.
    #[must_use]
    pub const fn records(&self) -> &BTreeMap<String, RiskRecord> {
        &self.records
    }

    /// Keeps the states of some profiles, and what happened to them: all of it or nothing. When it returns, the states
    /// survive the loss of power, and the backup holds the same.
    ///
    /// # Errors
    /// [`RiskStateError::Unstorable`] for a number that is not finite, [`RiskStateError::Access`] when the system
    /// refuses, [`RiskStateError::Damaged`] when the file was damaged meanwhile. The backup is then as it was.
    pub fn save(&mut self, records: &[RiskRecord], transitions: &[Transition]) -> Result<(), RiskStateError> {
        let path = self.folder.database();
        self.seal = write(&mut self.connection, &self.seal, records, transitions)
            .map_err(|problem| problem.at(&path, Remedy::Environment(&self.folder)))?;
        self.records.extend(records.iter().map(|record| (record.profile.clone(), record.clone())));
        backup::keep(&self.connection, &self.folder)
    }
}

/// What an environment has kept; `None` when it never kept anything. Takes no lock.
///
/// # Errors
/// As for [`RiskRepository::open`], apart from the lock. A file that is gone while its backup is there is damage.
pub fn read(folder: &StateFolder) -> Result<Option<RiskStates>, RiskStateError> {
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

/// The states in a file of its own, such as that of a run's results.
///
/// # Errors
/// [`RiskStateError::Access`] when it cannot be read, [`RiskStateError::Damaged`] or [`RiskStateError::Newer`] when
/// what is there cannot be believed.
pub fn read_file(path: &Path) -> Result<RiskStates, RiskStateError> {
    contents::read_file(path).map_err(|fault| fault.at(path, "read the risk state", Remedy::OtherCopy))
}
