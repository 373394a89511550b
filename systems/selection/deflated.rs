//! The deflated Sharpe ratio (Bailey and López de Prado, The Deflated Sharpe Ratio: Correcting for Selection Bias,
//! Backtest Overfitting and Non-Normality, Journal of Portfolio Management, 2014).

use std::f64::consts::E;

use super::Moments;
use super::normal::{cumulative, exceeded_with};

/// The Euler–Mascheroni constant.
const EULER: f64 = 0.577_215_664_901_532_9;

/// What the Sharpe ratio of the best of many trials is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deflated {
    /// `SR₀ = √V · ((1 − γ) z(1 − 1/N) + γ z(1 − 1/(N e)))`: the highest Sharpe ratio to be expected of `N` trials
    /// without any skill; `γ` is the Euler–Mascheroni constant, `z` the inverse of the normal distribution `Φ`. Not
    /// annualised.
    pub expected_maximum: f64,
    /// The probability that the true Sharpe ratio is above `SR₀`:
    /// `Φ((SR − SR₀) √(T − 1) / √(1 − skewness · SR + (kurtosis − 1) / 4 · SR²))`.
    pub deflated: f64,
    /// The same with 0 for `SR₀`: the probabilistic Sharpe ratio, which takes the trial for the only one.
    pub probabilistic: f64,
}

/// Judges the best of `trials` trials. `variance` is that of the Sharpe ratios of all of them, not annualised, divided
/// by `trials − 1`.
///
/// Trials that resemble each other count as several, which makes the result strict.
///
/// `None` for fewer than two trials or returns, for a negative variance, for moments that no returns have (the root
/// is not of a positive number), and when something is not finite.
#[must_use]
pub fn deflated_sharpe(best: &Moments, trials: usize, variance: f64) -> Option<Deflated> {
    if trials < 2 || best.returns < 2 || variance < 0.0 || !variance.is_finite() {
        return None;
    }
    let tail = 1.0 / trials as f64;
    let expected_maximum =
        variance.sqrt() * ((1.0 - EULER) * exceeded_with(tail) + EULER * exceeded_with(tail / E));
    let Moments { returns, sharpe, skewness, kurtosis } = *best;
    let spread = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe;
    if spread <= 0.0 || !spread.is_finite() {
        return None;
    }
    let precision = ((returns - 1) as f64).sqrt() / spread.sqrt();
    let above = |threshold: f64| cumulative((sharpe - threshold) * precision);
    let found = Deflated { expected_maximum, deflated: above(expected_maximum), probabilistic: above(0.0) };
    (!found.deflated.is_nan() && !found.probabilistic.is_nan()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(sharpe: f64) -> Moments {
        Moments { returns: 1_250, sharpe, skewness: 0.0, kurtosis: 3.0 }
    }

    #[track_caller]
    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }

    /// The paper's example prints four decimals: an annual Sharpe ratio of 2.5 over five years of 250 days, and a
    /// variance of ½ of the annual ratios.
    #[test]
    fn the_example_of_the_paper() {
        let best = Moments { skewness: -3.0, kurtosis: 10.0, ..moments(2.5 / 250_f64.sqrt()) };
        let found = deflated_sharpe(&best, 100, 0.5 / 250.0).unwrap();
        close(found.expected_maximum, 0.1132, 5e-5);
        close(found.deflated, 0.9004, 5e-5);
        let found = deflated_sharpe(&best, 46, 0.5 / 250.0).unwrap();
        close(found.deflated, 0.9505, 5e-5);
    }

    #[test]
    fn trials_that_do_not_differ_deflate_nothing() {
        let found = deflated_sharpe(&moments(0.05), 1_000, 0.0).unwrap();
        assert_eq!(found.expected_maximum, 0.0);
        assert_eq!(found.deflated, found.probabilistic);
        // √1249 · 0.05 / √(1 + 0.05² / 2).
        close(found.probabilistic, cumulative(1_249_f64.sqrt() * 0.05 / 1.001_25_f64.sqrt()), 1e-15);
    }

    #[test]
    fn more_trials_deflate_more() {
        let deflated = |trials| deflated_sharpe(&moments(0.1), trials, 0.001).unwrap().deflated;
        let all: Vec<f64> = [2, 3, 10, 1_000, 1_000_000, usize::MAX].map(deflated).into();
        assert!(all.is_sorted_by(|fewer, more| fewer > more), "{all:?}");
    }

    #[test]
    fn what_is_undefined_is_none() {
        let none = |best: Moments, trials, variance| {
            assert_eq!(deflated_sharpe(&best, trials, variance), None, "{best:?} {trials} {variance}");
        };
        let best = moments(0.1);
        none(best, 0, 0.1);
        none(best, 1, 0.1);
        none(best, 2, -0.1);
        none(best, 2, f64::NAN);
        none(best, 2, f64::INFINITY);
        none(Moments { returns: 1, ..best }, 2, 0.1);
        none(Moments { returns: 0, ..best }, 2, 0.1);
        none(Moments { skewness: 20.0, ..best }, 2, 0.1);
        none(Moments { skewness: 10.0, kurtosis: 1.0, ..best }, 2, 0.1);
        none(Moments { kurtosis: f64::INFINITY, ..best }, 2, 0.1);
        none(moments(f64::NAN), 2, 0.1);
        none(moments(1e300), 2, 0.1);
    }
}
