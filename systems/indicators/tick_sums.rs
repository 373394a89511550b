//! Exact window sums: prices as whole ticks.
//!
//! A sum of f64 prices carries rounding that depends on where it started, which decides ties at random. Whole
//! ticks below 2^53 add up exactly in f64, so a window's sum is one subtraction without error.

use hemiola_components::market::TickSums;

/// 2^53: whole numbers up to here are exact in f64.
pub const EXACT: f64 = 9_007_199_254_740_992.0;

const MOST_DECIMALS: usize = 10;

/// Running sums of `closes` in ticks of the configured size, or, when `tick` is zero, of the column's own: the
/// smallest power of ten from 1 to 1e-10 at which every price is whole, times the greatest common divisor.
///
/// `None` when the prices are not multiples of such a tick or the sums would pass 2^53.
#[must_use]
pub fn tick_sums(closes: &[f64], tick: f64) -> Option<TickSums> {
    let (scale, divisor) = if tick > 0.0 {
        powers_of_ten().find_map(|scale| Some((scale, count_at(tick, scale)?)))?
    } else {
        let scale =
            powers_of_ten().find(|scale| closes.iter().all(|close| count_at(*close, *scale).is_some()))?;
        let divisor = closes.iter().filter_map(|close| count_at(*close, scale)).fold(0.0, common_divisor);
        (scale, if divisor > 0.0 { divisor } else { 1.0 })
    };
    let mut sums = Vec::with_capacity(closes.len() + 1);
    let (mut sum, mut largest) = (0.0, 0.0_f64);
    sums.push(sum);
    for close in closes {
        let ticks = count_at(*close, scale)? / divisor;
        if ticks.fract() != 0.0 {
            return None;
        }
        sum += ticks;
        largest = largest.max(ticks);
        sums.push(sum);
    }
    (sum < EXACT).then_some(TickSums { tick: divisor / scale, sums, largest })
}

/// 1, 10, 100 and so on to 10^10: how many parts a unit of price is divided into.
fn powers_of_ten() -> impl Iterator<Item = f64> {
    std::iter::successors(Some(1.0), |scale| Some(scale * 10.0)).take(MOST_DECIMALS + 1)
}

/// How many times `1 / scale` goes into the price, if that many of them are exactly the price: the nearest f64
/// to a decimal fraction is what reading its digits gives, and what this division gives.
fn count_at(close: f64, scale: f64) -> Option<f64> {
    let count = (close * scale).round();
    (count < EXACT && count / scale == close).then_some(count)
}

fn common_divisor(mut a: f64, mut b: f64) -> f64 {
    while b > 0.0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tick_is_found_in_the_prices() {
        assert_eq!(tick_sums(&[20_000.37, 0.01, 5.0], 0.0).unwrap().tick, 0.01);
        assert_eq!(tick_sums(&[1.5, 2.25, 7.0], 0.0).unwrap().tick, 0.25);
        assert_eq!(tick_sums(&[1.0 / 64.0, 3.0], 0.0).unwrap().tick, 1.0 / 64.0);
        assert_eq!(tick_sums(&[100.0, 250.0], 0.0).unwrap().tick, 50.0);
        assert_eq!(tick_sums(&[0.1, 0.2, 0.3], 0.0).unwrap().sums, [0.0, 1.0, 3.0, 6.0]);
    }

    #[test]
    fn a_configured_tick_must_divide_every_price() {
        assert_eq!(tick_sums(&[1.5, 2.0], 0.5).unwrap().sums, [0.0, 3.0, 7.0]);
        assert_eq!(tick_sums(&[1.5, 2.1], 0.5), None);
        assert_eq!(tick_sums(&[20_000.35, 0.05], 0.05).unwrap().sums, [0.0, 400_007.0, 400_008.0]);
        assert_eq!(tick_sums(&[20_000.37], 0.01).unwrap().largest, 2_000_037.0);
    }

    #[test]
    fn columns_without_a_tick_or_beyond_exactness_have_no_sums() {
        assert_eq!(tick_sums(&[std::f64::consts::PI], 0.0), None);
        assert_eq!(tick_sums(&[EXACT / 4.0 + 1.0; 5], 1.0), None);
    }

    #[test]
    fn windows_are_exact_where_plain_sums_are_not() {
        let closes: Vec<f64> = (0..1_000).map(|i| f64::from(11_000 + i % 7) / 10_000.0).collect();
        let sums = tick_sums(&closes, 0.0).unwrap();
        assert_eq!(sums.tick, 0.0001);
        for bar in 100..1_000_usize {
            let exact: usize = (bar - 99..=bar).map(|i| 11_000 + i % 7).sum();
            assert_eq!(sums.window(bar, 100), exact as f64);
        }
    }
}
