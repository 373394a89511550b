//! Series that were put into temporary files are those that were put into memory.

use std::path::Path;

use hemiola_components::time::Nanos;
use parquet::file::properties::WriterProperties;

use super::fixture::{Columns, HOUR, MARCH, candles, hours, interval, numbers, with, write, write_with};
use super::*;

fn scratch() -> Scratch {
    Scratch::new(std::env::temp_dir())
}

fn both(root: &Path, demand: Demand) -> [Result<LoadedSeries, StoreError>; 2] {
    let store = CandleStore::open(root).unwrap();
    [store.clone(), store.spilling_into(scratch())]
        .map(|store| store.load("binance", &["BTC_USDT"], interval("1h"), demand).map(Option::unwrap))
}

fn is_shared(bars: &Bars) -> bool {
    bars.open_time.is_shared()
        && [&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume]
            .iter()
            .all(|column| column.is_empty() || column.is_shared())
}

/// Every demand on this folder is met alike.
fn assert_alike(root: &Path) {
    let at = |hours: i64| Some(Nanos::from_millis(MARCH + hours * HOUR).unwrap());
    for check in [Check::Full, Check::Trusted] {
        for (from, to, warm_up) in [
            (None, None, 0),
            (at(100), at(150), 7),
            (at(-9), at(3), 2),
            (None, at(2_000), 0),
            (at(9_999), None, 3),
        ] {
            for (columns, threads) in [(true, 1), (false, 3)] {
                let stretch = Stretch { from, to, warm_up };
                let demand = Demand { check, stretch, threads, high_low: columns, volume: columns };
                let [owned, spilled] = both(root, demand).map(Result::unwrap);
                assert_eq!(owned, spilled, "{demand:?}");
                assert!(is_shared(&spilled.bars) && !owned.bars.close.is_shared());
            }
        }
    }
}

fn groups_of(rows: usize) -> WriterProperties {
    WriterProperties::builder().set_max_row_group_row_count(Some(rows)).build()
}

#[test]
fn files_of_any_size_with_and_without_gaps_and_in_partitions_are_alike() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("binance/BTC_USDT/1h.parquet");
    let gapped: Vec<i64> =
        (0..120).chain(130..140).chain(900..3_000).map(|hour| MARCH + hour * HOUR).collect();
    for columns in [candles(&hours(1)), candles(&hours(70_000)), candles(&gapped)] {
        write_with(&file, columns, groups_of(997));
        assert_alike(folder.path());
    }
    let folder = tempfile::tempdir().unwrap();
    for (month, hours) in [("03", 0..31 * 24), ("04", 31 * 24..60 * 24), ("05", 61 * 24..92 * 24)] {
        let times: Vec<i64> = hours.map(|hour| MARCH + hour * HOUR).collect();
        let name = format!("binance/BTC_USDT/1h/year=2024/month={month}/data.parquet");
        write_with(&folder.path().join(name), candles(&times), groups_of(100));
    }
    assert_alike(folder.path());
}

#[test]
fn bad_rows_are_told_alike() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("binance/BTC_USDT/1h.parquet");
    let good = || candles(&hours(70_000));
    let closes = |bad: f64| {
        numbers((0..70_000).map(move |row| if row == 69_000 { bad } else { 101.0 + f64::from(row) }))
    };
    let missing = (0..70_000).map(|row| (row != 68_000).then_some(101.0 + f64::from(row)));
    let mut times = hours(70_000);
    times.swap(66_000, 66_001);
    let cases: [(Columns, &str); 4] = [
        (with(good(), "close", closes(-1.0)), "row 69001 "),
        (with(good(), "close", closes(f64::NAN)), "close is NaN"),
        (
            with(good(), "close", std::sync::Arc::new(missing.collect::<arrow_array::Float64Array>())),
            "close is null",
        ),
        (candles(&times), "out of order"),
    ];
    for (columns, says) in cases {
        write(&file, columns);
        let [owned, spilled] = both(folder.path(), Demand::from(Check::Full));
        let spilled = spilled.unwrap_err().to_string();
        assert_eq!(owned.unwrap_err().to_string(), spilled);
        assert!(spilled.contains(says), "{spilled}");
    }
}

#[test]
fn the_bytes_are_those_of_the_columns_that_are_read_and_of_the_sums() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("binance/BTC_USDT/1h.parquet"), candles(&hours(1_000)));
    let store = CandleStore::open(folder.path()).unwrap();
    let bytes = |symbol, demand| store.bytes("binance", &[symbol], interval("1h"), &demand).unwrap();
    let full = Demand::from(Check::Full);
    let prices = Demand { high_low: false, volume: false, ..Demand::from(Check::Trusted) };
    assert_eq!(["BTC_USDT", "ETH_USDT"].map(|symbol| bytes(symbol, full)), [1_000 * 7 * 8, 0]);
    assert_eq!(bytes("BTC_USDT", prices), 1_000 * 4 * 8);
}

#[test]
fn a_flat_file_of_one_symbol_spills_and_one_of_several_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flat.parquet");
    let demand = Demand::from(Check::Full);
    for symbols in [false, true] {
        let mut columns = candles(&hours(300));
        if symbols {
            columns.push(("symbol", fixture::integers((0..300).map(|_| 7))));
        }
        write(&path, columns);
        let file = OpenFile::open(&path, &demand).unwrap();
        assert_eq!((file.has_symbols(), file.bytes(&demand)), (symbols, 300 * 7 * 8));
        let spilled = file.load(interval("1h"), &demand, Some(&scratch())).unwrap();
        assert_eq!(spilled, load_file(&path, interval("1h"), demand).unwrap());
        assert_eq!(is_shared(&spilled[0].1.bars), !symbols);
    }
}

#[test]
fn a_folder_without_room_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("binance/BTC_USDT/1h.parquet"), candles(&hours(10)));
    let store = CandleStore::open(folder.path()).unwrap();
    let store = store.spilling_into(Scratch::new(folder.path().join("nowhere")));
    let error = store.load("binance", &["BTC_USDT"], interval("1h"), Check::Full).unwrap_err();
    assert!(matches!(error, StoreError::Scratch { .. }), "{error}");
}
