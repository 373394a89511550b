//! What a strategy costs per candle: `Engine::scan` of each engine with its default settings, alone and as one of
//! many over a shared series. After each signal it goes on with the position that a fill would leave.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::collections::BTreeMap;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hemiola::bench::walk::walk;
use hemiola_components::engine::{
    CrossExchangeArbitrage, DailyTrendMomentum, GridTrading, MeanReversion, VolatilityTarget,
};
use hemiola_components::market::{Bars, LogReturns, Snapshots, TickSums};
use hemiola_components::order::Costs;
use hemiola_components::signal::{Answer, Signal, SignalKind};
use hemiola_components::strategy::{ParameterDefault, ParameterValue, Parameters};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Quantity, Ratio};
use hemiola_systems::indicators::log_returns::log_returns;
use hemiola_systems::indicators::tick_sums::tick_sums;
use hemiola_systems::signals::engine::{Engine, View};

/// Strategies over one series, and its candles. What a candle costs depends on how often it is traded, so that only
/// the same candles can be compared.
const SIZES: [(u32, usize); 4] = [(1, 1_000_000), (1, 5_000), (100, 5_000), (10_000, 5_000)];

/// Base units a candle trades: enough for every engine's default.
const VOLUME: f64 = 100.0;

/// Everything an engine may read.
struct Columns {
    bars: Bars,
    ticks: Option<TickSums>,
    returns: LogReturns,
    snapshots: Snapshots,
}

impl Columns {
    fn new(candles: usize) -> Self {
        let mut bars = (*walk(20_260_101, candles)).clone();
        bars.volume.fill(VOLUME);
        Self {
            ticks: tick_sums(&bars.close, 0.0),
            returns: log_returns(&bars.close),
            snapshots: quotes(&bars),
            bars,
        }
    }

    const fn view(&self) -> View<'_> {
        View {
            bars: &self.bars,
            ticks: self.ticks.as_ref(),
            returns: Some(&self.returns),
            snapshots: Some(&self.snapshots),
            targets: None,
            first: 0,
            position: Quantity::ZERO,
            opened_at: Nanos::ZERO,
            stop: None,
            hedge: Quantity::ZERO,
            costs: Costs { taker_fee: Ratio::new(0.0004), ..Costs::NONE },
        }
    }
}

/// Quotes around the closes, and those of a second venue that drift away and come back.
fn quotes(bars: &Bars) -> Snapshots {
    const LAG: usize = 2;
    const HALF: f64 = 1e-5;
    let other = walk(7, bars.len() + LAG);
    let apart = other.close[LAG..].iter().zip(&other.close).map(|(now, before)| now / before);
    let second: Vec<f64> = bars.close.iter().zip(apart).map(|(close, ratio)| close * ratio).collect();
    let beside = |mids: &[f64], half: f64| mids.iter().map(|mid| mid * (1.0 + half)).collect();
    Snapshots {
        primary_bid: beside(&bars.close, -HALF),
        primary_ask: beside(&bars.close, HALF),
        secondary_bid: beside(&second, -HALF),
        secondary_ask: beside(&second, HALF),
        secondary_time: (0..bars.len()).map(|bar| bars.close_time(bar)).collect(),
    }
}

/// Two parameters that differ between strategies, each with its step; the first strategy has the defaults.
type Varied = [(&'static str, f64); 2];

fn settings<E: Engine>(index: u32, varied: Varied) -> E::Settings {
    const VALUES: [u32; 2] = [21, 477];
    let value = |default: ParameterDefault| match default {
        ParameterDefault::Required => None,
        ParameterDefault::Number(number) => Some(ParameterValue::Number(number)),
        ParameterDefault::Text(text) => Some(ParameterValue::Text(text.to_owned())),
    };
    // A venue has no default; its own parameter's name is as good as any.
    let venue = |name: &str| ParameterValue::Text(name.to_owned());
    let mut all: BTreeMap<String, ParameterValue> = E::PARAMETERS
        .iter()
        .map(|spec| (spec.name.to_owned(), value(spec.default).unwrap_or_else(|| venue(spec.name))))
        .collect();
    let places = [index % VALUES[0], index / VALUES[0] % VALUES[1]];
    for (((name, step), place), count) in varied.into_iter().zip(places).zip(VALUES) {
        let around = f64::from((place + count / 2) % count) - f64::from(count / 2);
        let Some(ParameterValue::Number(number)) = all.get_mut(name) else { panic!("no number {name}") };
        *number += step * around;
    }
    E::prepare(&Parameters(all)).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs one strategy to the end of the columns; gives how often it signalled.
fn run<E: Engine>(settings: &E::Settings, columns: &Columns) -> usize {
    let (mut state, mut view) = (E::State::default(), columns.view());
    let (mut from, mut signals) = (0, 0);
    while let Some((bar, signal)) = E::scan(settings, &mut state, &view, from..columns.bars.len()) {
        fill(&mut view, bar, &signal);
        E::on_answer(settings, &mut state, Answer::Filled(1.0));
        (from, signals) = (bar + 1, signals + 1);
    }
    signals
}

/// The position that a signal leads to.
fn fill(view: &mut View<'_>, bar: usize, signal: &Signal) {
    let before = view.position;
    view.position = match signal.kind {
        SignalKind::Enter(direction) => Quantity::new(direction.sign()),
        SignalKind::Exit => Quantity::ZERO,
        SignalKind::Target(fraction) => Quantity::new(fraction.get()),
        SignalKind::Delta(change) => before + change,
    };
    view.hedge = -view.position;
    if before.get() * view.position.get() <= 0.0 {
        view.opened_at = view.bars.close_time(bar);
    }
    if view.position.abs() > before.abs() {
        view.stop = signal.protection().map(|protection| protection.stop);
    }
}

fn engine<E: Engine>(c: &mut Criterion, varied: Varied) {
    let mut group = c.benchmark_group(E::NAME);
    group.sample_size(10);
    for (strategies, candles) in SIZES {
        let columns = Columns::new(candles);
        let settings: Vec<E::Settings> = (0..strategies).map(|index| settings::<E>(index, varied)).collect();
        let all = || settings.iter().map(|settings| run::<E>(settings, &columns)).sum::<usize>();
        let signalled = |signals: usize| assert!(signals > 0, "{} never signalled", E::NAME);
        group.throughput(Throughput::Elements(u64::from(strategies) * candles as u64));
        group.bench_function(format!("{strategies} x {candles}"), |b| b.iter(|| signalled(all())));
    }
    group.finish();
}

fn engines(c: &mut Criterion) {
    engine::<CrossExchangeArbitrage>(c, [("spread_entry", 2e-5), ("max_notional", 10.0)]);
    engine::<DailyTrendMomentum>(c, [("breakout_lookback", 1.0), ("atr_multiplier", 1e-3)]);
    engine::<GridTrading>(c, [("grid_spacing", 1e-4), ("dead_band", 1e-3)]);
    engine::<MeanReversion>(c, [("lookback", 1.0), ("entry_zscore", 1e-3)]);
    engine::<VolatilityTarget>(c, [("lookback", 1.0), ("rebalance_threshold", 1e-4)]);
}

criterion_group!(benches, engines);
criterion_main!(benches);
