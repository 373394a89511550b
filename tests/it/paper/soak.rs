//! Fifty schedules that decide once a second, while one thing after another goes wrong: for half a minute among the other
//! tests, for hours when that is wanted.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use hemiola::clock::Stopwatch;
use hemiola_adapters::feed::testing::Fault;
use serde_json::Value;

use super::desk::{Desk, signal};

/// How long it takes, seconds; half a minute without.
const SECONDS: &str = "HEMIOLA_SOAK_SECONDS";

/// The program; the one of this build without.
const PROGRAM: &str = "HEMIOLA_SOAK_PROGRAM";

/// How many schedules; fifty without.
const SCHEDULES: &str = "HEMIOLA_SOAK_SCHEDULES";

/// What goes wrong, in a minute each or a part of one.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// The venue.
    Venue(Fault),
    /// The symbol that is asked for next is unknown, once.
    Unlisted,
    /// The process stands still for so many sixtieths of the time.
    Stall(u32),
    /// Operators suspend a schedule, and let it go on.
    Operators,
}

const TROUBLES: [Trouble; 17] = [
    Trouble::Venue(Fault::None),
    Trouble::Venue(Fault::Status(503)),
    Trouble::Stall(3),
    Trouble::Venue(Fault::TooMany(5)),
    Trouble::Venue(Fault::Cut),
    Trouble::Operators,
    Trouble::Venue(Fault::Trickle),
    Trouble::Venue(Fault::Garbage),
    Trouble::Venue(Fault::Silent),
    Trouble::Venue(Fault::Duplicated),
    Trouble::Venue(Fault::Restated),
    Trouble::Stall(30),
    Trouble::Venue(Fault::NotANumber),
    Trouble::Venue(Fault::Reversed),
    Trouble::Venue(Fault::Late(Duration::from_secs(4))),
    Trouble::Venue(Fault::Future),
    Trouble::Unlisted,
];

/// What a process uses.
#[derive(Clone, Copy, Debug)]
struct Use {
    /// Resident memory, KiB.
    resident: u64,
    threads: u64,
    descriptors: usize,
    /// Processor time, hundredths of a second.
    processor: u64,
}

impl Use {
    fn of(process: &Child) -> Self {
        let folder = PathBuf::from(format!("/proc/{}", process.id()));
        let status = fs::read_to_string(folder.join("status")).unwrap();
        let number = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        let stat = fs::read_to_string(folder.join("stat")).unwrap();
        let times = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
        Self {
            resident: number("VmRSS:"),
            threads: number("Threads:"),
            descriptors: fs::read_dir(folder.join("fd")).unwrap().count(),
            processor: times.map(|time| time.parse::<u64>().unwrap()).sum(),
        }
    }
}

#[test]
fn fifty_schedules_a_second_while_one_thing_after_another_goes_wrong() {
    let seconds: u64 = env::var(SECONDS).map_or(34, |text| text.parse().unwrap());
    let time = Duration::from_secs(seconds);
    let each = Duration::from_mins(1).min(time / 17);
    let program = env::var_os(PROGRAM).map_or_else(|| env!("CARGO_BIN_EXE_hemiola").into(), PathBuf::from);
    let schedules = env::var(SCHEDULES).map_or(50, |text| text.parse().unwrap());
    let desk = Desk::new(program, schedules);
    let session = desk.start();
    let clock = Stopwatch::start();
    println!(
        "| after, s | what goes wrong | resident, MiB | descriptors | threads | processor, % | files, MiB | asked |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut processor = 0;
    for (turn, trouble) in (1..).zip(TROUBLES.into_iter().cycle()) {
        let begun = clock.elapsed();
        if begun >= time {
            break;
        }
        bring(trouble, each, &desk, &session);
        clock.wait_until(each * turn);
        let used = Use::of(&session);
        let took = clock.elapsed().saturating_sub(begun).as_secs_f64();
        println!(
            "| {} | {trouble:?} | {:.1} | {} | {} | {:.1} | {:.1} | {} |",
            clock.elapsed().as_secs(),
            used.resident as f64 / 1_024.0,
            used.descriptors,
            used.threads,
            (used.processor - processor) as f64 / took,
            desk.size() as f64 / 1_048_576.0,
            desk.venue.requests()
        );
        processor = used.processor;
    }
    let ended = desk.stop(session);
    println!("{}", serde_json::to_string_pretty(&ended).unwrap());
    let lines = desk.check_journal();
    println!("{} lines of the journal", lines.len());
    let told: BTreeSet<&str> = lines.iter().filter_map(|line| line["code"].as_str()).collect();
    for code in ["FEED-TROUBLE", "FEED-RECOVERED", "FEED-SILENT", "FEED-LATE", "CANDLE-MALFORMED"] {
        assert!(told.contains(&code), "{code} is not among {told:?}");
    }
    desk.check_replay(&ended["digest"]);
    check_restart(&desk, &ended);
}

/// A session that begins again goes on where the last one was.
fn check_restart(desk: &Desk, ended: &Value) {
    let clock = Stopwatch::start();
    let session = desk.start();
    clock.wait_until(Duration::from_secs(5));
    fs::remove_file(desk.path("stdout.txt")).unwrap();
    signal(&session, "KILL");
    session.wait_with_output().unwrap();
    let again = desk.stop({
        let session = desk.start();
        Stopwatch::start().wait_until(Duration::from_secs(5));
        session
    });
    assert!(again["ticks"].as_u64() > ended["ticks"].as_u64(), "{again}");
    desk.check_replay(&again["digest"]);
    desk.check_journal();
}

/// Lets something go wrong, and be well again.
fn bring(trouble: Trouble, each: Duration, desk: &Desk, session: &Child) {
    let wait = |time| Stopwatch::start().wait_until(time);
    match trouble {
        Trouble::Venue(fault) => {
            desk.venue.misbehave(fault);
            wait(each * 2 / 3);
            desk.venue.misbehave(Fault::None);
        }
        Trouble::Unlisted => desk.venue.misbehave_for(Fault::Unknown, 1),
        Trouble::Stall(sixtieths) => {
            signal(session, "STOP");
            wait(each * sixtieths / 60);
            signal(session, "CONT");
        }
        Trouble::Operators => {
            for verb in ["suspend", "resume"] {
                let done = desk.output(&["sched", verb, "s07", "--environment", "desk", "--who", "ann"]);
                assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
                wait(each / 6);
            }
        }
    }
}
