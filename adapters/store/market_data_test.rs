//! Real candles load, and what is counted in them is what their description says.

use std::fs;
use std::path::Path;

use chrono::DateTime;
use hemiola_components::time::Nanos;

use super::{CandleStore, Check};
use crate::shared;

/// A line of the README's table of files that is about candles.
struct Line {
    venue: String,
    symbol: String,
    interval: String,
    /// Rows, first, last, gaps, missing, zero-volume, as printed.
    expected: [String; 6],
}

fn line(text: &str) -> Option<Line> {
    let cells: Vec<&str> = text.strip_prefix("| ")?.split('|').map(str::trim).collect();
    let [file, rows, first, last, gaps, zero_volume, ..] = cells.as_slice() else { return None };
    let [venue, symbol, name] = file.split('/').collect::<Vec<_>>()[..] else { return None };
    let interval = name.strip_suffix(".parquet")?;
    let (gaps, missing) = gaps.split_once(" / ")?;
    Some(Line {
        venue: venue.to_owned(),
        symbol: symbol.to_owned(),
        interval: interval.to_owned(),
        expected: [rows, first, last, gaps, missing, zero_volume].map(|cell| (*cell).to_owned()),
    })
}

/// How many candle files there are, going by their names.
fn candle_files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            if path.is_dir() {
                return candle_files(&path);
            }
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let stem = name.strip_suffix(".parquet");
            usize::from(stem.is_some_and(|stem| stem.parse::<hemiola_components::time::Interval>().is_ok()))
        })
        .sum()
}

/// A line of the table about quotes: venue, symbol, then rows, time of the first and of the last.
fn quotes_line(text: &str, file: &str) -> Option<[String; 5]> {
    let cells: Vec<&str> = text.strip_prefix("| ")?.split('|').map(str::trim).collect();
    let [path, rows, first, last, ..] = cells[..] else { return None };
    let [venue, symbol, name] = path.split('/').collect::<Vec<_>>()[..] else { return None };
    (name == file).then(|| [venue, symbol, rows, first, last].map(str::to_owned))
}

#[test]
fn quotes_match_their_readme() {
    let Some(root) = shared::find("HEMIOLA_MARKET_DATA", "data/market") else { return };
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let store = CandleStore::open(&root).unwrap();
    // What a row is known after its time.
    for (file, delay) in [("book_ticker.parquet", 0), ("quotes_1m.parquet", 60)] {
        let lines: Vec<_> = readme.lines().filter_map(|line| quotes_line(line, file)).collect();
        assert_eq!(lines.len(), 2, "{file}");
        for [venue, symbol, rows, first, last] in lines {
            let loaded = store.quotes(&venue, &[&symbol], Check::Full).unwrap().unwrap();
            assert!(loaded.file.path.ends_with(file));
            let report = loaded.report;
            let date = |time: Nanos| {
                let stamp = time - Nanos::new(delay * Nanos::SECOND.get());
                DateTime::from_timestamp_nanos(stamp.get()).format("%Y-%m-%d %H:%M:%S").to_string()
            };
            let found = [report.quotes.to_string(), date(report.first), date(report.last)];
            assert_eq!(found, [rows, first, last], "{venue}/{symbol}/{file}");
            assert_eq!((report.dropped, report.synthetic), (0, false));
            // The perpetual's feed carries the exchange's time, and the receiver's clock is behind it throughout.
            let early = if venue == "binance_usdm" { report.quotes } else { 0 };
            assert_eq!(report.received_early, early, "{venue}");
            assert!(loaded.quotes.time.is_sorted_by(|one, next| one < next));
            assert_eq!(loaded.sizes.map(|sizes| sizes.len()), Some(report.quotes));
        }
    }
}

#[test]
fn market_data_matches_its_readme() {
    let Some(root) = shared::find("HEMIOLA_MARKET_DATA", "data/market") else { return };
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let lines: Vec<Line> = readme.lines().filter_map(line).collect();
    assert_eq!(lines.len(), candle_files(&root), "the table lists every candle file");
    let store = CandleStore::open(&root).unwrap();
    for Line { venue, symbol, interval, expected } in lines {
        let interval = interval.parse().unwrap();
        assert!(
            store.intervals(&venue, &[&symbol]).unwrap().contains(&interval),
            "{venue}/{symbol}/{interval}"
        );
        let loaded = store.load(&venue, &[&symbol], interval, Check::Full).unwrap().unwrap();
        let report = loaded.report;
        let date =
            |time: Nanos| DateTime::from_timestamp_nanos(time.get()).format("%Y-%m-%d %H:%M").to_string();
        let found = [
            report.bars.to_string(),
            date(report.first_open),
            date(report.last_open),
            report.gaps.to_string(),
            report.missing.to_string(),
            report.zero_volume.to_string(),
        ];
        assert_eq!(found, expected, "{venue}/{symbol}/{interval}");
        assert_eq!(loaded.files[0].rows, loaded.bars.len());
        assert!(!report.synthetic);
    }
}
