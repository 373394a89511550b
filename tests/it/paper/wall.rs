//! Sessions on the wall clock, run as a program over a venue on this machine.

use std::path::PathBuf;

use super::desk::{Desk, KEY};
use serde_json::Value;

use crate::journal_attacks::Random;
use crate::journal_kill::pause;

const KILLS: usize = 50;

#[test]
fn a_session_on_the_wall_clock_killed_at_any_moment_is_what_its_inputs_say() {
    let desk = Desk::new(PathBuf::from(env!("CARGO_BIN_EXE_hemiola")), 12);
    let mut random = Random(11);
    for kill in 0..KILLS {
        let mut session = desk.start();
        pause(100_000 + random.below(1_500_000) as u64);
        if kill % 10 == 4 {
            let verb = if kill % 20 == 4 { "suspend" } else { "resume" };
            let done = desk.output(&["sched", verb, "s01", "--environment", "desk", "--who", "ann"]);
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
        let ended = session.try_wait().unwrap();
        assert!(ended.is_none(), "{ended:?}: {}", desk.told());
        session.kill().unwrap();
        session.wait().unwrap();
    }
    let session = desk.start();
    pause(4_000_000);
    let ended = desk.stop(session);
    assert!(ended["orders"].as_u64().unwrap() > 10, "{ended}");
    desk.check_replay(&ended["digest"]);
    let lines = desk.check_journal();
    let count = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
    assert!(count("journal_opened") > KILLS / 2, "most kills are of a session that has begun");
    assert!(count("schedule_suspended") > 0, "operators are heard");
    let report = desk.output(&["report", "cycles", "--environment", "desk", "--json"]);
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(report["summary"]["total"], 32, "{report}");
    let last = report["summary"]["last_sequence"].as_u64().unwrap();
    assert!(last > 32, "numbers go on from one process to the next: {last}");
    let log = desk.log();
    assert!(log.contains("Shutdown complete") && log.contains("session begins"), "{log}");
    assert!(!log.contains(KEY) && !desk.told().contains(KEY), "no key is told");
}
