//! The ways to take half of the blocks.

use super::blocks::{BlockSums, Blocks};

/// Half of the blocks, for the choice, and the others, to judge it. The set is written as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Split {
    inside: usize,
    blocks: Blocks,
}

impl Split {
    /// The split that has the halves exchanged.
    pub(super) const fn exchanged(self) -> Self {
        Self { inside: !self.inside & ((1 << self.blocks.get()) - 1), blocks: self.blocks }
    }

    /// The lower half of the blocks and the upper, as indices into their subsets.
    pub(super) const fn subsets(self) -> (usize, usize) {
        let half = self.blocks.get() / 2;
        (self.inside & ((1 << half) - 1), self.inside >> half)
    }

    /// Periods in the half.
    pub(super) fn periods(self, trial: &BlockSums) -> usize {
        let begin = |block| self.blocks.begin(block, trial.periods());
        let inside = (0..self.blocks.get()).filter(|block| self.inside >> block & 1 == 1);
        inside.map(|block| begin(block + 1) - begin(block)).sum()
    }
}

/// Every split whose half lacks the last block; exchanged, they are the others. There are as many as half of
/// `S! / (S/2)!²`.
pub(super) fn pairs(blocks: Blocks) -> Vec<Split> {
    let half = blocks.get() / 2;
    let sets = 0..1_usize << (blocks.get() - 1);
    sets.filter(|set| set.count_ones() as usize == half).map(|inside| Split { inside, blocks }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_half_once() {
        for (count, combinations) in [(2, 2), (4, 6), (6, 20), (8, 70), (16, 12_870)] {
            let blocks = Blocks::new(count).unwrap();
            let all = pairs(blocks).into_iter().flat_map(|split| [split, split.exchanged()]);
            let sets: Vec<usize> = all.map(|split| split.inside).collect();
            assert_eq!(sets.len(), combinations);
            assert!(sets.iter().all(|set| set.count_ones() as usize == count / 2));
            assert_eq!(sets.iter().collect::<BTreeSet<_>>().len(), combinations);
        }
    }

    #[test]
    fn halves_of_unequal_blocks() {
        let blocks = Blocks::new(4).unwrap();
        let trial = BlockSums::of(&[0.0; 10], blocks).unwrap();
        let split = Split { inside: 0b0101, blocks };
        assert_eq!(split.subsets(), (0b01, 0b01));
        assert_eq!(split.exchanged().inside, 0b1010);
        assert_eq!((split.periods(&trial), split.exchanged().periods(&trial)), (4, 6));
    }
}
