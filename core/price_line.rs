//! What an instrument is marked and filled from: its finest candles.

use std::collections::BTreeMap;
use std::sync::Arc;

use hemiola_components::column::Column;
use hemiola_components::market::{Bars, Span};
use hemiola_components::time::{Interval, Nanos};

/// Merges an instrument's series: every candle of the finest, and each candle of a coarser one during which no
/// candle of a finer one closed. So the finest series speaks where it has anything to say, a coarser one before
/// it begins, after it ends and across its long gaps; and whether a candle counts is known when it closes.
///
/// A single series, or a finest one that leaves nothing to add, is shared as it is.
#[must_use]
pub fn price_line(series: &BTreeMap<Interval, Arc<Bars>>) -> Arc<Bars> {
    let series: Vec<&Arc<Bars>> = series.values().filter(|bars| !bars.is_empty()).collect();
    let Some((finest, coarser)) = series.split_first() else {
        return Arc::new(Bars::empty(Nanos::SECOND));
    };
    let mut chosen: Vec<Candle> = Vec::new();
    for (rank, bars) in (1..).zip(coarser) {
        let alone = |bar: &usize| series[..rank].iter().all(|finer| is_silent(finer, bars, *bar));
        chosen.extend((0..bars.len()).filter(alone).map(|bar| (bars.close_time(bar), rank, bar)));
    }
    if chosen.is_empty() {
        return Arc::clone(finest);
    }
    chosen.extend((0..finest.len()).map(|bar| (finest.close_time(bar), 0, bar)));
    chosen.sort_unstable();
    Arc::new(collect(&series, &chosen))
}

/// Goes on with the line of several series, finest first, that have grown: of each the first `seen` candles have been
/// taken in or left out. What came since came at once.
pub(crate) fn extend(line: &mut Bars, series: &[&Arc<Bars>], seen: &[usize]) {
    for (rank, (bars, seen)) in series.iter().zip(seen).enumerate() {
        for bar in *seen..bars.len() {
            if series[..rank].iter().all(|finer| is_silent(finer, bars, bar)) {
                push(line, bars, bar);
            }
        }
    }
}

/// Adds a candle of a series at the end of a line.
fn push(line: &mut Bars, bars: &Bars, bar: usize) {
    let mut spans: Vec<Nanos> = match std::mem::replace(&mut line.span, Span::Each(Vec::new())) {
        Span::Each(spans) | Span::Late { known: spans, .. } => spans,
        Span::Uniform(length) => vec![length; line.len()],
    };
    spans.push(bars.close_time(bar) - bars.open_time[bar]);
    line.span = Span::Each(spans);
    line.open_time.push(bars.open_time[bar]);
    for (to, from) in [
        (&mut line.open, &bars.open),
        (&mut line.high, &bars.high),
        (&mut line.low, &bars.low),
        (&mut line.close, &bars.close),
        (&mut line.volume, &bars.volume),
    ] {
        to.push(from[bar]);
    }
}

/// A candle of the merged line: when it closed, which series it is from, finest first, and its place there.
type Candle = (Nanos, usize, usize);

/// Whether no candle of `finer` closed while candle `bar` was open.
fn is_silent(finer: &Bars, bars: &Bars, bar: usize) -> bool {
    let opened = finer.closed_at(bars.open_time[bar], 0);
    opened == finer.closed_at(bars.close_time(bar), opened)
}

fn collect(series: &[&Arc<Bars>], chosen: &[Candle]) -> Bars {
    let column = |of: fn(&Bars) -> &[f64]| -> Column<f64> {
        let is_whole = series.iter().all(|bars| of(bars).len() == bars.len());
        let chosen = if is_whole { chosen } else { &[] };
        chosen.iter().map(|(_, rank, bar)| of(series[*rank])[*bar]).collect()
    };
    // A line is only asked whether a candle traded, which is all that is known where a column was left out.
    let volume = if series.iter().all(|bars| bars.volume.is_empty()) {
        Column::new()
    } else {
        let traded = |bar: &Candle| series[bar.1].volume.get(bar.2).copied().unwrap_or(1.0);
        chosen.iter().map(traded).collect()
    };
    let open_time: Column<Nanos> =
        chosen.iter().map(|(_, rank, bar)| series[*rank].open_time[*bar]).collect();
    Bars {
        span: Span::Each(chosen.iter().zip(&open_time).map(|((close, ..), open)| *close - *open).collect()),
        open_time,
        open: column(|bars| &bars.open),
        high: column(|bars| &bars.high),
        low: column(|bars| &bars.low),
        close: column(|bars| &bars.close),
        volume,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600 * 1_000_000_000;

    fn series(interval: &str, open_hours: std::ops::Range<i64>) -> (Interval, Arc<Bars>) {
        let interval: Interval = interval.parse().unwrap();
        let step = interval.length().get() / HOUR;
        let opens: Vec<i64> = open_hours.step_by(usize::try_from(step).unwrap()).collect();
        let price: Column<f64> = opens.iter().map(|open| (open + step) as f64).collect();
        let bars = Bars {
            open_time: opens.iter().map(|open| Nanos::new(open * HOUR)).collect(),
            open: price.clone(),
            high: price.clone(),
            low: price.clone(),
            close: price.clone(),
            volume: price,
            ..Bars::empty(interval.length())
        };
        (interval, Arc::new(bars))
    }

    #[test]
    fn a_finest_series_that_leaves_nothing_to_add_is_shared() {
        let fine = series("1h", 0..72);
        let line = price_line(&BTreeMap::from([fine.clone(), series("1d", 0..72)]));
        assert!(Arc::ptr_eq(&line, &fine.1));
    }

    #[test]
    fn coarser_candles_serve_where_the_finer_series_is_silent() {
        let line = price_line(&BTreeMap::from([series("1h", 28..50), series("1d", 0..96)]));
        let closes = &line.close;
        assert_eq!(closes[..3], [24.0, 29.0, 30.0], "the day before the first hour, then hours");
        assert_eq!(
            closes[closes.len() - 2..],
            [50.0, 96.0],
            "hours closed on the third day, none on the fourth"
        );
        assert_eq!(line.close_time(closes.len() - 1), Nanos::new(96 * HOUR));
        assert!(closes.is_sorted());
    }

    #[test]
    fn coarser_candles_bridge_gaps_of_the_finer_series() {
        let (interval, hours) = series("1h", 0..72);
        let mut gapped = Bars::empty(interval.length());
        for bar in (0..20).chain(60..72) {
            gapped.open_time.push(hours.open_time[bar]);
            for (to, from) in [
                (&mut gapped.open, &hours.open),
                (&mut gapped.high, &hours.high),
                (&mut gapped.low, &hours.low),
                (&mut gapped.close, &hours.close),
                (&mut gapped.volume, &hours.volume),
            ] {
                to.push(from[bar]);
            }
        }
        let line = price_line(&BTreeMap::from([(interval, Arc::new(gapped)), series("1d", 0..72)]));
        assert_eq!(line.close[18..23], [19.0, 20.0, 48.0, 61.0, 62.0]);
    }

    #[test]
    fn columns_that_were_left_out_stay_out_and_what_traded_traded() {
        let (one_hour, hours) = series("1h", 28..50);
        let (one_day, days) = series("1d", 0..96);
        let without = |bars: &Bars, volume: bool| {
            let mut bars = Bars { high: Column::new(), low: Column::new(), ..bars.clone() };
            if volume {
                bars.volume.fill(0.0);
            } else {
                bars.volume = Column::new();
            }
            Arc::new(bars)
        };
        let line = |fine: bool, coarse: bool| {
            price_line(&BTreeMap::from([
                (one_hour, without(&hours, fine)),
                (one_day, without(&days, coarse)),
            ]))
        };
        for (fine, coarse) in [(false, true), (true, false)] {
            let line = line(fine, coarse);
            assert!(line.high.is_empty() && line.low.is_empty());
            assert_eq!([line.traded(0), line.traded(1)], [!coarse, !fine], "a day, then an hour");
        }
        assert!(line(false, false).volume.is_empty());
    }

    #[test]
    fn no_candles_make_an_empty_line() {
        assert!(price_line(&BTreeMap::new()).is_empty());
    }
}
