//! Rows that somebody changed with tools of their own.

use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;

/// A folder with two profiles and two transitions in it.
fn kept() -> (TempDir, StateFolder) {
    let folder = tempfile::tempdir().unwrap();
    let state = StateFolder::new("desk", folder.path());
    let records =
        ["calm", "wild"].map(|profile| RiskRecord { profile: profile.to_owned(), ..RiskRecord::default() });
    let transition = |rule: &str| Transition {
        at: hemiola_components::time::Nanos::ZERO,
        profile: "wild".to_owned(),
        change: Change::Entered,
        rule: rule.to_owned(),
        value: Some(0.1),
        limit: Some(0.05),
        by: None,
        reason: None,
    };
    let mut repository = RiskRepository::open(&state).unwrap();
    repository.save(&records, &[transition("drawdown_limit"), transition("daily_loss_limit")]).unwrap();
    (folder, state)
}

fn change(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn a_row_that_is_not_what_was_saved_is_found() {
    for (sql, says) in [
        ("DELETE FROM record WHERE profile = 'wild'", "the record of `wild` is missing"),
        ("UPDATE record SET body = replace(body, '0.0', '9.0')", "the hash of the record of `calm`"),
        ("UPDATE record SET hash = 'none' WHERE profile = 'wild'", "the hash of the record of `wild`"),
        ("UPDATE record SET profile = 'mild' WHERE profile = 'wild'", "the record of `mild` is not the one"),
        ("UPDATE record SET version = 0", "the record of `calm`: there is no version 0"),
        ("INSERT INTO record SELECT 'copy', version, body, hash FROM record LIMIT 1", "the record of `copy`"),
        ("DELETE FROM seal", "no rows"),
        ("DELETE FROM transition WHERE sequence = 1", "transition 1 is missing"),
        ("DELETE FROM transition WHERE sequence = 2", "the last transitions"),
        ("UPDATE transition SET body = '{}' WHERE sequence = 2", "the hash of transition 2"),
        ("DROP TABLE transition", "no such table"),
        ("PRAGMA application_id = 0", "it is no risk state"),
        ("PRAGMA user_version = 0", "there is no version 0"),
    ] {
        let (_folder, state) = kept();
        change(&state.database(), sql);
        for error in [read(&state).unwrap_err(), RiskRepository::open(&state).unwrap_err()] {
            let text = error.to_string();
            assert!(matches!(error, RiskStateError::Damaged { .. }) && text.contains(says), "{sql}: {text}");
            assert!(text.contains("hemiola risk restore --environment desk --from "), "{text}");
        }
    }
}

#[test]
fn a_newer_version_is_left_to_a_newer_program() {
    for sql in ["PRAGMA user_version = 2", "UPDATE record SET version = 2 WHERE profile = 'wild'"] {
        let (_folder, state) = kept();
        change(&state.database(), sql);
        let error = read(&state).unwrap_err();
        assert!(matches!(error, RiskStateError::Newer { found: 2, known: 1, .. }), "{error}");
        assert!(error.is_damage());
    }
}

/// A row of an earlier day has the right hash, and is still not the one that was saved.
#[test]
fn an_older_row_in_its_place_is_found() {
    let (_folder, state) = kept();
    let row = |path: &Path| -> (String, String) {
        let sql = "SELECT body, hash FROM record WHERE profile = 'wild'";
        Connection::open(path).unwrap().query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    let (body, hash) = row(&state.database());
    let mut repository = RiskRepository::open(&state).unwrap();
    let mut record = repository.records()["wild"].clone();
    record.peak_equity = 7.0;
    repository.save(&[record], &[]).unwrap();
    drop(repository);
    change(
        &state.database(),
        &format!("UPDATE record SET body = '{body}', hash = '{hash}' WHERE profile = 'wild'"),
    );
    let text = read(&state).unwrap_err().to_string();
    assert!(text.contains("the record of `wild` is not the one that the index names"), "{text}");
}

#[test]
fn the_backup_is_what_was_saved_last() {
    let (_folder, state) = kept();
    assert_eq!(read_file(&state.backup()).unwrap(), read(&state).unwrap().unwrap());
}
