//! A series: its files in time order, the stretch of them that is wanted, and its candles.

use std::ops::Range;

use hemiola_components::time::{Interval, Nanos};

use super::candles::{self, CandleFile, Piece, Stack, Times, times};
use super::check::{self, Check, Progress};
use super::demand::{Demand, Stretch};
use super::error::StoreError;
use super::rows::Selection;
use super::spill::Scratch;
use super::{AsStored, LoadedSeries};

/// A series whose files are open: nothing but their footers has been read.
pub(super) struct Opened {
    pieces: Vec<Piece>,
    /// The time that each file may hold.
    months: Vec<Option<Range<Nanos>>>,
    synthetic: bool,
}

impl Opened {
    /// The files of one series, each with the time that it may hold, as far as a stretch needs them.
    pub(super) fn new(
        files: Vec<(CandleFile, Option<Range<Nanos>>)>,
        stretch: &Stretch,
    ) -> Result<Self, StoreError> {
        let synthetic = files.iter().any(|(file, _)| file.table.is_synthetic());
        let (pieces, months) = candidates(files, stretch)?.into_iter().unzip();
        Ok(Self { pieces, months, synthetic })
    }

    /// The bytes that its columns take once they are decoded.
    pub(super) fn bytes(&self, demand: &Demand) -> u64 {
        candles::bytes(&self.pieces, demand)
    }

    /// Reads and checks the candles, into files where there is a folder for them.
    pub(super) fn read(
        self,
        interval: Interval,
        demand: &Demand,
        scratch: Option<&Scratch>,
    ) -> Result<LoadedSeries, StoreError> {
        let Self { pieces, months, synthetic } = self;
        let Chosen { pieces, months, times } = trimmed(pieces, months, &demand.stretch, scratch)?;
        let mut stack = Stack::read(&pieces, times, demand, scratch)?;
        let mut progress = Progress::new(interval);
        let mut start = 0;
        for (piece, month) in pieces.iter().zip(&months) {
            let end = start + piece.rows.len();
            let rows = stack.rows(piece, start..end, None);
            check::candles(&rows, std::slice::from_mut(&mut progress), month.as_ref(), demand.check)?;
            start = end;
        }
        let files = std::mem::take(&mut stack.sources);
        let bars = stack.into_bars(interval.length());
        Ok(LoadedSeries { bars, report: progress.report(synthetic), files })
    }

    /// Reads the candles as they are.
    pub(super) fn into_stored(self, stretch: &Stretch) -> Result<AsStored, StoreError> {
        let Chosen { pieces, times, .. } = trimmed(self.pieces, self.months, stretch, None)?;
        let first = pieces.first().map_or(0, |piece| piece.rows.first());
        let stack = Stack::read(&pieces, times, &Demand::from(Check::Full), None)?;
        let null =
            stack.nulls.iter().next().map(|(row, column)| (first + row + 1, *column, stack.nulls.len()));
        let is_null: Vec<usize> = stack.nulls.keys().copied().collect();
        let bars = stack.into_bars(Nanos::ZERO);
        let rows = (0..bars.len()).filter(|row| is_null.binary_search(row).is_err());
        Ok(AsStored { candles: rows.map(|row| bars.candle(row)).collect(), nulls: null })
    }
}

type Placed = (Piece, Option<Range<Nanos>>);

/// How many candles are kept around a stretch beside its warm-up: one that is open at its beginning, one that ends the
/// series before it begins, and one that shows that the series goes on.
const MARGIN: usize = 2;

/// Whole row groups, by their footers' first and last times. All of them, unless every one has these and they follow
/// each other.
fn candidates(
    files: Vec<(CandleFile, Option<Range<Nanos>>)>,
    stretch: &Stretch,
) -> Result<Vec<Placed>, StoreError> {
    let mut spans: Vec<Option<Range<Nanos>>> = Vec::new();
    let mut counts: Vec<usize> = Vec::new();
    if *stretch != Stretch::default() {
        for (file, _) in &files {
            for group in 0..file.table.parquet().num_row_groups() {
                spans.push(file.table.time_span(group, file.time_column, file.unit));
                counts.push(
                    usize::try_from(file.table.parquet().row_group(group).num_rows()).unwrap_or_default(),
                );
            }
        }
    }
    let spans: Vec<Range<Nanos>> = spans.iter().flatten().cloned().collect();
    let in_order =
        spans.len() == counts.len() && spans.array_windows().all(|[one, next]| one.end <= next.start);
    let kept = if in_order { groups(&spans, &counts, stretch) } else { 0..counts.len() };

    let (mut placed, mut group) = (Vec::with_capacity(files.len()), 0);
    for (file, month) in files {
        let all = Selection::all(&file.table)?;
        if counts.is_empty() {
            placed.push((Piece { file, rows: all }, month));
            continue;
        }
        let own = group..group + file.table.parquet().num_row_groups();
        let rows_in = |groups: Range<usize>| counts.get(groups).unwrap_or_default().iter().sum::<usize>();
        let (first, last) = (kept.start.clamp(own.start, own.end), kept.end.clamp(own.start, own.end));
        let start = rows_in(own.start..first);
        let rows = Selection::new(&file.table, start..start + rows_in(first..last))?;
        if rows.len() > 0 {
            placed.push((Piece { file, rows }, month));
        }
        group = own.end;
    }
    Ok(placed)
}

/// The row groups that can hold candles of the stretch or its warm-up, and the one after it.
fn groups(spans: &[Range<Nanos>], counts: &[usize], stretch: &Stretch) -> Range<usize> {
    let end = stretch.to.map_or(spans.len(), |to| {
        let past = spans.iter().position(|span| span.end > to);
        past.map_or(spans.len(), |past| past + 1)
    });
    let Some(from) = stretch.from else { return 0..end };
    let mut start = spans.iter().take(end).rposition(|span| span.start <= from).unwrap_or(0);
    let mut warm_up = 0;
    while start > 0 && warm_up < stretch.warm_up + MARGIN {
        start -= 1;
        warm_up += counts[start];
    }
    start..end
}

/// What is read of a series.
struct Chosen {
    pieces: Vec<Piece>,
    /// The time that each file may hold.
    months: Vec<Option<Range<Nanos>>>,
    /// The time column, if it has been decoded.
    times: Option<Times>,
}

/// Cuts the pieces to the rows that are wanted, by their times, which are decoded for it.
fn trimmed(
    pieces: Vec<Piece>,
    months: Vec<Option<Range<Nanos>>>,
    stretch: &Stretch,
    scratch: Option<&Scratch>,
) -> Result<Chosen, StoreError> {
    if *stretch == Stretch::default() {
        return Ok(Chosen { pieces, months, times: None });
    }
    let (all, nulls) = times(&pieces, scratch)?;
    if !nulls.is_empty() || !all.is_sorted() {
        return Ok(Chosen { pieces, months, times: Some((all, nulls)) });
    }
    let until = |instant: Nanos| all.partition_point(|time| *time <= instant);
    let end = stretch.to.map_or(all.len(), |to| all.len().min(until(to) + 1));
    let start = stretch.from.map_or(0, |from| until(from).saturating_sub(stretch.warm_up + MARGIN));
    let kept = start.min(end.saturating_sub(1))..end;
    let (mut kept_pieces, mut kept_months, mut first) = (Vec::new(), Vec::new(), 0);
    for (Piece { file, rows }, month) in pieces.into_iter().zip(months) {
        let own = first..first + rows.len();
        let (start, end) = (kept.start.clamp(own.start, own.end), kept.end.clamp(own.start, own.end));
        if start < end {
            let rows = rows.first() + start - first..rows.first() + end - first;
            kept_pieces.push(Piece { rows: Selection::new(&file.table, rows)?, file });
            kept_months.push(month);
        }
        first = own.end;
    }
    Ok(Chosen { pieces: kept_pieces, months: kept_months, times: Some((all.cut(kept), nulls)) })
}
