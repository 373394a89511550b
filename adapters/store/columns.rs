//! Arrow columns as plain vectors.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    Decimal64Type, Decimal128Type, Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{Array, downcast_integer_array};
use arrow_schema::{DataType, TimeUnit};
use hemiola_components::time::Nanos;

/// Nanoseconds in a millisecond.
pub(super) const MILLISECOND: i64 = 1_000_000;

pub(super) const TIME_TYPES: &str = "int64 or a timestamp";
pub(super) const NUMBER_TYPES: &str = "float64, float32 or decimal";
pub(super) const TEXT_TYPES: &str = "text";
pub(super) const SYMBOL_TYPES: &str = "text or whole numbers";

pub(super) const fn is_time(column: &DataType) -> bool {
    matches!(column, DataType::Int64 | DataType::Timestamp(_, _))
}

pub(super) const fn is_number(column: &DataType) -> bool {
    matches!(
        column,
        DataType::Float64 | DataType::Float32 | DataType::Decimal64(_, _) | DataType::Decimal128(_, _)
    )
}

pub(super) fn is_text(column: &DataType) -> bool {
    match column {
        DataType::Dictionary(_, values) => is_text(values),
        _ => matches!(column, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
    }
}

pub(super) fn is_symbol(column: &DataType) -> bool {
    is_text(column) || column.is_integer()
}

/// Appends instants; bare integers count in units of `integer` nanoseconds.
///
/// An instant that does not fit becomes the nearest that does, which the check of its range finds.
pub(super) fn append_times(times: &mut Vec<Nanos>, column: &dyn Array, integer: i64) {
    let (values, unit): (&[i64], i64) = match column.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            (column.as_primitive::<TimestampSecondType>().values(), 1_000 * MILLISECOND)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            (column.as_primitive::<TimestampMillisecondType>().values(), MILLISECOND)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            (column.as_primitive::<TimestampMicrosecondType>().values(), 1_000)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            (column.as_primitive::<TimestampNanosecondType>().values(), 1)
        }
        _ => (column.as_primitive::<Int64Type>().values(), integer),
    };
    times.extend(values.iter().map(|value| Nanos::new(value.saturating_mul(unit))));
}

/// Appends numbers of any type that [`is_number`] accepts.
pub(super) fn append_numbers(numbers: &mut Vec<f64>, column: &dyn Array) {
    match column.data_type() {
        DataType::Float32 => {
            numbers
                .extend(column.as_primitive::<Float32Type>().values().iter().map(|value| f64::from(*value)));
        }
        DataType::Decimal64(_, scale) => {
            let one = power_of_ten(*scale);
            numbers.extend(column.as_primitive::<Decimal64Type>().values().iter().map(|v| *v as f64 / one));
        }
        DataType::Decimal128(_, scale) => {
            let one = power_of_ten(*scale);
            numbers.extend(column.as_primitive::<Decimal128Type>().values().iter().map(|v| *v as f64 / one));
        }
        _ => numbers.extend_from_slice(column.as_primitive::<Float64Type>().values()),
    }
}

/// Exact up to 10^22, so that a decimal becomes the nearest f64 in one division.
pub(super) fn power_of_ten(scale: i8) -> f64 {
    (0..scale).fold(1.0, |power, _| power * 10.0)
}

/// Which rows have no value, and in which column first.
pub(super) type Nulls = BTreeMap<usize, &'static str>;

/// Notes the nulls of a column whose first value belongs to row `offset`.
pub(super) fn note_nulls(nulls: &mut Nulls, column: &dyn Array, name: &'static str, offset: usize) {
    for row in nulls_of(column) {
        nulls.entry(offset + row).or_insert(name);
    }
}

/// The rows of a column that have no value.
pub(super) fn nulls_of(column: &dyn Array) -> impl Iterator<Item = usize> {
    let rows = if column.null_count() > 0 { column.len() } else { 0 };
    (0..rows).filter(|row| column.is_null(*row))
}

/// The symbol of each row.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    /// Each symbol's slot, in order of first sight.
    pub(super) slots: BTreeMap<String, usize>,
    /// Each row's slot; meaningless where the symbol is null.
    pub(super) rows: Vec<usize>,
}

impl Symbols {
    /// Appends symbols: a dictionary of text with i32 keys, or integers.
    pub(super) fn append(&mut self, column: &dyn Array) {
        if let Some(dictionary) = column.as_dictionary_opt::<Int32Type>() {
            let values = dictionary.values().as_string::<i32>();
            let slots: Vec<usize> = (0..values.len()).map(|value| self.slot(values.value(value))).collect();
            self.rows.extend(dictionary.keys().values().iter().map(|key| {
                usize::try_from(*key).ok().and_then(|key| slots.get(key)).copied().unwrap_or_default()
            }));
        } else {
            let mut known = BTreeMap::new();
            downcast_integer_array!(
                column => {
                    for value in column.values() {
                        let value = i128::from(*value);
                        let slot = *known.entry(value).or_insert_with(|| self.slot(&value.to_string()));
                        self.rows.push(slot);
                    }
                },
                other => unreachable!("a symbol column of type {other} was accepted")
            );
        }
    }

    fn slot(&mut self, symbol: &str) -> usize {
        if let Some(slot) = self.slots.get(symbol) {
            return *slot;
        }
        let slot = self.slots.len();
        self.slots.insert(symbol.to_owned(), slot);
        slot
    }
}
