//! Columns decoded straight into vectors of their final type, without record batches on the way.

use std::sync::Arc;

use arrow_schema::{DataType, TimeUnit};
use hemiola_components::time::Nanos;
use parquet::basic::{LogicalType, TimeUnit as Unit, Type};
use parquet::column::reader::{get_column_reader, get_typed_column_reader};
use parquet::data_type::{DataType as Physical, DoubleType, FloatType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::serialized_reader::SerializedPageReader;

use super::columns::{self, MILLISECOND, Nulls};
use super::error::StoreError;
use super::rows::Selection;
use super::table::Table;

/// Rows of a step: its levels, and what is converted, stay in the nearest cache.
const STEP: usize = 1 << 13;

/// A column, and which of its rows have no value.
#[derive(Debug)]
pub(super) struct Decoded<T> {
    pub(super) values: Vec<T>,
    pub(super) nulls: Vec<usize>,
}

impl<T> Decoded<T> {
    /// Adds the nulls under the column's name, and gives the values.
    pub(super) fn note(self, name: &'static str, nulls: &mut Nulls) -> Vec<T> {
        for row in self.nulls {
            nulls.entry(row).or_insert(name);
        }
        self.values
    }
}

impl Table {
    /// A column of a type that [`columns::is_number`] accepts.
    pub(super) fn numbers(&self, column: &'static str, rows: &Selection) -> Result<Decoded<f64>, StoreError> {
        let decoded = match (self.column_type(column), self.leaf(column)) {
            (Some(DataType::Float64), Some((leaf, Type::DOUBLE))) => {
                let mut values = self.room(rows)?;
                self.fill::<DoubleType>(leaf, rows, &mut values)?.then_some(values)
            }
            (Some(DataType::Float32), Some((leaf, Type::FLOAT))) => {
                self.converted::<FloatType, _>(leaf, rows, f64::from)?
            }
            (
                Some(DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale)),
                Some((leaf, Type::INT64)),
            ) => {
                let one = columns::power_of_ten(*scale);
                self.converted::<Int64Type, _>(leaf, rows, |value| value as f64 / one)?
            }
            _ => None,
        };
        match decoded {
            Some(values) => Ok(Decoded { values, nulls: Vec::new() }),
            None => self.in_batches(column, rows, |values, array| columns::append_numbers(values, array)),
        }
    }

    /// A column of a type that [`columns::is_time`] accepts; bare integers count in units of `integer` nanoseconds.
    pub(super) fn times(
        &self,
        column: &'static str,
        integer: i64,
        rows: &Selection,
    ) -> Result<Decoded<Nanos>, StoreError> {
        let leaf = self.leaf(column).filter(|(_, physical)| *physical == Type::INT64);
        let decoded = match leaf.and_then(|(leaf, _)| Some((leaf, self.unit(column, leaf, integer)?))) {
            Some((leaf, 1)) => self.converted::<Int64Type, _>(leaf, rows, Nanos::new)?,
            Some((leaf, unit)) => {
                self.converted::<Int64Type, _>(leaf, rows, |value| Nanos::new(value.saturating_mul(unit)))?
            }
            None => None,
        };
        match decoded {
            Some(values) => Ok(Decoded { values, nulls: Vec::new() }),
            None => {
                self.in_batches(column, rows, |values, array| columns::append_times(values, array, integer))
            }
        }
    }

    /// The nanoseconds that a stored count stands for, where the file and its reader agree about it.
    fn unit(&self, column: &str, leaf: usize, integer: i64) -> Option<i64> {
        let leaf = self.parquet().file_metadata().schema_descr().column(leaf);
        let stored = match leaf.logical_type_ref() {
            Some(LogicalType::Timestamp(timestamp)) => Some(timestamp.unit),
            _ => None,
        };
        match (self.column_type(column)?, stored) {
            (DataType::Int64, _) => Some(integer),
            (DataType::Timestamp(TimeUnit::Millisecond, _), Some(Unit::MILLIS)) => Some(MILLISECOND),
            (DataType::Timestamp(TimeUnit::Microsecond, _), Some(Unit::MICROS)) => Some(1_000),
            (DataType::Timestamp(TimeUnit::Nanosecond, _), Some(Unit::NANOS)) => Some(1),
            _ => None,
        }
    }

    /// The place of a flat column among the leaves of the schema, and how it is stored.
    fn leaf(&self, column: &str) -> Option<(usize, Type)> {
        let schema = self.parquet().file_metadata().schema_descr();
        let leaf = schema.columns().iter().position(|leaf| leaf.path().parts() == [column])?;
        let descriptor = schema.column(leaf);
        let is_flat = descriptor.max_rep_level() == 0 && descriptor.max_def_level() <= 1;
        is_flat.then(|| (leaf, descriptor.physical_type()))
    }

    /// A vector with room for exactly these rows.
    fn room<T>(&self, rows: &Selection) -> Result<Vec<T>, StoreError> {
        let mut values = Vec::new();
        let reserved = values.try_reserve_exact(rows.len());
        reserved
            .map_err(|_| StoreError::corrupt(self.path(), format!("it says it has {} rows", rows.len())))?;
        Ok(values)
    }

    fn converted<P: Physical, T>(
        &self,
        leaf: usize,
        rows: &Selection,
        convert: impl Fn(P::T) -> T,
    ) -> Result<Option<Vec<T>>, StoreError> {
        let mut sink = Converted { raw: Vec::with_capacity(STEP), values: self.room(rows)?, convert };
        Ok(self.fill::<P>(leaf, rows, &mut sink)?.then_some(sink.values))
    }

    /// Decodes the rows of a column; `false` when one of them has no value.
    fn fill<P: Physical>(
        &self,
        leaf: usize,
        rows: &Selection,
        sink: &mut impl Sink<P::T>,
    ) -> Result<bool, StoreError> {
        let input = Arc::new(self.bytes().all().clone());
        let mut levels = Vec::with_capacity(STEP);
        for part in rows.parts() {
            let group = self.parquet().row_group(part.group);
            let chunk = group.column(leaf);
            let complete = self.guarded(|| -> Result<bool, ParquetError> {
                let count = usize::try_from(group.num_rows())?;
                let pages = SerializedPageReader::new(Arc::clone(&input), chunk, count, None)?;
                let reader = get_column_reader(chunk.column_descr_ptr(), Box::new(pages));
                let mut reader = get_typed_column_reader::<P>(reader);
                if reader.skip_records(part.rows.start)? != part.rows.start {
                    return Err(ends_early());
                }
                let mut left = part.rows.len();
                while left > 0 {
                    levels.clear();
                    let (records, values, _) =
                        reader.read_records(left.min(STEP), Some(&mut levels), None, sink.room())?;
                    if records == 0 {
                        return Err(ends_early());
                    }
                    if values < records {
                        return Ok(false);
                    }
                    sink.settle();
                    left -= records;
                }
                Ok(true)
            })?;
            self.release(leaf, part.group);
            if !complete {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn release(&self, leaf: usize, group: usize) {
        let (start, length) = self.parquet().row_group(group).column(leaf).byte_range();
        let end = start.saturating_add(length);
        if let (Ok(start), Ok(end)) = (usize::try_from(start), usize::try_from(end)) {
            self.bytes().release(start..end);
        }
    }

    /// Decodes a column by way of record batches: any type, nulls included.
    fn in_batches<T>(
        &self,
        column: &str,
        rows: &Selection,
        append: impl Fn(&mut Vec<T>, &dyn arrow_array::Array),
    ) -> Result<Decoded<T>, StoreError> {
        let (mut values, mut nulls) = (self.room(rows)?, Vec::new());
        self.batches(&[column], rows, |arrays| {
            for array in arrays {
                nulls.extend(columns::nulls_of(*array).map(|row| values.len() + row));
                append(&mut values, *array);
            }
        })?;
        Ok(Decoded { values, nulls })
    }
}

fn ends_early() -> ParquetError {
    ParquetError::General("a column has fewer rows than its row group".to_owned())
}

/// Where decoded values go.
trait Sink<T> {
    /// Where the next step puts its values, behind what is there.
    fn room(&mut self) -> &mut Vec<T>;

    /// Takes what the step has put there.
    fn settle(&mut self);
}

impl<T> Sink<T> for Vec<T> {
    fn room(&mut self) -> &mut Self {
        self
    }

    fn settle(&mut self) {}
}

struct Converted<R, T, F> {
    raw: Vec<R>,
    values: Vec<T>,
    convert: F,
}

impl<R, T, F: Fn(R) -> T> Sink<R> for Converted<R, T, F> {
    fn room(&mut self) -> &mut Vec<R> {
        &mut self.raw
    }

    fn settle(&mut self) {
        self.values.extend(self.raw.drain(..).map(&self.convert));
    }
}
