//! Reads a database and believes nothing in it that is not proven.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::error::Fault;
use super::kind::{Kind, Record};
use super::schema::{self, VERSION, head};
use super::seal::{Seal, Sealed};

/// What a state's database holds.
#[derive(Clone, Debug, PartialEq)]
pub struct States<R: Record> {
    /// The records, by name.
    pub records: BTreeMap<String, R>,
    /// What happened, oldest first.
    pub events: Vec<R::Event>,
}

impl<R: Record> Default for States<R> {
    fn default() -> Self {
        Self { records: BTreeMap::new(), events: Vec::new() }
    }
}

/// Reads the database of a file and checks all of it.
pub(super) fn read_file<R: Record>(path: &Path) -> Result<States<R>, Fault> {
    // SQLite takes an empty file for a database without tables.
    let bytes = path.metadata().map_err(|error| Fault::Access(error.to_string()))?.len();
    if bytes == 0 {
        return Err(Fault::Damage("the file is empty".to_owned()));
    }
    let connection = schema::open(path)?;
    connection.execute_batch("PRAGMA query_only = ON")?;
    read(&connection).map(|(states, _)| states)
}

/// Reads a database at one instant.
pub(super) fn read<R: Record>(connection: &Connection) -> Result<(States<R>, Seal), Fault> {
    let transaction = connection.unchecked_transaction()?;
    check_head(&transaction, R::KIND)?;
    let seal = read_seal(&transaction)?;
    let records = read_records(&transaction, &seal)?;
    let events = read_events::<R>(&transaction, &seal)?;
    Ok((States { records, events }, seal))
}

fn check_head(connection: &Connection, kind: Kind) -> Result<(), Fault> {
    if head(connection, "application_id")? != kind.application {
        return Err(Fault::Damage(format!("it is no {}", kind.noun)));
    }
    match head(connection, "user_version")? {
        VERSION => {}
        newer if newer > VERSION => return Err(Fault::Newer(newer)),
        older => return Err(Fault::Damage(format!("there is no version {older}"))),
    }
    let first: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if first == "ok" { Ok(()) } else { Err(Fault::Damage(first)) }
}

fn read_seal(connection: &Connection) -> Result<Seal, Fault> {
    let sealed = connection.query_row("SELECT body, hash FROM seal WHERE one = 1", [], |row| {
        Ok(Sealed { body: row.get(0)?, hash: row.get(1)? })
    })?;
    sealed.open("the index")
}

fn read_records<R: Record>(connection: &Connection, seal: &Seal) -> Result<BTreeMap<String, R>, Fault> {
    let column = R::KIND.name_column;
    let mut statement =
        connection.prepare(&format!("SELECT {column}, version, body, hash FROM record ORDER BY {column}"))?;
    let mut rows = statement.query([])?;
    let mut records = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (name, version): (String, i64) = (row.get(0)?, row.get(1)?);
        let what = format!("the record of `{name}`");
        match version {
            VERSION => {}
            newer if newer > VERSION => return Err(Fault::Newer(newer)),
            older => return Err(Fault::Damage(format!("{what}: there is no version {older}"))),
        }
        let sealed = Sealed { body: row.get(2)?, hash: row.get(3)? };
        let record: R = sealed.open(&what)?;
        if record.name() != name || seal.records.get(&name) != Some(&sealed.hash) {
            return Err(Fault::Damage(format!("{what} is not the one that the index names")));
        }
        records.insert(name, record);
    }
    match seal.records.keys().find(|name| !records.contains_key(*name)) {
        Some(missing) => Err(Fault::Damage(format!("the record of `{missing}` is missing"))),
        None => Ok(records),
    }
}

fn read_events<R: Record>(connection: &Connection, seal: &Seal) -> Result<Vec<R::Event>, Fault> {
    let table = R::KIND.events_table;
    let mut statement =
        connection.prepare(&format!("SELECT sequence, body, hash FROM {table} ORDER BY sequence"))?;
    let mut rows = statement.query([])?;
    let (mut events, mut count, mut last) = (Vec::new(), 0, None);
    while let Some(row) = rows.next()? {
        count += 1;
        let sealed = Sealed { body: row.get(1)?, hash: row.get(2)? };
        if row.get::<_, i64>(0)? != count {
            return Err(Fault::Damage(format!("{table} {count} is missing")));
        }
        events.push(sealed.open(&format!("{table} {count}"))?);
        last = Some(sealed.hash);
    }
    if (count, &last) == (seal.events, &seal.last) {
        Ok(events)
    } else {
        Err(Fault::Damage(format!("the last {table}s are not those that the index names")))
    }
}
