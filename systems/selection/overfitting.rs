//! The probability of backtest overfitting by combinatorially symmetric cross-validation (Bailey, Borwein, López de
//! Prado and Zhu, The Probability of Backtest Overfitting, Journal of Computational Finance, 2017).

use super::blocks::BlockSums;
use super::splits::{Split, pairs};
use super::tiles::{Tile, WIDTH, sharpe};

/// Deviations below this part of the mean are rounding of equal ratios.
const ROUNDING: f64 = 1e-14;

/// How the best trials of one half of the time do in the other half, over every way to take half of the blocks.
///
/// In each combination the trial with the highest Sharpe ratio in sample is chosen. Of several with the same, the one
/// that is worst out of sample counts, because nothing in sample tells them apart. Its relative rank out of sample
/// is `ω = rank / (N + 1)`, where the lowest of `N` trials has rank 1 and equal ones share the mean of their ranks; the
/// logit is `λ = ln(ω / (1 − ω))`.
///
/// Returns that do not vary have a Sharpe ratio of 0 when they are 0. Otherwise a standard deviation below a
/// ten-thousandth of the mean counts as that, so that the ratio ends at `10⁴ · √(1 − 1/n)` for `n` periods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overfitting {
    /// Number of trials, `N`.
    pub trials: usize,
    /// Number of combinations, `S! / (S/2)!²`: 12,870 for 16 blocks.
    pub combinations: usize,
    /// The probability of backtest overfitting: the share of combinations with `λ ≤ 0`, in which the chosen trial is
    /// not above the median out of sample.
    pub probability: f64,
    /// The median of `λ`.
    pub median_logit: f64,
    /// The mean of `λ`.
    pub mean_logit: f64,
    /// The share of combinations in which the chosen trial has a negative Sharpe ratio out of sample.
    pub probability_of_loss: f64,
    /// Performance degradation: the slope of the regression, by least squares, of the chosen trial's Sharpe ratio out
    /// of sample on that in sample. None where the latter does not vary.
    pub slope: Option<f64>,
}

impl Overfitting {
    /// Judges a selection of all these trials, of which nothing depends on the order.
    ///
    /// `None` for fewer than two, and where they are not divided alike: into as many blocks of as many periods.
    #[must_use]
    pub fn of(trials: &[BlockSums]) -> Option<Self> {
        let [first, _, ..] = trials else { return None };
        let division = |trial: &BlockSums| (trial.periods(), trial.blocks());
        if trials.iter().any(|trial| division(trial) != division(first)) {
            return None;
        }
        let mut choices: Vec<Choice> = pairs(first.blocks())
            .into_iter()
            .flat_map(|split| [split, split.exchanged()])
            .map(|split| Choice::of(split, first))
            .collect();
        let tiles = || trials.chunks(WIDTH).map(Tile::of);
        for tile in tiles() {
            for_pairs(&mut choices, &tile, Choice::choose);
        }
        for tile in tiles() {
            for_pairs(&mut choices, &tile, |choice, _, outside| choice.rank(outside));
        }
        Some(Self::from_choices(&choices, trials.len()))
    }

    fn from_choices(choices: &[Choice], trials: usize) -> Self {
        let share = |count: usize| count as f64 / choices.len() as f64;
        let mut logits: Vec<f64> = choices.iter().map(|choice| choice.logit(trials)).collect();
        let mean_logit = logits.iter().sum::<f64>() / logits.len() as f64;
        logits.sort_by(f64::total_cmp);
        let middle = logits.len() / 2;
        Self {
            trials,
            combinations: choices.len(),
            probability: share(logits.iter().filter(|logit| **logit <= 0.0).count()),
            median_logit: f64::midpoint(logits[middle - 1], logits[middle]),
            mean_logit,
            probability_of_loss: share(choices.iter().filter(|choice| choice.outside < 0.0).count()),
            slope: slope(choices),
        }
    }
}

/// Calls for both halves of every pair of splits, which come one after the other.
#[inline]
fn for_pairs(
    choices: &mut [Choice],
    tile: &Tile,
    mut call: impl FnMut(&mut Choice, &[f64; WIDTH], &[f64; WIDTH]),
) {
    for pair in choices.chunks_exact_mut(2) {
        let [one, other] = pair else { continue };
        let inside = tile.steepness(one.split, one.periods);
        let outside = tile.steepness(other.split, other.periods);
        call(one, &inside, &outside);
        call(other, &outside, &inside);
    }
}

/// The trial that a split chooses.
#[derive(Clone, Copy)]
struct Choice {
    split: Split,
    /// In sample, and out of it.
    periods: usize,
    periods_outside: usize,
    /// Its steepness.
    inside: f64,
    outside: f64,
    /// Trials below it out of sample, and those not above it, itself among them.
    below: u64,
    up_to: u64,
}

impl Choice {
    fn of(split: Split, trial: &BlockSums) -> Self {
        Self {
            split,
            periods: split.periods(trial),
            periods_outside: split.exchanged().periods(trial),
            inside: f64::NEG_INFINITY,
            outside: f64::INFINITY,
            below: 0,
            up_to: 0,
        }
    }

    /// Takes the best of a tile where it is better than those before.
    #[inline]
    fn choose(&mut self, inside: &[f64; WIDTH], outside: &[f64; WIDTH]) {
        if highest(inside) < self.inside {
            return;
        }
        for (inside, outside) in inside.iter().zip(outside) {
            if *inside > self.inside || *inside == self.inside && *outside < self.outside {
                (self.inside, self.outside) = (*inside, *outside);
            }
        }
    }

    /// Counts the trials of a tile that are not above the choice.
    #[inline]
    fn rank(&mut self, outside: &[f64; WIDTH]) {
        let (mut below, mut up_to) = (0, 0);
        for outside in outside {
            below += u64::from(*outside < self.outside);
            up_to += u64::from(*outside <= self.outside);
        }
        self.below += below;
        self.up_to += up_to;
    }

    fn logit(&self, trials: usize) -> f64 {
        // The ranks of equal ones are from `below + 1` to `up_to`; this is twice their mean, in whole numbers.
        let rank = self.below + self.up_to + 1;
        let above = 2 * (trials as u64 + 1) - rank;
        libm::log(rank as f64 / above as f64)
    }

    fn sharpes(&self) -> (f64, f64) {
        (sharpe(self.inside, self.periods), sharpe(self.outside, self.periods_outside))
    }
}

/// The highest number in each of two halves, and of those; what is not a number is passed over.
#[inline]
fn highest(values: &[f64; WIDTH]) -> f64 {
    let mut highest = [f64::NEG_INFINITY; 4];
    for four in values.chunks_exact(4) {
        for (highest, value) in highest.iter_mut().zip(four) {
            *highest = if *value > *highest { *value } else { *highest };
        }
    }
    highest.into_iter().fold(f64::NEG_INFINITY, f64::max)
}

fn slope(choices: &[Choice]) -> Option<f64> {
    let sharpes: Vec<(f64, f64)> = choices.iter().map(Choice::sharpes).collect();
    let count = sharpes.len() as f64;
    let inside_mean = sharpes.iter().map(|(inside, _)| inside).sum::<f64>() / count;
    let outside_mean = sharpes.iter().map(|(_, outside)| outside).sum::<f64>() / count;
    let (mut squares, mut products) = (0.0, 0.0);
    for (inside, outside) in &sharpes {
        let distance = inside - inside_mean;
        squares += distance * distance;
        products += distance * (outside - outside_mean);
    }
    let varies = (squares / count).sqrt() > ROUNDING * inside_mean.abs();
    varies.then(|| products / squares)
}
