//! What is counted on the way.

use std::collections::BTreeMap;

use super::report::{FileReport, Report, Verdict};
use super::signers::Signers;
use super::special::Special;
use crate::journal::Algorithm;

/// Counts of good records, and what the journal's own ones say.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    records: u64,
    unsigned: u64,
    events: BTreeMap<String, u64>,
    first: String,
    last: String,
    runs: Vec<String>,
    previous_file: Option<String>,
    next_file: Option<String>,
}

impl Tally {
    pub(super) fn add(&mut self, event: &str, when: &str, is_signed: bool) {
        if self.is_empty() {
            self.first.push_str(when);
        }
        self.last.clear();
        self.last.push_str(when);
        self.records += 1;
        self.unsigned += u64::from(!is_signed);
        match self.events.get_mut(event) {
            Some(count) => *count += 1,
            None => _ = self.events.insert(event.to_owned(), 1),
        }
    }

    /// Whether there was no good record yet.
    pub(super) const fn is_empty(&self) -> bool {
        self.records == 0
    }

    pub(super) fn opened(&mut self, record: &Special<'_>) {
        self.runs.extend(record.text("run_id").map(ToOwned::to_owned));
    }

    pub(super) fn continued(&mut self, record: &Special<'_>) {
        if self.records == 1 {
            self.previous_file = record.text("previous_file").map(ToOwned::to_owned);
        }
    }

    pub(super) fn rotated(&mut self, record: &Special<'_>) {
        self.next_file = record.text("next_file").map(ToOwned::to_owned);
    }

    /// The report without what only the end tells.
    pub(super) fn report(self, files: Vec<FileReport>, signers: &Signers) -> Report {
        let some = |text: String| (!text.is_empty()).then_some(text);
        let mut algorithms: Vec<_> = signers.algorithms().map(Algorithm::name).collect();
        algorithms.dedup();
        Report {
            verdict: Verdict::Failed,
            files,
            records: self.records,
            unsigned: self.unsigned,
            events: self.events,
            key_ids: signers.ids().map(ToOwned::to_owned).collect(),
            algorithms,
            first_time: some(self.first),
            last_time: some(self.last),
            runs: self.runs,
            first_record: None,
            previous_file: self.previous_file,
            is_closed: false,
            next_file: self.next_file,
            checkpoints: None,
            findings: Vec::new(),
        }
    }
}
