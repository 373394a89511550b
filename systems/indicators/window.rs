//! Sums, spreads and extremes of a window of a column. Each has one shape, eight lanes and then pairs, so that it
//! gives the same bits in every build.

/// The sum.
#[must_use]
pub fn sum(values: &[f64]) -> f64 {
    fold(values, |value| value)
}

/// The sample variance of `count` values, of which `values` are given and the others are zero: the sum of squared
/// distances from the mean, over `count - 1` (at least 1). Zero for no values.
#[must_use]
pub fn sample_variance(values: &[f64], count: usize) -> f64 {
    mean_and_variance(values, count).1
}

/// The mean and the sample variance of the same.
#[must_use]
pub fn mean_and_variance(values: &[f64], count: usize) -> (f64, f64) {
    if count == 0 {
        return (0.0, 0.0);
    }
    let mean = sum(values) / count as f64;
    let zeros = (count - values.len()) as f64;
    let squares = fold(values, |value| (value - mean) * (value - mean)) + zeros * mean * mean;
    (mean, squares / (count - 1).max(1) as f64)
}

pub(super) fn fold(values: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0; 8];
    let (blocks, rest) = values.as_chunks::<8>();
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane += term(*value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += term(*value);
    }
    let pairs = [lanes[0] + lanes[4], lanes[1] + lanes[5], lanes[2] + lanes[6], lanes[3] + lanes[7]];
    (pairs[0] + pairs[2]) + (pairs[1] + pairs[3])
}

/// The lowest value; infinity for none.
#[must_use]
pub fn lowest(values: &[f64]) -> f64 {
    extreme(values, f64::INFINITY, |value, best| value < best)
}

/// The highest value; minus infinity for none.
#[must_use]
pub fn highest(values: &[f64]) -> f64 {
    extreme(values, f64::NEG_INFINITY, |value, best| value > best)
}

fn extreme(values: &[f64], start: f64, better: impl Fn(f64, f64) -> bool) -> f64 {
    let mut lanes = [start; 8];
    let (blocks, rest) = values.as_chunks::<8>();
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane = if better(*value, *lane) { *value } else { *lane };
        }
    }
    let pick = |best: f64, value: &f64| if better(*value, best) { *value } else { best };
    lanes.iter().chain(rest).fold(start, pick)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_extremes_take_in_every_value_whatever_the_length() {
        for length in 0..40 {
            let values: Vec<f64> = (0..length).map(|i| f64::from((i * 7) % 11) - 5.0).collect();
            assert_eq!(sum(&values), values.iter().sum::<f64>(), "{length}");
            assert_eq!(lowest(&values), values.iter().copied().fold(f64::INFINITY, f64::min));
            assert_eq!(highest(&values), values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        }
    }

    #[test]
    fn the_variance_of_a_sample_divides_by_one_less() {
        assert_eq!(sample_variance(&[1.0, 3.0], 2), 2.0);
        assert_eq!(sample_variance(&[5.0], 1), 0.0);
        assert_eq!(sample_variance(&[], 0), 0.0);
        assert_eq!(sample_variance(&[3.0], 3), sample_variance(&[0.0, 3.0, 0.0], 3));
    }
}
