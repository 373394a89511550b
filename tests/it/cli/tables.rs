//! Parquet files for tests, written and read.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Decimal64Type, Float64Type, Int32Type, Int64Type, TimestampNanosecondType};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray};
use arrow_schema::DataType;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// 2024-03-01T00:00Z in milliseconds.
pub(super) const MARCH: i64 = 1_709_251_200_000;
pub(super) const HOUR: i64 = 3_600_000;

pub(super) fn integers(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

pub(super) fn numbers(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values.iter().copied()))
}

pub(super) fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// Milliseconds as a timestamp in nanoseconds.
pub(super) fn instants(milliseconds: &[i64]) -> ArrayRef {
    let nanoseconds = milliseconds.iter().map(|time| time * 1_000_000);
    Arc::new(TimestampNanosecondArray::from_iter_values(nanoseconds).with_timezone("UTC"))
}

/// Named columns.
#[derive(Clone)]
pub(super) struct Columns(pub(super) Vec<(&'static str, ArrayRef)>);

impl Columns {
    pub(super) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(column, _)| *column != name);
        self
    }

    /// With one column more, or another in place of the one of that name.
    pub(super) fn with(self, name: &'static str, values: ArrayRef) -> Self {
        let mut columns = self.without(name);
        columns.0.push((name, values));
        columns
    }

    pub(super) fn write(self, path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Nullable columns, as most writers make them.
        let columns = self.0.into_iter().map(|(name, values)| (name, values, true));
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }
}

/// Hourly candles. Prices go up and down in steps of 1, so that averages cross every few hours.
#[derive(Clone)]
pub(super) struct Candles {
    pub(super) open_time: Vec<i64>,
    pub(super) open: Vec<f64>,
    pub(super) high: Vec<f64>,
    pub(super) low: Vec<f64>,
    pub(super) close: Vec<f64>,
    pub(super) volume: Vec<f64>,
}

impl Candles {
    pub(super) fn hours(count: i64) -> Self {
        let price = |hour: i64| 100.0 + (hour.rem_euclid(22) - 11).abs() as f64;
        Self::of(&(0..count).map(|hour| (price(hour - 1), price(hour))).collect::<Vec<_>>())
    }

    /// Candles with these opens and closes.
    pub(super) fn of(prices: &[(f64, f64)]) -> Self {
        Self {
            open_time: (0..).zip(prices).map(|(hour, _)| MARCH + hour * HOUR).collect(),
            open: prices.iter().map(|(open, _)| *open).collect(),
            high: prices.iter().map(|(open, close)| open.max(*close)).collect(),
            low: prices.iter().map(|(open, close)| open.min(*close)).collect(),
            close: prices.iter().map(|(_, close)| *close).collect(),
            volume: vec![1.0; prices.len()],
        }
    }

    pub(super) fn times(mut self, factor: f64) -> Self {
        for column in [&mut self.open, &mut self.high, &mut self.low, &mut self.close] {
            for price in column {
                *price *= factor;
            }
        }
        self
    }

    pub(super) fn columns(&self) -> Columns {
        Columns(vec![
            ("open_time", integers(self.open_time.iter().copied())),
            ("open", numbers(&self.open)),
            ("high", numbers(&self.high)),
            ("low", numbers(&self.low)),
            ("close", numbers(&self.close)),
            ("volume", numbers(&self.volume)),
        ])
    }
}

/// A table that the program wrote, in one piece.
pub(super) struct Table(RecordBatch);

impl Table {
    pub(super) fn read(path: &Path) -> Self {
        let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let schema = builder.schema().clone();
        let rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap();
        let mut reader = builder.with_batch_size(rows.max(1)).build().unwrap();
        Self(reader.next().map_or_else(|| RecordBatch::new_empty(schema), Result::unwrap))
    }

    pub(super) fn rows(&self) -> usize {
        self.0.num_rows()
    }

    fn column(&self, name: &str) -> &ArrayRef {
        self.0.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"))
    }

    pub(super) fn numbers(&self, name: &str) -> Vec<f64> {
        let column = self.column(name);
        let DataType::Decimal64(_, scale) = column.data_type() else {
            return column.as_primitive::<Float64Type>().values().to_vec();
        };
        let one = (0..*scale).fold(1.0, |one, _| one * 10.0);
        column.as_primitive::<Decimal64Type>().values().iter().map(|count| *count as f64 / one).collect()
    }

    /// Nanoseconds.
    pub(super) fn times(&self, name: &str) -> Vec<i64> {
        self.column(name).as_primitive::<TimestampNanosecondType>().values().to_vec()
    }

    pub(super) fn counts(&self, name: &str) -> Vec<i64> {
        self.column(name).as_primitive::<Int64Type>().values().to_vec()
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let column = self.column(name);
        match column.as_any_dictionary_opt() {
            Some(_) => {
                let labels = column.as_dictionary::<Int32Type>().downcast_dict::<StringArray>().unwrap();
                labels.into_iter().flatten().map(str::to_owned).collect()
            }
            None => column.as_string::<i32>().iter().flatten().map(str::to_owned).collect(),
        }
    }
}
