//! What is demanded of every row.

use std::ops::Range;

use hemiola_components::time::{Interval, Nanos};
use thiserror::Error;

use super::SeriesReport;
use super::candles::Rows;
use super::error::{StoreError, rfc3339};

/// How much of a file is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Every row in every column.
    Full,
    /// Times only: the prices and volumes were checked when the file was stored.
    Trusted,
}

/// What is wrong with a row.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Defect {
    /// No value.
    #[error("{0} is null")]
    Null(&'static str),
    /// NaN or an infinity.
    #[error("{0} is {1}, not a finite number")]
    NotFinite(&'static str, f64),
    /// A price of zero or below.
    #[error("{0} is {1}, not above zero")]
    NotPositive(&'static str, f64),
    /// A volume or a size below zero.
    #[error("{0} is {1}, below zero")]
    Negative(&'static str, f64),
    /// Somebody would buy for more than somebody sells for.
    #[error("bid {0} is above ask {1}")]
    Crossed(f64, f64),
    /// A price below the lowest.
    #[error("{0} {1} is below low {2}")]
    BelowLow(&'static str, f64, f64),
    /// A price above the highest.
    #[error("{0} {1} is above high {2}")]
    AboveHigh(&'static str, f64, f64),
    /// The time of the row before.
    #[error("the same time as the row before it")]
    Duplicate,
    /// A time before that of the row before.
    #[error("out of order: the row before it is at {}", rfc3339(*.0))]
    OutOfOrder(Nanos),
    /// Not a whole number of intervals after the first row of the series.
    #[error("not a whole number of {interval} steps after the first row, {first}", interval = .0, first = rfc3339(*.1))]
    OffGrid(Interval, Nanos),
    /// A row in the wrong file of a partitioned series.
    #[error("belongs in another partition: this one begins {} and ends before {}", rfc3339(.0.start), rfc3339(.0.end))]
    WrongPartition(Range<Nanos>),
    /// Most likely a count in another unit.
    #[error("the time is outside 1970 to 2200: is it in another unit?")]
    ImplausibleTime,
    /// A symbol that names no venue.
    #[error("`{0}` is not an instrument: expected `venue:symbol`")]
    NotAnInstrument(String),
}

const LATEST: Nanos = Nanos::new(7_258_118_400 * 1_000_000_000);

/// Whether a time is one that a candle may have.
pub(super) fn plausible(time: Nanos) -> Result<(), Defect> {
    if time < Nanos::ZERO || time >= LATEST { Err(Defect::ImplausibleTime) } else { Ok(()) }
}

/// Whether a time is later than the one before it.
pub(super) fn later(previous: Nanos, time: Nanos) -> Result<(), Defect> {
    match time.cmp(&previous) {
        std::cmp::Ordering::Greater => Ok(()),
        std::cmp::Ordering::Equal => Err(Defect::Duplicate),
        std::cmp::Ordering::Less => Err(Defect::OutOfOrder(previous)),
    }
}

/// The first defect of a file and how many rows have one.
#[derive(Debug, Default)]
pub(super) struct Findings {
    first: Option<(usize, Defect)>,
    bad: usize,
}

impl Findings {
    /// Takes the verdict on a row, counted from 0.
    pub(super) fn note(&mut self, row: usize, verdict: Result<(), Defect>) {
        if let Err(defect) = verdict {
            self.bad += 1;
            self.first.get_or_insert((row, defect));
        }
    }

    /// An error if there was a defect; `time` tells the time of a row.
    pub(super) fn into_result(
        self,
        path: &std::path::Path,
        time_column: &'static str,
        time: impl FnOnce(usize) -> Option<Nanos>,
    ) -> Result<(), StoreError> {
        match self.first {
            None => Ok(()),
            Some((row, defect)) => Err(StoreError::BadRow {
                path: path.to_owned(),
                row: row + 1,
                time_column,
                time: time(row),
                defect,
                bad: self.bad,
            }),
        }
    }
}

/// How far one series has been checked, and what was seen.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    interval: Interval,
    first_and_last: Option<(Nanos, Nanos)>,
    bars: usize,
    gaps: usize,
    missing: u64,
    zero_volume: usize,
}

impl Progress {
    pub(super) const fn new(interval: Interval) -> Self {
        Self { interval, first_and_last: None, bars: 0, gaps: 0, missing: 0, zero_volume: 0 }
    }

    /// Takes the next candle.
    pub(super) fn take(&mut self, open_time: Nanos, volume: f64) -> Result<(), Defect> {
        self.bars += 1;
        self.zero_volume += usize::from(volume == 0.0);
        self.advance(open_time)
    }

    fn advance(&mut self, time: Nanos) -> Result<(), Defect> {
        let Some((first, previous)) = self.first_and_last else {
            self.first_and_last = Some((time, time));
            return Ok(());
        };
        self.first_and_last = Some((first, time));
        later(previous, time)?;
        let (jump, step) = ((time - previous).get(), self.interval.length().get());
        if jump != step {
            if (time - first).get() % step != 0 {
                return Err(Defect::OffGrid(self.interval, first));
            }
            self.gaps += 1;
            self.missing += (jump / step - 1).unsigned_abs();
        }
        Ok(())
    }

    pub(super) const fn bars(&self) -> usize {
        self.bars
    }

    /// What was seen, given that all rows were good and there was at least one.
    pub(super) fn report(&self, synthetic: bool) -> SeriesReport {
        let (first_open, last_open) = self.first_and_last.expect("a table has at least one row");
        SeriesReport {
            bars: self.bars,
            gaps: self.gaps,
            missing: self.missing,
            zero_volume: self.zero_volume,
            first_open,
            last_open,
            synthetic,
        }
    }
}

/// Checks the rows of a file, each as the next of its symbol's series.
///
/// `partition` is the time that the file may hold.
pub(super) fn candles(
    rows: &Rows,
    series: &mut [Progress],
    partition: Option<&Range<Nanos>>,
    check: Check,
) -> Result<(), StoreError> {
    let mut findings = Findings::default();
    for row in 0..rows.time.len() {
        findings.note(row, candle(rows, row, series, partition, check));
    }
    findings.into_result(&rows.source.path, rows.time_column, |row| {
        (rows.nulls.get(&row) != Some(&rows.time_column)).then(|| rows.time[row])
    })
}

fn candle(
    rows: &Rows,
    row: usize,
    series: &mut [Progress],
    partition: Option<&Range<Nanos>>,
    check: Check,
) -> Result<(), Defect> {
    if !rows.nulls.is_empty()
        && let Some(column) = rows.nulls.get(&row)
    {
        return Err(Defect::Null(column));
    }
    let progress = &mut series[rows.symbols.as_ref().map_or(0, |symbols| symbols.rows[row])];
    let time = rows.time[row];
    plausible(time)?;
    progress.take(time, rows.volume[row])?;
    if let Some(partition) = partition
        && !partition.contains(&time)
    {
        return Err(Defect::WrongPartition(partition.clone()));
    }
    match check {
        Check::Full => {
            values(rows.open[row], rows.high[row], rows.low[row], rows.close[row], rows.volume[row])
        }
        Check::Trusted => Ok(()),
    }
}

fn values(open: f64, high: f64, low: f64, close: f64, volume: f64) -> Result<(), Defect> {
    // NaN fails every comparison, so this accepts exactly the good candles.
    let enclosed = 0.0 < low && low <= open && open <= high && low <= close && close <= high;
    if enclosed && high < f64::INFINITY && (0.0..f64::INFINITY).contains(&volume) {
        return Ok(());
    }
    let prices = [("open", open), ("high", high), ("low", low), ("close", close)];
    if let Some((column, value)) =
        prices.into_iter().chain([("volume", volume)]).find(|(_, v)| !v.is_finite())
    {
        return Err(Defect::NotFinite(column, value));
    }
    if let Some((column, value)) = prices.into_iter().find(|(_, value)| *value <= 0.0) {
        return Err(Defect::NotPositive(column, value));
    }
    if let Some((column, value)) = prices.into_iter().find(|(_, value)| *value < low) {
        return Err(Defect::BelowLow(column, value, low));
    }
    if let Some((column, value)) = prices.into_iter().find(|(_, value)| *value > high) {
        return Err(Defect::AboveHigh(column, value, high));
    }
    Err(Defect::Negative("volume", volume))
}
