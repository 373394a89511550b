//! Verifies a journal: whether whoever has the key wrote all of it, and if not, what was done to it.
//!
//! Lines are read one after the other. What is kept in memory are the findings, the lines that are not yet explained
//! and a note per stretch of lines, so its size is that of the trouble and not of the journal.

mod checkpoints;
mod copies;
mod entry;
mod finding;
mod flat;
mod keys;
mod missing;
mod places;
mod record;
mod report;
mod signers;
mod special;
mod suspects;
mod tally;
mod track;

use std::io;

use serde_json::{Map, Value};
use thiserror::Error;

use super::chain::Head;
use super::mac::{Algorithm, Code, plain};
use super::source::{Line, Lines};
pub use checkpoints::Checkpoints;
pub use entry::{Fault, Signed, Terms, check};
use finding::{Draft, Findings, Place};
pub use finding::{Finding, What};
pub(in crate::journal) use flat::parse;
pub use keys::Keys;
use record::{Record, number};
pub use report::{Covered, FileReport, Report, Verdict};
use signers::Signers;
use special::Special;
use suspects::{Reason, Suspect};
use tally::Tally;
use track::{Event, Step, Track};

/// A file that cannot be read.
#[derive(Debug, Error)]
#[error("cannot read {file}: {source}")]
pub struct VerifyError {
    /// Its name.
    pub file: String,
    /// Why not.
    pub source: io::Error,
}

fn error(file: &str, source: io::Error) -> VerifyError {
    VerifyError { file: file.to_owned(), source }
}

/// What a journal is held against.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The keys at hand.
    pub keys: Keys,
    /// The names that keys may have; any when there are none.
    pub key_ids: Vec<String>,
    /// The run that record 0 has to name; any when there is none.
    pub run_id: Option<String>,
    /// Whether a journal passes that never was signed: one without keys here, whose opening record says so and that
    /// it is a demo.
    pub allow_unsigned: bool,
    /// Whether its end may be missing: it is still written, or later files are elsewhere.
    pub allow_open: bool,
}

/// Verifies files that are one chain, one after the other.
pub struct Verifier {
    rules: Rules,
    checkpoints: Option<Checkpoints>,
    findings: Findings,
    /// How many of the files are the journal's, and how many of those were read.
    files: usize,
    read: Vec<FileReport>,
    /// Whether records have to be signed; known at the first line.
    is_signed: Option<bool>,
    signers: Signers,
    track: Track,
    tally: Tally,
}

impl Verifier {
    /// Nothing read yet. `files` are the names of the files to come.
    ///
    /// # Errors
    /// When a checkpoint cannot be read.
    pub fn new(
        rules: Rules,
        files: Vec<String>,
        checkpoints: Option<Checkpoints>,
    ) -> Result<Self, VerifyError> {
        let count = files.len();
        let names = checkpoints.iter().flat_map(|checkpoints| checkpoints.names().map(ToOwned::to_owned));
        let mut findings = Findings::of(files.into_iter().chain(names).collect());
        let mut checkpoints = checkpoints;
        if let Some(checkpoints) = &mut checkpoints {
            checkpoints.start(count, &mut findings)?;
        }
        Ok(Self {
            rules,
            checkpoints,
            findings,
            files: count,
            read: Vec::new(),
            is_signed: None,
            signers: Signers::default(),
            track: Track::new(),
            tally: Tally::default(),
        })
    }

    /// Reads the next file.
    ///
    /// # Errors
    /// When it or a checkpoint cannot be read.
    pub fn file(&mut self, lines: &mut Lines) -> Result<(), VerifyError> {
        let file = self.read.len();
        let name = self.findings.files[file].clone();
        let mut last = 0;
        while let Some(line) = lines.next().map_err(|source| error(&name, source))? {
            last = line.number;
            self.line(line, file)?;
        }
        self.read.push(FileReport { name, lines: last });
        Ok(())
    }

    fn line(&mut self, line: Line<'_>, file: usize) -> Result<(), VerifyError> {
        let place = Place { file, line: line.number };
        if let Some(record) = self.signers.read(line.bytes) {
            let event = Event::named(&record.event);
            if event == Event::Decision {
                return self.good(&record, event, place, true);
            }
        }
        let Some(Value::Object(object)) = parse(line.bytes) else {
            self.suspect(None, Reason::NoRecord, place, line.ended);
            return Ok(());
        };
        let is_signed = *self.is_signed.get_or_insert_with(|| self.rules.asks_for_signature(&object));
        match self.judge(&object, is_signed) {
            Ok((code, is_signed)) => {
                let Some(record) = Record::of(&object, code.text()) else {
                    self.suspect(Some(&object), Reason::NoRecord, place, line.ended);
                    return Ok(());
                };
                let event = Event::named(&record.event);
                let is_first = self.tally.is_empty() && self.track.suspects.is_empty();
                self.good(&record, event, place, is_signed)?;
                self.special(event, &object, record.seq, place);
                if is_first && (record.seq == 0 || event == Event::Continued) {
                    let record = Special { object: &object, seq: record.seq, place };
                    record.check_run(self.rules.run_id.as_deref(), &mut self.findings);
                }
            }
            Err(reason) => self.suspect(Some(&object), reason, place, line.ended),
        }
        Ok(())
    }

    /// The code of a record, and whether it is a signature; or why it is no good record.
    fn judge(&mut self, object: &Map<String, Value>, is_signed: bool) -> Result<(Code, bool), Reason> {
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        let (seq, event) = (text("seq").and_then(number), Event::named(text("event").unwrap_or_default()));
        let id = object.get(flat::SIGNATURE).and_then(|signature| signature["key_id"].as_str());
        let signer = self.signers.at(seq);
        let algorithm = match signer.filter(|signer| signer.id.as_deref() == id) {
            _ if event == Event::Opened => text("algorithm").and_then(Algorithm::named),
            signer => signer.map(|signer| signer.algorithm),
        };
        let terms = Terms {
            keys: &self.rules.keys,
            algorithm,
            key_ids: &self.rules.key_ids,
            allow_unsigned: !is_signed,
        };
        match check(object, &terms).map_err(Reason::Fault)? {
            Signed::Not => Ok((plain(&[entry::text(object).as_bytes()]), false)),
            Signed::By { algorithm, key_id, code } => {
                if text("key_id") != key_id.as_deref() {
                    return Err(Reason::OtherName);
                }
                let (code, seq) = Code::read(&code).zip(seq).ok_or(Reason::NoRecord)?;
                self.admit(seq, event, key_id.as_deref(), algorithm)?;
                Ok((code, true))
            }
        }
    }

    /// Whether the key of a good record is the one that signs there, or becomes it.
    fn admit(
        &mut self,
        seq: u64,
        event: Event,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<(), Reason> {
        let keys = &self.rules.keys;
        let Some(signer) = self.signers.at(Some(seq)) else {
            self.signers.change(seq, id, algorithm, keys);
            return Ok(());
        };
        if signer.is(id, algorithm) {
            return Ok(());
        }
        let reopens = event == Event::Opened && signer.id.as_deref() == id;
        // The record that hands over may be what is missing, which is a finding already.
        let was_handed_over = !self.signers.signed_before(seq, id, algorithm) && self.track.has_gap(seq);
        if reopens || was_handed_over {
            self.signers.change(seq, id, algorithm, keys);
            return Ok(());
        }
        Err(Reason::OtherKey)
    }

    fn good(
        &mut self,
        record: &Record<'_>,
        event: Event,
        place: Place,
        is_signed: bool,
    ) -> Result<(), VerifyError> {
        self.tally.add(&record.event, &record.when, is_signed);
        let step = Step {
            seq: record.seq,
            prev: record.prev,
            code: record.code,
            event,
            place,
            when: record.when.as_ref(),
        };
        let before = self.track.begun;
        self.track.is_signed = is_signed;
        self.track.good(&step, &mut self.findings);
        let Some(checkpoints) = &mut self.checkpoints else { return Ok(()) };
        let (files, findings, forked) = (self.files, &mut self.findings, &mut self.track.is_forked);
        if before.is_none()
            && let Some(first) = self.track.begun
            && first == record.seq
        {
            checkpoints.at(Head { count: first, code: record.prev }, place, forked, files, findings)?;
        }
        let Some(head) = self.track.head else { return Ok(()) };
        let head = Head { count: self.track.next, code: head };
        checkpoints.at(head, place, forked, files, findings)
    }

    fn suspect(
        &mut self,
        object: Option<&Map<String, Value>>,
        reason: Reason,
        place: Place,
        has_break: bool,
    ) {
        let text = |name: &str| {
            object.and_then(|object| object.get(name)).and_then(Value::as_str).unwrap_or_default()
        };
        self.is_signed.get_or_insert(true);
        self.track.suspects.push(Suspect {
            place,
            count: 1,
            reason,
            claimed: number(text("seq")),
            when: text("timestamp").to_owned(),
            continues: Event::named(text("event")) == Event::Continued,
            is_open: !has_break,
        });
    }

    /// What a record of the journal's own says.
    fn special(&mut self, event: Event, object: &Map<String, Value>, seq: u64, place: Place) {
        let record = Special { object, seq, place };
        match event {
            Event::Opened => {
                let key = self.checkpoints.as_ref().map(Checkpoints::key);
                self.tally.opened(&record);
                record.check_checkpoint_key(key, &mut self.findings);
            }
            Event::KeyRotated => {
                record.hand_over(&self.rules.keys, &mut self.signers, &mut self.findings);
            }
            Event::Continued => self.tally.continued(&record),
            Event::Rotated => self.tally.rotated(&record),
            Event::Closed | Event::Decision => {}
        }
    }

    /// The end of the journal.
    ///
    /// # Errors
    /// When a checkpoint cannot be read.
    pub fn finish(mut self) -> Result<Report, VerifyError> {
        let findings = &mut self.findings;
        let tail = self.track.finish(findings);
        let last = self.read.last().map_or(0, |file| file.lines);
        let place = Place { file: self.read.len().saturating_sub(1), line: last };
        let goes_on = self.track.last == Some(Event::Rotated);
        let is_closed = self.track.last == Some(Event::Closed);
        let mut covered = None;
        let mut is_cut = false;
        if let Some(checkpoints) = self.checkpoints {
            let (beyond, found) = checkpoints.finish(tail.records, self.files, findings)?;
            if let Some((at, count)) = beyond.filter(|_| !(goes_on && self.rules.allow_open)) {
                is_cut = true;
                let text = format!(
                    "the checkpoint on {at} knows of {count} records, and there are {}: the end was cut off",
                    tail.records
                );
                findings.push(Draft::new(What::Truncated, place, text).records(tail.records, count - 1));
            } else if found.read == 0 && !self.rules.allow_open {
                is_cut = true;
                let text = "there is not one checkpoint in the files that were given for them";
                findings.push(Draft::new(What::Truncated, place, text));
            }
            covered = Some(found);
        }
        let is_empty = self.read.iter().all(|file| file.lines == 0);
        let is_explained = is_closed || is_cut || tail.is_explained;
        if is_empty || !is_explained && !self.rules.allow_open {
            let text = match is_empty {
                true => "there is no record at all",
                false if goes_on => "it goes on in another file, which was not given or is gone",
                false => {
                    "nothing closes the journal here: the run crashed or goes on, or the end was cut off; \
                     checkpoints would tell"
                }
            };
            findings.push(Draft::new(What::NotClosed, place, text));
        }
        let mut report = self.tally.report(self.read, &self.signers);
        report.first_record = self.track.begun;
        report.is_closed = is_closed;
        report.checkpoints = covered;
        if !goes_on {
            report.next_file = None;
        }
        report.findings = self.findings.finish();
        report.verdict = match (report.findings.is_empty(), report.unsigned) {
            (false, _) => Verdict::Failed,
            (true, 0) => Verdict::Valid,
            (true, _) => Verdict::Unsigned,
        };
        Ok(report)
    }
}

impl Rules {
    /// Whether the records of a journal with this first record have to be signed.
    fn asks_for_signature(&self, first: &Map<String, Value>) -> bool {
        let says = |name: &str, text: &str| first.get(name).is_some_and(|value| value == text);
        let never_was = says("event", "journal_opened") && says("algorithm", "none") && says("demo", "true");
        !(self.allow_unsigned && self.keys.is_empty() && self.key_ids.is_empty() && never_was)
    }
}
