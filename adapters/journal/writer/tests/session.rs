//! A journal of items that are numbers, and what a verifier says of it.

use std::collections::BTreeMap;
use std::io::{self, Cursor};
use std::path::Path;

use hemiola_components::time::Nanos;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::journal::verify::{Checkpoints, Keys, Report, Rules, Verifier};
use crate::journal::writer::{CheckpointWriter, Disk, JournalDays, Pace, Settings, Torn, Writer};
use crate::journal::{Algorithm, Chain, CheckpointKey, DecisionBody, Lines, MacKey, Target, Values};

pub(super) const FOLDER: &str = "/data/journal";
pub(super) const CHECKPOINTS: &str = "/safe/checkpoints.jsonl";

/// A record of a test's journal.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Opened(Option<Torn>),
    Number(u32),
    Closed,
}

pub(super) type Seal = fn(&Item, &mut Chain, &mut Vec<u8>);

pub(super) fn seal(item: &Item, chain: &mut Chain, line: &mut Vec<u8>) {
    let event = match item {
        Item::Opened(_) => "journal_opened",
        Item::Number(_) => "signal",
        Item::Closed => "journal_closed",
    };
    let mut values = Values::default();
    let mut body = DecisionBody::new(event, Nanos::ZERO, "paper", "main", "calm");
    body.linked(&chain.begin(&mut values));
    match item {
        Item::Opened(torn) => {
            let algorithm = chain.key().map_or("none", |key| key.algorithm().name());
            body.metadata("algorithm", &json!(algorithm));
            body.metadata("checkpoint_key", &json!(checkpoint_key().public().to_string()));
            if let Some(torn) = torn {
                body.metadata("torn_bytes", &json!(torn.bytes));
                body.metadata("torn_file", &json!(torn.file.to_string_lossy()));
            }
        }
        Item::Number(number) => {
            body.metadata("number", &json!(number));
        }
        Item::Closed => {
            body.metadata("records", &json!(chain.head().count + 1));
        }
    }
    let start = line.len();
    body.form().write(&values, line);
    chain.seal(line, start);
}

pub(super) fn secret(name: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(format!("secret of {name}").into_bytes())
}

pub(super) fn key(name: &str) -> MacKey {
    MacKey::new(Algorithm::HmacSha256, Some(name.to_owned()), &secret(name))
}

fn checkpoint_key() -> CheckpointKey {
    CheckpointKey::from_seed(&Zeroizing::new([7; 32]))
}

pub(super) fn settings(folder: &Path, keep: Option<u32>, key: MacKey) -> Settings {
    Settings {
        days: JournalDays::new(folder, "%Y-%m-%d.jsonl", keep).unwrap(),
        environment: "paper".to_owned(),
        portfolio: "main".to_owned(),
        key: Some(key),
    }
}

/// Checkpoints of every third record to a file.
pub(super) fn checkpoints<D: Disk>(disk: &D, path: &Path) -> io::Result<CheckpointWriter<D>> {
    let (target, pace) = (Target::File(path.to_owned()), Pace { records: 3, interval: Nanos::NEVER });
    let clock = Box::new(|| Nanos::SECOND);
    CheckpointWriter::open(disk.clone(), &target, checkpoint_key(), "run".to_owned(), pace, clock)
}

pub(super) fn open<D: Disk>(
    disk: &D,
    settings: Settings,
    path: &Path,
) -> Result<(Writer<D, Seal>, Option<Torn>), String> {
    open_with(disk, settings, path, seal as Seal)
}

pub(super) fn open_with<D: Disk, F>(
    disk: &D,
    settings: Settings,
    path: &Path,
    seal: F,
) -> Result<(Writer<D, F>, Option<Torn>), String> {
    let checkpoints = checkpoints(disk, path).map_err(|error| error.to_string())?;
    Writer::open(disk.clone(), settings, Some(checkpoints), seal).map_err(|error| error.to_string())
}

pub(super) fn day(day: i64) -> Nanos {
    Nanos::new(1_704_067_200_000_000_000 + day * Nanos::DAY.get())
}

/// What a verifier with all keys says.
pub(super) fn verify(files: &BTreeMap<String, Vec<u8>>, checkpoints: Vec<u8>) -> Report {
    let mut keys = Keys::default();
    for name in ["one", "two"] {
        keys.add(Some(name.to_owned()), &secret(name));
    }
    let lines = |bytes: Vec<u8>| Lines::of(Cursor::new(bytes)).unwrap();
    let mut against = Checkpoints::new(checkpoint_key().public());
    against.add("checkpoints".to_owned(), lines(checkpoints));
    let journal: Vec<_> = files.iter().filter(|(name, _)| ends(name, "jsonl")).collect();
    let names = journal.iter().map(|(name, _)| (*name).clone()).collect();
    let rules = Rules { keys, ..Rules::default() };
    let mut verifier = Verifier::new(rules, names, Some(against)).unwrap();
    for (_, bytes) in journal {
        verifier.file(&mut lines(bytes.clone())).unwrap();
    }
    verifier.finish().unwrap()
}

/// The records of a journal.
pub(super) fn records(files: &BTreeMap<String, Vec<u8>>) -> Vec<Value> {
    let journal = files.iter().filter(|(name, _)| ends(name, "jsonl"));
    let text: Vec<u8> = journal.flat_map(|(_, bytes)| bytes.clone()).collect();
    let text = String::from_utf8(text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The numbers in a journal.
pub(super) fn numbers(files: &BTreeMap<String, Vec<u8>>) -> Vec<u32> {
    let records = records(files);
    let numbers = records.iter().filter_map(|record| record.get("number"));
    numbers.map(|number| number.as_str().unwrap().parse().unwrap()).collect()
}

pub(super) fn ends(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == extension)
}
