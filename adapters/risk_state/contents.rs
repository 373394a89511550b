//! Reads a database and believes nothing in it that is not proven.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::error::Fault;
use super::record::{RiskRecord, Transition};
use super::schema::{self, APPLICATION, VERSION, head};
use super::seal::{Seal, Sealed};

/// What a risk state's database holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RiskStates {
    /// The state of each profile, by name.
    pub records: BTreeMap<String, RiskRecord>,
    /// What happened, oldest first.
    pub transitions: Vec<Transition>,
}

/// Reads the database of a file and checks all of it.
pub(super) fn read_file(path: &Path) -> Result<RiskStates, Fault> {
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
pub(super) fn read(connection: &Connection) -> Result<(RiskStates, Seal), Fault> {
    let transaction = connection.unchecked_transaction()?;
    check_head(&transaction)?;
    let seal = read_seal(&transaction)?;
    let records = read_records(&transaction, &seal)?;
    let transitions = read_transitions(&transaction, &seal)?;
    Ok((RiskStates { records, transitions }, seal))
}

fn check_head(connection: &Connection) -> Result<(), Fault> {
    if head(connection, "application_id")? != APPLICATION {
        return Err(Fault::Damage("it is not a risk state".to_owned()));
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

fn read_records(connection: &Connection, seal: &Seal) -> Result<BTreeMap<String, RiskRecord>, Fault> {
    let mut statement =
        connection.prepare("SELECT profile, version, body, hash FROM record ORDER BY profile")?;
    let mut rows = statement.query([])?;
    let mut records = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (profile, version): (String, i64) = (row.get(0)?, row.get(1)?);
        let what = format!("the record of `{profile}`");
        match version {
            VERSION => {}
            newer if newer > VERSION => return Err(Fault::Newer(newer)),
            older => return Err(Fault::Damage(format!("{what}: there is no version {older}"))),
        }
        let sealed = Sealed { body: row.get(2)?, hash: row.get(3)? };
        let record: RiskRecord = sealed.open(&what)?;
        if record.profile != profile || seal.records.get(&profile) != Some(&sealed.hash) {
            return Err(Fault::Damage(format!("{what} is not the one that the index names")));
        }
        records.insert(profile, record);
    }
    match seal.records.keys().find(|profile| !records.contains_key(*profile)) {
        Some(missing) => Err(Fault::Damage(format!("the record of `{missing}` is missing"))),
        None => Ok(records),
    }
}

fn read_transitions(connection: &Connection, seal: &Seal) -> Result<Vec<Transition>, Fault> {
    let mut statement =
        connection.prepare("SELECT sequence, body, hash FROM transition ORDER BY sequence")?;
    let mut rows = statement.query([])?;
    let (mut transitions, mut count, mut last) = (Vec::new(), 0, None);
    while let Some(row) = rows.next()? {
        count += 1;
        let sealed = Sealed { body: row.get(1)?, hash: row.get(2)? };
        if row.get::<_, i64>(0)? != count {
            return Err(Fault::Damage(format!("transition {count} is missing")));
        }
        transitions.push(sealed.open(&format!("transition {count}"))?);
        last = Some(sealed.hash);
    }
    if (count, &last) == (seal.transitions, &seal.last) {
        Ok(transitions)
    } else {
        Err(Fault::Damage("the last transitions are not those that the index names".to_owned()))
    }
}
