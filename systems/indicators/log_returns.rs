//! Logarithmic returns of a close column, with running sums for estimates.

use hemiola_components::market::LogReturns;

/// The returns of `closes`. A pair of closes that are not both positive has none.
#[must_use]
pub fn log_returns(closes: &[f64]) -> LogReturns {
    let returns = |pair: &[f64; 2]| {
        let both_positive = pair[0] > 0.0 && pair[1] > 0.0;
        both_positive.then(|| libm::log(pair[1] / pair[0]))
    };
    let all: Vec<Option<f64>> = closes.array_windows().map(returns).collect();
    let values: Vec<f64> = all.iter().flatten().copied().collect();
    let known = (values.len() < all.len()).then(|| {
        let mut count = 0;
        let counts = all.iter().map(|value| {
            count += usize::from(value.is_some());
            count
        });
        std::iter::once(0).chain(counts).collect()
    });
    let sums = running_sums(values.iter().copied());
    LogReturns {
        largest_sum: sums.iter().fold(0.0, |largest: f64, sum| largest.max(sum.abs())),
        sums,
        squares: running_sums(values.iter().map(|value| value * value)),
        values,
        known,
    }
}

/// Sample variances of windows of returns from the running sums: good for what is surely so only.
#[derive(Clone, Copy, Debug)]
pub struct Variances<'a> {
    returns: &'a LogReturns,
    window: usize,
    /// One over the number of returns, and over that less one.
    per: [f64; 2],
    /// No estimate is off by more than this.
    pub error: f64,
}

impl<'a> Variances<'a> {
    /// Of `window` returns, at least 1. `None` when there are candles without a return.
    #[must_use]
    pub fn new(returns: &'a LogReturns, window: usize) -> Option<Self> {
        /// Twice the rounding of a compensated running sum, as a fraction of it.
        const ROUNDING: f64 = 1e-15;
        let squares = returns.squares.last().copied().unwrap_or_default();
        let sums = 4.0 * returns.largest_sum * returns.largest_sum / window as f64;
        let per = [window, (window - 1).max(1)].map(|count| 1.0 / count as f64);
        let error = ROUNDING * (squares + sums) * per[1];
        returns.known.is_none().then_some(Self { returns, window, per, error })
    }

    /// The estimates for the returns that end with those of the `N` candles from `bar` on; `None` when there are not
    /// as many.
    #[inline]
    #[must_use]
    pub fn from<const N: usize>(&self, bar: usize) -> Option<[f64; N]> {
        let LogReturns { sums, squares, .. } = self.returns;
        let before = bar.checked_sub(self.window)?;
        let chunk = |column: &'a [f64], from: usize| column.get(from..)?.first_chunk::<N>();
        let (sum_ends, sum_starts) = (chunk(sums, bar)?, chunk(sums, before)?);
        let (square_ends, square_starts) = (chunk(squares, bar)?, chunk(squares, before)?);
        let mut variances = [0.0; N];
        for at in 0..N {
            let sum = sum_ends[at] - sum_starts[at];
            let square = square_ends[at] - square_starts[at];
            variances[at] = (square - sum * sum * self.per[0]) * self.per[1];
        }
        Some(variances)
    }
}

/// Running sums, compensated (A. Neumaier, 1974), so that each is off by little more than its own last bit.
fn running_sums(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    let sums = values.map(|value| {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
        sum + lost
    });
    std::iter::once(0.0).chain(sums).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_candle_but_the_first_has_a_return() {
        let returns = log_returns(&[std::f64::consts::E, 1.0, std::f64::consts::E]);
        assert_eq!(returns.values, [-1.0, 1.0]);
        assert_eq!((returns.known.clone(), returns.count(2)), (None, 2));
        assert_eq!((returns.sums, returns.squares), (vec![0.0, -1.0, 0.0], vec![0.0, 1.0, 2.0]));
        assert_eq!(returns.largest_sum, 1.0);
    }

    #[test]
    fn a_close_that_is_not_positive_has_no_return_and_neither_has_the_one_after() {
        let returns = log_returns(&[1.0, 1.0, 0.0, 2.0, 2.0]);
        assert_eq!(returns.values, [0.0, 0.0]);
        assert_eq!((0..5).map(|bar| returns.count(bar)).collect::<Vec<_>>(), [0, 1, 1, 1, 2]);
        assert!(log_returns(&[]).values.is_empty());
    }

    #[test]
    fn compensation_keeps_what_a_plain_sum_loses() {
        let sums = running_sums([1.0, 1e100, 1.0, -1e100].into_iter());
        assert_eq!(sums[4], 2.0);
    }
}
