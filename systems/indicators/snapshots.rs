//! Two markets at one instant: the newest quotes of each, known by then.

use std::ops::Range;

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

/// Goes on with the quotes of markets without any but their closes, whose candles have grown.
pub fn extend(joined: &mut Snapshots, primary: &Bars, secondary: &Bars) {
    let seen = joined.primary_bid.len();
    let mut closed = 0;
    for bar in seen..primary.len() {
        let (now, close) = (primary.close_time(bar), primary.close[bar]);
        closed = secondary.closed_at(now, closed);
        let other = match closed.checked_sub(1) {
            Some(last) => (secondary.close_time(last), secondary.close[last]),
            None => (Snapshots::UNKNOWN, close),
        };
        for column in [&mut joined.primary_bid, &mut joined.primary_ask] {
            column.push(close);
        }
        for column in [&mut joined.secondary_bid, &mut joined.secondary_ask] {
            column.push(other.1);
        }
        joined.secondary_time.push(other.0);
    }
}

/// How many of the snapshots at `candles` have a second leg's quote older than `bound` at the close of their candle.
#[must_use]
pub fn stale(primary: &Bars, snapshots: &Snapshots, candles: Range<usize>, bound: Nanos) -> usize {
    candles.filter(|bar| primary.close_time(*bar) - snapshots.secondary_time[*bar] > bound).count()
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
        let last = self.closed.checked_sub(1);
        let close = last.map(|bar| {
            let close = bars.close[bar];
            Quote { time: bars.close_time(bar), bid: close, ask: close }
        });
        let quote = quotes.and_then(|quotes| {
            self.quotes += quotes.time[self.quotes..].partition_point(|time| *time <= now);
            let row = self.quotes.checked_sub(1)?;
            Some(Quote { time: quotes.time[row], bid: quotes.bid[row], ask: quotes.ask[row] })
        });
        // A quote stands until the next one. Quotes that end before the candles do would stand for ever, so a
        // candle that has begun and ended since is the newer word.
        let is_over = |quote: &Quote| last.is_some_and(|bar| bars.open_time[bar] >= quote.time);
        quote.filter(|quote| !is_over(quote)).or(close)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Candles of ten nanoseconds that open at these instants.
    fn bars(candles: &[(i64, f64)]) -> Bars {
        let mut bars = Bars::empty(Nanos::new(10));
        bars.open_time = candles.iter().map(|(open, _)| Nanos::new(*open)).collect();
        bars.close = candles.iter().map(|(_, close)| *close).collect();
        bars
    }

    /// Quotes with an offer one above the bid.
    fn quotes(bids: &[(i64, f64)]) -> Quotes {
        Quotes {
            time: bids.iter().map(|(time, _)| Nanos::new(*time)).collect(),
            bid: bids.iter().map(|(_, bid)| *bid).collect(),
            ask: bids.iter().map(|(_, bid)| *bid + 1.0).collect(),
        }
    }

    fn times(snapshots: &Snapshots) -> Vec<i64> {
        snapshots.secondary_time.iter().map(|time| time.get()).collect()
    }

    #[test]
    fn markets_without_quotes_are_joined_by_the_close_of_their_candles() {
        let primary = bars(&[(0, 1.0), (10, 2.0), (20, 3.0), (50, 4.0)]);
        let secondary = bars(&[(5, 7.0), (10, 8.0), (41, 9.0), (51, 10.0)]);
        let source = |bars| Source { bars, quotes: None };
        let joined = snapshots(source(&primary), source(&secondary));
        let mut grown = Snapshots::default();
        let first = bars(&[(0, 1.0), (10, 2.0)]);
        extend(&mut grown, &first, &secondary);
        extend(&mut grown, &primary, &secondary);
        assert_eq!(grown, joined);
        assert_eq!(joined.primary_bid, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(joined.primary_ask, joined.primary_bid);
        // At 10 nothing of the second is known; at 20 what closed at 15 and then at 20; what closes at 61 never is.
        assert_eq!(joined.secondary_bid, [1.0, 8.0, 8.0, 9.0]);
        assert_eq!(joined.secondary_ask, joined.secondary_bid);
        assert_eq!(times(&joined), [Snapshots::UNKNOWN.get(), 20, 20, 51]);
    }

    #[test]
    fn a_quote_is_seen_from_its_instant_on_and_the_last_one_counts() {
        let primary = bars(&[(0, 50.0), (10, 50.0), (20, 50.0)]);
        let (own, other) = (
            quotes(&[(3, 60.0), (10, 61.0), (11, 62.0), (22, 63.0)]),
            quotes(&[(4, 70.0), (21, 71.0), (30, 72.0)]),
        );
        let secondary = bars(&[(0, 80.0)]);
        let joined = snapshots(
            Source { bars: &primary, quotes: Some(&own) },
            Source { bars: &secondary, quotes: Some(&other) },
        );
        assert_eq!(joined.primary_bid, [61.0, 62.0, 63.0]);
        assert_eq!(joined.primary_ask, [62.0, 63.0, 64.0]);
        assert_eq!(joined.secondary_bid, [70.0, 70.0, 72.0]);
        assert_eq!(joined.secondary_ask, [71.0, 71.0, 73.0]);
        assert_eq!(times(&joined), [4, 4, 30]);
    }

    #[test]
    fn a_candle_that_began_after_the_last_quote_is_the_newer_word() {
        let primary = bars(&[(0, 50.0), (10, 51.0), (20, 52.0), (30, 53.0)]);
        let secondary = bars(&[(0, 80.0), (10, 81.0), (20, 82.0)]);
        let other = quotes(&[(4, 70.0), (18, 71.0)]);
        let joined = snapshots(
            Source { bars: &primary, quotes: None },
            Source { bars: &secondary, quotes: Some(&other) },
        );
        // The candles that close at 10 and 20 began before a quote in them; the one that closes at 30 did not.
        assert_eq!(joined.secondary_bid, [70.0, 71.0, 82.0, 82.0]);
        assert_eq!(joined.secondary_ask, [71.0, 72.0, 82.0, 82.0]);
        assert_eq!(times(&joined), [4, 18, 30, 30]);
    }

    #[test]
    fn nothing_later_than_a_close_changes_what_was_seen_there() {
        let candles: Vec<(i64, f64)> = (0..40).map(|bar| (bar * 10, bar as f64)).collect();
        let bids: Vec<(i64, f64)> = (0..90).map(|row| (row * 5 - row % 3, row as f64)).collect();
        let primary = bars(&candles);
        let whole = quotes(&bids);
        let source = Source { bars: &primary, quotes: Some(&whole) };
        let joined = snapshots(source, source);
        for known in 1..=candles.len() {
            let now = primary.close_time(known - 1).get();
            let cut: Vec<(i64, f64)> = bids.iter().copied().filter(|(time, _)| *time <= now).collect();
            let (bars, cut) = (bars(&candles[..known]), quotes(&cut));
            let source = Source { bars: &bars, quotes: Some(&cut) };
            let early = snapshots(source, source);
            assert_eq!(early.secondary_bid, joined.secondary_bid[..known]);
            assert_eq!(early.primary_ask, joined.primary_ask[..known]);
            assert_eq!(early.secondary_time, joined.secondary_time[..known]);
        }
    }

    #[test]
    fn stale_quotes_are_older_than_the_bound_at_the_close() {
        let primary = bars(&[(0, 1.0), (10, 1.0), (20, 1.0), (30, 1.0)]);
        let secondary = bars(&[(0, 1.0), (30, 1.0)]);
        let source = |bars| Source { bars, quotes: None };
        let joined = snapshots(source(&primary), source(&secondary));
        assert_eq!(times(&joined), [10, 10, 10, 40]);
        let stale = |candles, bound| stale(&primary, &joined, candles, Nanos::new(bound));
        assert_eq!((stale(0..4, 9), stale(0..4, 10), stale(0..4, 20)), (2, 1, 0));
        assert_eq!((stale(0..2, 9), stale(2..3, 9)), (1, 1));
    }
}
