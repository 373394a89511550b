//! Quotes as they are read, refused and made into candles.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array};
use hemiola_components::time::Nanos;

use super::fixture::{Columns, MARCH, integers, interval, numbers, with, write, write_synthetic};
use super::{CandleStore, Check, LoadedQuotes, StoreError};

const SECOND: i64 = 1_000_000_000;
const TICKER: &str = "binance/BTC_USDT/book_ticker.parquet";
const MINUTES: &str = "binance/BTC_USDT/quotes_1m.parquet";

fn load(root: &Path, check: Check) -> Result<Option<LoadedQuotes>, StoreError> {
    CandleStore::open(root)?.quotes("binance", &["BTC_USDT", "BTCUSDT"], check)
}

fn load_columns(file: &str, columns: Columns, check: Check) -> Result<LoadedQuotes, StoreError> {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join(file), columns);
    load(folder.path(), check).map(Option::unwrap)
}

fn at(nanoseconds: i64) -> Nanos {
    Nanos::new(MARCH * 1_000_000 + nanoseconds)
}

/// Rows received these nanoseconds into the first of March, sent a second before, from 100 to 100.5 on.
fn ticker(received: &[i64]) -> Columns {
    let rows = || (0..received.len()).map(|row| row as f64);
    vec![
        ("local_time_ns", integers(received.iter().map(|time| at(*time).get()))),
        ("event_time", integers(received.iter().map(|time| at(*time).millis() - 1_000))),
        ("update_id", integers((1..).take(received.len()))),
        ("bid", numbers(rows().map(|row| 100.0 + row))),
        ("bid_qty", numbers(rows().map(|row| 1.0 + row))),
        ("ask", numbers(rows().map(|row| 100.5 + row))),
        ("ask_qty", numbers(rows().map(|_| 2.0))),
    ]
}

/// Rows of the first minutes of March.
fn minutes(count: i64) -> Columns {
    let rows = || (0..count).map(|row| row as f64);
    vec![
        ("open_time", integers((0..count).map(|row| MARCH + row * 60_000))),
        ("bid_open", numbers(rows().map(|_| 1.0))),
        ("bid_close", numbers(rows().map(|row| 100.0 + row))),
        ("bid_size", numbers(rows().map(|_| 3.0))),
        ("ask_close", numbers(rows().map(|row| 101.0 + row))),
        ("ask_size", numbers(rows().map(|_| 0.5))),
    ]
}

#[test]
fn a_quote_is_known_when_it_was_received() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join(TICKER), ticker(&[5, SECOND, SECOND + 7]));
    let loaded = load(folder.path(), Check::Full).unwrap().unwrap();
    assert_eq!(loaded.quotes.time, [at(5), at(SECOND), at(SECOND + 7)]);
    assert_eq!(loaded.quotes.bid, [100.0, 101.0, 102.0]);
    assert_eq!(loaded.quotes.ask, [100.5, 101.5, 102.5]);
    assert_eq!(loaded.sizes, Some(vec![1.0, 2.0, 2.0]), "the smaller one");
    let report = loaded.report;
    assert_eq!((report.quotes, report.dropped, report.received_early), (3, 0, 0));
    assert_eq!((report.first, report.last, report.synthetic), (at(5), at(SECOND + 7), false));
    assert_eq!((loaded.file.rows, loaded.file.path), (3, folder.path().join(TICKER)));
}

#[test]
fn a_quote_of_a_minute_is_known_when_the_minute_is_over() {
    let loaded = load_columns(MINUTES, minutes(2), Check::Full).unwrap();
    assert_eq!(loaded.quotes.time, [at(60 * SECOND), at(120 * SECOND)]);
    assert_eq!((loaded.quotes.bid, loaded.quotes.ask), (vec![100.0, 101.0], vec![101.0, 102.0]));
    assert_eq!(loaded.sizes, Some(vec![0.5, 0.5]));
}

#[test]
fn of_two_quotes_at_one_instant_the_later_row_stands_and_is_counted() {
    let loaded = load_columns(TICKER, ticker(&[1, 5, 5, 5, 9]), Check::Full).unwrap();
    assert_eq!(loaded.quotes.time, [at(1), at(5), at(9)]);
    assert_eq!(loaded.quotes.bid, [100.0, 103.0, 104.0]);
    assert_eq!(loaded.quotes.ask, [100.5, 103.5, 104.5]);
    assert_eq!(loaded.sizes, Some(vec![1.0, 2.0, 2.0]));
    assert_eq!((loaded.report.quotes, loaded.report.dropped), (3, 2));
    assert_eq!(loaded.file.rows, 5);
}

#[test]
fn a_clock_that_is_behind_is_noticed() {
    // The second has no time of its own, the third was sent 2 ms after it was received, the fourth 5 ms.
    let sent = [at(0).millis(), 0, at(2 * SECOND).millis() + 2, at(3 * SECOND).millis() + 5];
    let columns = with(ticker(&[0, SECOND, 2 * SECOND, 3 * SECOND]), "event_time", integers(sent));
    let report = load_columns(TICKER, columns, Check::Full).unwrap().report;
    assert_eq!((report.received_early, report.earliest), (2, Nanos::from_millis(5).unwrap()));
    let late = at(9 * SECOND).millis();
    let nulls: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(late)]));
    let columns = with(ticker(&[0, SECOND]), "event_time", nulls);
    assert_eq!(load_columns(TICKER, columns, Check::Full).unwrap().report.received_early, 1);
}

#[test]
fn sizes_and_the_exchanges_time_may_be_absent_but_not_by_half() {
    let bare = |names: &[&str]| -> Columns {
        ticker(&[1, 2]).into_iter().filter(|(name, _)| names.contains(name)).collect()
    };
    let loaded = load_columns(TICKER, bare(&["local_time_ns", "bid", "ask"]), Check::Full).unwrap();
    assert_eq!((loaded.sizes, loaded.quotes.bid), (None, vec![100.0, 101.0]));
    let error = load_columns(TICKER, bare(&["local_time_ns", "bid", "ask", "bid_qty"]), Check::Full);
    let text = error.unwrap_err().to_string();
    assert!(text.contains("has no column `ask_qty`"), "{text}");
}

#[test]
fn book_tickers_go_before_minutes_and_names_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    assert_eq!(load(root, Check::Full).unwrap(), None);
    write(&root.join("binance/BTCUSDT/book_ticker.parquet"), ticker(&[1]));
    let rows = || load(root, Check::Full).unwrap().unwrap().report.quotes;
    assert_eq!(rows(), 1, "the second name fills in");
    write_synthetic(&root.join(MINUTES), minutes(2));
    assert_eq!(rows(), 2, "the first name wins");
    assert!(load(root, Check::Full).unwrap().unwrap().report.synthetic);
    write(&root.join(TICKER), ticker(&[1, 2, 3]));
    assert_eq!(rows(), 3, "the finer file wins");
}

#[test]
fn bad_quotes_are_named() {
    let ticker = || ticker(&[0, 5, 9]);
    let null: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, None]));
    let first = "2024-03-01T00:00:00Z";
    let second = "2024-03-01T00:00:00.000000005Z";
    let cases = [
        (TICKER, with(ticker(), "bid", numbers([100.0, f64::NAN, 100.0])), format!("row 2 (local_time_ns {second}): bid is NaN, not a finite number")),
        (TICKER, with(ticker(), "ask", numbers([0.0, 101.5, 102.5])), format!("row 1 (local_time_ns {first}): ask is 0, not above zero")),
        (TICKER, with(ticker(), "bid", numbers([-1.0, 101.0, 102.0])), format!("row 1 (local_time_ns {first}): bid is -1, not above zero")),
        (TICKER, with(ticker(), "ask", numbers([100.5, 100.5, 100.5])), format!("row 2 (local_time_ns {second}): bid 101 is above ask 100.5; 2 bad rows in this file")),
        (TICKER, with(ticker(), "ask_qty", numbers([1.0, -0.5, f64::INFINITY])), format!("row 2 (local_time_ns {second}): ask_qty is -0.5, below zero; 2 bad rows in this file")),
        (TICKER, with(ticker(), "bid_qty", null), format!("row 2 (local_time_ns {second}): bid_qty is null; 2 bad rows in this file")),
        (TICKER, with(ticker(), "local_time_ns", integers([at(5).get(), at(0).get(), at(9).get()])), format!("row 2 (local_time_ns {first}): out of order: the row before it is at {second}")),
        (TICKER, with(ticker(), "local_time_ns", integers([-1, 2, 3])), "row 1 (local_time_ns 1969-12-31T23:59:59.999999999Z): the time is outside 1970 to 2200: is it in another unit?".to_owned()),
        (MINUTES, with(minutes(2), "open_time", integers([MARCH, MARCH])), format!("row 2 (open_time {first}): the same time as the row before it")),
        (MINUTES, with(minutes(2), "bid_close", numbers([102.0, 100.0])), format!("row 1 (open_time {first}): bid 102 is above ask 101")),
        (MINUTES, with(minutes(1), "open_time", numbers([1.0])), "column `open_time` is of type Float64, expected int64 or a timestamp".to_owned()),
        (TICKER, ticker()[..3].to_vec(), "has no column `bid`; its columns are `local_time_ns`, `event_time`, `update_id`".to_owned()),
    ];
    for (file, columns, expected) in cases {
        let error = load_columns(file, columns, Check::Full).unwrap_err();
        assert!(error.is_bad_data());
        let text = error.to_string();
        assert!(text.ends_with(&format!("{file}: {expected}")), "{text}\ninstead of {expected}");
    }
}

#[test]
fn trusted_quotes_are_checked_for_order_only() {
    let crossed = with(ticker(&[0, 5]), "bid", numbers([200.0, f64::NAN]));
    assert!(load_columns(TICKER, crossed, Check::Trusted).is_ok());
    assert!(load_columns(TICKER, ticker(&[5, 0]), Check::Trusted).is_err());
}

#[test]
fn candles_hold_the_mids_that_became_known_until_their_close() {
    let received = [SECOND, SECOND + 1, 2 * SECOND - 1, 2 * SECOND, 5 * SECOND, 5 * SECOND + SECOND / 2];
    let mut columns = with(ticker(&received), "bid", numbers([10.0, 20.0, 40.0, 30.0, 50.0, 60.0]));
    columns = with(columns, "ask", numbers([11.0, 22.0, 44.0, 33.0, 55.0, 66.0]));
    columns = with(columns, "ask_qty", numbers([9.0, 9.0, 9.0, 0.25, 9.0, 9.0]));
    let loaded = load_columns(TICKER, columns, Check::Full).unwrap();
    let made = loaded.candles(interval("1s"));
    let bars = &made.bars;
    // What is known at a close belongs to the candle that closes there.
    assert_eq!(bars.open_time, [0, 1, 4, 5].map(|second| at(second * SECOND)));
    assert_eq!(bars.open, [10.5, 21.0, 52.5, 63.0]);
    assert_eq!(bars.high, [10.5, 42.0, 52.5, 63.0]);
    assert_eq!(bars.low, [10.5, 21.0, 52.5, 63.0]);
    assert_eq!(bars.close, [10.5, 31.5, 52.5, 63.0]);
    assert_eq!(bars.volume, [1.0, 0.25, 5.0, 6.0], "of the last quote in it");
    assert_eq!(bars.close_time(1), at(2 * SECOND));
    let report = &made.report;
    assert_eq!((report.bars, report.gaps, report.missing, report.zero_volume), (4, 1, 2, 0));
    assert_eq!((report.first_open, report.last_open), (at(0), at(5 * SECOND)));
    assert_eq!(made.files, [loaded.file]);
}

#[test]
fn without_sizes_a_candle_has_a_volume_of_one() {
    let columns = ticker(&[1, 2]).into_iter().filter(|(name, _)| !name.ends_with("_qty")).collect();
    let made = load_columns(TICKER, columns, Check::Full).unwrap().candles(interval("1m"));
    assert_eq!((made.bars.volume, made.bars.close), (vec![1.0].into(), vec![101.25].into()));
}

#[test]
fn quotes_of_the_first_instant_make_a_candle_too() {
    let columns = with(ticker(&[0]), "local_time_ns", integers([0]));
    let made = load_columns(TICKER, columns, Check::Full).unwrap().candles(interval("1w"));
    assert_eq!(made.bars.len(), 1);
}
