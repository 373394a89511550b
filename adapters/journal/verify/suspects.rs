//! Lines that are no good records. What they are shows at the next good one: whether it leaves room for them.

use super::entry::Fault;
use super::finding::{Draft, Findings, Place, What};

/// Why a line is no good record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// It cannot be read.
    NoRecord,
    /// Its signature.
    Fault(Fault),
    /// Its signature fits and names another key than what is signed does.
    OtherName,
    /// Its signature fits, by a key that does not sign there.
    OtherKey,
}

impl Reason {
    fn what(self, has_room: bool) -> What {
        match self {
            Self::Fault(Fault::Unsigned) => What::Unsigned,
            Self::Fault(Fault::UnsupportedAlgorithm) => What::Downgraded,
            Self::Fault(Fault::NoKey | Fault::KeyIdMismatch) | Self::OtherKey => What::UnknownKey,
            _ if has_room => What::Edited,
            _ => What::Inserted,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::NoRecord => "it is no record",
            Self::Fault(Fault::Unsigned) => {
                "it has no signature, in a journal that is signed or has to be: the signature was taken off, or \
                 somebody without the key wrote it"
            }
            Self::Fault(Fault::BadStructure) => "its signature is none",
            Self::Fault(Fault::UnsupportedAlgorithm) => {
                "its signature names another algorithm than the one the journal announced"
            }
            Self::Fault(Fault::MissingValue) => "its signature has no value",
            Self::Fault(Fault::BadBase64) => "its signature's value is no base64",
            Self::Fault(Fault::NoKey) => "it is signed, and no key was given to check it with",
            Self::Fault(Fault::KeyIdMismatch) => {
                "it names a key that was not given or is not expected, or none where one has a name"
            }
            Self::Fault(Fault::BadSignature) => "its signature does not fit it: one of them was changed",
            Self::OtherName => "its signature names another key than the record does",
            Self::OtherKey => "it is signed by a key that does not sign here: no record hands over to it",
        }
    }
}

/// Lines that follow each other and are no good records for the same reason.
#[derive(Clone, Debug)]
pub(super) struct Suspect {
    pub(super) place: Place,
    pub(super) count: u64,
    pub(super) reason: Reason,
    /// The number that the first one says it has.
    pub(super) claimed: Option<u64>,
    /// The timestamp that the first one says it has.
    pub(super) when: String,
    /// The first one says that it goes on from an earlier file.
    pub(super) continues: bool,
    /// The line has no break.
    pub(super) is_open: bool,
}

impl Suspect {
    fn goes_on_in(&self, next: &Self) -> bool {
        let (count, at) = (self.count, self.place);
        let claimed = match (self.claimed, next.claimed) {
            (Some(first), Some(next)) => first.checked_add(count) == Some(next),
            (None, None) => true,
            _ => false,
        };
        let adjacent = at.file == next.place.file && at.line + count == next.place.line;
        adjacent && claimed && self.reason == next.reason && !next.is_open
    }

    /// The finding that the `count` lines from line number `from` on are, with room for the records from `room` on.
    fn draft(&self, from: u64, count: u64, room: Option<u64>) -> Draft {
        let what = self.reason.what(room.is_some());
        let place = Place { line: self.place.line + from, ..self.place };
        if self.is_open && what == What::Inserted {
            return torn(place);
        }
        let why = self.reason.text();
        let text = match what {
            What::Inserted => format!("{why}, and the records around it link to each other: it was put in"),
            _ => why.to_owned(),
        };
        let mut draft = Draft::new(what, place, text).when(&self.when);
        draft.last_line += count - 1;
        match room {
            Some(first) => draft.records(first, first + (count - 1)),
            None => draft,
        }
    }
}

fn torn(place: Place) -> Draft {
    let text = "the last line is not complete: a crash, or something cut it; the next start repairs it";
    Draft::new(What::Torn, place, text)
}

/// All that wait for the next good record.
#[derive(Clone, Debug, Default)]
pub(super) struct Suspects(Vec<Suspect>);

impl Suspects {
    pub(super) fn push(&mut self, suspect: Suspect) {
        match self.0.last_mut() {
            Some(last) if last.goes_on_in(&suspect) => last.count += 1,
            _ => self.0.push(suspect),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of the first record, when they are the beginning of a later file and go up to record `until`.
    pub(super) fn beginning(&self, until: u64) -> Option<u64> {
        let first = self.0.first().filter(|first| first.continues)?;
        first.claimed.filter(|seq| seq.checked_add(self.count()) == Some(until))
    }

    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|suspect| suspect.count).sum()
    }

    /// No number is free for any of them.
    pub(super) fn put_in(&mut self, findings: &mut Findings) {
        for suspect in self.0.drain(..) {
            findings.push(suspect.draft(0, suspect.count, None));
        }
    }

    /// They stand where the records from `next` up to, not including, `until` should. The numbers that are left
    /// over.
    pub(super) fn fill(&mut self, next: u64, until: u64, findings: &mut Findings) -> Vec<(u64, u64)> {
        let mut rest = self.count();
        if rest > until - next {
            self.fill_some(next, until, findings);
            return Vec::new();
        }
        let (mut left, mut next) = (Vec::new(), next);
        for suspect in self.0.drain(..) {
            let count = suspect.count;
            // What it says is believed as far as there is room for those behind it.
            let claimed = suspect.claimed.filter(|seq| (next..=until - rest).contains(seq));
            let first = claimed.unwrap_or(next);
            if next < first {
                left.push((next, first - 1));
            }
            findings.push(suspect.draft(0, count, Some(first)));
            next = first + count;
            rest -= count;
        }
        if next < until {
            left.push((next, until - 1));
        }
        left
    }

    /// There are more lines than numbers: those that say one of the numbers have it, then those that say nothing.
    fn fill_some(&mut self, next: u64, until: u64, findings: &mut Findings) {
        let fits = |suspect: &Suspect| suspect.claimed.is_some_and(|seq| (next..until).contains(&seq));
        let rank = |suspect: &Suspect| match suspect.claimed {
            _ if fits(suspect) => 0,
            None => 1,
            Some(_) => 2,
        };
        let mut suspects = std::mem::take(&mut self.0);
        suspects.sort_by_key(rank);
        let mut first = next;
        for suspect in suspects {
            let with = suspect.count.min(until - first);
            if with > 0 {
                findings.push(suspect.draft(0, with, Some(first)));
            }
            if with < suspect.count {
                findings.push(suspect.draft(with, suspect.count - with, None));
            }
            first += with;
        }
    }

    /// Nothing good follows them. `next` is the number that was expected; none when the journal had been closed.
    /// `signed` says whether any record was good.
    pub(super) fn finish(&mut self, next: Option<u64>, any_good: bool, findings: &mut Findings) {
        let foreign = |suspect: &Suspect| suspect.reason == Reason::Fault(Fault::BadSignature);
        let open = self.0.pop_if(|last| last.is_open && last.reason == Reason::NoRecord);
        if !any_good && !self.is_empty() && self.0.iter().all(foreign) {
            let text =
                "no signature fits the key that was given: it is another key, or all of this is another's";
            for suspect in self.0.drain(..) {
                let mut draft = Draft::new(What::UnknownKey, suspect.place, text).when(&suspect.when);
                draft.last_line += suspect.count - 1;
                findings.push(draft);
            }
        }
        match next {
            Some(next) => {
                let count = self.count();
                self.fill(next, next.saturating_add(count), findings);
            }
            None => self.put_in(findings),
        }
        if let Some(open) = open {
            findings.push(torn(open.place));
        }
    }
}
