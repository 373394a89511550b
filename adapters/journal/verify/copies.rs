//! Good records whose numbers were there already: copies, or the records of another history.

use super::finding::{Draft, Findings, Place, What};
use super::places::Places;
use super::track::{Event, Step};
use crate::journal::Code;

/// Records that follow each other.
#[derive(Clone, Debug)]
pub(super) struct Copies {
    place: Place,
    last_line: u64,
    first: u64,
    last: u64,
    /// The last one's code.
    code: Code,
    /// What the last one does.
    event: Event,
    when: String,
    /// One of them is not what was there with its number.
    is_foreign: bool,
}

impl Copies {
    pub(super) fn of(step: &Step<&str>) -> Self {
        Self {
            place: step.place,
            last_line: step.place.line,
            first: step.seq,
            last: step.seq,
            code: step.code,
            event: step.event,
            when: step.when.to_owned(),
            is_foreign: false,
        }
    }

    pub(super) fn goes_on_in(&self, step: &Step<&str>) -> bool {
        let adjacent = self.place.file == step.place.file && self.last_line + 1 == step.place.line;
        adjacent && self.last + 1 == step.seq && self.code == step.prev
    }

    /// Takes a record that goes on, or the first one again.
    pub(super) fn extend(&mut self, step: &Step<&str>, is_foreign: bool) {
        self.last_line = step.place.line;
        self.last = step.seq;
        self.code = step.code;
        self.event = step.event;
        self.is_foreign |= is_foreign;
    }

    pub(super) const fn code(&self) -> Code {
        self.code
    }

    pub(super) const fn event(&self) -> Event {
        self.event
    }

    /// What they are: `goes_on` says that what follows links to them.
    pub(super) fn draft(&self, goes_on: bool, places: &Places, findings: &Findings) -> Draft {
        let (first, last) = (self.first, self.last);
        let mut draft = if goes_on || self.is_foreign {
            let text = "records of these numbers were there already, and these are others: another history";
            Draft::new(What::Forked, self.place, text)
        } else {
            let of = places.find(first).map(|place| format!(" of {}", findings.name(place)));
            Draft::new(What::Inserted, self.place, format!("a copy{}", of.unwrap_or_default()))
        };
        draft.last_line = self.last_line;
        draft.records(first, last).when(&self.when)
    }
}
