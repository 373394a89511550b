//! Writes records, transitions and the seal over them.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, params};

use super::contents::RiskStates;
use super::error::{Fault, Remedy, RiskStateError};
use super::folder::{sync_folder, temporary};
use super::record::{RiskRecord, Transition};
use super::schema::{self, APPLICATION, TABLES, VERSION};
use super::seal::{Seal, Sealed};

/// Writes a file of its own. It appears whole or not at all.
///
/// # Errors
/// [`RiskStateError::Unstorable`] for a number that is not finite, [`RiskStateError::Access`] when there is such a
/// file already or the system refuses.
pub fn create(path: &Path, states: &RiskStates) -> Result<(), RiskStateError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let file = temporary(folder)?;
    let fill = || -> Result<(), Problem> {
        let mut connection = schema::open(file.path())?;
        connection.pragma_update(None, "application_id", APPLICATION)?;
        connection.pragma_update(None, "user_version", VERSION)?;
        connection.execute_batch(TABLES)?;
        let records: Vec<_> = states.records.values().cloned().collect();
        write(&mut connection, &Seal::default(), &records, &states.transitions)?;
        connection.close().map_err(|(_, error)| error.into())
    };
    fill().map_err(|problem| problem.at(path, Remedy::OtherCopy))?;
    file.as_file().sync_all().map_err(RiskStateError::io(path, "sync the risk state"))?;
    let placed = file.persist_noclobber(path);
    placed.map_err(|error| RiskStateError::io(path, "create the risk state")(error.error))?;
    sync_folder(folder)
}

/// Why a write came to nothing.
pub(super) enum Problem {
    Record { profile: String, reason: String },
    Database(rusqlite::Error),
}

impl Problem {
    pub(super) fn at(self, path: &Path, remedy: Remedy<'_>) -> RiskStateError {
        match self {
            Self::Record { profile, reason } => RiskStateError::Unstorable { profile, reason },
            Self::Database(error) => Fault::from(error).at(path, "save the risk state", remedy),
        }
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// One transaction; returns the seal that stands afterwards.
pub(super) fn write(
    connection: &mut Connection,
    seal: &Seal,
    records: &[RiskRecord],
    transitions: &[Transition],
) -> Result<Seal, Problem> {
    let unstorable = |profile: &str| {
        let profile = profile.to_owned();
        move |reason| Problem::Record { profile, reason }
    };
    let mut seal = seal.clone();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for record in records {
        let sealed = Sealed::new(record).map_err(unstorable(&record.profile))?;
        transaction.execute(
            "INSERT OR REPLACE INTO record (profile, version, body, hash) VALUES (?1, ?2, ?3, ?4)",
            params![record.profile, VERSION, sealed.body, sealed.hash],
        )?;
        seal.records.insert(record.profile.clone(), sealed.hash);
    }
    for transition in transitions {
        let sealed = Sealed::new(transition).map_err(unstorable(&transition.profile))?;
        seal.transitions += 1;
        transaction.execute(
            "INSERT INTO transition (sequence, body, hash) VALUES (?1, ?2, ?3)",
            params![seal.transitions, sealed.body, sealed.hash],
        )?;
        seal.last = Some(sealed.hash);
    }
    let sealed = Sealed::new(&seal).expect("names, hashes and a count read back as themselves");
    transaction.execute(
        "INSERT OR REPLACE INTO seal (one, body, hash) VALUES (1, ?1, ?2)",
        params![sealed.body, sealed.hash],
    )?;
    transaction.commit()?;
    Ok(seal)
}
