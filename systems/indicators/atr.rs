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
    let sum: f64 = (from..=bar).map(|bar| true_range(bars, first, bar)).sum();
    sum / (bar + 1 - from) as f64
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
        bars.high = vec![11.0, 12.0, 20.0, 9.0];
        bars.low = vec![9.0, 11.5, 19.0, 8.0];
        bars.close = vec![10.0, 12.0, 19.5, 8.5];
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
    fn the_stop_is_on_the_losing_side() {
        let rule = ProtectionRule { atr_window: 2, multiple: 2.0 };
        let stop = |direction| protection(&bars(), 0, 1, direction, rule).stop.get();
        assert_eq!((stop(Direction::Long), stop(Direction::Short)), (8.0, 16.0));
    }
}
