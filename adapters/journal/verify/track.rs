//! The order of the good records: each has a number and links to the one before.

use std::collections::BTreeMap;

use super::copies::Copies;
use super::finding::{Draft, Findings, Place, What};
use super::missing::Missing;
use super::places::Places;
use super::suspects::Suspects;
use crate::journal::Code;

/// What a record does to the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Opened,
    Closed,
    Rotated,
    Continued,
    KeyRotated,
    Decision,
}

impl Event {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "journal_opened" => Self::Opened,
            "journal_closed" => Self::Closed,
            "journal_rotated" => Self::Rotated,
            "journal_continued" => Self::Continued,
            "key_rotated" => Self::KeyRotated,
            _ => Self::Decision,
        }
    }
}

/// A good record as far as the order is concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<W> {
    pub(super) seq: u64,
    /// What it links to.
    pub(super) prev: Code,
    /// What the next one links to.
    pub(super) code: Code,
    pub(super) event: Event,
    pub(super) place: Place,
    /// Its timestamp.
    pub(super) when: W,
}

type Held = Step<String>;

impl Step<&str> {
    fn held(&self) -> Held {
        Step {
            seq: self.seq,
            prev: self.prev,
            code: self.code,
            event: self.event,
            place: self.place,
            when: self.when.to_owned(),
        }
    }
}

impl Held {
    fn step(&self) -> Step<&str> {
        Step {
            seq: self.seq,
            prev: self.prev,
            code: self.code,
            event: self.event,
            place: self.place,
            when: &self.when,
        }
    }

    fn moved(&self) -> Draft {
        Draft::new(What::Reordered, self.place, "it stands before records that were written earlier")
            .records(self.seq, self.seq)
            .when(&self.when)
    }
}

/// Follows the chain.
#[derive(Debug)]
pub(super) struct Track {
    /// The link of the record at hand is signed; else anybody could have made it.
    pub(super) is_signed: bool,
    /// The number that is expected.
    pub(super) next: u64,
    /// What it has to link to; nothing when the record before is not there as it was written.
    pub(super) head: Option<Code>,
    /// The code of record 0.
    first: Option<Code>,
    /// The number of the first record.
    pub(super) begun: Option<u64>,
    /// What the last record of the chain does.
    pub(super) last: Option<Event>,
    /// A record further on than expected: whether it moved or those before it are gone shows at the next one.
    jump: Option<Held>,
    /// Another journal's record 0: whether that begins here or the record was put in shows at the next one.
    beginning: Option<Held>,
    /// The jump before this record was a record that moved.
    after_move: bool,
    /// Records that stand before their turn.
    early: BTreeMap<u64, Held>,
    /// Those whose turn it would have been just before this record.
    skipped: Vec<Held>,
    copies: Option<Copies>,
    missing: Missing,
    places: Places,
    /// Lines that wait for the next good record.
    pub(super) suspects: Suspects,
    /// The records now belong to another history than those before, which is a finding.
    pub(super) is_forked: bool,
}

impl Track {
    pub(super) fn new() -> Self {
        Self {
            is_signed: true,
            next: 0,
            head: Some(Code::default()),
            first: None,
            begun: None,
            last: None,
            jump: None,
            beginning: None,
            after_move: false,
            early: BTreeMap::new(),
            skipped: Vec::new(),
            copies: None,
            missing: Missing::default(),
            places: Places::default(),
            suspects: Suspects::default(),
            is_forked: false,
        }
    }

    /// Whether something before a record with this number is not what it was.
    pub(super) fn has_gap(&self, seq: u64) -> bool {
        seq > self.next || !self.suspects.is_empty()
    }

    /// The next good record.
    pub(super) fn good(&mut self, step: &Step<&str>, findings: &mut Findings) {
        if let Some(jump) = self.jump.take() {
            self.decide(jump, step.seq, findings);
        }
        if let Some(beginning) = self.beginning.take() {
            let is_put_in = step.seq == self.next && self.head == Some(step.prev);
            self.other_beginning(&beginning.step(), is_put_in, findings);
        }
        let after_move = std::mem::take(&mut self.after_move);
        let mut skipped = std::mem::take(&mut self.skipped);
        let seq = step.seq;
        if let Some(at) = skipped.iter().position(|early| early.seq == seq) {
            self.original(step, &skipped.remove(at), findings);
        } else if seq == self.next {
            self.in_order(step, findings);
        } else if seq > self.next {
            let is_held =
                self.early.contains_key(&seq) || self.jump.as_ref().is_some_and(|one| one.seq == seq);
            if is_held {
                self.copy(step, findings);
            } else if after_move || !self.suspects.is_empty() {
                self.behind_gap(step, findings);
            } else {
                self.jump = Some(step.held());
            }
        } else if self.missing.remove(seq) {
            late(step, skipped.pop().as_ref(), findings);
        } else if seq == 0 && self.first.is_some_and(|first| first != step.code) {
            self.beginning = Some(step.held());
        } else {
            self.copy(step, findings);
        }
        for early in &skipped {
            findings.push(early.moved());
        }
    }

    /// What a record further on than expected was, given the number of the next one.
    fn decide(&mut self, jump: Held, next: u64, findings: &mut Findings) {
        if next > jump.seq {
            self.keep(&jump, findings);
        } else if (self.next..jump.seq).contains(&next) {
            self.after_move = true;
            self.early.insert(jump.seq, jump);
        } else {
            self.jump = Some(jump);
        }
    }

    /// The records before it are not there.
    fn keep(&mut self, jump: &Held, findings: &mut Findings) {
        if self.begun.is_some() || jump.event != Event::Continued {
            self.pass_over(self.next, jump.seq, &jump.step(), findings);
        }
        self.accept(&jump.step());
    }

    /// Records from `next` up to, not including, `until` are not here.
    fn pass_over(&mut self, next: u64, until: u64, step: &Step<&str>, findings: &mut Findings) {
        let mut next = next;
        let early: Vec<u64> = self.early.range(next..until).map(|(seq, _)| *seq).collect();
        for seq in early {
            if let Some(early) = self.early.remove(&seq) {
                findings.push(early.moved());
            }
            if next < seq {
                self.missing.insert(next, seq - 1, step.place, step.when);
            }
            next = seq + 1;
        }
        if next < until {
            self.missing.insert(next, until - 1, step.place, step.when);
        }
    }

    fn in_order(&mut self, step: &Step<&str>, findings: &mut Findings) {
        let fits = self.head.is_none_or(|head| head == step.prev);
        let mut is_explained = false;
        if let Some(copies) = self.copies.take() {
            is_explained = !fits && copies.code() == step.prev;
            findings.push(copies.draft(is_explained, &self.places, findings));
        }
        self.suspects.put_in(findings);
        if is_explained {
            self.is_forked = true;
        } else if !fits {
            self.misfit(step, findings);
        }
        self.accept(step);
    }

    /// Its number fits and its link does not.
    fn misfit(&mut self, step: &Step<&str>, findings: &mut Findings) {
        let (seq, before) = (step.seq, self.next.saturating_sub(1));
        if self.is_signed {
            self.is_forked = true;
            let text = "it does not link to the record before it: from here on it is another history";
            findings.push(Draft::new(What::Forked, step.place, text).records(seq, seq).when(step.when));
        } else {
            let place = self.places.find(before).unwrap_or(step.place);
            let text = "it is not what the next record links to: one of them was changed";
            findings.push(Draft::new(What::Edited, place, text).records(before, before));
        }
    }

    fn behind_gap(&mut self, step: &Step<&str>, findings: &mut Findings) {
        if self.begun.is_none() {
            if step.event == Event::Continued {
                (self.next, self.head) = (step.seq, None);
                return self.in_order(step, findings);
            }
            self.next = self.suspects.beginning(step.seq).unwrap_or(self.next);
        }
        for (first, last) in self.suspects.fill(self.next, step.seq, findings) {
            self.pass_over(first, last + 1, step, findings);
        }
        self.accept(step);
    }

    fn accept(&mut self, step: &Step<&str>) {
        if step.seq == 0 {
            self.first = Some(step.code);
        }
        self.begun.get_or_insert(step.seq);
        self.stand(step);
        while let Some(early) = self.early.remove(&self.next) {
            self.stand(&early.step());
            self.skipped.push(early);
        }
    }

    fn stand(&mut self, step: &Step<&str>) {
        self.places.push(step.seq, step.place);
        self.next = step.seq + 1;
        self.head = Some(step.code);
        self.last = Some(step.event);
    }

    /// A record that stood early is a copy: here, where it belongs, is the record itself.
    fn original(&mut self, step: &Step<&str>, copy: &Held, findings: &mut Findings) {
        self.places.push(step.seq, step.place);
        findings.push(Copies::of(&copy.step()).draft(false, &self.places, findings));
    }

    fn copy(&mut self, step: &Step<&str>, findings: &mut Findings) {
        let is_foreign = self.next == step.seq + 1 && self.head.is_some_and(|head| head != step.code);
        match &mut self.copies {
            Some(copies) if copies.goes_on_in(step) => copies.extend(step, is_foreign),
            copies => {
                let before = copies.replace(Copies::of(step));
                if let Some(before) = before {
                    findings.push(before.draft(false, &self.places, findings));
                }
                if let Some(copies) = copies {
                    copies.extend(step, is_foreign);
                }
            }
        }
    }

    /// A record 0 that is not the one that was here.
    fn other_beginning(&mut self, step: &Step<&str>, is_put_in: bool, findings: &mut Findings) {
        if is_put_in {
            let text =
                "it begins another journal, and the records around it link to each other: it was put in";
            findings.push(Draft::new(What::Inserted, step.place, text).records(0, 0).when(step.when));
            return;
        }
        let text = "another journal begins here";
        findings.push(Draft::new(What::Forked, step.place, text).records(0, 0).when(step.when));
        self.flush(findings);
        self.suspects.put_in(findings);
        self.is_forked = true;
        self.accept(step);
    }

    /// Nothing comes that could still explain what is held.
    fn flush(&mut self, findings: &mut Findings) {
        if let Some(jump) = self.jump.take() {
            self.keep(&jump, findings);
        }
        if let Some(beginning) = self.beginning.take() {
            self.other_beginning(&beginning.step(), self.last == Some(Event::Closed), findings);
        }
        while let Some((seq, early)) = self.early.pop_first() {
            self.pass_over(self.next, seq, &early.step(), findings);
            findings.push(early.moved());
            self.stand(&early.step());
        }
        for early in self.skipped.drain(..) {
            findings.push(early.moved());
        }
        if let Some(copies) = self.copies.take() {
            let closes = copies.event() == Event::Closed && self.last != Some(Event::Closed);
            if closes {
                self.last = Some(Event::Closed);
            }
            findings.push(copies.draft(closes, &self.places, findings));
        }
    }

    /// The end of the last file.
    pub(super) fn finish(&mut self, findings: &mut Findings) -> Tail {
        self.flush(findings);
        let is_closed = self.last == Some(Event::Closed);
        let tail =
            Tail { is_explained: !self.suspects.is_empty(), records: self.next + self.suspects.count() };
        let next = (!is_closed).then_some(self.next);
        self.suspects.finish(next, self.begun.is_some(), findings);
        std::mem::take(&mut self.missing).finish(findings);
        tail
    }
}

/// A record that was missing; `early` stood before its turn, which would have been here.
fn late(step: &Step<&str>, early: Option<&Held>, findings: &mut Findings) {
    let draft = match early {
        Some(early) => {
            let place = findings.name(step.place);
            let text = format!("it and record {} on {place} have changed places", step.seq);
            Draft { text: text.into(), ..early.moved() }
        }
        None => Draft::new(What::Reordered, step.place, "it stands behind records that were written later")
            .records(step.seq, step.seq)
            .when(step.when),
    };
    findings.push(draft);
}

/// How it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    /// The last line is a finding, so it is no wonder if nothing closes the journal.
    pub(super) is_explained: bool,
    /// Numbers up to here, good and bad.
    pub(super) records: u64,
}
