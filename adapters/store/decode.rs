//! Columns decoded straight into vectors of their final type, without record batches on the way.

use std::sync::Arc;

use arrow_array::Array;
use arrow_schema::{DataType, TimeUnit};
use hemiola_components::time::Nanos;
use parquet::basic::{LogicalType, TimeUnit as Unit, Type};
use parquet::column::reader::{get_column_reader, get_typed_column_reader};
use parquet::data_type::{DataType as Physical, DoubleType, FloatType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::serialized_reader::SerializedPageReader;

use super::columns::{self, MILLISECOND};
use super::error::StoreError;
use super::output::Output;
use super::rows::Selection;
use super::spill::Plain;
use super::table::Table;

/// Rows of a step: its levels, and what is converted, stay in the nearest cache.
const STEP: usize = 1 << 13;

impl Table {
    /// Appends a column of a type that [`columns::is_number`] accepts, and the places of its rows without a value.
    pub(super) fn numbers(
        &self,
        column: &str,
        rows: &Selection,
        values: &mut Output<f64>,
        nulls: &mut Vec<usize>,
    ) -> Result<(), StoreError> {
        let before = values.len();
        let decoded = match (self.column_type(column), self.leaf(column)) {
            (Some(DataType::Float64), Some((leaf, Type::DOUBLE))) => {
                self.make_room(values, before + rows.len())?;
                self.fill::<DoubleType>(leaf, rows, &mut Straight(values))?
            }
            (Some(DataType::Float32), Some((leaf, Type::FLOAT))) => {
                self.convert::<FloatType, _>(leaf, rows, values, f64::from)?
            }
            (
                Some(DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale)),
                Some((leaf, Type::INT64)),
            ) => {
                let one = columns::power_of_ten(*scale);
                self.convert::<Int64Type, _>(leaf, rows, values, |value| value as f64 / one)?
            }
            _ => false,
        };
        if decoded {
            return Ok(());
        }
        values.truncate(before)?;
        self.in_batches(column, rows, values, nulls, |values, array| columns::append_numbers(values, array))
    }

    /// Appends a column of a type that [`columns::is_time`] accepts, likewise; bare integers count in units of
    /// `integer` nanoseconds.
    pub(super) fn times(
        &self,
        column: &str,
        integer: i64,
        rows: &Selection,
        values: &mut Output<Nanos>,
        nulls: &mut Vec<usize>,
    ) -> Result<(), StoreError> {
        let before = values.len();
        let decoded = match self.counted(column, integer) {
            Some((leaf, 1)) => self.convert::<Int64Type, _>(leaf, rows, values, Nanos::new)?,
            Some((leaf, unit)) => {
                let convert = |value: i64| Nanos::new(value.saturating_mul(unit));
                self.convert::<Int64Type, _>(leaf, rows, values, convert)?
            }
            None => false,
        };
        if decoded {
            return Ok(());
        }
        values.truncate(before)?;
        self.in_batches(column, rows, values, nulls, |values, array| {
            columns::append_times(values, array, integer);
        })
    }

    /// The place of a time column and the nanoseconds that its counts stand for, if they can be taken as they are.
    pub(super) fn counted(&self, column: &str, integer: i64) -> Option<(usize, i64)> {
        let (leaf, _) = self.leaf(column).filter(|(_, physical)| *physical == Type::INT64)?;
        Some((leaf, self.unit(column, leaf, integer)?))
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
    pub(super) fn leaf(&self, column: &str) -> Option<(usize, Type)> {
        let schema = self.parquet().file_metadata().schema_descr();
        let leaf = schema.columns().iter().position(|leaf| leaf.path().parts() == [column])?;
        let descriptor = schema.column(leaf);
        let is_flat = descriptor.max_rep_level() == 0 && descriptor.max_def_level() <= 1;
        is_flat.then(|| (leaf, descriptor.physical_type()))
    }

    /// Makes room for exactly so many values in all.
    pub(super) fn make_room<T: Plain>(&self, values: &mut Output<T>, all: usize) -> Result<(), StoreError> {
        let reserved = values.make_room(all);
        reserved.map_err(|_| {
            let reason =
                format!("it says it has {all} rows, too many for memory; if it has, lower --memory-limit");
            StoreError::corrupt(self.path(), reason)
        })
    }

    fn convert<P: Physical, T: Plain>(
        &self,
        leaf: usize,
        rows: &Selection,
        values: &mut Output<T>,
        convert: impl Fn(P::T) -> T,
    ) -> Result<bool, StoreError> {
        self.make_room(values, values.len() + rows.len())?;
        self.fill::<P>(leaf, rows, &mut Converted { raw: Vec::with_capacity(STEP), values, convert })
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
            let complete = self.guarded(|| -> Result<Result<bool, StoreError>, ParquetError> {
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
                        return Ok(Ok(false));
                    }
                    if let Err(error) = sink.settle() {
                        return Ok(Err(error));
                    }
                    left -= records;
                }
                Ok(Ok(true))
            })??;
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
    fn in_batches<T: Plain>(
        &self,
        column: &str,
        rows: &Selection,
        values: &mut Output<T>,
        nulls: &mut Vec<usize>,
        append: impl Fn(&mut Vec<T>, &dyn Array),
    ) -> Result<(), StoreError> {
        let all = values.len() + rows.len();
        self.make_room(values, all)?;
        let mut settled = Ok(());
        self.batches(&[column], rows, |arrays| {
            for array in arrays {
                nulls.extend(columns::nulls_of(*array).map(|row| values.len() + row));
                if settled.is_ok() {
                    append(values.tail(), *array);
                    settled = values.settle();
                }
            }
        })?;
        settled?;
        if values.len() == all { Ok(()) } else { Err(StoreError::corrupt(self.path(), ends_early())) }
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
    fn settle(&mut self) -> Result<(), StoreError>;
}

struct Straight<'a, T>(&'a mut Output<T>);

impl<T: Plain> Sink<T> for Straight<'_, T> {
    fn room(&mut self) -> &mut Vec<T> {
        self.0.tail()
    }

    fn settle(&mut self) -> Result<(), StoreError> {
        self.0.settle()
    }
}

struct Converted<'a, R, T, F> {
    raw: Vec<R>,
    values: &'a mut Output<T>,
    convert: F,
}

impl<R, T: Plain, F: Fn(R) -> T> Sink<R> for Converted<'_, R, T, F> {
    fn room(&mut self) -> &mut Vec<R> {
        &mut self.raw
    }

    fn settle(&mut self) -> Result<(), StoreError> {
        self.values.tail().extend(self.raw.drain(..).map(&self.convert));
        self.values.settle()
    }
}
