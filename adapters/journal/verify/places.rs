//! Which line a record stands on, without a note for each: lines that follow each other are one stretch.

use super::finding::Place;

#[derive(Clone, Copy, Debug)]
struct Stretch {
    seq: u64,
    place: Place,
    count: u64,
}

/// The places of the records of the chain.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Vec<Stretch>);

impl Places {
    pub(super) fn push(&mut self, seq: u64, place: Place) {
        match self.0.last_mut() {
            Some(last)
                if last.seq + last.count == seq
                    && last.place.file == place.file
                    && last.place.line + last.count == place.line =>
            {
                last.count += 1;
            }
            _ => self.0.push(Stretch { seq, place, count: 1 }),
        }
    }

    /// Where the record that was given last with this number stands.
    pub(super) fn find(&self, seq: u64) -> Option<Place> {
        let holds = |stretch: &&Stretch| (stretch.seq..stretch.seq + stretch.count).contains(&seq);
        let stretch = self.0.iter().rev().find(holds)?;
        Some(Place { line: stretch.place.line + (seq - stretch.seq), ..stretch.place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_follow_each_other_are_one_stretch() {
        let mut places = Places::default();
        let place = |file, line| Place { file, line };
        for (seq, at) in [(0, place(0, 1)), (1, place(0, 2)), (2, place(0, 3)), (4, place(0, 4))] {
            places.push(seq, at);
        }
        places.push(5, place(1, 5));
        places.push(6, place(1, 7));
        assert_eq!(places.0.len(), 4);
        let found: Vec<_> = (0..8).map(|seq| places.find(seq)).collect();
        let expected = [(0, 1), (0, 2), (0, 3), (9, 9), (0, 4), (1, 5), (1, 7), (9, 9)];
        let expected = expected.map(|(file, line)| (file < 9).then_some(place(file, line)));
        assert_eq!(found, expected);
    }
}
