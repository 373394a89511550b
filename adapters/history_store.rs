//! What a session did lately, kept beyond the process: a SQLite database of JSON rows, each kind of them by number.
//!
//! It is for looking at. Evidence is the journal's business, so that rows are neither signed nor forced to the disk; a
//! process that is killed loses what it had not written yet, and nothing else.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, params};
use thiserror::Error;

/// Version of the tables.
const VERSION: i64 = 1;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS entry (kind TEXT NOT NULL, sequence INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, sequence)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kind (name TEXT PRIMARY KEY, last INTEGER NOT NULL, terms TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// How long a reader and the writer wait for each other.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why a history cannot be read or written.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// SQLite refuses.
    #[error("{}: {source}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// Another version wrote it.
    #[error("{}: it has version {found}, and this program reads {VERSION}", path.display())]
    Version {
        /// The database.
        path: PathBuf,
        /// What it has.
        found: i64,
    },
}

impl HistoryError {
    /// Whether the file itself is of no use, so that another one may take its place.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Version { .. } => true,
            Self::Database { source, .. } => {
                matches!(
                    source.sqlite_error_code(),
                    Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
                )
            }
        }
    }
}

/// What becomes of the entries of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// New ones: number and JSON.
    pub added: Vec<(u64, String)>,
    /// Entries below this number go.
    pub first: u64,
    /// The number that was given last, to any entry.
    pub last: u64,
}

/// A history of several kinds of entries.
#[derive(Debug)]
pub struct HistoryStore {
    path: PathBuf,
    connection: Connection,
}

impl HistoryStore {
    /// Opens a history for writing; it is created when there is none.
    ///
    /// # Errors
    /// When it cannot be, or is none.
    pub fn create(path: &Path) -> Result<Self, HistoryError> {
        Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    /// Opens a history that is there.
    ///
    /// # Errors
    /// When it cannot be, or is none.
    pub fn read_only(path: &Path) -> Result<Self, HistoryError> {
        // SQLite's readers take part in the locking of its write-ahead log.
        Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    fn open(path: &Path, flags: OpenFlags) -> Result<Self, HistoryError> {
        let failed = |source| HistoryError::Database { path: path.to_owned(), source };
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        let version: i64 =
            connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
        if ![0, VERSION].contains(&version) {
            return Err(HistoryError::Version { path: path.to_owned(), found: version });
        }
        if version == 0 {
            let begin = format!("PRAGMA journal_mode = WAL; {TABLES} PRAGMA user_version = {VERSION};");
            connection.execute_batch(&begin).map_err(failed)?;
        }
        connection
            .execute_batch("PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF;")
            .map_err(failed)?;
        Ok(Self { path: path.to_owned(), connection })
    }

    /// Says what limits a kind, and gives the number that its last entry had; 0 when there was none.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn begin(&self, kind: &str, terms: &str) -> Result<u64, HistoryError> {
        let sql =
            "INSERT INTO kind VALUES (?1, 0, ?2) ON CONFLICT (name) DO UPDATE SET terms = ?2 RETURNING last";
        let last = self.connection.query_row(sql, params![kind, terms], |row| row.get::<_, i64>(0));
        last.map(i64::cast_unsigned).map_err(|source| self.failed(source))
    }

    /// What limits a kind, if it ever began.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn terms(&self, kind: &str) -> Result<Option<String>, HistoryError> {
        let sql = "SELECT terms FROM kind WHERE name = ?1";
        match self.connection.query_row(sql, [kind], |row| row.get(0)) {
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
            found => found.map(Some).map_err(|source| self.failed(source)),
        }
    }

    /// The entries of a kind, oldest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn entries(&self, kind: &str) -> Result<Vec<String>, HistoryError> {
        let read = || {
            let sql = "SELECT body FROM entry WHERE kind = ?1 ORDER BY sequence";
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map([kind], |row| row.get(0))?;
            rows.collect::<rusqlite::Result<Vec<String>>>()
        };
        read().map_err(|source| self.failed(source))
    }

    /// Changes some kinds at once, or none of them.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn change(&mut self, changes: &[(&str, Change)]) -> Result<(), HistoryError> {
        let write = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            for (kind, change) in changes {
                apply(&transaction, kind, change)?;
            }
            transaction.commit()
        };
        write(&mut self.connection).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: rusqlite::Error) -> HistoryError {
        HistoryError::Database { path: self.path.clone(), source }
    }
}

fn apply(transaction: &Transaction<'_>, kind: &str, change: &Change) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO entry VALUES (?1, ?2, ?3)";
    let mut insert = transaction.prepare(sql)?;
    for (sequence, body) in &change.added {
        insert.execute(params![kind, sequence.cast_signed(), body])?;
    }
    let sql = "DELETE FROM entry WHERE kind = ?1 AND sequence < ?2";
    transaction.prepare(sql)?.execute(params![kind, change.first.cast_signed()])?;
    let sql = "UPDATE kind SET last = ?2 WHERE name = ?1";
    transaction.prepare(sql)?.execute(params![kind, change.last.cast_signed()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn change(numbers: std::ops::Range<u64>, first: u64) -> Change {
        let last = numbers.end - 1;
        Change { added: numbers.map(|number| (number, format!("{{\"n\":{number}}}"))).collect(), first, last }
    }

    #[test]
    fn entries_come_and_go_and_their_numbers_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite");
        assert!(HistoryStore::read_only(&path).is_err(), "there is none yet");
        let mut store = HistoryStore::create(&path).unwrap();
        assert_eq!((store.begin("a", "x").unwrap(), store.begin("b", "y").unwrap()), (0, 0));
        store.change(&[("a", change(1..5, 1)), ("b", change(1..2, 1))]).unwrap();
        store.change(&[("a", change(5..7, 4))]).unwrap();
        let reader = HistoryStore::read_only(&path).unwrap();
        assert_eq!(reader.entries("a").unwrap(), [r#"{"n":4}"#, r#"{"n":5}"#, r#"{"n":6}"#]);
        assert_eq!(reader.entries("b").unwrap(), [r#"{"n":1}"#]);
        assert_eq!(reader.terms("a").unwrap().as_deref(), Some("x"));
        assert_eq!(reader.terms("c").unwrap(), None);
        drop(store);
        let mut store = HistoryStore::create(&path).unwrap();
        assert_eq!(store.begin("a", "z").unwrap(), 6);
        store.change(&[("a", change(7..8, 8))]).unwrap();
        assert_eq!(reader.entries("a").unwrap(), Vec::<String>::new(), "all are too old");
        assert_eq!((store.begin("a", "z").unwrap(), reader.terms("a").unwrap().as_deref()), (7, Some("z")));
    }

    #[test]
    fn a_file_that_is_no_history_is_told_from_one_that_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite");
        fs::write(&path, "no database at all, but long enough to be looked at as one by SQLite".repeat(20))
            .unwrap();
        let error = HistoryStore::create(&path).unwrap_err();
        assert!(error.is_damage(), "{error}");
        assert!(error.to_string().contains("history.sqlite"), "{error}");
        let refused = HistoryStore::create(&folder.path().join("none/history.sqlite")).unwrap_err();
        assert!(!refused.is_damage(), "{refused}");
        let newer = folder.path().join("newer.sqlite");
        HistoryStore::create(&newer).unwrap().connection.pragma_update(None, "user_version", 9).unwrap();
        assert!(HistoryStore::create(&newer).unwrap_err().is_damage());
    }
}
