//! The candle columns of files.

use std::ops::Range;
use std::path::Path;

use hemiola_components::market::Bars;
use hemiola_components::time::Nanos;

use super::SourceFile;
use super::check::Rows;
use super::columns::{self, MILLISECOND, NUMBER_TYPES, Nulls, SYMBOL_TYPES, Symbols, TIME_TYPES};
use super::demand::Demand;
use super::error::StoreError;
use super::parallel;
use super::rows::Selection;
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
    pub(super) fn open(path: &Path, symbol: Option<&'static str>) -> Result<Self, StoreError> {
        let mut table = Table::open(path)?;
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
    pub(super) time: Vec<Nanos>,
    pub(super) open: Vec<f64>,
    /// Empty when nobody wants them, like the lows.
    pub(super) high: Vec<f64>,
    pub(super) low: Vec<f64>,
    pub(super) close: Vec<f64>,
    /// Empty when nobody wants them and every candle traded.
    pub(super) volume: Vec<f64>,
    pub(super) nulls: Nulls,
    /// One entry per file.
    pub(super) sources: Vec<SourceFile>,
}

enum Job {
    Time,
    Number(&'static str),
    Sources,
}

enum Done {
    Time(Vec<Nanos>, Vec<usize>),
    Number(&'static str, Vec<f64>, Vec<usize>),
    Sources(Vec<SourceFile>),
}

impl Stack {
    /// Decodes the pieces, each column as a whole. `time` is the time column where it has been decoded already.
    pub(super) fn read(
        pieces: &[Piece],
        time: Option<(Vec<Nanos>, Vec<usize>)>,
        demand: &Demand,
    ) -> Result<Self, StoreError> {
        let volume =
            demand.wants_volume() || !pieces.iter().all(|piece| piece.file.table.is_positive("volume"));
        let mut jobs = vec![Job::Sources];
        if time.is_none() {
            jobs.push(Job::Time);
        }
        jobs.extend(NUMBERS.into_iter().filter_map(|name| {
            let wanted = match name {
                "high" | "low" => demand.wants_high_low(),
                "volume" => volume,
                _ => true,
            };
            wanted.then_some(Job::Number(name))
        }));
        let done = parallel::map(demand.threads, &jobs, |job| work(job, pieces));
        let mut stack = Self::default();
        if let Some((values, nulls)) = time {
            stack.note(pieces, nulls, None);
            stack.time = values;
        }
        for done in done {
            match done? {
                Done::Sources(sources) => stack.sources = sources,
                Done::Time(values, nulls) => {
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

    fn column(&mut self, name: &str) -> &mut Vec<f64> {
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
        let of = |column: &'a [f64]| column.get(rows.clone()).unwrap_or_default();
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
            open_time: self.time.into(),
            open: self.open.into(),
            high: self.high.into(),
            low: self.low.into(),
            close: self.close.into(),
            volume: self.volume.into(),
            ..Bars::empty(interval)
        }
    }
}

fn work(job: &Job, pieces: &[Piece]) -> Result<Done, StoreError> {
    let rows = pieces.iter().map(|piece| piece.rows.len()).sum();
    match job {
        Job::Sources => {
            pieces.iter().map(|piece| piece.file.table.source()).collect::<Result<_, _>>().map(Done::Sources)
        }
        Job::Time => times(pieces).map(|(values, nulls)| Done::Time(values, nulls)),
        Job::Number(name) => {
            let (mut values, mut nulls) = (Vec::new(), Vec::new());
            for Piece { file, rows: part } in pieces {
                file.table.make_room(&mut values, rows)?;
                file.table.numbers(name, part, &mut values, &mut nulls)?;
            }
            Ok(Done::Number(name, values, nulls))
        }
    }
}

/// The time column, and its rows without a value.
pub(super) fn times(pieces: &[Piece]) -> Result<(Vec<Nanos>, Vec<usize>), StoreError> {
    let rows = pieces.iter().map(|piece| piece.rows.len()).sum();
    let (mut values, mut nulls) = (Vec::new(), Vec::new());
    for Piece { file, rows: part } in pieces {
        file.table.make_room(&mut values, rows)?;
        file.table.times(file.time_column, file.unit, part, &mut values, &mut nulls)?;
    }
    Ok((values, nulls))
}
