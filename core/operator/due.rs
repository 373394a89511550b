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
