//! The newest decision of a schedule.

use hemiola_components::market::Bars;
use hemiola_components::schedule::Cadence;
use hemiola_components::time::Nanos;

/// A decision and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Newest {
    /// After this instant it is the only one; that of the decision before, or the first candle's open.
    pub after: Nanos,
    /// When it is made.
    pub at: Nanos,
}

/// The newest decision that candles allow at or before `now`; `None` when none has closed by then.
#[must_use]
pub fn newest(bars: &Bars, cadence: Cadence, now: Nanos) -> Option<Newest> {
    let closed = bars.closed_at(now, 0);
    let last = closed.checked_sub(1)?;
    // Far enough back that it does not matter at which candle the count begins.
    let length = (bars.close_time(last) - bars.open_time[last]).get().max(1);
    let periods = usize::try_from(cadence.every.get() / length).unwrap_or(usize::MAX);
    let mut bar = last.saturating_sub(periods.saturating_mul(2).saturating_add(3));
    let mut newest = Newest { after: bars.open_time[bar], at: bars.close_time(bar) };
    loop {
        bar = bars.closed_at(newest.at, bar);
        if bar >= closed {
            return Some(newest);
        }
        let next = cadence.next_due(newest.at, bars.close_time(bar));
        if next > now {
            return Some(newest);
        }
        newest = Newest { after: newest.at, at: next };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(open_times: &[i64]) -> Bars {
        let ones = vec![1.0; open_times.len()];
        Bars {
            open_time: open_times.iter().map(|time| Nanos::new(*time)).collect(),
            open: ones.clone().into(),
            high: ones.clone().into(),
            low: ones.clone().into(),
            close: ones.clone().into(),
            volume: ones.into(),
            ..Bars::empty(Nanos::new(10))
        }
    }

    fn at(bars: &Bars, every: i64, now: i64) -> Option<(i64, i64)> {
        let cadence = Cadence { every: Nanos::new(every), offset: Nanos::ZERO };
        newest(bars, cadence, Nanos::new(now)).map(|newest| (newest.after.get(), newest.at.get()))
    }

    #[test]
    fn the_newest_decision_is_the_last_of_its_grid_with_a_new_candle() {
        let gapless = bars(&[0, 10, 20, 30, 40, 50, 60, 70]);
        assert_eq!(at(&gapless, 10, 9), None);
        assert_eq!(at(&gapless, 10, 10), Some((0, 10)));
        assert_eq!(at(&gapless, 10, 45), Some((30, 40)));
        assert_eq!(at(&gapless, 10, 999), Some((70, 80)));
        assert_eq!(at(&gapless, 40, 79), Some((10, 40)));
        assert_eq!(at(&gapless, 40, 80), Some((40, 80)));
        assert_eq!(at(&gapless, 5, 47), Some((30, 40)), "no new candle between closes");
        let gap = bars(&[0, 10, 20, 63, 73]);
        assert_eq!(at(&gap, 40, 60), Some((10, 40)));
        assert_eq!(at(&gap, 40, 85), Some((40, 80)));
        assert_eq!(at(&gap, 20, 75), Some((40, 73)), "later than its grid");
    }
}
