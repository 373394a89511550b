//! A process that journals is killed at any moment: what it acknowledged is there once, and the next start goes on.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _, stdout};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use hemiola_adapters::journal::verify::{Checkpoints, Report, Rules, Verdict, Verifier, What};
use hemiola_adapters::journal::writer::{
    Batch, CheckpointWriter, JournalDays, PATTERN, Pace, Queue, Settings, System, Torn, Writer,
};
use hemiola_adapters::journal::{Algorithm, Chain, DecisionBody, Field, Lines, Target, Values, files};
use hemiola_components::time::Nanos;
use serde_json::{Value, json};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::journal_attacks::Random;
use crate::support::journals::{RUN, checkpoint_key, key};

/// Where the process that is killed journals, and its number; without them, it does nothing.
pub(crate) const FOLDER: &str = "HEMIOLA_TEST_JOURNAL_FOLDER";
pub(crate) const START: &str = "HEMIOLA_TEST_JOURNAL_START";

const SECRET: &str = "nobody knows";
const JOURNALS: u64 = 10;
const KILLS: u64 = 20;
/// Numbers that a process has for its records.
const NUMBERS: u64 = 1_000_000;
const HOUR: i64 = 3_600_000_000_000;
/// Days of a process; it is killed long before.
const DAYS: i64 = 60;

enum Item {
    Opened(Option<Torn>),
    Number(u64),
    Closed,
}

struct Timed(Nanos, Item);

fn seal(Timed(at, item): &Timed, chain: &mut Chain, line: &mut Vec<u8>) {
    let event = match item {
        Item::Opened(_) => "journal_opened",
        Item::Number(_) => "order_submitted",
        Item::Closed => "journal_closed",
    };
    let mut values = Values::default();
    let mut body = DecisionBody::new(event, *at, "paper", "main", "balanced");
    body.linked(&chain.begin(&mut values));
    match item {
        Item::Opened(torn) => {
            body.metadata("algorithm", &json!(Algorithm::HmacSha256.name()))
                .metadata("run_id", &json!(RUN))
                .metadata("checkpoint_key", &json!(checkpoint_key().public().to_string()));
            if let Some(torn) = torn {
                body.metadata("torn_bytes", &json!(torn.bytes))
                    .metadata("torn_file", &json!(torn.file.to_string_lossy()));
            }
        }
        Item::Number(number) => {
            body.text(Field::Symbol, "BTC_USDT").text(Field::Side, "buy").text(Field::Schedule, "hourly");
            body.text(Field::Strategy, "trend").metadata("number", &json!(number));
        }
        Item::Closed => {
            body.metadata("records", &json!(chain.head().count + 1));
        }
    }
    let start = line.len();
    body.form().write(&values, line);
    chain.seal(line, start);
}

/// Opens the journal in a folder; what was torn is to be told by its next record.
pub(crate) fn open<F>(folder: &Path, seal: F) -> (Writer<System, F>, Option<Torn>) {
    let settings = Settings {
        days: JournalDays::new(&folder.join("journal"), PATTERN, None).unwrap(),
        environment: "paper".to_owned(),
        portfolio: "main".to_owned(),
        key: Some(key(Algorithm::HmacSha256, Some("desk-1"), SECRET)),
    };
    let mut now = Nanos::ZERO;
    let clock = Box::new(move || {
        now = Nanos::new(now.get() + 2_000_000);
        now
    });
    let (target, pace) =
        (Target::File(folder.join("safe/checkpoints.jsonl")), Pace { records: 10, interval: Nanos::SECOND });
    let checkpoints =
        CheckpointWriter::open(System, &target, checkpoint_key(), RUN.to_owned(), pace, clock).unwrap();
    Writer::open(System, settings, Some(checkpoints), seal).unwrap()
}

fn at(kill: u64, batch: i64) -> Nanos {
    Nanos::new(1_704_067_200_000_000_000 + (kill.cast_signed() * DAYS * 24 + batch * 5) * HOUR)
}

#[expect(clippy::disallowed_methods, reason = "a test of what happens at any moment waits for one")]
pub(crate) fn pause(micros: u64) {
    thread::sleep(Duration::from_micros(micros));
}

/// Says the last number of each batch when it is durable.
#[test]
#[ignore = "it is the process that the next test kills"]
fn journals_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let kill: u64 = env::var(START).unwrap().parse().unwrap();
    let (writer, torn) = open(Path::new(&folder), seal);
    let mut queue = Queue::start(writer, 16).unwrap();
    let opened = queue.submit(vec![(at(kill, 0), Timed(at(kill, 0), Item::Opened(torn)))]).unwrap();
    queue.wait(opened).unwrap();
    let (mut random, mut next) = (Random(kill), kill * NUMBERS);
    for batch in 1.. {
        let at = at(kill, batch);
        // Now and then a large one, whose write takes longer.
        let size = if batch % 8 == 0 { 200 } else { 1 + random.below(4) as u64 };
        let records: Batch<Timed> =
            (next..next + size).map(|number| (at, Timed(at, Item::Number(number)))).collect();
        next += size;
        let ticket = queue.submit(records).unwrap();
        queue.wait(ticket).unwrap();
        let mut out = stdout().lock();
        writeln!(out, "durable {}", next - 1).unwrap();
        out.flush().unwrap();
        drop(out);
        pause(1_000);
    }
}

/// Kills a process that journals in the folder, which is this test, and tells the last number it acknowledged.
pub(crate) fn kill(test: &str, folder: &Path, kill: u64, random: &mut Random) -> Option<u64> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(START, kill.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut said = lines.filter_map(|line| line.split_once("durable ")?.1.parse().ok());
    // One in four may die while it opens the journal.
    let first = if random.below(4) == 0 { None } else { Some(said.next().unwrap()) };
    pause(random.below(40_000) as u64);
    child.kill().unwrap();
    child.wait().unwrap();
    said.last().or(first)
}

pub(crate) fn verify(folder: &Path, allow_open: bool) -> Report {
    let mut rules = Rules { allow_open, ..Rules::default() };
    rules.keys.add(Some("desk-1".to_owned()), &Zeroizing::new(SECRET.as_bytes().to_vec()));
    let mut against = Checkpoints::new(checkpoint_key().public());
    let checkpoints = Lines::open(&folder.join("safe/checkpoints.jsonl")).unwrap();
    against.add("checkpoints.jsonl".to_owned(), checkpoints);
    let paths = files(&folder.join("journal")).unwrap();
    let names = paths.iter().map(|path| path.display().to_string()).collect();
    let mut verifier = Verifier::new(rules, names, Some(against)).unwrap();
    for path in paths {
        verifier.file(&mut Lines::open(&path).unwrap()).unwrap();
    }
    verifier.finish().unwrap()
}

/// The journal and its checkpoints as they are now, elsewhere.
pub(crate) fn copy(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for part in ["journal", "safe"] {
        fs::create_dir(copy.path().join(part)).unwrap();
        for entry in fs::read_dir(folder.join(part)).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, copy.path().join(part).join(path.file_name().unwrap())).unwrap();
        }
    }
    copy
}

/// Folders for a journal and its checkpoints.
pub(crate) fn prepare(folder: &Path) {
    fs::create_dir(folder.join("journal")).unwrap();
    fs::create_dir(folder.join("safe")).unwrap();
    fs::write(folder.join("safe/checkpoints.jsonl"), "").unwrap();
}

/// What a kill may leave: a torn last line, and nothing else; without a record, a journal that was not opened again.
pub(crate) fn check_findings(folder: &Path, acknowledged: Option<u64>) {
    let found = verify(folder, true).findings;
    let is_torn = |what| what == What::Torn || acknowledged.is_none() && what == What::NotClosed;
    assert!(found.len() <= 1 && found.iter().all(|finding| is_torn(finding.what)), "{found:#?}");
}

/// All records of a journal.
pub(crate) fn records(folder: &Path) -> Vec<Value> {
    let texts =
        files(&folder.join("journal")).unwrap().into_iter().map(|path| fs::read_to_string(path).unwrap());
    texts
        .flat_map(|text| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>())
        .collect()
}

/// What the next start makes of the journal, in a copy: it is closed there, and the numbers in it are told.
fn restarted(folder: &Path, kill: u64) -> Vec<u64> {
    let copy = copy(folder);
    let (mut writer, torn) = open(copy.path(), seal);
    let at = at(kill + 1, 0);
    writer.append(at, &Timed(at, Item::Opened(torn))).unwrap();
    writer.commit().unwrap();
    writer.close(at, &Timed(at, Item::Closed)).unwrap();
    let report = verify(copy.path(), false);
    assert_eq!(report.verdict, Verdict::Valid, "{:#?}", report.findings);
    let numbers = records(copy.path()).into_iter();
    numbers
        .filter_map(|record| record.get("number").map(|text| text.as_str().unwrap().parse().unwrap()))
        .collect()
}

#[test]
fn a_process_killed_at_any_moment_leaves_what_it_acknowledged_once() {
    for journal in 0..JOURNALS {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let mut random = Random(journal);
        let mut before = Vec::new();
        for number in 0..KILLS {
            let acknowledged =
                kill("journal_kill::journals_until_it_is_killed", folder.path(), number, &mut random);
            check_findings(folder.path(), acknowledged);
            let numbers = restarted(folder.path(), number);
            let (old, new) = numbers.split_at(before.len());
            assert_eq!(old, before, "nothing goes when it was there");
            let first = number * NUMBERS;
            assert!(new.iter().copied().eq((first..).take(new.len())), "each is there once: {new:?}");
            let last = acknowledged.map_or(0, |last| last - first + 1);
            assert!(new.len() as u64 >= last, "it said {acknowledged:?} and left {:?}", new.last());
            before = numbers;
        }
        assert!(before.len() as u64 > KILLS, "it journals between the kills");
    }
}
