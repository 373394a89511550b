//! Writes records, events and the seal over them.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, params};

use super::contents::States;
use super::error::{Fault, Remedy, StateError};
use super::folder::{sync_folder, temporary};
use super::kind::Record;
use super::schema::{self, VERSION, tables};
use super::seal::{Seal, Sealed};

/// Writes a file of its own. It appears whole or not at all.
///
/// # Errors
/// [`StateError::Unstorable`] for a number that is not finite, [`StateError::Access`] when there is such a
/// file already or the system refuses.
pub fn create<R: Record>(path: &Path, states: &States<R>) -> Result<(), StateError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let file = temporary::<R>(folder)?;
    let fill = || -> Result<(), Problem> {
        let mut connection = schema::open(file.path())?;
        connection.pragma_update(None, "application_id", R::KIND.application)?;
        connection.pragma_update(None, "user_version", VERSION)?;
        connection.execute_batch(&tables(R::KIND))?;
        let records: Vec<_> = states.records.values().cloned().collect();
        write(&mut connection, &Seal::default(), &records, &states.events)?;
        connection.close().map_err(|(_, error)| error.into())
    };
    fill().map_err(|problem| problem.at(path, Remedy::<R>::OtherCopy))?;
    file.as_file().sync_all().map_err(StateError::io(path, "sync the state"))?;
    let placed = file.persist_noclobber(path);
    placed.map_err(|error| StateError::io(path, "create the state")(error.error))?;
    sync_folder(folder)
}

/// Why a write came to nothing.
pub(super) enum Problem {
    Record { name: String, reason: String },
    Database(rusqlite::Error),
}

impl Problem {
    pub(super) fn at<R: Record>(self, path: &Path, remedy: Remedy<'_, R>) -> StateError {
        match self {
            Self::Record { name, reason } => StateError::Unstorable { noun: R::KIND.noun, name, reason },
            Self::Database(error) => Fault::from(error).at(path, "save the state", remedy),
        }
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// One transaction; returns the seal that stands afterwards.
pub(super) fn write<R: Record>(
    connection: &mut Connection,
    seal: &Seal,
    records: &[R],
    events: &[R::Event],
) -> Result<Seal, Problem> {
    let unstorable = |name: &str| {
        let name = name.to_owned();
        move |reason| Problem::Record { name, reason }
    };
    let (column, table) = (R::KIND.name_column, R::KIND.events_table);
    let insert_record =
        format!("INSERT OR REPLACE INTO record ({column}, version, body, hash) VALUES (?1, ?2, ?3, ?4)");
    let insert_event = format!("INSERT INTO {table} (sequence, body, hash) VALUES (?1, ?2, ?3)");
    let mut seal = seal.clone();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for record in records {
        let sealed = Sealed::new(record).map_err(unstorable(record.name()))?;
        transaction.execute(&insert_record, params![record.name(), VERSION, sealed.body, sealed.hash])?;
        seal.records.insert(record.name().to_owned(), sealed.hash);
    }
    for event in events {
        let sealed = Sealed::new(event).map_err(unstorable(table))?;
        seal.events += 1;
        transaction.execute(&insert_event, params![seal.events, sealed.body, sealed.hash])?;
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
