//! The returns of a trial, added up in contiguous blocks of periods.

use std::fmt::{self, Display};

use thiserror::Error;

/// More would be 184,756 combinations and up.
pub(super) const MOST: usize = 16;

/// Sums above this could overflow when they are squared.
const LARGEST_SUM: f64 = 1e150;

/// Number of blocks, `S`: even, 2 to 16; 16 unless told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks(usize);

/// A number of blocks that cannot be halved, or is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0} blocks: an even number from 2 to {MOST} is needed")]
pub struct NotBlocks(pub usize);

impl Blocks {
    /// Checks a number.
    ///
    /// # Errors
    /// When it is odd, 0 or above 16.
    pub const fn new(count: usize) -> Result<Self, NotBlocks> {
        if count == 0 || count > MOST || count % 2 == 1 { Err(NotBlocks(count)) } else { Ok(Self(count)) }
    }

    /// The number, `S`.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }

    /// Where block `index` begins among `periods`: at `⌊index · periods / S⌋`, so that those which do not divide evenly
    /// are spread evenly, and no block is longer than another by more than one.
    pub(super) const fn begin(self, index: usize, periods: usize) -> usize {
        let (each, rest) = (periods / self.0, periods % self.0);
        index * each + index * rest / self.0
    }
}

impl Default for Blocks {
    fn default() -> Self {
        Self(MOST)
    }
}

impl Display for Blocks {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(to)
    }
}

/// What the probability of backtest overfitting needs to know of a trial: 288 bytes, however long it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockSums {
    periods: usize,
    blocks: Blocks,
    sums: [f64; MOST],
    squares: [f64; MOST],
}

impl BlockSums {
    /// Adds up the returns of a trial, one of each period in order of time. All trials of a selection have the same
    /// periods; a trial that has ended returns 0 from there on.
    ///
    /// `None` for fewer than two periods per block, and for returns that are not finite or too large to square.
    #[must_use]
    pub fn of(returns: &[f64], blocks: Blocks) -> Option<Self> {
        let (mut sums, mut squares) = ([0.0; MOST], [0.0; MOST]);
        for block in 0..blocks.get() {
            let begin = blocks.begin(block, returns.len());
            let end = blocks.begin(block + 1, returns.len());
            for r in &returns[begin..end] {
                sums[block] += r;
                squares[block] += r * r;
            }
        }
        Self { periods: returns.len(), blocks, sums, squares }.checked()
    }

    /// Puts together what [`sums`](Self::sums) and [`squares`](Self::squares) gave.
    ///
    /// `None` where no returns add up to them.
    #[must_use]
    pub fn from_parts(periods: usize, sums: &[f64], squares: &[f64]) -> Option<Self> {
        let blocks = Blocks::new(sums.len()).ok().filter(|blocks| squares.len() == blocks.get())?;
        let mut all = Self { periods, blocks, sums: [0.0; MOST], squares: [0.0; MOST] };
        all.sums[..sums.len()].copy_from_slice(sums);
        all.squares[..squares.len()].copy_from_slice(squares);
        all.checked()
    }

    fn checked(self) -> Option<Self> {
        let sum: f64 = self.sums.iter().map(|sum| sum.abs()).sum();
        let square: f64 = self.squares.iter().sum();
        let positive = self.squares.iter().all(|square| *square >= 0.0);
        // Not a number compares as false.
        let sound = positive && sum <= LARGEST_SUM && square <= LARGEST_SUM * LARGEST_SUM;
        (sound && self.periods >= 2 * self.blocks.get()).then_some(self)
    }

    /// Number of periods, `T`.
    #[must_use]
    pub const fn periods(&self) -> usize {
        self.periods
    }

    /// Number of blocks.
    #[must_use]
    pub const fn blocks(&self) -> Blocks {
        self.blocks
    }

    /// The sum of the returns in each block.
    #[must_use]
    pub fn sums(&self) -> &[f64] {
        &self.sums[..self.blocks.get()]
    }

    /// The sum of their squares in each block.
    #[must_use]
    pub fn squares(&self) -> &[f64] {
        &self.squares[..self.blocks.get()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_blocks_is_even_and_small() {
        for count in [2, 4, 6, 8, 10, 12, 14, 16] {
            assert_eq!(Blocks::new(count).unwrap().get(), count);
        }
        for count in [0, 1, 3, 15, 17, 18, usize::MAX] {
            assert_eq!(Blocks::new(count), Err(NotBlocks(count)));
        }
        assert_eq!(NotBlocks(7).to_string(), "7 blocks: an even number from 2 to 16 is needed");
        assert_eq!(Blocks::default().to_string(), "16");
    }

    #[test]
    fn what_does_not_divide_is_spread() {
        let blocks = Blocks::new(4).unwrap();
        let sums = |periods: i32| {
            let returns: Vec<f64> = (1..=periods).map(f64::from).collect();
            BlockSums::of(&returns, blocks).map(|all| (all.sums().to_vec(), all.squares().to_vec()))
        };
        assert_eq!(sums(7), None);
        assert_eq!(sums(8), Some((vec![3.0, 7.0, 11.0, 15.0], vec![5.0, 25.0, 61.0, 113.0])));
        assert_eq!(sums(9).unwrap().0, [3.0, 7.0, 11.0, 24.0]);
        assert_eq!(sums(10).unwrap().0, [3.0, 12.0, 13.0, 27.0]);
        assert_eq!(sums(11).unwrap().0, [3.0, 12.0, 21.0, 30.0]);
        assert_eq!(sums(12).unwrap().0, [6.0, 15.0, 24.0, 33.0]);
    }

    #[test]
    fn blocks_cover_any_number_of_periods() {
        for count in [2, 6, 16] {
            let blocks = Blocks::new(count).unwrap();
            for periods in [2 * count, 2 * count + 1, 1_000_003, usize::MAX] {
                assert_eq!((blocks.begin(0, periods), blocks.begin(count, periods)), (0, periods));
                for block in 0..count {
                    let length = blocks.begin(block + 1, periods) - blocks.begin(block, periods);
                    assert!((periods / count..=periods.div_ceil(count)).contains(&length));
                }
            }
        }
    }

    #[test]
    fn sums_that_cannot_be_are_none() {
        let blocks = Blocks::new(2).unwrap();
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e160, 1e200] {
            assert_eq!(BlockSums::of(&[0.0, bad, 0.0, 0.0], blocks), None, "{bad}");
        }
        assert!(BlockSums::of(&[0.0, 1e149, 0.0, -1e149], blocks).is_some());
        assert_eq!(BlockSums::from_parts(4, &[0.0, 0.0], &[0.0, -1.0]), None);
        assert_eq!(BlockSums::from_parts(4, &[0.0, 0.0], &[0.0, f64::NAN]), None);
        assert_eq!(BlockSums::from_parts(4, &[0.0, 0.0], &[0.0; 3]), None);
        assert_eq!(BlockSums::from_parts(4, &[0.0; 3], &[0.0; 3]), None);
        assert_eq!(BlockSums::from_parts(3, &[0.0; 2], &[0.0; 2]), None);
    }

    #[test]
    fn parts_make_the_whole() {
        let whole = BlockSums::of(&[0.1, 0.2, -0.3, 0.4, 0.7], Blocks::new(2).unwrap()).unwrap();
        assert_eq!(BlockSums::from_parts(whole.periods(), whole.sums(), whole.squares()), Some(whole));
        assert_eq!((whole.periods(), whole.blocks().get()), (5, 2));
    }
}
