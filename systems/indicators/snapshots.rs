//! Two markets at one instant: the newest quotes of each, known by then.

use hemiola_components::market::{Bars, Quotes, Snapshots};
use hemiola_components::time::Nanos;

/// A market that can be looked up by time: quotes where it has any, else its closes.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its candles.
    pub bars: &'a Bars,
    /// Its quotes, if it has any.
    pub quotes: Option<&'a Quotes>,
}

/// The quotes of both markets at the close of each candle of the first. Nothing that was published later than that
/// close is looked at; markets are joined by instant, never by row.
#[must_use]
pub fn snapshots(primary: Source<'_>, secondary: Source<'_>) -> Snapshots {
    let mut joined = Snapshots::default();
    let (mut first, mut second) = (Reader::new(primary), Reader::new(secondary));
    for bar in 0..primary.bars.len() {
        let (now, close) = (primary.bars.close_time(bar), primary.bars.close[bar]);
        let own = first.at(now).unwrap_or(Quote { time: now, bid: close, ask: close });
        let other = second.at(now).unwrap_or(Quote { time: Snapshots::UNKNOWN, bid: close, ask: close });
        joined.primary_bid.push(own.bid);
        joined.primary_ask.push(own.ask);
        joined.secondary_bid.push(other.bid);
        joined.secondary_ask.push(other.ask);
        joined.secondary_time.push(other.time);
    }
    joined
}

/// How many of the snapshots have a second leg's quote older than `bound` at the close of their candle.
#[must_use]
pub fn stale(primary: &Bars, snapshots: &Snapshots, bound: Nanos) -> usize {
    let times = snapshots.secondary_time.iter().enumerate();
    times.filter(|(bar, time)| primary.close_time(*bar) - **time > bound).count()
}

#[derive(Clone, Copy)]
struct Quote {
    time: Nanos,
    bid: f64,
    ask: f64,
}

/// Reads a market forwards.
struct Reader<'a> {
    source: Source<'a>,
    quotes: usize,
    closed: usize,
}

impl<'a> Reader<'a> {
    const fn new(source: Source<'a>) -> Self {
        Self { source, quotes: 0, closed: 0 }
    }

    /// The newest quote at `now`, which never goes back.
    fn at(&mut self, now: Nanos) -> Option<Quote> {
        let Source { bars, quotes } = self.source;
        self.closed = bars.closed_at(now, self.closed);
        let close = self.closed.checked_sub(1).map(|bar| {
            let close = bars.close[bar];
            Quote { time: bars.close_time(bar), bid: close, ask: close }
        });
        let quote = quotes.and_then(|quotes| {
            self.quotes += quotes.time[self.quotes..].partition_point(|time| *time <= now);
            let row = self.quotes.checked_sub(1)?;
            Some(Quote { time: quotes.time[row], bid: quotes.bid[row], ask: quotes.ask[row] })
        });
        // Quotes that end before the candles do would otherwise stand for ever.
        match (quote, close) {
            (Some(quote), Some(close)) if close.time > quote.time => Some(close),
            (quote, close) => quote.or(close),
        }
    }
}
