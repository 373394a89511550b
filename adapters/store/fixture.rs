//! Parquet files for tests.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use hemiola_components::time::Interval;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

/// 2024-03-01T00:00Z in milliseconds.
pub(crate) const MARCH: i64 = 1_709_251_200_000;
pub(crate) const HOUR: i64 = 3_600_000;

pub(crate) fn interval(text: &str) -> Interval {
    text.parse().unwrap()
}

/// Columns of a file, by name.
pub(crate) type Columns = Vec<(&'static str, ArrayRef)>;

pub(crate) fn write(path: &Path, columns: Columns) {
    write_with(path, columns, WriterProperties::default());
}

pub(crate) fn write_synthetic(path: &Path, columns: Columns) {
    let footer = vec![KeyValue::new("source".to_owned(), "synthetic".to_owned())];
    write_with(path, columns, WriterProperties::builder().set_key_value_metadata(Some(footer)).build());
}

pub(crate) fn write_with(path: &Path, columns: Columns, properties: WriterProperties) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    // Nullable, as most writers make them.
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

pub(crate) fn numbers(values: impl IntoIterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}

pub(crate) fn integers(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

/// Good candles that open at these milliseconds: candle `i` opens at `100 + i`, volume `i + 1`.
pub(crate) fn candles(opens: &[i64]) -> Columns {
    let price = |shift: f64| numbers((0..opens.len()).map(|i| 100.0 + i as f64 + shift));
    vec![
        ("open_time", integers(opens.iter().copied())),
        ("open", price(0.0)),
        ("high", price(2.0)),
        ("low", price(-2.0)),
        ("close", price(1.0)),
        ("volume", numbers((0..opens.len()).map(|i| i as f64 + 1.0))),
    ]
}

/// The same columns with one replaced.
pub(crate) fn with(mut columns: Columns, name: &'static str, values: ArrayRef) -> Columns {
    columns.iter_mut().find(|(column, _)| *column == name).unwrap().1 = values;
    columns
}

/// This many hours from the first of March on.
pub(crate) fn hours(count: i64) -> Vec<i64> {
    (0..count).map(|hour| MARCH + hour * HOUR).collect()
}
