//! What is demanded of every row.

use std::ops::Range;

use hemiola_components::time::{Interval, Nanos};
use thiserror::Error;

use super::SeriesReport;
use super::columns::{Nulls, Symbols};
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

    /// Whether these candles follow each other and what was taken before without a gap.
    fn takes(&self, times: &[Nanos]) -> bool {
        let step = self.interval.length().get();
        let follows = |previous: Nanos, time: &Nanos| time.get().wrapping_sub(previous.get()) == step;
        let begins = self.first_and_last.is_none_or(|(_, last)| follows(last, &times[0]));
        begins & times.array_windows().fold(true, |all, [one, next]| all & follows(*one, next))
    }

    /// Takes candles that [`Progress::takes`] said yes to, `quiet` of them without volume.
    fn take_all(&mut self, times: &[Nanos], quiet: usize) {
        let first = self.first_and_last.map_or(times[0], |(first, _)| first);
        self.first_and_last = Some((first, times[times.len() - 1]));
        self.bars += times.len();
        self.zero_volume += quiet;
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

/// Rows of one file, as they are.
pub(super) struct Rows<'a> {
    pub(super) path: &'a std::path::Path,
    pub(super) time_column: &'static str,
    /// The place of the first in the file, counted from 0.
    pub(super) first: usize,
    pub(super) time: &'a [Nanos],
    pub(super) open: &'a [f64],
    /// Empty, like the lows and the volumes, when they were not read: then the data are trusted.
    pub(super) high: &'a [f64],
    pub(super) low: &'a [f64],
    pub(super) close: &'a [f64],
    pub(super) volume: &'a [f64],
    /// Rows without a value, counted from the first of the series.
    pub(super) nulls: &'a Nulls,
    /// Rows of the series before these.
    pub(super) before: usize,
    pub(super) symbols: Option<&'a Symbols>,
}

impl Rows<'_> {
    fn null(&self, row: usize) -> Option<&'static str> {
        if self.nulls.is_empty() { None } else { self.nulls.get(&(self.before + row)).copied() }
    }

    fn volume(&self, row: usize) -> f64 {
        self.volume.get(row).copied().unwrap_or(TRADED)
    }
}

/// Some volume, where it is only known that there was one.
const TRADED: f64 = 1.0;

/// Rows that are looked at side by side.
const BLOCK: usize = 64;

/// Checks the rows of a file, each as the next of its symbol's series.
///
/// `partition` is the time that the file may hold.
pub(super) fn candles(
    rows: &Rows<'_>,
    series: &mut [Progress],
    partition: Option<&Range<Nanos>>,
    check: Check,
) -> Result<(), StoreError> {
    let mut findings = Findings::default();
    let mut start = 0;
    while start < rows.time.len() {
        let block = start..rows.time.len().min(start + BLOCK);
        start = block.end;
        let values_are_good = check == Check::Trusted || good_values(rows, block.clone());
        if values_are_good && take_block(rows, block.clone(), series, partition) {
            continue;
        }
        let check = if values_are_good { Check::Trusted } else { Check::Full };
        for row in block {
            findings.note(rows.first + row, candle(rows, row, series, partition, check));
        }
    }
    findings.into_result(rows.path, rows.time_column, |row| {
        let row = row - rows.first;
        (rows.null(row) != Some(rows.time_column)).then(|| rows.time[row])
    })
}

/// Whether all prices and volumes of a block are good; computed without a branch.
fn good_values(rows: &Rows<'_>, block: Range<usize>) -> bool {
    let (open, close) = (&rows.open[block.clone()], &rows.close[block.clone()]);
    let (high, low) = (&rows.high[block.clone()], &rows.low[block.clone()]);
    let volume = &rows.volume[block];
    let mut all = true;
    for row in 0..open.len() {
        all &= is_good(open[row], high[row], low[row], close[row], volume[row]);
    }
    all
}

/// Takes a block of one series in which no candle is missing and no time is odd; `false`, and nothing taken, when it
/// is not one.
fn take_block(
    rows: &Rows<'_>,
    block: Range<usize>,
    series: &mut [Progress],
    partition: Option<&Range<Nanos>>,
) -> bool {
    if rows.symbols.is_some() || !rows.nulls.is_empty() {
        return false;
    }
    let (times, series) = (&rows.time[block.clone()], &mut series[0]);
    let (first, last) = (times[0], times[times.len() - 1]);
    let is_inside = |time: Nanos| partition.is_none_or(|partition| partition.contains(&time));
    let bounds = plausible(first).is_ok() && plausible(last).is_ok() && is_inside(first) && is_inside(last);
    if !bounds || !series.takes(times) {
        return false;
    }
    let quiet =
        rows.volume.get(block).unwrap_or_default().iter().map(|volume| usize::from(*volume == 0.0)).sum();
    series.take_all(times, quiet);
    true
}

fn candle(
    rows: &Rows<'_>,
    row: usize,
    series: &mut [Progress],
    partition: Option<&Range<Nanos>>,
    check: Check,
) -> Result<(), Defect> {
    if let Some(column) = rows.null(row) {
        return Err(Defect::Null(column));
    }
    let progress = &mut series[rows.symbols.map_or(0, |symbols| symbols.rows[row])];
    let time = rows.time[row];
    plausible(time)?;
    progress.take(time, rows.volume(row))?;
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

/// Whether a candle has no defect. NaN fails every comparison, so this accepts exactly the good ones.
#[expect(
    clippy::needless_bitwise_bool,
    clippy::manual_range_contains,
    reason = "rows are computed side by side"
)]
fn is_good(open: f64, high: f64, low: f64, close: f64, volume: f64) -> bool {
    (0.0 < low)
        & (low <= open)
        & (open <= high)
        & (low <= close)
        & (close <= high)
        & (high < f64::INFINITY)
        & (0.0 <= volume)
        & (volume < f64::INFINITY)
}

fn values(open: f64, high: f64, low: f64, close: f64, volume: f64) -> Result<(), Defect> {
    if is_good(open, high, low, close, volume) {
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
