//! Sessions on the wall clock, run as a program over a venue on this machine.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

use hemiola::clock::Stopwatch;
use serde_json::Value;

use super::desk::{Desk, KEY, signal};
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

#[test]
fn a_service_manager_hears_of_a_session_and_a_signal_asks_how_late_it_is() {
    let desk = Desk::new(PathBuf::from(env!("CARGO_BIN_EXE_hemiola")), 2);
    let socket = desk.path("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut command = desk.run();
    command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "300000");
    let session = command.spawn().unwrap();
    let hear = || {
        let mut bytes = [0; 64];
        let count = manager.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..count]).trim().to_owned()
    };
    assert_eq!((hear(), hear(), hear()), ("READY=1".into(), "WATCHDOG=1".into(), "WATCHDOG=1".into()));
    signal(&session, "USR1");
    let clock = Stopwatch::start();
    while !desk.told().contains("corrected: ") {
        assert!(clock.elapsed() < Duration::from_secs(20), "{}", desk.told());
        pause(10_000);
    }
    assert!(desk.told().contains("every 1 s: "), "{}", desk.told());
    desk.stop(session);
    assert!((0..1_000).any(|_| hear() == "STOPPING=1"));
}
