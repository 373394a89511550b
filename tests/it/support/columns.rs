//! Random candles for engines on their own, up to the edge of what f64 holds, and a strategy's way through them.

use std::ops::Range;

use hemiola_components::market::{Bars, LogReturns, Snapshots, Targets, TickSums};
use hemiola_components::order::Costs;
use hemiola_components::signal::{Answer, Signal, SignalKind};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Quantity, Ratio};
use hemiola_systems::indicators::log_returns::log_returns;
use hemiola_systems::indicators::tick_sums::tick_sums;
use hemiola_systems::signals::engine::{Engine, View};
use proptest::prelude::*;

use super::MINUTE;

/// Everything an engine may read.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    pub(crate) bars: Bars,
    pub(crate) ticks: Option<TickSums>,
    pub(crate) returns: LogReturns,
    pub(crate) snapshots: Snapshots,
    pub(crate) targets: Targets,
    /// The first candle the engine is given.
    pub(crate) first: usize,
    pub(crate) costs: Costs,
}

impl Columns {
    /// What is known once candle `bar` has closed.
    pub(crate) fn known_at(&self, bar: usize) -> Self {
        let mut known = self.clone();
        let bars = &mut known.bars;
        bars.open_time.to_mut().truncate(bar + 1);
        for column in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close, &mut bars.volume] {
            column.to_mut().truncate(bar + 1);
        }
        known.derive();
        known
    }

    fn derive(&mut self) {
        self.ticks = tick_sums(&self.bars.close, 0.0);
        self.returns = log_returns(&self.bars.close);
    }

    /// The same up to candle `bar`, nonsense after it.
    pub(crate) fn nonsense_after(&self, bar: usize) -> Self {
        let spoil = |column: &mut [f64]| column.iter_mut().for_each(|value| *value = f64::NAN);
        let mut spoiled = self.clone();
        let bars = &mut spoiled.bars;
        let quotes = &mut spoiled.snapshots;
        for column in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close, &mut bars.volume] {
            spoil(&mut column[bar + 1..]);
        }
        for column in [
            &mut quotes.primary_bid,
            &mut quotes.primary_ask,
            &mut quotes.secondary_bid,
            &mut quotes.secondary_ask,
        ] {
            spoil(&mut column[bar + 1..]);
        }
        bars.open_time[bar + 1..].fill(Nanos::new(i64::MAX / 2));
        quotes.secondary_time[bar + 1..].fill(Nanos::new(i64::MIN / 2));
        if let Some(ticks) = &mut spoiled.ticks {
            spoil(&mut ticks.sums[bar + 2..]);
        }
        let known = self.returns.count(bar);
        let returns = &mut spoiled.returns;
        spoil(&mut returns.values[known..]);
        spoil(&mut returns.sums[known + 1..]);
        spoil(&mut returns.squares[known + 1..]);
        spoiled
    }

    fn view(&self) -> View<'_> {
        View {
            ticks: self.ticks.as_ref(),
            returns: Some(&self.returns),
            snapshots: Some(&self.snapshots),
            targets: Some(&self.targets),
            first: self.first,
            costs: self.costs,
            ..view_of(&self.bars)
        }
    }
}

/// What an engine sees that was given candles only, from the first one on, and holds nothing.
pub(crate) const fn view_of(bars: &Bars) -> View<'_> {
    View {
        bars,
        ticks: None,
        returns: None,
        snapshots: None,
        targets: None,
        first: 0,
        position: Quantity::ZERO,
        opened_at: Nanos::ZERO,
        stop: None,
        hedge: Quantity::ZERO,
        costs: Costs::NONE,
    }
}

/// How a strategy goes through its candles.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way<'a> {
    /// One after the other.
    ByBar,
    /// In scans of at most so many candles, over and over.
    Scan(&'a [usize]),
}

/// The signals over `range`, which begins at the first candle, and the state at its end. Each signal is answered at
/// once by the next of `answers`.
pub(crate) fn decisions<E: Engine>(
    settings: &E::Settings,
    columns: &Columns,
    range: Range<usize>,
    answers: &[Answer],
    way: Way<'_>,
) -> (Vec<(usize, Signal)>, E::State) {
    let (mut state, mut view) = (E::State::default(), columns.view());
    let (mut signals, mut seen) = (Vec::new(), range.start);
    let mut pieces = match way {
        Way::ByBar => [1].as_slice(),
        Way::Scan(pieces) => pieces,
    }
    .iter()
    .cycle();
    while seen < range.end {
        let piece = seen..range.end.min(seen.saturating_add(*pieces.next().unwrap()));
        let found = match way {
            Way::ByBar => E::on_bar(settings, &mut state, &view, seen, columns.bars.close_time(seen))
                .map(|signal| (seen, signal)),
            Way::Scan(_) => E::scan(settings, &mut state, &view, piece.clone()),
        };
        seen = found.as_ref().map_or(piece.end, |(bar, _)| bar + 1);
        if let Some((bar, signal)) = found {
            let answer = answers[signals.len() % answers.len()];
            if let Answer::Filled(part) = answer {
                fill(&mut view, bar, &signal, part);
            }
            signals.push((bar, signal));
            E::on_answer(settings, &mut state, answer);
        }
    }
    (signals, state)
}

/// The position after a part of what a signal wants.
fn fill(view: &mut View<'_>, bar: usize, signal: &Signal, part: f64) {
    let before = view.position;
    let wanted = match signal.kind {
        SignalKind::Enter(direction) => Quantity::new(direction.sign()),
        SignalKind::Exit => Quantity::ZERO,
        SignalKind::Target(fraction) => Quantity::new(fraction.get()),
        SignalKind::Delta(change) => before + change,
    };
    view.position = before + Quantity::new((wanted - before).get() * part);
    view.hedge = -view.position;
    if before.get() * view.position.get() <= 0.0 {
        view.opened_at = view.bars.close_time(bar);
    }
    if view.position.abs() > before.abs() {
        view.stop = signal.protection().map(|protection| protection.stop);
    }
}

pub(crate) fn answers() -> impl Strategy<Value = Vec<Answer>> {
    let answer = prop_oneof![
        6 => Just(Answer::Filled(1.0)),
        1 => (0.001..1.0).prop_map(Answer::Filled),
        1 => Just(Answer::Unchanged),
        1 => Just(Answer::Refused),
    ];
    prop::collection::vec(answer, 1..20)
}

/// What closes do.
#[derive(Clone, Copy, Debug)]
enum Path {
    /// Multiples of a hundredth; of five hundredths in the first half.
    Ticks,
    /// Nothing.
    Flat,
    /// Next to nothing.
    Calm,
    /// A walk that falls, candle after candle and ever faster, in the second half.
    Storm,
    /// A walk with one jump by a factor, soon.
    Jump(f64),
    /// Anything.
    Wild,
    /// A walk that is zero now and then, which no candle from a file is.
    Zeros,
}

fn path(valid: bool) -> impl Strategy<Value = Path> {
    let jump = prop_oneof![-300.0..300.0, -6.0..6.0].prop_map(|power| Path::Jump(libm::pow(10.0, power)));
    prop_oneof![
        3 => Just(Path::Ticks),
        1 => Just(Path::Flat),
        1 => Just(Path::Calm),
        2 => Just(Path::Storm),
        2 => jump,
        2 => Just(Path::Wild),
        1 => Just(if valid { Path::Calm } else { Path::Zeros }),
    ]
}

/// The close after `before`, the `bar`th of `bars`, given a number from -1 to 1.
fn close(path: Path, before: f64, bar: usize, bars: usize, number: f64) -> f64 {
    const JUMP: usize = 7;
    let walk = before * (1.0 + 0.03 * number);
    match path {
        Path::Ticks => {
            let ticks = (before * 100.0).round() + (number * 300.0).round();
            let unit = if bar < bars / 2 { 5.0 } else { 1.0 };
            ((ticks / unit).round() * unit).max(5.0) / 100.0
        }
        Path::Flat => before,
        Path::Calm => before * (1.0 + 1e-9 * number),
        Path::Storm if bar < bars / 2 => before * (1.0 + 0.01 * number),
        Path::Storm => before * (1.0 - 0.01 * number.abs() * (bar + 1 - bars / 2).min(9) as f64),
        Path::Jump(factor) if bar == JUMP => (before * factor).clamp(1e-300, 1e300),
        Path::Jump(_) => walk.clamp(1e-300, 1e300),
        Path::Wild => libm::pow(10.0, 300.0 * number),
        Path::Zeros if number > 0.9 => 0.0,
        Path::Zeros => {
            if before > 0.0 {
                walk
            } else {
                100.0
            }
        }
    }
}

/// A candle's numbers: where the close goes, open and wicks as fractions of it, the volume, minutes to the next.
type Row = (f64, [f64; 3], f64, i64);

fn rows(candles: Range<usize>) -> impl Strategy<Value = Vec<Row>> {
    let volume = prop_oneof![8 => Just(1.0), 1 => Just(0.0), 1 => 1e-300..1.0, 1 => 1.0..1e15];
    let step = prop_oneof![20 => Just(1_i64), 1 => 2_i64..3_000];
    let number = prop_oneof![4 => -1.0..1.0, 1 => Just(0.0)];
    let part = prop_oneof![Just(0.0), 0.0..0.01];
    prop::collection::vec((number, prop::array::uniform3(part), volume, step), candles)
}

fn bars_of(path: Path, rows: &[Row]) -> Bars {
    let mut bars = Bars::empty(Nanos::new(MINUTE));
    let (mut minute, mut before) = (0, 100.0);
    for (bar, (number, [open, up, down], volume, step)) in rows.iter().enumerate() {
        let price = close(path, before, bar, rows.len(), *number);
        let open = if matches!(path, Path::Flat) { price } else { price * (1.0 + open) };
        bars.open_time.push(Nanos::new(minute * MINUTE));
        bars.open.push(open);
        bars.high.push(open * (1.0 + up));
        bars.low.push(price * (1.0 - down));
        bars.close.push(price);
        bars.volume.push(*volume);
        (minute, before) = (minute + step, price);
    }
    bars
}

/// Candles as a loader would let them pass.
pub(crate) fn sound_bars(candles: Range<usize>) -> impl Strategy<Value = Bars> {
    (path(true), rows(candles)).prop_map(|(path, rows)| bars_of(path, &rows))
}

/// Candles, quotes and targets, with zeros among the closes now and then.
pub(crate) fn columns() -> impl Strategy<Value = Columns> {
    let around = prop::collection::vec((prop::array::uniform4(-0.01..0.01), 0_i64..400), 40);
    let targets = prop::collection::vec((0_i64..40, -1.5..1.5), 0..10);
    let cost = || prop_oneof![Just(0.0), 0.0..0.002];
    let rest = (around, targets, 0_usize..6, (cost(), cost()));
    (path(false), rows(20..200), rest).prop_map(|(path, rows, (around, wanted, first, (fee, slippage)))| {
        let bars = bars_of(path, &rows);
        let mut snapshots = Snapshots::default();
        for (bar, (apart, age)) in (0..bars.len()).zip(around.iter().cycle()) {
            let [primary_bid, primary_ask, secondary_bid, secondary_ask] =
                apart.map(|apart| bars.close[bar] * (1.0 + apart));
            snapshots.primary_bid.push(primary_bid);
            snapshots.primary_ask.push(primary_ask);
            snapshots.secondary_bid.push(secondary_bid);
            snapshots.secondary_ask.push(secondary_ask);
            let age = Nanos::new(age * Nanos::SECOND.get());
            snapshots.secondary_time.push(bars.close_time(bar) - age);
        }
        let mut targets = Targets::default();
        for (step, fraction) in wanted {
            let last = targets.time.last().copied().unwrap_or_default();
            targets.time.push(last + Nanos::new((step + 1) * MINUTE));
            targets.fraction.push(fraction);
        }
        let costs = Costs { taker_fee: Ratio::new(fee), slippage: Ratio::new(slippage), ..Costs::default() };
        let mut columns =
            Columns { bars, ticks: None, returns: log_returns(&[]), snapshots, targets, first, costs };
        columns.derive();
        columns
    })
}
