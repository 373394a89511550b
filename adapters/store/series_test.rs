//! Which part of a series is read, and which of its columns.

use std::fs;
use std::path::Path;

use hemiola_components::time::Nanos;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::fixture::{Columns, HOUR, MARCH, candles, hours, interval, numbers, with, write_with};
use super::*;

fn groups_of(rows: usize) -> WriterProperties {
    WriterProperties::builder().set_max_row_group_row_count(Some(rows)).build()
}

fn write(path: &Path, columns: Columns) {
    write_with(path, columns, groups_of(10));
}

fn at(hours: i64) -> Nanos {
    Nanos::from_millis(MARCH + hours * HOUR).unwrap()
}

fn load(root: &Path, demand: Demand) -> LoadedSeries {
    CandleStore::open(root).unwrap().load("binance", &["BTC_USDT"], interval("1h"), demand).unwrap().unwrap()
}

fn part(check: Check, from: i64, to: i64, warm_up: usize) -> Demand {
    Demand { stretch: Stretch { from: Some(at(from)), to: Some(at(to)), warm_up }, ..Demand::from(check) }
}

/// The hours of the candles that were read, since the first of March.
fn read_hours(series: &LoadedSeries) -> Vec<i64> {
    series.bars.open_time.iter().map(|open| (open.millis() - MARCH) / HOUR).collect()
}

#[test]
fn a_stretch_is_read_with_its_warm_up_and_no_more_than_the_candles_around_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("binance/BTC_USDT/1h.parquet");
    // Hours 0 to 199, then none for 100 hours.
    let times: Vec<i64> = (0..200).chain(300..500).map(|hour| MARCH + hour * HOUR).collect();
    write(&path, candles(&times));
    let read = |from, to, warm_up| read_hours(&load(folder.path(), part(Check::Full, from, to, warm_up)));
    assert_eq!(read(100, 120, 30), (69..=121).collect::<Vec<_>>());
    assert_eq!(
        read(305, 306, 10),
        (194..200).chain(300..=307).collect::<Vec<_>>(),
        "candles are counted, not hours"
    );
    assert_eq!(read(210, 220, 1), [197, 198, 199, 300], "a stretch without candles still has neighbours");
    assert_eq!(read(-50, -40, 5), [0]);
    assert_eq!(read(900, 950, 3), (495..500).collect::<Vec<_>>());
    assert_eq!(read(3, 600, 100).len(), 400);
    let mut series = load(folder.path(), part(Check::Full, 100, 120, 30));
    assert_eq!((series.report.bars, series.files[0].rows), (53, 400));
    assert_eq!(series.bars.open.to_mut().capacity(), 53, "no room for what was not read");
}

#[test]
fn files_outside_the_stretch_are_not_decoded_and_not_listed() {
    let folder = tempfile::tempdir().unwrap();
    let month = |month: u32| {
        folder.path().join(format!("binance/BTC_USDT/1h/year=2024/month={month:02}/data.parquet"))
    };
    write(&month(3), candles(&hours(31 * 24)));
    write(&month(4), candles(&(31 * 24..61 * 24).map(|hour| MARCH + hour * HOUR).collect::<Vec<_>>()));
    write(&month(5), candles(&(61 * 24..92 * 24).map(|hour| MARCH + hour * HOUR).collect::<Vec<_>>()));
    let second_of_may = 62 * 24;
    let series = load(folder.path(), part(Check::Full, second_of_may, second_of_may + 5, 40));
    assert_eq!(read_hours(&series), (second_of_may - 41..=second_of_may + 6).collect::<Vec<_>>());
    let files: Vec<&PathBuf> = series.files.iter().map(|file| &file.path).collect();
    assert_eq!(files, [&month(4), &month(5)]);

    // A bad row there is nobody's business; one in the stretch is named by its place in the file.
    let bad = |path: &Path, row: usize| {
        let from = if path == month(4) { 31 * 24 } else { 61 * 24 };
        let times: Vec<i64> = (from..from + 720).map(|hour| MARCH + hour * HOUR).collect();
        let closes = (0..720).map(|i| if i == row { -1.0 } else { 101.0 + i as f64 });
        write(path, with(candles(&times), "close", numbers(closes)));
        CandleStore::open(folder.path())
            .unwrap()
            .load(
                "binance",
                &["BTC_USDT"],
                interval("1h"),
                part(Check::Full, second_of_may, second_of_may + 5, 40),
            )
            .map(drop)
    };
    assert!(bad(&month(4), 100).is_ok());
    let error = bad(&month(4), 710).unwrap_err().to_string();
    assert!(
        error.contains("month=04/data.parquet: row 711 (open_time 2024-04-30T14:00:00Z): close is -1"),
        "{error}"
    );
}

#[test]
fn without_statistics_or_order_everything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("binance/BTC_USDT/1h.parquet");
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(10))
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    write_with(&path, candles(&hours(100)), properties);
    // The times are decoded to find the rows, whatever the footer says.
    assert_eq!(read_hours(&load(folder.path(), part(Check::Full, 50, 51, 3))), [46, 47, 48, 49, 50, 51, 52]);
    let mut times = hours(100);
    times.swap(3, 90);
    write(&path, candles(&times));
    let store = CandleStore::open(folder.path()).unwrap();
    let error =
        store.load("binance", &["BTC_USDT"], interval("1h"), part(Check::Full, 50, 51, 3)).unwrap_err();
    assert!(error.to_string().contains("row 5 "), "{error}");
}

#[test]
fn trusted_files_are_read_as_far_as_somebody_looks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("binance/BTC_USDT/1h.parquet");
    let prices = Demand { high_low: false, volume: false, ..Demand::from(Check::Trusted) };
    write(&path, candles(&hours(30)));
    let whole = load(folder.path(), Demand::from(Check::Trusted));
    let read = load(folder.path(), prices);
    assert_eq!(read.report, whole.report);
    assert_eq!((&read.bars.open, &read.bars.close), (&whole.bars.open, &whole.bars.close));
    assert!(read.bars.high.is_empty() && read.bars.low.is_empty() && read.bars.volume.is_empty());
    assert_eq!(load(folder.path(), Demand { threads: 3, ..prices }), read);
    assert_eq!(load(folder.path(), Demand { check: Check::Full, threads: 2, ..prices }), whole);

    // One quiet candle, or no word about it, and the volumes are read.
    let quiet = (0..30).map(|row| if row == 17 { 0.0 } else { 1.0 });
    write(&path, with(candles(&hours(30)), "volume", numbers(quiet)));
    let read = load(folder.path(), prices);
    assert_eq!((read.bars.volume.len(), read.report.zero_volume), (30, 1));
    assert!(!read.bars.traded(17) && read.bars.traded(16) && read.bars.high.is_empty());
    let silent = WriterProperties::builder().set_statistics_enabled(EnabledStatistics::None).build();
    write_with(&path, candles(&hours(30)), silent);
    assert_eq!(load(folder.path(), prices).bars.volume.len(), 30);
    assert!(fs::metadata(&path).is_ok());
}
