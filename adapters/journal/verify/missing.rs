//! Records whose numbers were passed over.

use std::collections::BTreeMap;

use super::finding::{Draft, Findings, Place, What};

/// Numbers that follow each other and are not there, and what shows it.
#[derive(Clone, Debug)]
struct Gap {
    last: u64,
    /// The line after it.
    place: Place,
    when: String,
}

/// Numbers that are not there, or not yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Missing(BTreeMap<u64, Gap>);

impl Missing {
    /// Takes note that `first` to `last` were passed over by the line at `place`.
    pub(super) fn insert(&mut self, first: u64, last: u64, place: Place, when: &str) {
        if first <= last {
            self.0.insert(first, Gap { last, place, when: when.to_owned() });
        }
    }

    /// Takes out a number that is there after all; whether it was missing.
    pub(super) fn remove(&mut self, seq: u64) -> bool {
        let Some((&first, gap)) = self.0.range(..=seq).next_back().filter(|(_, gap)| seq <= gap.last) else {
            return false;
        };
        let gap = gap.clone();
        self.0.remove(&first);
        if first < seq {
            self.0.insert(first, Gap { last: seq - 1, ..gap.clone() });
        }
        if seq < gap.last {
            self.0.insert(seq + 1, gap);
        }
        true
    }

    /// What is still missing was deleted.
    pub(super) fn finish(self, findings: &mut Findings) {
        for (first, Gap { last, place, when }) in self.0 {
            let text = match last - first {
                0 => "it is missing before this line".to_owned(),
                more => format!("these {} are missing before this line", more + 1),
            };
            findings.push(Draft::new(What::Deleted, place, text).records(first, last).when(&when));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_up_is_not_missing() {
        let mut missing = Missing::default();
        let place = Place { file: 0, line: 3 };
        missing.insert(5, 9, place, "noon");
        missing.insert(12, 11, place, "never");
        for (seq, was) in [(4, false), (7, true), (7, false), (5, true), (9, true), (10, false)] {
            assert_eq!(missing.remove(seq), was, "{seq}");
        }
        let mut findings = Findings::of(vec!["a".into()]);
        missing.finish(&mut findings);
        let found: Vec<_> = findings.finish().iter().map(ToString::to_string).collect();
        let text = |seq: u64| format!("a:3: deleted: record {seq}: it is missing before this line (noon)");
        assert_eq!(found, [text(6), text(8)]);
    }
}
