//! The tables of a state's database, and how it is opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::kind::Kind;

/// Version of the tables and of the records in them.
pub(super) const VERSION: i64 = 1;

/// Each row is a JSON text with the BLAKE3 hash of its bytes; the one row of `seal` names all others.
pub(super) fn tables(kind: Kind) -> String {
    let Kind { name_column, events_table, .. } = kind;
    format!(
        "
CREATE TABLE record ({name_column} TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE {events_table} (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE seal (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
"
    )
}

/// How long a save and a read wait for each other.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens a database that exists. Whoever reads may have to undo a save that a crash cut short, so it is opened for
/// writing where the file allows it.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // EXTRA also syncs the folder when the journal is deleted: a save that returned survives the loss of power.
    connection.execute_batch(
        "PRAGMA synchronous = EXTRA; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
    )?;
    Ok(connection)
}

/// A number that the file's head holds.
pub(super) fn head(connection: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, pragma, |row| row.get(0))
}
