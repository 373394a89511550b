//! The candle columns of files.

use std::ops::Range;
use std::path::Path;

use hemiola_components::column::Column;
use hemiola_components::market::Bars;
use hemiola_components::time::Nanos;

use super::SourceFile;
use super::bytes::Small;
use super::check::Rows;
use super::columns::{self, MILLISECOND, NUMBER_TYPES, Nulls, SYMBOL_TYPES, Symbols, TIME_TYPES};
use super::demand::Demand;
use super::error::StoreError;
use super::output::Output;
use super::parallel;
use super::rows::Selection;
use super::spill::Scratch;
use super::table::Table;

const NUMBERS: [&str; 5] = ["open", "high", "low", "close", "volume"];

/// A candle file whose columns have the right types; nothing of them has been read.
pub(super) struct CandleFile {
    pub(super) table: Table,
    pub(super) time_column: &'static str,
    /// What a bare integer in it counts, in nanoseconds.
    pub(super) unit: i64,
    symbol: Option<&'static str>,
}

impl CandleFile {
    /// Opens a file; `symbol` is the name of the column that tells series apart, if it matters.
    pub(super) fn open(path: &Path, symbol: Option<&'static str>, small: Small) -> Result<Self, StoreError> {
        let mut table = Table::open_as(path, small)?;
        let (time_column, unit) = if table.column_type("open_time").is_some() {
            ("open_time", MILLISECOND)
        } else if table.column_type("ts").is_some() {
            ("ts", 1)
        } else {
            return Err(table.missing("open_time` or `ts"));
        };
        table.require(time_column, TIME_TYPES, columns::is_time)?;
        for column in NUMBERS {
            table.require(column, NUMBER_TYPES, columns::is_number)?;
        }
        let symbol = symbol.filter(|symbol| table.column_type(symbol).is_some());
        if let Some(symbol) = symbol
            && columns::is_text(table.require(symbol, SYMBOL_TYPES, columns::is_symbol)?)
        {
            table.read_as_dictionary(symbol)?;
        }
        Ok(Self { table, time_column, unit, symbol })
    }

    pub(super) const fn has_symbols(&self) -> bool {
        self.symbol.is_some()
    }

    /// The symbol of each row, with a note of rows that have none.
    pub(super) fn symbols(&self, nulls: &mut Nulls) -> Result<Option<Symbols>, StoreError> {
        let Some(name) = self.symbol else { return Ok(None) };
        let mut symbols = Symbols::default();
        self.table.batches(&[name], &Selection::all(&self.table)?, |columns| {
            for column in columns {
                columns::note_nulls(nulls, *column, name, symbols.rows.len());
                symbols.append(*column);
            }
        })?;
        Ok(Some(symbols))
    }
}

/// A stretch of a file.
pub(super) struct Piece {
    pub(super) file: CandleFile,
    pub(super) rows: Selection,
}

/// The rows of one file or several in time order, as they are: nothing about them has been checked but their types.
#[derive(Default)]
pub(super) struct Stack {
    pub(super) time: Column<Nanos>,
    pub(super) open: Column<f64>,
    /// Empty when nobody wants them, like the lows.
    pub(super) high: Column<f64>,
    pub(super) low: Column<f64>,
    pub(super) close: Column<f64>,
    /// Empty when nobody wants them and every candle traded.
    pub(super) volume: Column<f64>,
    pub(super) nulls: Nulls,
    /// One entry per file.
    pub(super) sources: Vec<SourceFile>,
}

/// A time column, and its rows without a value.
pub(super) type Times = (Column<Nanos>, Vec<usize>);

enum Job {
    Time,
    Number(&'static str),
    Sources,
}

enum Done {
    Time(Times),
    Number(&'static str, Column<f64>, Vec<usize>),
    Sources(Vec<SourceFile>),
}

impl Stack {
    /// Decodes the pieces, column by column, into files where there is a folder for them. `time` is the time column
    /// where it has been decoded already.
    pub(super) fn read(
        pieces: &[Piece],
        time: Option<Times>,
        demand: &Demand,
        scratch: Option<&Scratch>,
    ) -> Result<Self, StoreError> {
        let mut jobs = vec![Job::Sources];
        if time.is_none() {
            jobs.push(Job::Time);
        }
        jobs.extend(wanted(pieces, demand).map(Job::Number));
        let done = parallel::map(demand.threads, &jobs, |job| work(job, pieces, scratch));
        let mut stack = Self::default();
        if let Some((values, nulls)) = time {
            stack.note(pieces, nulls, None);
            stack.time = values;
        }
        for done in done {
            match done? {
                Done::Sources(sources) => stack.sources = sources,
                Done::Time((values, nulls)) => {
                    stack.note(pieces, nulls, None);
                    stack.time = values;
                }
                Done::Number(name, values, nulls) => {
                    stack.note(pieces, nulls, Some(name));
                    *stack.column(name) = values;
                }
            }
        }
        Ok(stack)
    }

    /// Notes rows without a value, under the time column's name when there is no other.
    fn note(&mut self, pieces: &[Piece], nulls: Vec<usize>, name: Option<&'static str>) {
        for row in nulls {
            let mut ends = pieces.iter().scan(0, |end, piece| {
                *end += piece.rows.len();
                Some((*end, piece))
            });
            let time = || ends.find(|(end, _)| row < *end).map_or("", |(_, piece)| piece.file.time_column);
            self.nulls.entry(row).or_insert(name.unwrap_or_else(time));
        }
    }

    fn column(&mut self, name: &str) -> &mut Column<f64> {
        match name {
            "open" => &mut self.open,
            "high" => &mut self.high,
            "low" => &mut self.low,
            "close" => &mut self.close,
            _ => &mut self.volume,
        }
    }

    /// Some of the rows, which are of one file, for its checks. `first` is the place of their first in the file.
    pub(super) fn rows<'a>(
        &'a self,
        piece: &'a Piece,
        rows: Range<usize>,
        symbols: Option<&'a Symbols>,
    ) -> Rows<'a> {
        let of = |column: &'a Column<f64>| column.get(rows.clone()).unwrap_or_default();
        Rows {
            path: piece.file.table.path(),
            time_column: piece.file.time_column,
            first: piece.rows.first(),
            time: &self.time[rows.clone()],
            open: of(&self.open),
            high: of(&self.high),
            low: of(&self.low),
            close: of(&self.close),
            volume: of(&self.volume),
            nulls: &self.nulls,
            before: rows.start,
            symbols,
        }
    }

    /// The rows as candles of this length.
    pub(super) fn into_bars(self, interval: Nanos) -> Bars {
        Bars {
            open_time: self.time,
            open: self.open,
            high: self.high,
            low: self.low,
            close: self.close,
            volume: self.volume,
            ..Bars::empty(interval)
        }
    }
}

/// The columns of numbers that are read.
fn wanted(pieces: &[Piece], demand: &Demand) -> impl Iterator<Item = &'static str> {
    let high_low = demand.wants_high_low();
    let volume = demand.wants_volume() || !pieces.iter().all(|piece| piece.file.table.is_positive("volume"));
    NUMBERS.into_iter().filter(move |name| match *name {
        "high" | "low" => high_low,
        "volume" => volume,
        _ => true,
    })
}

/// The bytes of the columns that are read, and of the running sums of one of them.
pub(super) fn bytes(pieces: &[Piece], demand: &Demand) -> u64 {
    const TIMES_AND_SUMS: usize = 2;
    let columns = wanted(pieces, demand).count() + TIMES_AND_SUMS;
    (rows(pieces) as u64).saturating_mul((columns * size_of::<f64>()) as u64)
}

fn rows(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| piece.rows.len()).sum()
}

fn work(job: &Job, pieces: &[Piece], scratch: Option<&Scratch>) -> Result<Done, StoreError> {
    match job {
        Job::Sources => {
            pieces.iter().map(|piece| piece.file.table.source()).collect::<Result<_, _>>().map(Done::Sources)
        }
        Job::Time => times(pieces, scratch).map(Done::Time),
        Job::Number(name) => {
            let (mut values, mut nulls) = (Output::new(scratch)?, Vec::new());
            for Piece { file, rows: part } in pieces {
                file.table.make_room(&mut values, rows(pieces))?;
                file.table.numbers(name, part, &mut values, &mut nulls)?;
            }
            Ok(Done::Number(name, values.finish()?, nulls))
        }
    }
}

/// The time column, and its rows without a value.
pub(super) fn times(pieces: &[Piece], scratch: Option<&Scratch>) -> Result<Times, StoreError> {
    let (mut values, mut nulls) = (Output::new(scratch)?, Vec::new());
    for Piece { file, rows: part } in pieces {
        file.table.make_room(&mut values, rows(pieces))?;
        file.table.times(file.time_column, file.unit, part, &mut values, &mut nulls)?;
    }
    Ok((values.finish()?, nulls))
}
