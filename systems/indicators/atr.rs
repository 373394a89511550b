//! Average true range: how far a price moves within a candle, gaps included (J. Welles Wilder, 1978), here as the
//! simple mean of the last true ranges.

use hemiola_components::engine::ProtectionRule;
use hemiola_components::market::Bars;
use hemiola_components::signal::{Direction, Protection};
use hemiola_components::units::Price;

/// The true range of candle `bar`: its height, stretched to the close before it; its height alone for `first`.
#[must_use]
pub fn true_range(bars: &Bars, first: usize, bar: usize) -> f64 {
    let (high, low) = (bars.high[bar], bars.low[bar]);
    if bar == first {
        return high - low;
    }
    let before = bars.close[bar - 1];
    (high - low).max((high - before).abs()).max((low - before).abs())
}

/// The mean of the last `window` true ranges up to `bar`, of fewer when the data begin at `first` within it.
#[must_use]
pub fn average_true_range(bars: &Bars, first: usize, bar: usize, window: usize) -> f64 {
    let from = (bar + 1).saturating_sub(window).max(first);
    let mut sum = -0.0;
    let mut next = from;
    if from == first {
        sum += true_range(bars, first, first);
        next += 1;
    }
    while next <= bar {
        let mut buffer = [0.0; 16];
        let ranges = &mut buffer[..(bar + 1 - next).min(16)];
        true_ranges(bars, next, ranges);
        sum = ranges.iter().fold(sum, |sum, range| sum + range);
        next += ranges.len();
    }
    sum / (bar + 1 - from) as f64
}

/// [`average_true_range`] of the `N` candles from `bar` on, side by side, each with the same sum in the same order.
///
/// # Panics
/// When the first window of `window` candles does not begin after candle 0, or there are not `N` candles from `bar` on.
#[must_use]
pub fn average_true_ranges<const N: usize>(bars: &Bars, bar: usize, window: usize) -> [f64; N] {
    const AT_ONCE: usize = 64;
    const { assert!(N <= AT_ONCE / 2) };
    let mut sums = [-0.0; N];
    let mut buffer = [0.0; AT_ONCE];
    let (mut from, mut left) = (bar + 1 - window, window);
    while left > 0 {
        let count = left.min(AT_ONCE + 1 - N);
        let ranges = &mut buffer[..count + N - 1];
        true_ranges(bars, from, ranges);
        for windows in ranges.array_windows::<N>() {
            for at in 0..N {
                sums[at] += windows[at];
            }
        }
        (from, left) = (from + count, left - count);
    }
    sums.map(|sum| sum / window as f64)
}

/// The true ranges of the candles from `from` on, which is not the first.
fn true_ranges(bars: &Bars, from: usize, ranges: &mut [f64]) {
    let candles = from..from + ranges.len();
    let befores = &bars.close[from - 1..candles.end - 1];
    let (highs, lows) = (&bars.high[candles.clone()], &bars.low[candles]);
    for (((range, high), low), before) in ranges.iter_mut().zip(highs).zip(lows).zip(befores) {
        *range = (high - low).max((high - before).abs()).max((low - before).abs());
    }
}

/// Range and stop of an entry at the close of `bar`.
#[must_use]
pub fn protection(
    bars: &Bars,
    first: usize,
    bar: usize,
    direction: Direction,
    rule: ProtectionRule,
) -> Protection {
    let atr = average_true_range(bars, first, bar, rule.atr_window);
    let stop = bars.close[bar] - direction.sign() * rule.multiple * atr;
    Protection { atr, stop: Price::new(stop) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hemiola_components::time::Nanos;

    fn bars() -> Bars {
        let mut bars = Bars::empty(Nanos::new(1));
        bars.open_time = (0..4).map(Nanos::new).collect();
        bars.high = vec![11.0, 12.0, 20.0, 9.0].into();
        bars.low = vec![9.0, 11.5, 19.0, 8.0].into();
        bars.close = vec![10.0, 12.0, 19.5, 8.5].into();
        bars
    }

    #[test]
    fn a_gap_belongs_to_the_range_except_at_the_first_candle() {
        let ranges: Vec<f64> = (0..4).map(|bar| true_range(&bars(), 0, bar)).collect();
        assert_eq!(ranges, [2.0, 2.0, 8.0, 11.5]);
        assert_eq!(true_range(&bars(), 2, 2), 1.0);
    }

    #[test]
    fn the_mean_takes_what_there_is() {
        assert_eq!(average_true_range(&bars(), 0, 3, 2), 9.75);
        assert_eq!(average_true_range(&bars(), 0, 1, 50), 2.0);
    }

    #[test]
    fn side_by_side_they_are_the_same_to_the_last_bit() {
        let mut bars = bars();
        let mut x = 1_u32;
        let mut number = || {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(x >> 8) / 16_777_216.0
        };
        bars.close = (0..400).map(|_| 100.0 + number()).collect();
        bars.high = bars.close.iter().map(|close| close + number()).collect();
        bars.low = bars.close.iter().map(|close| close - number()).collect();
        for window in [1, 2, 14, 48, 49, 50, 97, 98, 99, 200] {
            for bar in [window, 250, 384] {
                let each = (bar..bar + 16).map(|bar| average_true_range(&bars, 0, bar, window));
                assert_eq!(average_true_ranges::<16>(&bars, bar, window).to_vec(), each.collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_stop_is_on_the_losing_side() {
        let rule = ProtectionRule { atr_window: 2, multiple: 2.0 };
        let stop = |direction| protection(&bars(), 0, 1, direction, rule).stop.get();
        assert_eq!((stop(Direction::Long), stop(Direction::Short)), (8.0, 16.0));
    }
}
