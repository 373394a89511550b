//! Tests of the candle store.

use std::fs;
use std::sync::Arc;

use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, Decimal64Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int64Array,
    StringArray, TimestampMicrosecondArray, TimestampNanosecondArray, TimestampSecondArray,
};
use tempfile::TempDir;

use super::fixture::{
    HOUR, MARCH, candles, hours, integers, interval, numbers, with, write, write_synthetic,
};
use super::*;

fn temporary() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Loads `binance/BTC_USDT` at one hour.
fn load(root: &Path, check: Check) -> Result<Option<LoadedSeries>, StoreError> {
    CandleStore::open(root)?.load("binance", &["BTC_USDT", "BTCUSDT"], interval("1h"), check)
}

fn load_columns(columns: fixture::Columns) -> Result<LoadedSeries, StoreError> {
    let folder = temporary();
    write(&folder.path().join("binance/BTC_USDT/1h.parquet"), columns);
    load(folder.path(), Check::Full).map(Option::unwrap)
}

/// The message without the file's path, which is asserted to come first.
fn message(result: Result<LoadedSeries, StoreError>) -> String {
    let error = result.unwrap_err();
    assert!(error.is_bad_data(), "{error}");
    let text = error.to_string();
    let (path, rest) = text.split_once(".parquet: ").unwrap();
    assert!(path.ends_with("1h"), "{path}");
    rest.to_owned()
}

#[test]
fn a_file_comes_back_as_written_with_its_report_and_hash() {
    let folder = temporary();
    let path = folder.path().join("binance/BTC_USDT/1h.parquet");
    let opens = [0, 1, 2, 5, 6, 8].map(|hour| MARCH + hour * HOUR);
    write(&path, with(candles(&opens), "volume", numbers([1.0, 0.0, 2.0, 0.0, 0.5, 1.0])));
    let loaded = load(folder.path(), Check::Full).unwrap().unwrap();

    assert_eq!(loaded.bars.open_time, opens.map(|millis| Nanos::from_millis(millis).unwrap()));
    assert_eq!(loaded.bars.open, [100.0, 101.0, 102.0, 103.0, 104.0, 105.0]);
    assert_eq!(loaded.bars.high, [102.0, 103.0, 104.0, 105.0, 106.0, 107.0]);
    assert_eq!(loaded.bars.low, [98.0, 99.0, 100.0, 101.0, 102.0, 103.0]);
    assert_eq!(loaded.bars.close, [101.0, 102.0, 103.0, 104.0, 105.0, 106.0]);
    assert_eq!(loaded.bars.volume, [1.0, 0.0, 2.0, 0.0, 0.5, 1.0]);
    assert_eq!(loaded.bars.close_time(0), loaded.bars.open_time[1]);
    let report = SeriesReport {
        bars: 6,
        gaps: 2,
        missing: 3,
        zero_volume: 2,
        first_open: loaded.bars.open_time[0],
        last_open: loaded.bars.open_time[5],
        synthetic: false,
    };
    assert_eq!(loaded.report, report);
    let blake3 = blake3::hash(&fs::read(&path).unwrap()).to_string();
    assert_eq!(loaded.files, [SourceFile { path, blake3, rows: 6 }]);
    assert_eq!(load(folder.path(), Check::Trusted).unwrap().unwrap(), loaded);
}

#[test]
fn all_layouts_and_names_are_found() {
    let folder = temporary();
    let root = folder.path();
    write(&root.join("binance/BTC_USDT/60m.parquet"), candles(&hours(3)));
    write(&root.join("binance/BTC_USDT/1d/year=2024/month=03/data.parquet"), candles(&[MARCH]));
    write(&root.join("ohlcv_parquet/binance/BTCUSDT/4h/year=2024/month=03/data.parquet"), candles(&[MARCH]));
    write(&root.join("ohlcv_parquet/binance/BTCUSDT/1h.parquet"), candles(&hours(5)));
    write(&root.join("binance/BTC%2FUSDT/1h.parquet"), candles(&hours(7)));
    for stray in ["binance/BTC_USDT/trades.parquet", "binance/BTC_USDT/quotes_1m.parquet"] {
        fs::write(root.join(stray), "not candles").unwrap();
    }
    fs::create_dir_all(root.join("binance/BTC_USDT/15m/year=2024")).unwrap();

    let store = CandleStore::open(root).unwrap();
    let names = ["BTC_USDT", "BTCUSDT"];
    assert_eq!(store.intervals("binance", &names).unwrap(), ["1h", "4h", "1d"].map(interval));
    assert_eq!(store.intervals("kraken", &names).unwrap(), []);
    let rows = |symbols: &[&str], length: &str| {
        store.load("binance", symbols, interval(length), Check::Full).unwrap().map(|loaded| loaded.bars.len())
    };
    assert_eq!(rows(&names, "1h"), Some(3), "the first name wins, and 60m is 1h");
    assert_eq!(rows(&["BTCUSDT", "BTC_USDT"], "1h"), Some(5));
    assert_eq!(rows(&names, "1d"), Some(1));
    assert_eq!(rows(&names, "4h"), Some(1), "the second name fills in");
    assert_eq!(rows(&["BTC/USDT"], "1h"), Some(7));
    assert_eq!(rows(&names, "15m"), None);
    assert_eq!(rows(&["../binance/BTC_USDT"], "1h"), None, "a name is one folder");
}

#[test]
fn partitions_are_joined_in_time_order() {
    let folder = temporary();
    let series = folder.path().join("ohlcv_parquet/binance/BTC_USDT/1h");
    let month = |name: &str| series.join(name).join("data.parquet");
    write(&month("year=2024/month=03"), candles(&[MARCH + HOUR, MARCH + 2 * HOUR]));
    write_synthetic(&month("year=2024/month=02"), candles(&[MARCH - HOUR]));
    // Unpadded, so that an order by name would be wrong.
    write(&month("year=2023/month=9"), candles(&[MARCH - 4_000 * HOUR]));
    write(&month("year=2023/month=10"), candles(&[MARCH - 3_400 * HOUR]));
    let loaded = load(folder.path(), Check::Full).unwrap().unwrap();
    let hours: Vec<i64> = loaded.bars.open_time.iter().map(|open| (open.millis() - MARCH) / HOUR).collect();
    assert_eq!(hours, [-4_000, -3_400, -1, 1, 2]);
    assert_eq!((loaded.report.gaps, loaded.report.missing), (3, 599 + 3_398 + 1));
    assert!(loaded.report.synthetic);
    let rows: Vec<usize> = loaded.files.iter().map(|file| file.rows).collect();
    assert_eq!(rows, [1, 1, 1, 2]);
    assert_eq!(loaded.bars.volume.len(), 5);
}

#[test]
fn rows_in_the_wrong_partition_and_odd_partition_names_are_refused() {
    let folder = temporary();
    let series = folder.path().join("binance/BTC_USDT/1h");
    write(&series.join("year=2024/month=03/data.parquet"), candles(&[MARCH, MARCH + 31 * 24 * HOUR]));
    let error = load(folder.path(), Check::Trusted).unwrap_err();
    assert!(error.is_bad_data());
    let text = error.to_string();
    assert!(
        text.ends_with(
            "year=2024/month=03/data.parquet: row 2 (open_time 2024-04-01T00:00:00Z): belongs in another partition: \
             this one begins 2024-03-01T00:00:00Z and ends before 2024-04-01T00:00:00Z"
        ),
        "{text}"
    );
    for odd in ["year=2O24/month=03", "year=2024/month=13", "year=999999/month=01"] {
        let folder = temporary();
        let file = folder.path().join("binance/BTC_USDT/1h").join(odd).join("data.parquet");
        write(&file, candles(&[MARCH]));
        let error = load(folder.path(), Check::Full).unwrap_err();
        assert!(matches!(error, StoreError::PartitionName { .. }) && error.is_bad_data(), "{error}");
    }
}

#[test]
fn what_is_not_there_is_told_from_what_cannot_be_read() {
    let folder = temporary();
    let missing = CandleStore::open(&folder.path().join("nowhere")).unwrap_err();
    assert!(!missing.is_bad_data());
    let text = missing.to_string();
    assert!(
        text.contains("nowhere`") && text.contains("hemiola data seed") && text.contains("--data DIR"),
        "{text}"
    );
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(CandleStore::open(&file), Err(StoreError::NoStore { .. })));
    assert_eq!(load(folder.path(), Check::Full).unwrap(), None);
    let error = load_file(&folder.path().join("nowhere.parquet"), interval("1h"), Check::Full).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }) && !error.is_bad_data(), "{error}");
}

#[test]
fn a_series_stored_twice_is_refused() {
    let folder = temporary();
    write(&folder.path().join("binance/BTC_USDT/1h.parquet"), candles(&hours(1)));
    write(&folder.path().join("binance/BTC_USDT/60m.parquet"), candles(&hours(2)));
    let error = load(folder.path(), Check::Full).unwrap_err();
    assert!(error.is_bad_data());
    let text = error.to_string();
    assert!(text.contains("1h.parquet") && text.contains("60m.parquet"), "{text}");
}

#[test]
fn damaged_files_are_named() {
    let folder = temporary();
    let path = folder.path().join("binance/BTC_USDT/1h.parquet");
    write(&path, candles(&hours(50)));
    let bytes = fs::read(&path).unwrap();
    let broken = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        message(load(folder.path(), Check::Full).map(Option::unwrap))
    };
    assert!(broken(&bytes[..bytes.len() / 2]).starts_with("is not a Parquet file, or is damaged"));
    assert!(broken(b"open_time,open,high").starts_with("is not a Parquet file, or is damaged"));
    assert!(broken(&[]).starts_with("is empty (no bytes)"));
    write(&path, candles(&[]));
    assert!(message(load(folder.path(), Check::Full).map(Option::unwrap)).starts_with("is empty (no rows)"));

    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let error = load(folder.path(), Check::Full).unwrap_err();
    assert!(!error.is_bad_data());
    assert!(
        error.to_string().ends_with("1h.parquet: is a folder, where a Parquet file is expected"),
        "{error}"
    );
}

#[test]
fn no_flipped_byte_makes_the_loader_panic() {
    let folder = temporary();
    let path = folder.path().join("binance/BTC_USDT/1h.parquet");
    write(&path, candles(&hours(20)));
    let bytes = fs::read(&path).unwrap();
    let mut refused = 0;
    for position in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[position] ^= 0xff;
        fs::write(&path, damaged).unwrap();
        refused += usize::from(load(folder.path(), Check::Full).is_err());
    }
    assert!(refused > bytes.len() / 4, "{refused} of {}", bytes.len());
}

#[test]
fn times_of_every_kind_are_understood() {
    let expected = load_columns(candles(&hours(4))).unwrap().bars;
    let millis = hours(4);
    let scaled = |factor: i64| millis.iter().map(move |time| time * factor);
    let replace = |name: &'static str, times: ArrayRef| {
        let mut columns = candles(&millis);
        columns[0] = (name, times);
        load_columns(columns).unwrap().bars
    };
    let seconds = millis.iter().map(|time| time / 1_000);
    assert_eq!(replace("ts", integers(scaled(1_000_000))), expected);
    assert_eq!(replace("open_time", Arc::new(TimestampSecondArray::from_iter_values(seconds))), expected);
    assert_eq!(
        replace(
            "open_time",
            Arc::new(TimestampMicrosecondArray::from_iter_values(scaled(1_000)).with_timezone_utc())
        ),
        expected
    );
    assert_eq!(
        replace("ts", Arc::new(TimestampNanosecondArray::from_iter_values(scaled(1_000_000)))),
        expected
    );
}

#[test]
fn numbers_of_every_kind_are_understood() {
    let opens: ArrayRef = Arc::new(Float32Array::from(vec![100.0, 101.5]));
    let highs = Decimal64Array::from(vec![102_001, 103_999]).with_precision_and_scale(18, 3).unwrap();
    let lows = Decimal128Array::from(vec![980_000_000_000_001, 990_000_000_000_000]);
    let lows = lows.with_precision_and_scale(30, 13).unwrap();
    let columns = with(candles(&hours(2)), "open", opens);
    let columns = with(with(columns, "high", Arc::new(highs)), "low", Arc::new(lows));
    let bars = load_columns(columns).unwrap().bars;
    assert_eq!(bars.open, [100.0, 101.5]);
    assert_eq!(bars.high, [102.001, 103.999]);
    assert_eq!(bars.low, [98.000_000_000_000_1, 99.0]);
}

#[test]
fn missing_columns_and_wrong_types_are_named() {
    let mut columns = candles(&hours(2));
    columns.pop();
    assert_eq!(
        message(load_columns(columns.clone())),
        "has no column `volume`; its columns are `open_time`, `open`, `high`, `low`, `close`"
    );
    columns.remove(0);
    assert!(
        message(load_columns(columns))
            .starts_with("has no column `open_time` or `ts`; its columns are `open`")
    );
    let text: ArrayRef = Arc::new(StringArray::from(vec!["1", "2"]));
    assert_eq!(
        message(load_columns(with(candles(&hours(2)), "close", text))),
        "column `close` is of type Utf8, expected float64, float32 or decimal"
    );
    assert_eq!(
        message(load_columns(with(candles(&hours(2)), "open_time", numbers([0.0, 1.0])))),
        "column `open_time` is of type Float64, expected int64 or a timestamp"
    );
}

#[test]
fn extra_columns_are_ignored_whatever_they_hold() {
    let keys: DictionaryArray<Int8Type> = vec![Some("a"), None].into_iter().collect();
    let mut columns = candles(&hours(2));
    columns.insert(0, ("symbol", Arc::new(keys)));
    columns.push(("note", Arc::new(StringArray::from(vec![None, Some("x")]))));
    assert_eq!(load_columns(columns).unwrap().bars, load_columns(candles(&hours(2))).unwrap().bars);
}

#[test]
fn every_bad_row_is_found_and_the_first_is_told() {
    let good = || candles(&hours(4));
    let column = |name, values: [f64; 4]| with(good(), name, numbers(values));
    let times = |hours: [i64; 4]| with(good(), "open_time", integers(hours.map(|hour| MARCH + hour * HOUR)));
    let nulls: ArrayRef = Arc::new(Float64Array::from(vec![Some(99.0), None, Some(101.0), None]));
    let no_time: ArrayRef =
        Arc::new(Int64Array::from(vec![Some(MARCH), None, Some(MARCH + HOUR), Some(MARCH + 2 * HOUR)]));
    let cases = [
        (
            column("close", [101.0, 102.0, f64::NAN, 104.0]),
            "row 3 (open_time 2024-03-01T02:00:00Z): close is NaN, not a finite number",
        ),
        (
            column("high", [102.0, f64::INFINITY, 104.0, 105.0]),
            "row 2 (open_time 2024-03-01T01:00:00Z): high is inf, not a finite number",
        ),
        (
            column("volume", [1.0, 1.0, 1.0, f64::NAN]),
            "row 4 (open_time 2024-03-01T03:00:00Z): volume is NaN, not a finite number",
        ),
        (
            column("open", [0.0, 101.0, -1.0, 103.0]),
            "row 1 (open_time 2024-03-01T00:00:00Z): open is 0, not above zero; 2 bad rows in this file",
        ),
        (
            column("low", [98.0, 0.0, 100.0, 101.0]),
            "row 2 (open_time 2024-03-01T01:00:00Z): low is 0, not above zero",
        ),
        (
            column("low", [98.0, 101.5, 100.0, 101.0]),
            "row 2 (open_time 2024-03-01T01:00:00Z): open 101 is below low 101.5",
        ),
        (
            column("low", [98.0, 99.0, 100.0, 103.5]),
            "row 4 (open_time 2024-03-01T03:00:00Z): open 103 is below low 103.5",
        ),
        (
            column("close", [101.0, 102.0, 99.5, 104.0]),
            "row 3 (open_time 2024-03-01T02:00:00Z): close 99.5 is below low 100",
        ),
        (
            column("close", [101.0, 102.0, 104.5, 104.0]),
            "row 3 (open_time 2024-03-01T02:00:00Z): close 104.5 is above high 104",
        ),
        (
            column("open", [100.0, 103.5, 102.0, 103.0]),
            "row 2 (open_time 2024-03-01T01:00:00Z): open 103.5 is above high 103",
        ),
        (
            column("volume", [1.0, -0.5, 1.0, 1.0]),
            "row 2 (open_time 2024-03-01T01:00:00Z): volume is -0.5, below zero",
        ),
        (
            with(good(), "low", nulls),
            "row 2 (open_time 2024-03-01T01:00:00Z): low is null; 2 bad rows in this file",
        ),
        (with(good(), "open_time", no_time), "row 2: open_time is null"),
        (times([0, 1, 1, 2]), "row 3 (open_time 2024-03-01T01:00:00Z): the same time as the row before it"),
        (
            times([0, 2, 1, 3]),
            "row 3 (open_time 2024-03-01T01:00:00Z): out of order: the row before it is at 2024-03-01T02:00:00Z",
        ),
        (
            with(
                good(),
                "open_time",
                integers([MARCH, MARCH + HOUR, MARCH + 2 * HOUR + 1, MARCH + 3 * HOUR]),
            ),
            "row 3 (open_time 2024-03-01T02:00:00.001Z): not a whole number of 1h steps after the first row, 2024-03-01T00:00:00Z",
        ),
        (
            with(good(), "open_time", integers([MARCH, MARCH + HOUR, MARCH * 1_000, i64::MAX])),
            "row 3 (open_time 2262-04-11T23:47:16.854775807Z): the time is outside 1970 to 2200: is it in another unit?; 2 bad rows in this file",
        ),
    ];
    for (columns, expected) in cases {
        assert_eq!(message(load_columns(columns)), expected);
    }
}

#[test]
fn trusted_files_still_have_their_times_and_nulls_checked() {
    let folder = temporary();
    let path = folder.path().join("binance/BTC_USDT/1h.parquet");
    write(&path, with(candles(&hours(2)), "low", numbers([-1.0, f64::NAN])));
    assert!(load(folder.path(), Check::Trusted).is_ok());
    assert!(load(folder.path(), Check::Full).is_err());
    for broken in [
        with(candles(&hours(2)), "open_time", integers([MARCH, MARCH])),
        with(candles(&hours(2)), "open", Arc::new(Float64Array::from(vec![Some(1.0), None]))),
    ] {
        write(&path, broken);
        assert!(load(folder.path(), Check::Trusted).unwrap_err().is_bad_data());
    }
}
