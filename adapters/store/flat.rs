//! One file with the candles of one or many symbols.

use std::path::Path;

use hemiola_components::column::Column;
use hemiola_components::market::Bars;
use hemiola_components::time::Interval;

use super::LoadedSeries;
use super::bytes::Small;
use super::candles::{self, CandleFile, Piece, Stack};
use super::check::{self, Progress};
use super::demand::Demand;
use super::error::StoreError;
use super::rows::Selection;
use super::series::Opened;
use super::spill::Scratch;

/// Reads and checks a file of candles, as [`OpenFile::load`] does, in memory.
///
/// # Errors
/// When the file cannot be read, is not what it should be, or has a bad row.
pub fn load_file(
    path: &Path,
    interval: Interval,
    demand: impl Into<Demand>,
) -> Result<Vec<(String, LoadedSeries)>, StoreError> {
    let demand = demand.into();
    OpenFile::open(path, &demand)?.load(interval, &demand, None)
}

/// A file of candles of which nothing but the footer has been read.
pub struct OpenFile {
    candles: Candles,
    name: String,
}

enum Candles {
    /// Of one series.
    Alone(Opened),
    /// Of several, told apart by a column.
    Mixed(Piece),
}

impl OpenFile {
    /// Opens a file as far as it is demanded.
    ///
    /// # Errors
    /// When the file cannot be read, or is not what it should be.
    pub fn open(path: &Path, demand: &Demand) -> Result<Self, StoreError> {
        let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let file = CandleFile::open(path, Some("symbol"), Small::Read)?;
        let candles = if file.has_symbols() {
            let rows = Selection::all(&file.table)?;
            Candles::Mixed(Piece { file, rows })
        } else {
            Candles::Alone(Opened::new(vec![(file, None)], &demand.stretch)?)
        };
        Ok(Self { candles, name })
    }

    /// Whether a column tells series apart. Such a file is loaded in memory, whatever its size.
    #[must_use]
    pub const fn has_symbols(&self) -> bool {
        matches!(self.candles, Candles::Mixed(_))
    }

    /// The bytes that its columns and the running sums of the closes take once they are decoded.
    #[must_use]
    pub fn bytes(&self, demand: &Demand) -> u64 {
        match &self.candles {
            Candles::Alone(series) => series.bytes(demand),
            Candles::Mixed(piece) => candles::bytes(std::slice::from_ref(piece), demand),
        }
    }

    /// Reads and checks the candles, one series per value of the `symbol` column, in whatever order they take turns.
    /// A series alone is put into temporary files where there is a folder for them.
    ///
    /// The series are sorted by symbol: as numbers if all are whole numbers, else as text. Without the column there is
    /// one series, named like the file.
    ///
    /// # Errors
    /// When the file cannot be read, is not what it should be, or has a bad row; when there is no room for temporary
    /// files.
    pub fn load(
        self,
        interval: Interval,
        demand: &Demand,
        scratch: Option<&Scratch>,
    ) -> Result<Vec<(String, LoadedSeries)>, StoreError> {
        match self.candles {
            Candles::Alone(series) => Ok(vec![(self.name, series.read(interval, demand, scratch)?)]),
            Candles::Mixed(piece) => load_symbols(piece, interval, demand),
        }
    }
}

fn load_symbols(
    piece: Piece,
    interval: Interval,
    demand: &Demand,
) -> Result<Vec<(String, LoadedSeries)>, StoreError> {
    let mut stack = Stack::read(std::slice::from_ref(&piece), None, demand, None)?;
    let file = &piece.file;
    let symbols = file.symbols(&mut stack.nulls)?.unwrap_or_default();
    let mut progress = vec![Progress::new(interval); symbols.slots.len()];
    let rows = stack.rows(&piece, 0..stack.time.len(), Some(&symbols));
    check::candles(&rows, &mut progress, None, demand.check)?;

    let counts: Vec<usize> = progress.iter().map(Progress::bars).collect();
    let mut bars: Vec<Bars> = counts.iter().map(|_| Bars::empty(interval.length())).collect();
    // A column at a time, so that there are never two copies of all of them.
    deal(std::mem::take(&mut stack.time), &symbols.rows, &counts, &mut bars, |bars| &mut bars.open_time);
    deal(std::mem::take(&mut stack.open), &symbols.rows, &counts, &mut bars, |bars| &mut bars.open);
    deal(std::mem::take(&mut stack.high), &symbols.rows, &counts, &mut bars, |bars| &mut bars.high);
    deal(std::mem::take(&mut stack.low), &symbols.rows, &counts, &mut bars, |bars| &mut bars.low);
    deal(std::mem::take(&mut stack.close), &symbols.rows, &counts, &mut bars, |bars| &mut bars.close);
    deal(std::mem::take(&mut stack.volume), &symbols.rows, &counts, &mut bars, |bars| &mut bars.volume);

    let mut loaded: Vec<(String, LoadedSeries)> = Vec::with_capacity(bars.len());
    for (symbol, slot) in symbols.slots {
        let bars = std::mem::replace(&mut bars[slot], Bars::empty(interval.length()));
        if bars.is_empty() {
            // The writer's dictionary may name symbols that no row uses.
            continue;
        }
        let report = progress[slot].report(file.table.is_synthetic());
        loaded.push((symbol, LoadedSeries { bars, report, files: stack.sources.clone() }));
    }
    let numbers: Option<Vec<i128>> = loaded.iter().map(|(symbol, _)| symbol.parse().ok()).collect();
    if numbers.is_some() {
        // Stable, so that `1` and `01` keep the order of their texts.
        loaded.sort_by_key(|(symbol, _)| symbol.parse::<i128>().ok());
    }
    Ok(loaded)
}

/// Gives each value of a column to its symbol's candles; a column that was not read stays empty.
fn deal<T: Copy>(
    column: Column<T>,
    slots: &[usize],
    counts: &[usize],
    bars: &mut [Bars],
    of: impl Fn(&mut Bars) -> &mut Column<T>,
) {
    if column.is_empty() {
        return;
    }
    let mut dealt: Vec<Vec<T>> = counts.iter().map(|count| Vec::with_capacity(*count)).collect();
    for (value, slot) in column.iter().zip(slots) {
        dealt[*slot].push(*value);
    }
    for (bars, values) in bars.iter_mut().zip(dealt) {
        *of(bars) = values.into();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Int8Type;
    use arrow_array::{ArrayRef, DictionaryArray, Int16Array, LargeStringArray, StringArray, UInt64Array};

    use super::super::Check;
    use super::super::fixture::{
        Columns, HOUR, MARCH, candles, hours, integers, interval, numbers, with, write,
    };
    use super::*;

    fn load(columns: Columns) -> Result<Vec<(String, LoadedSeries)>, StoreError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all.parquet");
        write(&path, columns);
        load_file(&path, interval("1h"), Check::Full)
    }

    fn with_symbols(mut columns: Columns, symbols: ArrayRef) -> Columns {
        columns.push(("symbol", symbols));
        columns
    }

    /// Each symbol with the opening prices of its candles.
    fn opens(loaded: &[(String, LoadedSeries)]) -> Vec<(&str, &[f64])> {
        loaded.iter().map(|(symbol, series)| (symbol.as_str(), &series.bars.open[..])).collect()
    }

    #[test]
    fn symbols_that_take_turns_are_told_apart() {
        let at = |hour: i64| MARCH + hour * HOUR;
        let times = [at(0), at(0), at(1), at(3), at(3), at(4)];
        let symbols = || ["B", "A", "B", "A", "B", "A"];
        let columns = with(candles(&times), "volume", numbers([1.0, 0.0, 1.0, 0.0, 1.0, 1.0]));
        let dictionary: DictionaryArray<Int8Type> = symbols().into_iter().collect();
        let texts: [ArrayRef; 3] = [
            Arc::new(StringArray::from_iter_values(symbols())),
            Arc::new(LargeStringArray::from_iter_values(symbols())),
            Arc::new(dictionary),
        ];
        for text in texts {
            let loaded = load(with_symbols(columns.clone(), text)).unwrap();
            assert_eq!(
                opens(&loaded),
                [("A", [101.0, 103.0, 105.0].as_slice()), ("B", [100.0, 102.0, 104.0].as_slice())]
            );
            let (a, b) = (&loaded[0].1, &loaded[1].1);
            assert_eq!((a.report.bars, a.report.gaps, a.report.missing, a.report.zero_volume), (3, 1, 2, 2));
            assert_eq!((b.report.bars, b.report.gaps, b.report.missing, b.report.zero_volume), (3, 1, 1, 0));
            assert_eq!(a.bars.close, [102.0, 104.0, 106.0]);
            assert_eq!(a.files, b.files);
            assert_eq!(a.files[0].rows, 6);
        }
    }

    #[test]
    fn whole_numbers_are_sorted_as_numbers() {
        let times = [MARCH; 4];
        let sorted = |symbols: ArrayRef| -> Vec<String> {
            load(with_symbols(candles(&times), symbols))
                .unwrap()
                .into_iter()
                .map(|(symbol, _)| symbol)
                .collect()
        };
        assert_eq!(sorted(Arc::new(Int16Array::from(vec![10, 9, -1, 100]))), ["-1", "9", "10", "100"]);
        assert_eq!(
            sorted(Arc::new(UInt64Array::from(vec![10, u64::MAX, 9, 0]))),
            ["0", "9", "10", "18446744073709551615"]
        );
        assert_eq!(sorted(Arc::new(StringArray::from(vec!["10", "9", "100", "2"]))), ["2", "9", "10", "100"]);
        assert_eq!(sorted(Arc::new(StringArray::from(vec!["10", "9", "A", "2"]))), ["10", "2", "9", "A"]);
    }

    #[test]
    fn a_file_without_symbols_is_named_like_itself() {
        let loaded = load(candles(&hours(3))).unwrap();
        assert_eq!(opens(&loaded), [("all", [100.0, 101.0, 102.0].as_slice())]);
    }

    #[test]
    fn rows_are_counted_in_the_file_and_times_per_symbol() {
        let times = [0, 0, 1, 1, 1].map(|hour| MARCH + hour * HOUR);
        let symbols: ArrayRef = Arc::new(StringArray::from(vec!["A", "B", "A", "B", "A"]));
        let error = load(with_symbols(candles(&times), symbols)).unwrap_err().to_string();
        assert!(
            error.ends_with("row 5 (open_time 2024-03-01T01:00:00Z): the same time as the row before it"),
            "{error}"
        );
        let nulls: ArrayRef = Arc::new(StringArray::from(vec![None::<&str>, None]));
        let error = load(with_symbols(candles(&hours(2)), nulls)).unwrap_err().to_string();
        assert!(error.ends_with("symbol is null; 2 bad rows in this file"), "{error}");
        let error = load(with_symbols(candles(&hours(2)), numbers([1.0, 2.0]))).unwrap_err().to_string();
        assert!(
            error.ends_with("column `symbol` is of type Float64, expected text or whole numbers"),
            "{error}"
        );
    }

    #[test]
    fn batches_and_row_groups_leave_no_seam() {
        let count = 300_000_i64;
        let times: Vec<i64> = (0..count).map(|row| MARCH + row / 3 * HOUR).collect();
        let text: StringArray =
            (0..count).map(|row| Some(["x", "y", "z"][usize::try_from(row % 3).unwrap()])).collect();
        for symbols in [Arc::new(text) as ArrayRef, integers((0..count).map(|row| row % 3))] {
            let loaded = load(with_symbols(candles(&times), symbols)).unwrap();
            assert_eq!(loaded.len(), 3);
            for (first, (_, series)) in loaded.iter().enumerate() {
                assert_eq!((series.report.bars, series.report.gaps), (100_000, 0));
                assert_eq!(series.bars.open[99_999], 100.0 + first as f64 + 3.0 * 99_999.0);
            }
        }
    }
}
