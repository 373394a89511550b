//! When a schedule is due, and which candle decides.

use hemiola_components::candles::Candles;
use hemiola_components::market::{Bars, Span};
use hemiola_components::position::Cursor;
use hemiola_components::schedule::Cadence;
use hemiola_components::time::Nanos;

/// A due instant and the candle that decides there: the newest that has closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The due instant.
    pub due: Nanos,
    /// The candle.
    pub bar: usize,
}

/// The next decision of a schedule in one instrument, or `None` when the run ends before it.
#[must_use]
pub fn next_decision(cadence: Cadence, cursor: &Cursor, bars: &Candles) -> Option<Decision> {
    let due = next_due(cadence, cursor, bars)?;
    (due <= cursor.until).then(|| Decision { due, bar: bars.closed_at(due, cursor.seen + 1) - 1 })
}

/// When that is; `None` when no candle has closed that the schedule has not seen.
#[must_use]
pub fn next_due(cadence: Cadence, cursor: &Cursor, bars: &Candles) -> Option<Nanos> {
    (cursor.seen < cursor.end).then(|| {
        let unseen = bars.close_time(cursor.seen);
        if every_close_decides(cadence, bars) { unseen } else { cadence.next_due(cursor.last_due, unseen) }
    })
}

/// With a cadence no longer than the interval, each candle is due at its close and decides there.
#[must_use]
pub fn every_close_decides(cadence: Cadence, bars: &Bars) -> bool {
    matches!(bars.span, Span::Uniform(interval) if cadence.every <= interval)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hemiola_components::market::Bars;

    use super::*;

    const HOUR: i64 = 3_600_000_000_000;

    /// Feeds hourly candles with the given open hours through a cadence; returns (due hour, open hour) pairs.
    fn decisions(open_hours: &[i64], every: i64, offset: i64, start: i64) -> Vec<(f64, i64)> {
        let mut bars = Bars::empty(Nanos::new(HOUR));
        bars.open_time = open_hours.iter().map(|h| Nanos::new(h * HOUR)).collect();
        let bars = Candles::new(Arc::new(bars));
        let cadence = Cadence { every: Nanos::new(every), offset: Nanos::new(offset) };
        let mut cursor = Cursor {
            first: 0,
            seen: 0,
            decide_from: 0,
            until: bars.close_time(bars.len() - 1),
            end: bars.len(),
            last_due: Nanos::new(start),
            found: None,
            in_flight: 0,
            answer: None,
            not_finite: 0,
            recalled: false,
            failure: None,
        };
        let mut all = Vec::new();
        while let Some(decision) = next_decision(cadence, &cursor, &bars) {
            all.push((decision.due.get() as f64 / HOUR as f64, open_hours[decision.bar]));
            cursor.last_due = decision.due;
            cursor.seen = decision.bar + 1;
        }
        all
    }

    #[test]
    fn a_cadence_of_the_interval_or_less_is_due_at_every_close() {
        let every_close = vec![(1.0, 0), (2.0, 1), (3.0, 2), (7.0, 6), (8.0, 7)];
        for every in [HOUR, HOUR / 2, HOUR / 7] {
            assert_eq!(decisions(&[0, 1, 2, 6, 7], every, 0, 0), every_close, "{every}");
        }
    }

    #[test]
    fn a_longer_cadence_takes_the_newest_closed_candle() {
        let hours: Vec<i64> = (0..10).collect();
        assert_eq!(decisions(&hours, 4 * HOUR, 0, 0), [(4.0, 3), (8.0, 7)]);
        assert_eq!(decisions(&hours, 4 * HOUR, HOUR / 2, 0), [(1.0, 0), (4.5, 3), (8.5, 7)]);
    }

    #[test]
    fn an_instant_off_the_closes_is_a_tick_of_its_own() {
        let hours: Vec<i64> = (0..6).collect();
        assert_eq!(decisions(&hours, 5 * HOUR / 2, 0, 0), [(2.5, 1), (5.0, 4)]);
    }

    #[test]
    fn after_a_gap_the_first_close_serves_every_missed_instant_once() {
        assert_eq!(decisions(&[0, 1, 2, 3, 13, 14, 15], 4 * HOUR, 0, 0), [(4.0, 3), (14.0, 13), (16.0, 15)]);
    }
}
