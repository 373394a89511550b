//! What an instrument is marked and filled from: at each instant its finest series that covers it.

use std::collections::BTreeMap;
use std::sync::Arc;

use hemiola_components::market::{Bars, Span};
use hemiola_components::time::{Interval, Nanos};

/// Merges an instrument's series: every candle of the finest, and of each coarser one the candles that close
/// where no finer series has any, that is before its first close or after its last. One series is shared as it is.
#[must_use]
pub fn price_line(series: &BTreeMap<Interval, Arc<Bars>>) -> Arc<Bars> {
    let with_candles: Vec<&Arc<Bars>> = series.values().filter(|bars| !bars.is_empty()).collect();
    match with_candles[..] {
        [] => Arc::new(Bars::empty(Nanos::SECOND)),
        [only] => Arc::clone(only),
        [finest, ..] if with_candles.iter().all(|bars| is_within(bars, finest)) => Arc::clone(finest),
        _ => Arc::new(merge(&with_candles)),
    }
}

/// First and last close.
fn reach(bars: &Bars) -> (Nanos, Nanos) {
    (bars.close_time(0), bars.close_time(bars.len() - 1))
}

fn is_within(bars: &Bars, finer: &Bars) -> bool {
    let ((first, last), (finer_first, finer_last)) = (reach(bars), reach(finer));
    finer_first <= first && last <= finer_last
}

/// `series` from finest to coarsest.
fn merge(series: &[&Arc<Bars>]) -> Bars {
    let mut chosen: Vec<(Nanos, usize, usize)> = Vec::new();
    for (index, bars) in series.iter().enumerate() {
        let covered = |close: Nanos| {
            series[..index].iter().any(|finer| {
                let (first, last) = reach(finer);
                first <= close && close <= last
            })
        };
        let closes = (0..bars.len()).map(|bar| (bars.close_time(bar), index, bar));
        chosen.extend(closes.filter(|(close, ..)| !covered(*close)));
    }
    chosen.sort_unstable();
    let column =
        |of: fn(&Bars) -> &[f64]| chosen.iter().map(|(_, index, bar)| of(series[*index])[*bar]).collect();
    let open_time: Vec<Nanos> = chosen.iter().map(|(_, index, bar)| series[*index].open_time[*bar]).collect();
    Bars {
        span: Span::Each(chosen.iter().zip(&open_time).map(|((close, ..), open)| *close - *open).collect()),
        open_time,
        open: column(|bars| &bars.open),
        high: column(|bars| &bars.high),
        low: column(|bars| &bars.low),
        close: column(|bars| &bars.close),
        volume: column(|bars| &bars.volume),
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
        let price: Vec<f64> = opens.iter().map(|open| (open + step) as f64).collect();
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
    fn a_finer_series_that_covers_all_is_shared() {
        let fine = series("1h", 0..72);
        let line = price_line(&BTreeMap::from([fine.clone(), series("1d", 0..72)]));
        assert!(Arc::ptr_eq(&line, &fine.1));
    }

    #[test]
    fn coarser_candles_serve_where_the_finer_series_is_silent() {
        let line = price_line(&BTreeMap::from([series("1h", 28..50), series("1d", 0..96)]));
        let closes: Vec<f64> = line.close.clone();
        assert_eq!(closes[..3], [24.0, 29.0, 30.0], "the day before the first hour, then hours");
        assert_eq!(closes[closes.len() - 3..], [50.0, 72.0, 96.0], "then days again");
        assert_eq!(line.close_time(closes.len() - 1), Nanos::new(96 * HOUR));
        assert!(closes.is_sorted());
    }

    #[test]
    fn no_candles_make_an_empty_line() {
        assert!(price_line(&BTreeMap::new()).is_empty());
    }
}
