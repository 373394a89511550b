//! Target positions from outside.

use std::collections::BTreeMap;
use std::path::Path;

use hemiola_components::market::Targets;
use hemiola_components::time::Nanos;

use super::check::{self, Defect, Findings};
use super::columns::{self, MILLISECOND, NUMBER_TYPES, Nulls, Symbols, TEXT_TYPES, TIME_TYPES};
use super::error::StoreError;
use super::table::Table;

const COLUMNS: [&str; 3] = ["time", "symbol", "target"];

/// Reads the targets of a Parquet file, by `venue:symbol`.
///
/// Columns: `time` (int64 milliseconds UTC, or a timestamp) is when the target is known, `symbol` is `venue:symbol`,
/// `target` a signed fraction of the instrument's budget. The times of a symbol rise; symbols may take turns.
///
/// # Errors
/// When the file cannot be read, is not what it should be, or has a bad row.
pub fn load_targets(path: &Path) -> Result<BTreeMap<String, Targets>, StoreError> {
    let mut table = Table::open(path)?;
    table.require("time", TIME_TYPES, columns::is_time)?;
    table.require("symbol", TEXT_TYPES, columns::is_text)?;
    table.require("target", NUMBER_TYPES, columns::is_number)?;
    table.read_as_dictionary("symbol")?;

    let (mut time, mut target) = (Vec::new(), Vec::new());
    let (mut nulls, mut symbols) = (Nulls::new(), Symbols::default());
    table.read(&COLUMNS, |columns| {
        let offset = time.len();
        for (column, name) in columns.iter().zip(COLUMNS) {
            columns::note_nulls(&mut nulls, column, name, offset);
        }
        columns::append_times(&mut time, columns[0], MILLISECOND);
        symbols.append(columns[1]);
        columns::append_numbers(&mut target, columns[2]);
    })?;

    let mut loaded: Vec<(String, Targets)> = vec![Default::default(); symbols.slots.len()];
    for (name, slot) in symbols.slots {
        loaded[slot].0 = name;
    }
    let mut findings = Findings::default();
    for row in 0..time.len() {
        let verdict = match nulls.get(&row) {
            Some(column) => Err(Defect::Null(column)),
            None => append(&mut loaded[symbols.rows[row]], time[row], target[row]),
        };
        findings.note(row, verdict);
    }
    findings.into_result(path, "time", |row| (nulls.get(&row) != Some(&"time")).then(|| time[row]))?;
    Ok(loaded.into_iter().filter(|(_, targets)| !targets.time.is_empty()).collect())
}

fn append((name, targets): &mut (String, Targets), time: Nanos, target: f64) -> Result<(), Defect> {
    check::plausible(time)?;
    let previous = targets.time.last().copied();
    targets.time.push(time);
    targets.fraction.push(target);
    previous.map_or(Ok(()), |previous| check::later(previous, time))?;
    match name.split_once(':') {
        Some((venue, symbol)) if !venue.is_empty() && !symbol.is_empty() => {}
        _ => return Err(Defect::NotAnInstrument(name.clone())),
    }
    if target.is_finite() { Ok(()) } else { Err(Defect::NotFinite("target", target)) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, StringArray, TimestampMicrosecondArray};

    use super::super::fixture::{Columns, HOUR, MARCH, hours, integers, numbers, with, write};
    use super::*;

    const BTC: &str = "binance:BTC_USDT";
    const ETH: &str = "kraken:ETH_USDT";

    fn load(columns: Columns) -> Result<BTreeMap<String, Targets>, StoreError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("targets.parquet");
        write(&path, columns);
        load_targets(&path)
    }

    fn text(symbols: &[&str]) -> ArrayRef {
        Arc::new(StringArray::from(symbols.to_vec()))
    }

    /// Hour 0 for both, then hour 1 for the first and hour 2 for the second.
    fn good() -> Columns {
        let times = [0, 0, 1, 2].map(|hour| MARCH + hour * HOUR);
        vec![
            ("time", integers(times)),
            ("symbol", text(&[BTC, ETH, BTC, ETH])),
            ("target", numbers([0.5, -0.25, 0.0, -1.5])),
        ]
    }

    fn message(columns: Columns) -> String {
        let error = load(columns).unwrap_err();
        assert!(error.is_bad_data());
        error.to_string().split_once("targets.parquet: ").unwrap().1.to_owned()
    }

    #[test]
    fn targets_come_back_by_symbol() {
        let at = |hour: i64| Nanos::from_millis(MARCH + hour * HOUR).unwrap();
        let expected = BTreeMap::from([
            (BTC.to_owned(), Targets { time: vec![at(0), at(1)], fraction: vec![0.5, 0.0] }),
            (ETH.to_owned(), Targets { time: vec![at(0), at(2)], fraction: vec![-0.25, -1.5] }),
        ]);
        assert_eq!(load(good()).unwrap(), expected);
        let micros = [0, 0, 1, 2].map(|hour| (MARCH + hour * HOUR) * 1_000);
        let micros: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter_values(micros));
        assert_eq!(load(with(good(), "time", micros)).unwrap(), expected);
    }

    #[test]
    fn bad_targets_are_named() {
        let times = |hours: [i64; 4]| with(good(), "time", integers(hours.map(|hour| MARCH + hour * HOUR)));
        let null: ArrayRef = Arc::new(Float64Array::from(vec![Some(0.5), Some(0.0), None, None]));
        let cases = [
            (times([0, 0, 0, 2]), "row 3 (time 2024-03-01T00:00:00Z): the same time as the row before it"),
            (
                times([1, 1, 2, 0]),
                "row 4 (time 2024-03-01T00:00:00Z): out of order: the row before it is at 2024-03-01T01:00:00Z",
            ),
            (
                with(good(), "target", numbers([0.5, f64::NAN, 0.0, f64::INFINITY])),
                "row 2 (time 2024-03-01T00:00:00Z): target is NaN, not a finite number; 2 bad rows in this file",
            ),
            (
                with(good(), "target", null),
                "row 3 (time 2024-03-01T01:00:00Z): target is null; 2 bad rows in this file",
            ),
            (
                with(good(), "symbol", text(&[BTC, ETH, "BTC_USDT", ":X"])),
                "row 3 (time 2024-03-01T01:00:00Z): `BTC_USDT` is not an instrument: expected `venue:symbol`; 2 bad rows in this file",
            ),
            (with(good(), "symbol", integers(hours(4))), "column `symbol` is of type Int64, expected text"),
            (good()[..2].to_vec(), "has no column `target`; its columns are `time`, `symbol`"),
        ];
        for (columns, expected) in cases {
            assert_eq!(message(columns), expected);
        }
    }

    #[test]
    fn an_empty_file_is_refused() {
        let empty = vec![("time", integers([])), ("symbol", text(&[])), ("target", numbers([]))];
        assert!(message(empty).starts_with("is empty (no rows)"));
    }
}
