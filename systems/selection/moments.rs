//! The moments of a trial's returns.

/// Deviations below this part of the root mean square are rounding of equal returns.
const ROUNDING: f64 = 1e-14;

/// What the deflated Sharpe ratio needs to know of the returns of a trial, each of one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// Number of returns, `T`; at least 2.
    pub returns: usize,
    /// `mean / s`, where `s = √(Σ(rᵢ − mean)² / (T − 1))`; not annualised.
    pub sharpe: f64,
    /// `Σ(rᵢ − mean)³ / T / σ³`, where `σ = √(Σ(rᵢ − mean)² / T)`.
    pub skewness: f64,
    /// `Σ(rᵢ − mean)⁴ / T / σ⁴`: 3 for the normal distribution.
    pub kurtosis: f64,
}

impl Moments {
    /// Of returns in any order; none for fewer than two, when they are all equal or too large to square.
    #[must_use]
    pub fn of(returns: &[f64]) -> Option<Self> {
        let count = returns.len() as f64;
        if count < 2.0 {
            return None;
        }
        let mean = returns.iter().sum::<f64>() / count;
        let (mut second, mut third, mut fourth) = (0.0, 0.0, 0.0);
        for r in returns {
            let distance = r - mean;
            let square = distance * distance;
            second += square;
            third += square * distance;
            fourth += square * square;
        }
        let deviation = (second / count).sqrt();
        let varies = deviation > ROUNDING * mean.abs();
        let found = Self {
            returns: returns.len(),
            sharpe: mean / (second / (count - 1.0)).sqrt(),
            skewness: third / count / (deviation * deviation * deviation),
            kurtosis: fourth / count / (deviation * deviation * deviation * deviation),
        };
        let finite = [found.sharpe, found.skewness, found.kurtosis].into_iter().all(f64::is_finite);
        (varies && finite).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_returns_by_hand() {
        // Mean 2; distances -2, -1, 0, 3: squares 14, cubes -8 - 1 + 27 = 18, fourth powers 16 + 1 + 81 = 98.
        let found = Moments::of(&[0.0, 1.0, 2.0, 5.0]).unwrap();
        assert_eq!(found.returns, 4);
        let close =
            |found: f64, expected: f64| assert!((found - expected).abs() < 1e-14, "{found}, {expected}");
        close(found.sharpe, 2.0 / (14.0_f64 / 3.0).sqrt());
        close(found.skewness, 18.0 / 4.0 / (3.5 * 3.5_f64.sqrt()));
        close(found.kurtosis, 98.0 / 4.0 / (3.5 * 3.5));
    }

    #[test]
    fn what_does_not_vary_or_is_not_finite_has_none() {
        let without: [&[f64]; 7] =
            [&[], &[0.1], &[0.0; 9], &[0.1; 9], &[0.1, f64::NAN], &[f64::INFINITY, 0.0], &[1e200, -1e200]];
        for returns in without {
            assert_eq!(Moments::of(returns), None, "{returns:?}");
        }
        assert!(Moments::of(&[0.1, 0.1, 0.1 + 1e-12]).is_some());
        assert_eq!(Moments::of(&[1e-200, -1e-200, 0.0]), None, "too small to square");
    }
}
