//! Kept risk states: what is read back, what a crash leaves, what damage does.

use std::collections::BTreeMap;
use std::fs;
use std::hint::spin_loop;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use hemiola_adapters::risk_state::{
    self, Change, CostTotals, KILL_SWITCH, Latch, Operator, Position, PositionSide, RiskRecord,
    RiskRepository, RiskStateError, RiskStates, StateFolder, Transition,
};
use hemiola_components::time::Nanos;
use tempfile::TempDir;

fn folder() -> (TempDir, StateFolder) {
    let folder = tempfile::tempdir().unwrap();
    let state = StateFolder::new("desk", &folder.path().join("state"));
    (folder, state)
}

/// A state with something in every field.
fn full(profile: &str) -> RiskRecord {
    RiskRecord {
        profile: profile.to_owned(),
        as_of: Nanos::new(1_706_702_400_123_456_789),
        current_day: Nanos::new(1_706_659_200_000_000_000),
        start_of_week: Nanos::new(1_706_486_400_000_000_000),
        start_of_day_equity: 0.1 + 0.2,
        start_of_week_equity: 1e300,
        last_equity: -1.0 / 3.0,
        peak_equity: f64::MIN_POSITIVE,
        available_margin: 123_456.789,
        maintenance_margin: 1.0,
        daily_realized_pnl: -2.5,
        weekly_realized_pnl: -0.0,
        rolling_profit_30d: 9_007_199_254_740_993.0,
        rolling_costs_30d: 5e-324,
        latches: vec![
            Latch {
                rule: "drawdown_limit".to_owned(),
                value: Some(0.11),
                limit: Some(0.1),
                since: Nanos::new(1),
                by_operator: None,
            },
            Latch {
                rule: KILL_SWITCH.to_owned(),
                value: None,
                limit: None,
                since: Nanos::ZERO,
                by_operator: Some(Operator { name: "Zoë".to_owned(), reason: "\"quoted\"\n".to_owned() }),
            },
        ],
        positions: BTreeMap::from([(
            "binance:BTC_USDT".to_owned(),
            Position {
                side: PositionSide::Short,
                quantity: 0.3,
                average_price: 42_000.1,
                notional: 12_600.03,
            },
        )]),
        costs: CostTotals { fees: 1.1, slippage: 2.2, borrow: 3.3, traded_notional: 4.4 },
        limits: BTreeMap::from([("drawdown_limit".to_owned(), 0.1)]),
    }
}

fn halted(profile: &str) -> Transition {
    Transition {
        at: Nanos::new(-5),
        profile: profile.to_owned(),
        change: Change::Halted,
        rule: KILL_SWITCH.to_owned(),
        value: None,
        limit: None,
        by: Some("Zoë".to_owned()),
        reason: Some("drill".to_owned()),
    }
}

#[test]
fn what_is_saved_is_read_back_bit_for_bit() {
    let (_folder, state) = folder();
    assert!(risk_state::read(&state).unwrap().is_none(), "nothing was ever kept");
    let mut repository = RiskRepository::open(&state).unwrap();
    assert!(repository.records().is_empty());
    repository.save(&[full("calm"), full("wild")], &[halted("wild")]).unwrap();
    let changed = RiskRecord { latches: Vec::new(), ..full("calm") };
    repository.save(std::slice::from_ref(&changed), &[halted("calm"), halted("wild")]).unwrap();
    let expected = RiskStates {
        records: BTreeMap::from([("calm".to_owned(), changed), ("wild".to_owned(), full("wild"))]),
        events: vec![halted("wild"), halted("calm"), halted("wild")],
    };
    assert_eq!(*repository.records(), expected.records);
    drop(repository);
    let read = risk_state::read(&state).unwrap().unwrap();
    assert_eq!(format!("{read:?}"), format!("{expected:?}"), "the sign of zero, too");
    assert_eq!(*RiskRepository::open(&state).unwrap().records(), expected.records);
}

#[test]
fn a_number_that_is_not_finite_is_refused_and_nothing_changes() {
    let (_folder, state) = folder();
    let mut repository = RiskRepository::open(&state).unwrap();
    repository.save(&[full("calm")], &[]).unwrap();
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let record = RiskRecord { last_equity: wrong, ..full("calm") };
        let error = repository.save(&[full("wild"), record], &[halted("wild")]).unwrap_err();
        assert!(matches!(&error, RiskStateError::Unstorable { name, .. } if name == "calm"), "{error}");
    }
    assert_eq!(repository.records().len(), 1);
    drop(repository);
    let read = risk_state::read(&state).unwrap().unwrap();
    assert_eq!((read.records.len(), read.events.len()), (1, 0));
}

#[test]
fn a_second_writer_hears_who_the_first_one_is() {
    let (_folder, state) = folder();
    let first = RiskRepository::open(&state).unwrap();
    for refused in [
        RiskRepository::open(&state).map(drop),
        risk_state::restore(&state, &state.backup()).map(drop),
        risk_state::reset(&state).map(drop),
    ] {
        let error = refused.unwrap_err();
        let me = std::process::id();
        assert!(
            matches!(error, RiskStateError::Locked { holder: Some(holder), .. } if holder == me),
            "{error}"
        );
        assert!(
            error.to_string().contains(&format!("in use by process {me}: end that process first")),
            "{error}"
        );
    }
    risk_state::read(&state).unwrap().unwrap();
    drop(first);
    RiskRepository::open(&state).unwrap();
}

#[test]
fn a_results_file_is_written_once_and_read_without_a_lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(risk_state::DATABASE);
    let states = RiskStates {
        records: BTreeMap::from([("calm".to_owned(), full("calm"))]),
        events: vec![halted("calm")],
    };
    risk_state::create(&path, &states).unwrap();
    assert_eq!(risk_state::read_file(&path).unwrap(), states);
    let error = risk_state::create(&path, &states).unwrap_err();
    assert!(!error.is_damage() && error.to_string().contains("cannot create the state"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left over");
}

/// The folder with one save in it, and what was saved.
fn kept() -> (TempDir, StateFolder, RiskStates) {
    let (temporary, state) = folder();
    let mut repository = RiskRepository::open(&state).unwrap();
    repository.save(&[full("calm"), full("wild")], &[halted("wild")]).unwrap();
    drop(repository);
    let states = risk_state::read(&state).unwrap().unwrap();
    (temporary, state, states)
}

/// Whatever happened to the file: an error that says how to go on, or exactly what was saved.
fn check(state: &StateFolder, states: &RiskStates, what: &str) -> bool {
    match risk_state::read(state) {
        Ok(read) => {
            assert!(read.as_ref() == Some(states), "{what}: another state, silently");
            false
        }
        Err(error) => {
            let text = error.to_string();
            let advice = ["risk reset", "use the program that wrote it"];
            assert!(!error.is_damage() || advice.iter().any(|one| text.contains(one)), "{what}: {text}");
            true
        }
    }
}

#[test]
fn no_flipped_byte_goes_unnoticed_where_it_matters() {
    let (_folder, state, states) = kept();
    let whole = fs::read(state.database()).unwrap();
    let mut found = 0;
    let places = (0..100).chain((100..whole.len()).step_by(7));
    for place in places.clone() {
        let mut damaged = whole.clone();
        damaged[place] ^= 1 << (place % 8);
        fs::write(state.database(), &damaged).unwrap();
        found += usize::from(check(&state, &states, &format!("byte {place}")));
    }
    assert!(found > 300, "{found} of {} places were found", places.count());
    fs::write(state.database(), &whole).unwrap();
    assert!(!check(&state, &states, "whole again"));
}

#[test]
fn no_file_that_was_cut_or_replaced_passes() {
    let (_folder, state, states) = kept();
    let whole = fs::read(state.database()).unwrap();
    for length in [0, 1, 15, 16, 99, 100, 512, 4_095, 4_096, 8_192, whole.len() - 4_096, whole.len() - 1] {
        fs::write(state.database(), &whole[..length]).unwrap();
        assert!(check(&state, &states, &format!("cut to {length} bytes")), "cut to {length} bytes");
        assert!(risk_state::read(&state).unwrap_err().is_damage(), "cut to {length} bytes");
    }
    for (text, what) in [(&b"no database"[..], "a text"), (&[0; 16_384][..], "zeros")] {
        fs::write(state.database(), text).unwrap();
        assert!(risk_state::read(&state).unwrap_err().is_damage(), "{what}");
    }
    fs::remove_file(state.database()).unwrap();
    let error = risk_state::read(&state).unwrap_err();
    assert!(error.is_damage() && error.to_string().contains("the file is gone"), "{error}");
    assert!(RiskRepository::open(&state).unwrap_err().is_damage());
}

#[test]
fn a_damaged_state_comes_back_from_its_backup_and_is_kept_beside_it() {
    let (_folder, state, states) = kept();
    fs::write(state.database(), "nonsense").unwrap();
    assert!(RiskRepository::open(&state).unwrap_err().is_damage());
    assert_eq!(risk_state::restore(&state, &state.backup()).unwrap(), states);
    assert_eq!(risk_state::read(&state).unwrap().unwrap(), states);
    assert_eq!(risk_state::read_file(&state.backup()).unwrap(), states);
    assert_eq!(fs::read(state.replaced()).unwrap(), b"nonsense");
}

#[test]
fn a_damaged_backup_restores_nothing() {
    let (_folder, state, states) = kept();
    fs::write(state.backup(), "nonsense").unwrap();
    let error = risk_state::restore(&state, &state.backup()).unwrap_err();
    assert!(error.is_damage() && error.to_string().contains("take another copy"), "{error}");
    assert_eq!(risk_state::read(&state).unwrap().unwrap(), states);
}

#[test]
fn a_reset_leaves_nothing_and_says_so() {
    let (_folder, state, _) = kept();
    fs::write(state.database(), "nonsense").unwrap();
    assert!(risk_state::reset(&state).unwrap());
    assert!(!risk_state::reset(&state).unwrap());
    assert!(risk_state::read(&state).unwrap().is_none());
    assert!(RiskRepository::open(&state).unwrap().records().is_empty());
}

/// Where the process that is killed saves; without it, it does nothing.
const FOLDER: &str = "HEMIOLA_TEST_STATE_FOLDER";

/// Says each save when it is done.
#[test]
#[ignore = "it is the process that the next test kills"]
fn saves_until_it_is_killed() {
    let Some(path) = std::env::var_os(FOLDER) else { return };
    let mut repository = RiskRepository::open(&StateFolder::new("desk", Path::new(&path))).unwrap();
    let done = repository.records().get("calm").map_or(0.0, |record| record.last_equity);
    for save in 1_u32.. {
        let last_equity = done + f64::from(save);
        repository.save(&[RiskRecord { last_equity, ..full("calm") }], &[halted("calm")]).unwrap();
        println!("saved {last_equity}");
    }
}

#[test]
fn a_process_killed_at_any_moment_leaves_what_it_said_it_saved() {
    let (_folder, state) = folder();
    let mut total = 0.0;
    for kill in 0..24_usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "risk_repository::saves_until_it_is_killed", "--ignored", "--nocapture"])
            .env(FOLDER, state.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut said = lines.by_ref().filter_map(|line| line.split_once("saved ")?.1.parse::<f64>().ok());
        let seen = said.by_ref().nth(kill % 5).unwrap();
        // Each a little later in the next save.
        (0..kill * 10_000).for_each(|_| spin_loop());
        child.kill().unwrap();
        child.wait().unwrap();
        let seen = said.last().unwrap_or(seen);
        let read = risk_state::read(&state).unwrap().unwrap();
        total = read.records["calm"].last_equity;
        assert!(total == seen || total == seen + 1.0, "it said {seen} and left {total}");
        assert_eq!(read.events.len() as f64, total);
    }
    assert!(total >= 24.0);
    RiskRepository::open(&state).unwrap().save(&[full("calm")], &[]).unwrap();
    let mut left: Vec<_> =
        fs::read_dir(state.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort_unstable();
    assert_eq!(left, ["risk.lock", "risk.sqlite", "risk.sqlite.bak"]);
}
