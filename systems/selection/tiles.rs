//! The performance of many trials in both halves of every split, a few trials at a time.

use super::blocks::BlockSums;
use super::splits::Split;

/// Trials in a tile: the subsets of their sums stay in the processor's second cache.
pub(super) const WIDTH: usize = 16;

/// Squared Sharpe ratios, times `n / (n − 1)`, above this are cut off: returns that hardly vary.
pub(super) const STEEPEST: f64 = 1e8;

/// What is added up of each trial.
#[derive(Clone, Copy)]
struct Sums {
    sums: [f64; WIDTH],
    squares: [f64; WIDTH],
}

/// For each subset of half of the blocks, the sums over its blocks.
struct Subsets(Vec<Sums>);

impl Subsets {
    /// Of the blocks from `first` on. Each sum takes the blocks in order.
    fn of(trials: &[BlockSums], first: usize, blocks: usize) -> Self {
        // What is not a number is never above, below or equal: a place without a trial counts for nothing.
        let mut none = Sums { sums: [f64::NAN; WIDTH], squares: [f64::NAN; WIDTH] };
        none.sums[..trials.len()].fill(0.0);
        none.squares[..trials.len()].fill(0.0);
        let mut subsets = vec![none];
        for block in first..first + blocks {
            for smaller in 0..subsets.len() {
                let mut larger = subsets[smaller];
                for (place, trial) in trials.iter().enumerate() {
                    larger.sums[place] += trial.sums()[block];
                    larger.squares[place] += trial.squares()[block];
                }
                subsets.push(larger);
            }
        }
        Self(subsets)
    }
}

/// Up to [`WIDTH`] trials.
pub(super) struct Tile {
    lower: Subsets,
    upper: Subsets,
}

impl Tile {
    /// Of at most [`WIDTH`] trials, which are divided alike.
    pub(super) fn of(trials: &[BlockSums]) -> Self {
        let half = trials[0].blocks().get() / 2;
        Self { lower: Subsets::of(trials, 0, half), upper: Subsets::of(trials, half, half) }
    }

    /// How steep the equity of each trial was in the half of a split that has `periods` periods; see [`steepness`].
    #[inline]
    pub(super) fn steepness(&self, split: Split, periods: usize) -> [f64; WIDTH] {
        let (lower, upper) = split.subsets();
        let (lower, upper) = (&self.lower.0[lower], &self.upper.0[upper]);
        let most = most(periods);
        let mut found = [0.0; WIDTH];
        for (place, found) in found.iter_mut().enumerate() {
            let sum = lower.sums[place] + upper.sums[place];
            let squares = lower.squares[place] + upper.squares[place];
            *found = steepness(sum, squares, most);
        }
        found
    }
}

/// The steepness of equal returns.
fn most(periods: usize) -> f64 {
    periods as f64 * (STEEPEST / (1.0 + STEEPEST))
}

/// `sum · |sum| / squares`: in the same order as the Sharpe ratio, without its root and its cancellation. 0 for returns
/// of 0.
#[inline]
fn steepness(sum: f64, squares: f64, most: f64) -> f64 {
    let divisor = if squares < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { squares };
    let steepness = sum * sum.abs() / divisor;
    let steepness = if steepness > most { most } else { steepness };
    if steepness < -most { -most } else { steepness }
}

/// The Sharpe ratio of `n` periods: with the steepness `x` it is `√(|x| / (n − |x|) · (n − 1) / n)`, signed like `x`.
pub(super) fn sharpe(steepness: f64, periods: usize) -> f64 {
    let (n, x) = (periods as f64, steepness.abs());
    (x / (n - x) * ((n - 1.0) / n)).sqrt().copysign(steepness)
}

#[cfg(test)]
mod tests {
    use super::super::{Blocks, Moments};
    use super::*;

    const RETURNS: [f64; 9] = [0.01, -0.02, 0.03, 0.005, -0.01, 0.02, 0.01, 0.0, -0.003];

    fn of(returns: &[f64]) -> f64 {
        let squares = returns.iter().map(|r| r * r).sum();
        sharpe(steepness(returns.iter().sum(), squares, most(returns.len())), returns.len())
    }

    #[test]
    fn it_is_the_sharpe_ratio() {
        let expected = Moments::of(&RETURNS).unwrap().sharpe;
        assert!((of(&RETURNS) - expected).abs() < 1e-15);
        assert!((of(&RETURNS.map(|r| -r)) + expected).abs() < 1e-15);
    }

    #[test]
    fn returns_that_do_not_vary_are_finite() {
        assert_eq!(of(&[0.0; 8]), 0.0);
        let most = 1e4 * (7.0_f64 / 8.0).sqrt();
        for (returns, expected) in [(0.1, most), (1e-6, most), (-0.1, -most), (1e-170, 0.0), (-1e-300, 0.0)] {
            let found = of(&[returns; 8]);
            assert!((found - expected).abs() <= 1e-8 * most, "{returns}: {found}, not {expected}");
        }
        for tiny in [1e-153, 1e-154, 1e-155, 1e-160, 1e-162] {
            assert!((0.0..=most * 1.000_001).contains(&of(&[tiny; 8])), "{tiny}");
        }
    }

    #[test]
    fn a_tile_has_every_half() {
        let blocks = Blocks::new(4).unwrap();
        let trials = [BlockSums::of(&RETURNS, blocks).unwrap(), BlockSums::of(&[0.0; 9], blocks).unwrap()];
        let tile = Tile::of(&trials);
        let halves: Vec<f64> = super::super::splits::pairs(blocks)
            .into_iter()
            .map(|split| {
                let found = tile.steepness(split, split.periods(&trials[0]));
                assert_eq!(found[1], 0.0);
                assert!(found[2..].iter().all(|empty| empty.is_nan()));
                sharpe(found[0], split.periods(&trials[0]))
            })
            .collect();
        // Blocks of 2, 2, 2 and 3 periods; the first three in pairs.
        let of = |periods: [usize; 4]| Moments::of(&periods.map(|period| RETURNS[period])).unwrap().sharpe;
        for (found, expected) in halves.iter().zip([of([0, 1, 2, 3]), of([0, 1, 4, 5]), of([2, 3, 4, 5])]) {
            assert!((found - expected).abs() < 1e-15, "{found}, not {expected}");
        }
    }
}
