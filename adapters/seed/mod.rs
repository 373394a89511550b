//! Demo candles: made up, deterministic, and marked as such wherever they go.
//!
//! A candle depends on nothing but the seed, its venue, its symbol, the finest interval and its index counted from
//! [`ANCHOR`]: asking for a longer or later range repeats the rows there were.

mod walk;
mod write;

#[cfg(test)]
mod tests;

use hemiola_components::market::Bars;
use hemiola_components::time::{Interval, Nanos};

pub use self::write::{SeedReport, check, write};

use self::walk::Walk;
use crate::store::StoreError;
use crate::store::rfc3339;

/// The instant at which every demo series begins: 2020-01-01T00:00Z.
pub const ANCHOR: Nanos = Nanos::new(18_262 * Nanos::DAY.get());

/// A Monday, so that weeks begin on one; every candle opens a whole number of intervals from it.
const GRID: Nanos = Nanos::new(4 * Nanos::DAY.get());

/// What demo candles are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedSpec {
    /// The venue's name, such as `binance`.
    pub venue: String,
    /// The configured name, such as `BTC_USDT`; venues that share it share its fair price.
    pub symbol: String,
    /// The name of the symbol's folder in the store.
    pub folder: String,
    /// Candle lengths; each a multiple of the shortest, which the others are aggregated from.
    pub intervals: Vec<Interval>,
    /// No candle opens before it; [`ANCHOR`] or later.
    pub from: Nanos,
    /// No candle closes after it.
    pub to: Nanos,
    /// Another seed is another history.
    pub seed: u64,
}

impl SeedSpec {
    fn refuse(&self, reason: String) -> StoreError {
        StoreError::Seed { venue: self.venue.clone(), symbol: self.symbol.clone(), reason }
    }

    /// The intervals, shortest first, once it is clear that candles of each can be made.
    fn checked_intervals(&self) -> Result<Vec<Interval>, StoreError> {
        let mut intervals = self.intervals.clone();
        intervals.sort_unstable();
        intervals.dedup();
        let Some(finest) = intervals.first() else {
            return Err(self.refuse("no interval is asked for".to_owned()));
        };
        if let Some(odd) = intervals.iter().find(|i| i.length().get() % finest.length().get() != 0) {
            return Err(self.refuse(format!("{odd} is not a whole number of {finest} candles")));
        }
        if self.from < ANCHOR {
            return Err(self.refuse(format!("they begin at {}, not earlier", rfc3339(ANCHOR))));
        }
        for interval in &intervals {
            let open = first_open(self.from, interval.length());
            if open.get().checked_add(interval.length().get()).is_none_or(|close| close > self.to.get()) {
                let (from, to) = (rfc3339(self.from), rfc3339(self.to));
                return Err(self.refuse(format!("no whole {interval} candle fits between {from} and {to}")));
            }
        }
        Ok(intervals)
    }
}

/// The candles of each interval, shortest first: all that open and close within the range.
///
/// # Errors
/// When the intervals do not divide one another, or the range begins before [`ANCHOR`] or holds no whole candle.
pub fn candles(spec: &SeedSpec) -> Result<Vec<(Interval, Bars)>, StoreError> {
    let intervals = spec.checked_intervals()?;
    let finest_bars = walk_candles(spec, intervals[0]);
    let coarser: Vec<(Interval, Bars)> = intervals[1..]
        .iter()
        .map(|interval| (*interval, aggregate(&finest_bars, intervals[0], *interval, spec)))
        .collect();
    Ok([(intervals[0], finest_bars)].into_iter().chain(coarser).collect())
}

/// The first instant at or after `instant` at which a candle of this length opens.
const fn first_open(instant: Nanos, length: Nanos) -> Nanos {
    Nanos::new(instant.get() - 1).next_on_grid(GRID, length)
}

/// How many candles of this length follow each other from `open` to `end`.
fn whole_candles(open: Nanos, end: Nanos, length: Nanos) -> usize {
    usize::try_from((end - open).get() / length.get()).unwrap_or(0)
}

fn walk_candles(spec: &SeedSpec, interval: Interval) -> Bars {
    let length = interval.length();
    let (origin, open) = (first_open(ANCHOR, length), first_open(spec.from, length));
    let mut walk = Walk::new(spec, interval);
    for _ in 0..whole_candles(origin, open, length) {
        walk.step();
    }
    let mut bars = Bars::empty(length);
    let mut open_time = open;
    for _ in 0..whole_candles(open, spec.to, length) {
        let candle = walk.candle();
        bars.open_time.push(open_time);
        bars.open.push(candle.open);
        bars.high.push(candle.high);
        bars.low.push(candle.low);
        bars.close.push(candle.close);
        bars.volume.push(candle.volume);
        open_time = open_time + length;
    }
    bars
}

fn aggregate(finest: &Bars, of: Interval, interval: Interval, spec: &SeedSpec) -> Bars {
    let (short, long) = (of.length(), interval.length());
    let open = first_open(spec.from, long);
    let skipped = whole_candles(finest.open_time[0], open, short);
    let each = whole_candles(Nanos::ZERO, long, short);
    let mut bars = Bars::empty(long);
    for bucket in 0..whole_candles(open, spec.to, long) {
        let first = skipped + bucket * each;
        let within = first..first + each;
        bars.open_time.push(finest.open_time[first]);
        bars.open.push(finest.open[first]);
        bars.high.push(finest.high[within.clone()].iter().copied().fold(0.0, f64::max));
        bars.low.push(finest.low[within.clone()].iter().copied().fold(f64::INFINITY, f64::min));
        bars.close.push(finest.close[within.end - 1]);
        bars.volume.push(finest.volume[within].iter().sum());
    }
    bars
}
