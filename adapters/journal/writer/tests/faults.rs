//! Every operation on the disk fails in turn, in several ways; what was acknowledged is there, once and in order.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

use super::super::model::{Crash, Effect, Model};
use super::session::{
    CHECKPOINTS, FOLDER, Item, Seal, day, ends, key, numbers, open, records, settings, verify,
};
use crate::journal::verify::Verdict;
use crate::journal::writer::Writer;

#[derive(Clone, Copy, Debug)]
enum Step {
    Open,
    /// So many items of a day.
    Batch(i64, u32),
    ChangeKey(i64),
    /// The process ends in the middle of a line and of a checkpoint.
    Tear,
    Close(i64),
}

const SESSION: [Step; 17] = [
    Step::Open,
    Step::Batch(0, 2),
    Step::Batch(0, 1),
    Step::Batch(1, 3),
    Step::Tear,
    Step::Open,
    Step::Batch(1, 2),
    Step::ChangeKey(1),
    Step::Batch(2, 1),
    Step::Close(2),
    Step::Open,
    Step::Batch(5, 4),
    Step::Batch(6, 1),
    Step::Tear,
    Step::Open,
    Step::Batch(6, 2),
    Step::Close(7),
];

struct Run {
    disk: Model,
    keep: Option<u32>,
    writer: Option<Writer<Model, Seal>>,
    /// Which keys the journal may end with: the hand-over may have become durable or not.
    keys: Vec<&'static str>,
    next: u32,
    acknowledged: Vec<u32>,
}

impl Run {
    fn new(keep: Option<u32>) -> Self {
        let (disk, keys) = (Model::default(), vec!["one"]);
        Self { disk, keep, writer: None, keys, next: 0, acknowledged: Vec::new() }
    }

    fn open(&mut self, at: i64) -> Result<(), String> {
        self.writer = None;
        let mut last = Err(String::new());
        for name in self.keys.clone() {
            last =
                open(&self.disk, settings(Path::new(FOLDER), self.keep, key(name)), Path::new(CHECKPOINTS));
            if !last.as_ref().is_err_and(|error| error.contains("another key")) {
                self.keys = vec![name];
                break;
            }
        }
        let (mut writer, torn) = last?;
        writer.append(day(at), &Item::Opened(torn)).map_err(|error| error.to_string())?;
        writer.commit().map_err(|error| error.to_string())?;
        self.writer = Some(writer);
        Ok(())
    }

    fn step(&mut self, step: Step, at: i64) -> Result<(), String> {
        match step {
            Step::Open => return self.open(at),
            Step::Batch(at, count) => {
                let writer = self.writer.as_mut().unwrap();
                let numbers = self.next..self.next + count;
                self.next += count;
                for number in numbers.clone() {
                    writer.append(day(at), &Item::Number(number)).map_err(|error| error.to_string())?;
                }
                writer.commit().map_err(|error| error.to_string())?;
                self.acknowledged.extend(numbers);
            }
            Step::ChangeKey(at) => {
                let writer = self.writer.as_mut().unwrap();
                self.keys = vec!["one", "two"];
                writer.change_key(day(at), key("two")).map_err(|error| error.to_string())?;
                self.keys = vec!["two"];
            }
            Step::Tear => {
                self.writer = None;
                let files = self.disk.files(Path::new(FOLDER));
                let newest = files.keys().rfind(|name| ends(name, "jsonl")).unwrap();
                self.disk.tear(&Path::new(FOLDER).join(newest), br#"{"environment":"pa"#);
                self.disk.tear(Path::new(CHECKPOINTS), br#"{"closed":"#);
            }
            Step::Close(at) => {
                let writer = self.writer.take().unwrap();
                writer.close(day(at), &Item::Closed).map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    /// Runs the session; after an error the machine goes down as it is told, comes up and goes on.
    fn session(&mut self, crash: Crash) -> Option<String> {
        let (mut failed, mut at) = (None, 0);
        for step in SESSION {
            if let Step::Batch(day, _) | Step::ChangeKey(day) | Step::Close(day) = step {
                at = day;
            }
            let Err(error) = self.step(step, at) else { continue };
            assert!(failed.is_none(), "failed again: {error}, after {failed:?}");
            failed = Some(error);
            if let Some(writer) = &mut self.writer {
                let again = writer.append(day(at), &Item::Number(u32::MAX)).unwrap_err().to_string();
                assert_eq!(Some(again), failed);
                assert_eq!(Some(writer.commit().unwrap_err().to_string()), failed);
            }
            self.writer = None;
            self.disk.crash(crash);
            self.open(at).unwrap();
            if matches!(step, Step::Close(_)) {
                self.step(step, at).unwrap();
            }
        }
        failed
    }

    fn assert_is_sound(&self, context: &str) {
        self.disk.crash(Crash::Power);
        let files = self.disk.files(Path::new(FOLDER));
        let checkpoints = self.disk.files(Path::new(CHECKPOINTS).parent().unwrap());
        let report = verify(&files, checkpoints["checkpoints.jsonl"].clone());
        assert_eq!(report.verdict, Verdict::Valid, "{context}: {:#?}", report.findings);
        assert!(report.is_closed, "{context}");
        for record in records(&files) {
            if let Some(bytes) = record["torn_bytes"].as_str() {
                let name = Path::new(record["torn_file"].as_str().unwrap()).file_name().unwrap();
                let side = files.get(name.to_str().unwrap()).map(Vec::len);
                assert_eq!(side.map(|side| side.to_string()).as_deref(), Some(bytes), "{context}: {name:?}");
            }
        }
        let numbers = numbers(&files);
        assert!(numbers.is_sorted_by(|one, next| one < next), "{context}: {numbers:?}");
        let first = self.keep.map_or(0, |_| numbers.first().copied().unwrap_or(u32::MAX));
        let there: BTreeSet<_> = numbers.iter().copied().collect();
        let gone: Vec<_> = self.acknowledged.iter().filter(|n| **n >= first && !there.contains(n)).collect();
        assert!(gone.is_empty(), "{context}: {gone:?} are gone of {:?}", self.acknowledged);
    }
}

#[test]
fn a_session_without_faults_is_sound() {
    for (keep, days) in [(None, 6), (Some(2), 2), (Some(1), 1)] {
        let mut run = Run::new(keep);
        assert_eq!(run.session(Crash::Process), None);
        run.assert_is_sound("no fault");
        let files = run.disk.files(Path::new(FOLDER));
        assert_eq!(files.keys().filter(|name| ends(name, "jsonl")).count(), days, "{:?}", files.keys());
        assert_eq!(files.keys().filter(|name| ends(name, "torn")).count(), 2);
        assert_eq!(run.acknowledged, (0..16).collect::<Vec<_>>());
    }
}

#[test]
fn no_fault_loses_or_doubles_what_was_acknowledged() {
    const KINDS: [ErrorKind; 4] = [
        ErrorKind::StorageFull,
        ErrorKind::Other,
        ErrorKind::ReadOnlyFilesystem,
        ErrorKind::PermissionDenied,
    ];
    let mut faults = 0;
    for keep in [None, Some(2)] {
        let mut sound = Run::new(keep);
        sound.session(Crash::Process);
        let operations = sound.disk.operations();
        for (number, operation) in operations.iter().enumerate() {
            for effect in [Effect::Nothing, Effect::Half, Effect::All] {
                if effect == Effect::Half && *operation != "write" {
                    continue;
                }
                for (way, crash) in [Crash::Process, Crash::Power, Crash::PowerHalf].into_iter().enumerate() {
                    let kind = KINDS[(number + way) % KINDS.len()];
                    let context =
                        format!("{operation} {number}: {kind:?} {effect:?} {crash:?}, keep {keep:?}");
                    let mut run = Run::new(keep);
                    run.disk.fail(number, effect, kind);
                    let failed = run.session(crash);
                    let failed = failed.unwrap_or_else(|| panic!("{context}: nothing failed"));
                    assert!(failed.contains(&kind.to_string()), "{context}: {failed}");
                    run.assert_is_sound(&context);
                    faults += 1;
                }
            }
        }
    }
    println!("{faults} faults");
    assert!(faults > 500, "{faults}");
}
