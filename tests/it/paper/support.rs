//! Sessions over demo candles, and what they are held against.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hemiola::cycles::{Limits, Terms};
use hemiola::job::{Job, Prepared};
use hemiola::journal::Signing;
use hemiola::memory::Memory;
use hemiola::modes::paper::commit::JournalFiles;
use hemiola::modes::paper::history::{History, Speed};
use hemiola::modes::paper::operators::Kept;
use hemiola::modes::paper::pulse::Pulse;
use hemiola::modes::paper::session::{self, Commands, Ended, OnStop, SessionError, Setting, Stop, Time};
use hemiola_adapters::journal::verify::{Report, Rules, Verdict, Verifier};
use hemiola_adapters::journal::writer::{Disk, JournalDays, PATTERN};
use hemiola_adapters::journal::{Algorithm, Lines, files};
use hemiola_systems::signals::catalog::Catalog;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::support::journals::key;

const ALL: Limits = Limits { limit: None, ttl: None };

const SECRET: &str = "nobody knows";

/// What operators do meanwhile.
const ACTIONS: &str = r#"{"at":"2024-02-02T10:30:00Z","who":"ann","why":"news","command":"suspend","tag":"trend","duration_seconds":90000}
{"at":"2024-02-04T00:00:00Z","who":"ann","command":"set_limit","strategy":"reversion","risk_profile":"balanced","limit":0,"until":"2024-02-06T12:00:00Z"}
{"at":"2024-02-07T05:00:00Z","who":"bob","command":"set_policy","policy":{"name":"equal_weight"}}
{"at":"2024-02-09T05:00:01Z","who":"bob","command":"rebalance"}
{"at":"2024-02-10T05:00:01Z","who":"bob","why":"a bad feeling","command":"flatten"}
"#;

/// The shipped configuration in a folder; its candles are made up when they are first read.
pub(crate) fn write_config(folder: &Path) -> PathBuf {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let config = folder.join("config");
    fs::create_dir_all(config.join("policies")).unwrap();
    for entry in fs::read_dir(shipped.join("policies")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, config.join("policies").join(path.file_name().unwrap())).unwrap();
    }
    fs::copy(shipped.join("core.yaml"), config.join("core.yaml")).unwrap();
    fs::write(folder.join("actions.jsonl"), ACTIONS).unwrap();
    config.join("core.yaml")
}

/// The same over real candles, every engine on them.
pub(crate) fn write_real_config(folder: &Path, candles: &Path) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/real_market.yaml");
    let place = format!("data_cache_path: \"{}\"", candles.canonicalize().unwrap().display());
    let text = fs::read_to_string(shipped).unwrap().replace("data_cache_path: ../data/ohlcv", &place);
    assert!(text.contains(&place));
    fs::create_dir_all(folder.join("config")).unwrap();
    fs::write(folder.join("config/core.yaml"), text).unwrap();
    let actions = ACTIONS.replace(r#""tag":"trend""#, r#""schedule":"trend""#);
    fs::write(folder.join("actions.jsonl"), actions.replace(r#""balanced""#, r#""bold""#)).unwrap();
}

/// Twelve days of it, with what operators do.
pub(crate) fn job(folder: &Path) -> Job {
    Job {
        from: Some("2024-02-01".to_owned()),
        to: Some("2024-02-13".to_owned()),
        operator_log: Some(folder.join("actions.jsonl")),
        ..Job::of(folder.join("config/core.yaml"))
    }
}

pub(crate) fn prepare(folder: &Path) -> Prepared {
    job(folder).prepare_all(&Memory::default(), &Catalog::built_in(), &mut |_| ()).unwrap()
}

/// How a session is run.
pub(crate) struct Run<'a, D> {
    pub(crate) folder: &'a Path,
    pub(crate) disk: D,
    pub(crate) speed: Speed,
    pub(crate) on_stop: OnStop,
    pub(crate) commands: Option<Commands>,
}

impl<D: Disk + Sync> Run<'_, D> {
    pub(crate) fn run(self, prepared: &Prepared, stop: &Stop) -> Result<Ended, SessionError> {
        let Self { folder, disk, speed, on_stop, commands } = self;
        let days = JournalDays::new(&folder.join("journal"), PATTERN, None).unwrap();
        let signing = Signing::with(key(Algorithm::HmacSha256, Some("desk-1"), SECRET));
        let setting = Setting {
            prepared,
            catalog: &Catalog::built_in(),
            folder: folder.join("session"),
            disk,
            journal: JournalFiles { days: Some(days), signing, checkpoints: None },
            on_stop,
            snapshot_every: 40,
            stop,
            pulse: &Pulse::default(),
            kept: Kept::default(),
            history: Terms { cycles: ALL, evaluations: ALL },
            hear: None,
            tell: &|_| (),
        };
        let mut source = History::new(prepared, Job::of("core.yaml"), speed);
        session::run(setting, &mut source, Time::Feed, commands)
    }
}

/// A session as fast as it can.
pub(crate) fn run<D: Disk + Sync>(
    prepared: &Prepared,
    folder: &Path,
    disk: D,
) -> Result<Ended, SessionError> {
    let run = Run { folder, disk, speed: Speed::Max, on_stop: OnStop::Keep, commands: None };
    run.run(prepared, &Stop::default())
}

/// The journal of a session that has ended: it is sound, and no order is in it twice. Gives its lines on decisions.
pub(crate) fn check_journal(folder: &Path) -> Vec<Value> {
    let mut rules = Rules::default();
    rules.keys.add(Some("desk-1".to_owned()), &Zeroizing::new(SECRET.as_bytes().to_vec()));
    let paths = files(&folder.join("journal")).unwrap();
    let names = paths.iter().map(|path| path.display().to_string()).collect();
    let mut verifier = Verifier::new(rules, names, None).unwrap();
    for path in &paths {
        verifier.file(&mut Lines::open(path).unwrap()).unwrap();
    }
    let report: Report = verifier.finish().unwrap();
    assert_eq!(report.verdict, Verdict::Valid, "{:#?}", report.findings);
    let texts: Vec<String> = paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let lines =
        texts.iter().flat_map(|text| text.lines()).map(|line| serde_json::from_str::<Value>(line).unwrap());
    let is_decision = |line: &Value| {
        let event = line["event"].as_str().unwrap();
        !event.starts_with("journal_") && event != "runtime_alert"
    };
    let decisions: Vec<Value> = lines.filter(is_decision).collect();
    let orders = decisions.iter().filter(|line| line["event"] == "order_submitted");
    let ids: Vec<&str> = orders.map(|order| order["order_id"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "no order is there twice");
    decisions
}

/// How often a journal was opened.
pub(crate) fn openings(folder: &Path) -> usize {
    let texts =
        files(&folder.join("journal")).unwrap().into_iter().map(|path| fs::read_to_string(path).unwrap());
    texts.map(|text| text.matches("journal_opened").count()).sum()
}

/// A line without what binds it to its journal.
pub(crate) fn said(line: &Value) -> Value {
    let mut said = line.clone();
    for key in ["seq", "prev", "signature"] {
        said.as_object_mut().unwrap().remove(key);
    }
    said
}
