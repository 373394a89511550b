//! Tables as Parquet.

use std::borrow::Cow;
use std::ptr;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow_schema::ArrowError;
use hemiola_components::time::Nanos;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use thiserror::Error;

use super::texts::Texts;

/// A table: named columns of the same length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Names and values, in the order of the file.
    pub columns: Vec<(Cow<'static, str>, Column)>,
    /// Key-values of the file's footer, such as `run_id`.
    pub metadata: Vec<(String, String)>,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Instants; a timestamp in nanoseconds, UTC.
    Time(Vec<Nanos>),
    /// Floats; NaN is written as NaN, not as missing.
    Float(Vec<f64>),
    /// Whole numbers.
    Integer(Vec<i64>),
    /// Yes or no.
    Flag(Vec<bool>),
    /// Texts that hardly repeat.
    Text(Texts),
    /// Texts that repeat, each an index into `names`; dictionary-encoded.
    Label {
        /// One index per row.
        values: Vec<u32>,
        /// What the indices stand for.
        names: Vec<String>,
    },
}

/// Why a table cannot be written.
#[derive(Debug, Error)]
pub enum TableError {
    /// The columns differ in length.
    #[error("column `{column}` has {rows} rows, but the first column has {expected}")]
    Unequal {
        /// The column that differs from the first.
        column: String,
        /// Its length.
        rows: usize,
        /// The length of the first.
        expected: usize,
    },
    /// A label that stands for nothing.
    #[error("row {row} of column `{column}` is label {label}, but there are {names} names")]
    Label {
        /// The column.
        column: String,
        /// Counted from 0.
        row: usize,
        /// The index found there.
        label: u32,
        /// How many names there are.
        names: usize,
    },
    /// The columns do not make a table, for example because there are none.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// The table does not make a file.
    #[error(transparent)]
    Parquet(#[from] ParquetError),
}

impl Table {
    /// A table of columns whose names are known beforehand.
    #[must_use]
    pub fn new(columns: Vec<(&'static str, Column)>, metadata: Vec<(String, String)>) -> Self {
        Self { columns: columns.into_iter().map(|(name, column)| (name.into(), column)).collect(), metadata }
    }

    /// The bytes of a Parquet file with this table; equal tables have equal bytes.
    ///
    /// # Errors
    /// When the columns differ in length, there are none, or a label has no name.
    pub fn to_parquet(&self) -> Result<Vec<u8>, TableError> {
        let expected = self.columns.first().map_or(0, |(_, column)| column.len());
        let mut arrays = Vec::with_capacity(self.columns.len());
        for (name, column) in &self.columns {
            if column.len() != expected {
                return Err(TableError::Unequal { column: name.to_string(), rows: column.len(), expected });
            }
            arrays.push((name, column.to_arrow(name)?));
        }
        let batch = RecordBatch::try_from_iter(arrays)?;
        let metadata = self.metadata.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::LZ4_RAW)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_dictionary_enabled(false)
            .set_key_value_metadata(Some(metadata.collect()));
        let properties = self.columns.iter().fold(properties, |properties, (name, column)| {
            let path = ColumnPath::from(name.as_ref());
            match column {
                Column::Label { .. } => properties
                    .set_column_dictionary_enabled(path.clone(), true)
                    .set_column_statistics_enabled(path, EnabledStatistics::None),
                Column::Text(_) => properties.set_column_statistics_enabled(path, EnabledStatistics::None),
                Column::Time(_) => properties.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
                _ => properties,
            }
        });
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build()))?;
        writer.write(&batch)?;
        Ok(writer.into_inner()?)
    }
}

impl Column {
    /// Labels of the given texts, in the order they first appear. For few different ones: each is looked for in turn.
    ///
    /// # Panics
    /// When there are 2^32 different texts.
    #[must_use]
    pub fn labels<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<&str> = Vec::new();
        let mut index = |text: &'a str| {
            let known = names.iter().position(|name| ptr::eq(*name, text) || *name == text);
            known.unwrap_or_else(|| {
                names.push(text);
                names.len() - 1
            })
        };
        let index =
            |text: &'a str| u32::try_from(index(text)).expect("there are fewer than 2^32 different texts");
        let values = texts.into_iter().map(index).collect();
        Self::Label { values, names: names.into_iter().map(str::to_owned).collect() }
    }

    fn len(&self) -> usize {
        match self {
            Self::Time(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Integer(values) => values.len(),
            Self::Flag(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Label { values, .. } => values.len(),
        }
    }

    fn to_arrow(&self, column: &str) -> Result<ArrayRef, TableError> {
        Ok(match self {
            Self::Time(values) => Arc::new(
                TimestampNanosecondArray::from_iter_values(values.iter().map(|time| time.get()))
                    .with_timezone("UTC"),
            ),
            Self::Float(values) => Arc::new(Float64Array::from_iter_values(values.iter().copied())),
            Self::Integer(values) => Arc::new(Int64Array::from_iter_values(values.iter().copied())),
            Self::Flag(values) => Arc::new(BooleanArray::from(values.clone())),
            Self::Text(values) => Arc::new(StringArray::from_iter_values(values.iter())),
            Self::Label { values, names } => Arc::new(labels(column, values, names)?),
        })
    }
}

/// The keys are signed because common readers do not take unsigned ones.
fn labels(column: &str, values: &[u32], names: &[String]) -> Result<DictionaryArray<Int32Type>, TableError> {
    let key = |(row, label): (usize, &u32)| {
        i32::try_from(*label).ok().filter(|_| (*label as usize) < names.len()).ok_or(TableError::Label {
            column: column.to_owned(),
            row,
            label: *label,
            names: names.len(),
        })
    };
    let keys = values.iter().enumerate().map(key).collect::<Result<Vec<_>, _>>()?;
    let names = Arc::new(StringArray::from_iter_values(names));
    Ok(DictionaryArray::try_new(Int32Array::from(keys), names)?)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use arrow_array::RecordBatchReader;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, Int64Type, TimestampNanosecondType};
    use arrow_schema::{DataType, TimeUnit};
    use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

    use super::*;

    fn table() -> Table {
        let names = ["binance:BTC_USDT", "unused", "kraken:ETH_EUR"].map(str::to_owned).to_vec();
        Table::new(
            vec![
                ("time", Column::Time([0, -1, i64::MAX].map(Nanos::new).to_vec())),
                ("equity", Column::Float(vec![1.0 / 3.0, -0.0, f64::NAN])),
                ("count", Column::Integer(vec![i64::MIN, 0, i64::MAX])),
                ("clipped", Column::Flag(vec![true, false, true])),
                ("note", Column::Text(["", "ż🚀", "a\nb"].into_iter().collect())),
                ("instrument", Column::Label { values: vec![2, 0, 2], names }),
            ],
            vec![("run_id".to_owned(), "abc".to_owned()), ("synthetic".to_owned(), "true".to_owned())],
        )
    }

    fn reader(bytes: &[u8]) -> (ParquetRecordBatchReader, Vec<KeyValue>) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let metadata = builder.metadata().file_metadata().key_value_metadata().cloned().unwrap();
        (builder.build().unwrap(), metadata)
    }

    #[test]
    fn a_table_reads_back_as_written() {
        let (mut reader, metadata) = reader(&table().to_parquet().unwrap());
        let batch = reader.next().unwrap().unwrap();
        assert!(reader.next().is_none());
        let schema = batch.schema();
        let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(names, ["time", "equity", "count", "clipped", "note", "instrument"]);

        assert_eq!(
            *batch.column(0).data_type(),
            DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()))
        );
        assert_eq!(batch.column(0).as_primitive::<TimestampNanosecondType>().values(), &[0, -1, i64::MAX]);
        let floats = batch.column(1).as_primitive::<Float64Type>().values();
        let bits: Vec<_> = floats.iter().map(|value| value.to_bits()).collect();
        assert_eq!(bits, [1.0 / 3.0, -0.0, f64::NAN].map(f64::to_bits));
        assert_eq!(batch.column(2).as_primitive::<Int64Type>().values(), &[i64::MIN, 0, i64::MAX]);
        assert_eq!(batch.column(3).as_boolean(), &BooleanArray::from(vec![true, false, true]));
        assert_eq!(batch.column(4).as_string::<i32>(), &StringArray::from(vec!["", "ż🚀", "a\nb"]));
        let labels = batch.column(5).as_dictionary::<Int32Type>().downcast_dict::<StringArray>().unwrap();
        let labels: Vec<_> = labels.into_iter().flatten().collect();
        assert_eq!(labels, ["kraken:ETH_EUR", "binance:BTC_USDT", "kraken:ETH_EUR"]);

        for (key, value) in table().metadata {
            assert!(metadata.contains(&KeyValue::new(key, value)));
        }
    }

    #[test]
    fn labels_are_numbered_as_they_appear() {
        let names = ["buy", "", "sell"].map(str::to_owned).to_vec();
        let expected = Column::Label { values: vec![0, 1, 0, 2, 1], names };
        assert_eq!(Column::labels(["buy", "", "buy", "sell", ""]), expected);
    }

    #[test]
    fn a_table_without_rows_keeps_its_columns() {
        let labels = Column::Label { values: vec![], names: vec![] };
        let empty = Table::new(vec![("time", Column::Time(vec![])), ("instrument", labels)], Vec::new());
        let (reader, _) = reader(&empty.to_parquet().unwrap());
        assert_eq!(reader.schema().fields().len(), 2);
        assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 0);
    }

    #[test]
    fn equal_tables_have_equal_bytes() {
        assert_eq!(table().to_parquet().unwrap(), table().to_parquet().unwrap());
    }

    #[test]
    fn columns_of_unequal_length_are_refused() {
        let mut unequal = table();
        unequal.columns[3].1 = Column::Flag(vec![true]);
        let error = unequal.to_parquet().unwrap_err();
        assert_eq!(error.to_string(), "column `clipped` has 1 rows, but the first column has 3");
    }

    #[test]
    fn labels_without_a_name_are_refused() {
        for label in [1, u32::MAX] {
            let column = Column::Label { values: vec![0, label], names: vec!["only".to_owned()] };
            let error = Table::new(vec![("side", column)], Vec::new()).to_parquet().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("row 1 of column `side` is label {label}, but there are 1 names")
            );
        }
    }

    #[test]
    fn no_columns_are_no_table() {
        assert!(matches!(Table::default().to_parquet(), Err(TableError::Arrow(_))));
    }
}
