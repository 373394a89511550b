//! Demo candles as files of a store.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Decimal64Array, Float64Array, RecordBatch, TimestampMillisecondArray};
use arrow_schema::DataType;
use hemiola_components::market::Bars;
use hemiola_components::time::Interval;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use tempfile::NamedTempFile;

use super::{SeedSpec, candles};
use crate::store::StoreError;
use crate::store::layout::{self, PARTITION_FILE, PARTITIONED};
use crate::store::table::Table;

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedReport {
    /// How many candles there are of each interval, shortest first.
    pub series: Vec<(Interval, usize)>,
    /// Files written.
    pub files: usize,
    /// Files of an earlier seed that were removed, because their months are no longer part of the series.
    pub removed: usize,
}

/// Whether [`write()`] would be allowed to: nothing is written.
///
/// # Errors
/// When the candles cannot be made (see [`candles`]), or would replace real ones.
pub fn check(root: &Path, spec: &SeedSpec) -> Result<(), StoreError> {
    spec.checked_intervals()?;
    replaceable_files(root, spec, &symbol_folder(root, spec)).map(drop)
}

/// Makes the stored series exactly what the spec says, in the partitioned layout below `ohlcv_parquet/`.
///
/// Files of an earlier seed are replaced. If any file of a series was not written by a seed, nothing is changed.
///
/// # Errors
/// When the candles cannot be made (see [`candles`]), would replace real ones, or cannot be written.
pub fn write(root: &Path, spec: &SeedSpec) -> Result<SeedReport, StoreError> {
    let series = candles(spec)?;
    let symbol_folder = symbol_folder(root, spec);
    let old_files = replaceable_files(root, spec, &symbol_folder)?;

    let mut report = SeedReport { series: Vec::new(), files: 0, removed: 0 };
    let mut written = Vec::new();
    for (interval, bars) in &series {
        let scales = Scales::of(bars);
        for rows in months(bars) {
            let month = layout::month_folder(bars.open_time[rows.start]);
            let file = symbol_folder.join(interval.to_string()).join(month).join(PARTITION_FILE);
            write_file(&file, bars, rows, &scales, spec, *interval)?;
            written.push(file);
        }
        report.series.push((*interval, bars.len()));
    }
    for file in old_files.iter().filter(|file| !written.contains(file)) {
        fs::remove_file(file).map_err(|error| StoreError::io(file, "remove", error))?;
        report.removed += 1;
    }
    report.files = written.len();
    Ok(report)
}

fn symbol_folder(root: &Path, spec: &SeedSpec) -> PathBuf {
    root.join(PARTITIONED).join(layout::folder_name(&spec.venue)).join(layout::folder_name(&spec.folder))
}

/// The files that the spec's series consist of now, provided that a seed wrote them all, where this one would.
fn replaceable_files(root: &Path, spec: &SeedSpec, symbol_folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut files = Vec::new();
    for (interval, location) in layout::series(root, &spec.venue, &spec.folder, &[layout::PARQUET])? {
        if !spec.intervals.contains(&interval) {
            continue;
        }
        for (file, _) in location.files() {
            if !Table::open(file)?.is_synthetic() {
                return Err(StoreError::NotSynthetic { path: file.to_owned() });
            }
            files.push(file.to_owned());
        }
        let folder = symbol_folder.join(interval.to_string());
        if location.path() != folder {
            let first = location.path().to_owned();
            return Err(StoreError::Ambiguous { interval, first, second: folder });
        }
    }
    Ok(files)
}

/// The rows of each month.
fn months(bars: &Bars) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    while start < bars.len() {
        let month = layout::month_folder(bars.open_time[start]);
        let end =
            start + bars.open_time[start..].partition_point(|open| layout::month_folder(*open) == month);
        ranges.push(start..end);
        start = end;
    }
    ranges
}

fn write_file(
    path: &Path,
    bars: &Bars,
    rows: Range<usize>,
    scales: &Scales,
    spec: &SeedSpec,
    interval: Interval,
) -> Result<(), StoreError> {
    let folder = path.parent().expect("a partition has a folder");
    let write = || -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut temporary = temporary_in(folder)?;
        encode(temporary.as_file_mut(), bars, rows, scales, spec, interval).map_err(io::Error::other)?;
        temporary.as_file().sync_all()?;
        temporary.persist(path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|error| StoreError::io(path, "write", error))
}

/// A temporary file that whoever may read the folder can read once it has its name: demo candles are no secret.
fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    builder.tempfile_in(folder)
}

fn encode(
    file: &mut File,
    bars: &Bars,
    rows: Range<usize>,
    scales: &Scales,
    spec: &SeedSpec,
    interval: Interval,
) -> Result<(), parquet::errors::ParquetError> {
    let open_time = bars.open_time[rows.clone()].iter().map(|open| open.millis());
    let numbers = |column: &[f64], scale: Option<i8>| match scale {
        Some(scale) => decimals(&column[rows.clone()], scale),
        None => Ok(Arc::new(Float64Array::from(column[rows.clone()].to_vec())) as ArrayRef),
    };
    let batch = RecordBatch::try_from_iter([
        (
            "open_time",
            Arc::new(TimestampMillisecondArray::from_iter_values(open_time).with_timezone_utc()) as ArrayRef,
        ),
        ("open", numbers(&bars.open, scales.prices)?),
        ("high", numbers(&bars.high, scales.prices)?),
        ("low", numbers(&bars.low, scales.prices)?),
        ("close", numbers(&bars.close, scales.prices)?),
        ("volume", numbers(&bars.volume, scales.volume)?),
    ])?;
    let footer = [
        ("exchange", spec.venue.clone()),
        ("symbol", spec.symbol.clone()),
        ("interval", interval.to_string()),
        ("schema_version", "1".to_owned()),
        ("source", "synthetic".to_owned()),
    ];
    let footer = footer.into_iter().map(|(key, value)| KeyValue::new(key.to_owned(), value)).collect();
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_dictionary_enabled(false)
        .set_key_value_metadata(Some(footer));
    for field in batch.schema().fields() {
        let column = ColumnPath::from(field.name().as_str());
        properties = match field.data_type() {
            DataType::Float64 => properties.set_column_compression(column, Compression::LZ4_RAW),
            _ => properties.set_column_encoding(column, Encoding::DELTA_BINARY_PACKED),
        };
    }
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties.build()))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}

/// How many decimals the numbers of a series have, the same in all its files: whole numbers of the last one, each the
/// difference to the one before, take half the room of compressed floats and a fraction of their time. `None` where
/// numbers do not come back exactly.
struct Scales {
    prices: Option<i8>,
    volume: Option<i8>,
}

impl Scales {
    fn of(bars: &Bars) -> Self {
        let prices = [&bars.open, &bars.high, &bars.low, &bars.close].map(|column| scale(column));
        let most = prices.into_iter().try_fold(0, |most: i8, scale| Some(most.max(scale?)));
        let fits =
            |most: &i8| [&bars.open, &bars.high, &bars.low, &bars.close].iter().all(|c| is_exact(c, *most));
        Self { prices: most.filter(fits), volume: scale(&bars.volume) }
    }
}

/// Digits of the numbers in files.
const PRECISION: u8 = 18;

const MOST_DECIMALS: i8 = 10;

/// The fewest decimals at which these numbers come back exactly.
fn scale(numbers: &[f64]) -> Option<i8> {
    (0..=MOST_DECIMALS).find(|scale| is_exact(numbers, *scale))
}

fn is_exact(numbers: &[f64], scale: i8) -> bool {
    /// 2^53: whole numbers up to here are exact in f64.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let one = one(scale);
    numbers.iter().all(|number| {
        let count = (number * one).round();
        count.abs() < EXACT && count / one == *number
    })
}

fn one(scale: i8) -> f64 {
    (0..scale).fold(1.0, |one, _| one * 10.0)
}

fn decimals(numbers: &[f64], scale: i8) -> Result<ArrayRef, parquet::errors::ParquetError> {
    let one = one(scale);
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
    let counts: Decimal64Array = numbers.iter().map(|number| Some((number * one).round() as i64)).collect();
    Ok(Arc::new(counts.with_precision_and_scale(PRECISION, scale)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_stored_with_the_decimals_that_bring_them_back() {
        assert_eq!(scale(&[20_000.37, 0.5, 3.0]), Some(2));
        assert_eq!(scale(&[100.0]), Some(0));
        assert_eq!(scale(&[1.0 / 3.0]), None);
        assert_eq!(scale(&[0.1 + 0.2]), None, "off by its last bit");
        assert_eq!(scale(&[1e17]), None);
    }
}
