//! The candle columns of a file.

use std::path::Path;

use hemiola_components::market::Bars;
use hemiola_components::time::Nanos;

use super::SourceFile;
use super::columns::{self, MILLISECOND, NUMBER_TYPES, Nulls, SYMBOL_TYPES, Symbols, TIME_TYPES};
use super::error::StoreError;
use super::rows::Selection;
use super::table::Table;

/// The rows of a candle file, as they are: nothing about them has been checked but their types.
pub(super) struct Rows {
    pub(super) source: SourceFile,
    pub(super) synthetic: bool,
    pub(super) time_column: &'static str,
    pub(super) time: Vec<Nanos>,
    pub(super) open: Vec<f64>,
    pub(super) high: Vec<f64>,
    pub(super) low: Vec<f64>,
    pub(super) close: Vec<f64>,
    pub(super) volume: Vec<f64>,
    pub(super) nulls: Nulls,
    /// Absent when the file has no such column, or nobody asked.
    pub(super) symbols: Option<Symbols>,
}

impl Rows {
    /// Reads a file; `symbol` is the name of the column that tells series apart, if it matters.
    pub(super) fn read(path: &Path, symbol: Option<&'static str>) -> Result<Self, StoreError> {
        let mut table = Table::open(path)?;
        let (time_column, integer) = if table.column_type("open_time").is_some() {
            ("open_time", MILLISECOND)
        } else if table.column_type("ts").is_some() {
            ("ts", 1)
        } else {
            return Err(table.missing("open_time` or `ts"));
        };
        table.require(time_column, TIME_TYPES, columns::is_time)?;
        for column in ["open", "high", "low", "close", "volume"] {
            table.require(column, NUMBER_TYPES, columns::is_number)?;
        }
        let symbol = symbol.filter(|symbol| table.column_type(symbol).is_some());
        if let Some(symbol) = symbol
            && columns::is_text(table.require(symbol, SYMBOL_TYPES, columns::is_symbol)?)
        {
            table.read_as_dictionary(symbol)?;
        }

        let synthetic = table.is_synthetic();
        let rows = Selection::all(&table)?;
        let mut nulls = Nulls::new();
        let time = table.times(time_column, integer, &rows)?.note(time_column, &mut nulls);
        let mut numbers = |name| Ok(table.numbers(name, &rows)?.note(name, &mut nulls));
        let (open, high, low) = (numbers("open")?, numbers("high")?, numbers("low")?);
        let (close, volume) = (numbers("close")?, numbers("volume")?);
        let symbols = symbol.map(|name| read_symbols(&table, name, &rows, &mut nulls)).transpose()?;
        let source = table.source()?;
        Ok(Self { source, synthetic, time_column, time, open, high, low, close, volume, nulls, symbols })
    }

    /// Moves the rows to the end of `bars`.
    pub(super) fn append_to(self, bars: &mut Bars) {
        join(&mut bars.open_time, self.time);
        join(&mut bars.open, self.open);
        join(&mut bars.high, self.high);
        join(&mut bars.low, self.low);
        join(&mut bars.close, self.close);
        join(&mut bars.volume, self.volume);
    }
}

fn read_symbols(
    table: &Table,
    name: &'static str,
    rows: &Selection,
    nulls: &mut Nulls,
) -> Result<Symbols, StoreError> {
    let mut symbols = Symbols::default();
    table.batches(&[name], rows, |columns| {
        for column in columns {
            columns::note_nulls(nulls, *column, name, symbols.rows.len());
            symbols.append(*column);
        }
    })?;
    Ok(symbols)
}

/// Appends; the usual case, one file per series, costs no copy.
fn join<T>(all: &mut Vec<T>, mut more: Vec<T>) {
    if all.is_empty() {
        *all = more;
    } else {
        all.append(&mut more);
    }
}
