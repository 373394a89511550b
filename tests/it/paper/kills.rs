//! A session that is killed at any moment ends as one that never was.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use hemiola::modes::paper::history::Speed;
use hemiola::modes::paper::session::{OnStop, Stop};
use hemiola_adapters::journal::writer::System;

use super::support::{Run, check_journal, openings, prepare, run, said, write_config, write_real_config};
use crate::journal_attacks::Random;
use crate::journal_kill::pause;
use crate::support::shared::market_data;

/// Where the process that is killed runs its session; without it, it does nothing.
const FOLDER: &str = "HEMIOLA_TEST_SESSION_FOLDER";

const KILLS: u32 = 60;

/// Goes through a day of history in 300 ms, so that a kill falls anywhere.
#[test]
#[ignore = "it is the process that the next tests kill"]
fn runs_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let speed = Speed::Times(86_400.0 / 0.3);
    let run = Run { folder, disk: System, speed, on_stop: OnStop::Keep, commands: None };
    let prepared = prepare(folder);
    println!("begins");
    run.run(&prepared, &Stop::default()).unwrap();
    println!("is over");
}

#[test]
fn a_session_killed_at_any_moment_ends_as_one_that_never_was() {
    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path());
    kill_and_compare(folder.path());
}

#[test]
fn a_session_over_real_candles_killed_at_any_moment_ends_as_one_that_never_was() {
    let Some(candles) = market_data() else { return };
    let folder = tempfile::tempdir().unwrap();
    write_real_config(folder.path(), &candles);
    kill_and_compare(folder.path());
}

fn kill_and_compare(folder: &Path) {
    let calm = tempfile::tempdir().unwrap();
    let prepared = prepare(folder);
    let undisturbed = run(&prepared, calm.path(), System).unwrap();
    let mut random = Random(7);
    for _ in 0..KILLS {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "paper::kills::runs_until_it_is_killed", "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.ends_with("begins")));
        pause(random.below(120_000) as u64);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!lines.any(|line| line.ends_with("is over")), "a kill is of a session that is under way");
    }
    let starts = openings(folder);
    assert!(starts > KILLS as usize / 3, "most kills are of a session that has begun: {starts}");
    let ended = run(&prepared, folder, System).unwrap();
    assert_eq!(ended.digest, undisturbed.digest);
    assert_eq!(ended.outcome.account, undisturbed.outcome.account);
    let [killed, calm] = [folder, calm.path()].map(check_journal);
    let [killed, calm] = [killed, calm].map(|lines| lines.iter().map(said).collect::<Vec<_>>());
    assert!(killed.len() > 50 && killed == calm, "the journals say the same");
}
