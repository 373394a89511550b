//! What engines believe of their positions is what became of their signals; what they do better than the rules they
//! come from.

use std::sync::Arc;

use hemiola::config::plan::{Plan, StrategyPlan};
use hemiola::modes::backtest::Outcome;
use hemiola_components::journal::{Emitted, Event};
use hemiola_components::market::Bars;
use hemiola_components::order::Side;
use hemiola_components::schedule::Sizing;
use hemiola_components::signal::{Signal, SignalKind};
use hemiola_components::strategy::{ParameterValue, Parameters};
use hemiola_components::units::Notional;

use crate::support::parameters::defaults;
use crate::support::*;

/// One schedule of an engine with its defaults, apart from what is given.
fn world(engine: &str, numbers: &[(&str, f64)], words: &[(&str, &str)]) -> Plan {
    let mut parameters = defaults(engine);
    for (name, value) in numbers {
        assert!(parameters.insert((*name).into(), ParameterValue::Number(*value)).is_some(), "{name}");
    }
    for (name, word) in words {
        assert!(parameters.insert((*name).into(), ParameterValue::Text((*word).into())).is_some(), "{name}");
    }
    let strategy = StrategyPlan {
        name: engine.into(),
        engine: engine.into(),
        parameters: Parameters(parameters),
        definition: definition(),
    };
    let mut plan = plan(&["A"], vec![strategy], vec![schedule("s", 0, &[0])]);
    plan.schedules[0].sizing = Sizing::Quote(Notional::new(100.0));
    plan
}

/// Candles that open where the last one closed, with the given half height beyond open and close.
fn candles(closes: &[f64], reach: f64, volume: f64) -> Arc<Bars> {
    let before = std::iter::once(&closes[0]).chain(closes);
    let prices: Vec<(f64, f64)> = before.zip(closes).map(|(open, close)| (*open, *close)).collect();
    let mut bars = Arc::unwrap_or_clone(minutes(&prices));
    bars.high.iter_mut().for_each(|high| *high += reach);
    bars.low.iter_mut().for_each(|low| *low -= reach);
    bars.volume.fill(volume);
    Arc::new(bars)
}

fn run_on(plan: &Plan, bars: Arc<Bars>) -> Outcome {
    run(plan, &market(plan, &[bars]))
}

fn emitted(outcome: &Outcome) -> Vec<(i64, Signal)> {
    let signal = |event: &Event| match event {
        Event::Signal(Emitted { bar_time, signal, .. }) => Some((bar_time.get() / MINUTE, signal.clone())),
        _ => None,
    };
    outcome.records.iter().filter_map(|record| signal(&record.event)).collect()
}

fn sides(outcome: &Outcome) -> Vec<(i64, &'static str)> {
    emitted(outcome).iter().map(|(minute, signal)| (*minute, signal.reasons().side)).collect()
}

const REVERSION: [(&str, f64); 5] = [
    ("lookback", 5.0),
    ("entry_zscore", 1.5),
    ("volatility_cap", 1.0),
    ("min_volume_usd", 500.0),
    ("max_holding_period", 50.0),
];

/// Flat, a fall that is far from its mean, and back.
const DIP: [f64; 14] =
    [100.0, 101.0, 100.0, 101.0, 100.0, 101.0, 90.0, 89.0, 85.0, 99.0, 100.0, 101.0, 100.0, 101.0];

#[test]
fn a_refused_entry_is_asked_for_again_and_never_left() {
    const FALL: [f64; 11] = [100.0, 101.0, 100.0, 101.0, 100.0, 101.0, 98.0, 90.0, 60.0, 99.0, 100.0];
    let mut plan = world("mean_reversion", &REVERSION, &[("stop", "none")]);
    let filled = run_on(&plan, candles(&FALL, 0.0, 10.0));
    assert_eq!(sides(&filled), [(6, "buy"), (9, "sell")]);
    plan.risk_profiles[0].max_positions = 0;
    let refused = run_on(&plan, candles(&FALL, 0.0, 10.0));
    assert_eq!(refusals(&refused).len(), emitted(&refused).len());
    assert_eq!(sides(&refused), [(6, "buy"), (7, "buy"), (8, "buy")], "a refusal does not make it long");
}

#[test]
fn turnover_is_counted_in_quote_currency_and_holds_back_entries_only() {
    let mut bars = Arc::unwrap_or_clone(candles(&DIP, 0.0, 10.0));
    bars.volume[9..].fill(1.0);
    let thin_exit = run_on(&world("mean_reversion", &REVERSION, &[]), Arc::new(bars.clone()));
    assert_eq!(sides(&thin_exit), [(6, "buy"), (9, "sell")], "900 units of quote currency in, 99 out");
    let in_base = world("mean_reversion", &REVERSION, &[("volume_unit", "base")]);
    assert!(sides(&run_on(&in_base, Arc::new(bars))).is_empty(), "10 base units are less than 500");
}

#[test]
fn a_candle_through_the_stop_ends_a_reversion() {
    let mut bars = Arc::unwrap_or_clone(candles(&DIP, 0.0, 10.0));
    bars.low[8] = 1.0;
    let plan = world("mean_reversion", &REVERSION, &[]);
    let stopped = run_on(&plan, Arc::new(bars.clone()));
    let (minute, exit) = emitted(&stopped).remove(1);
    assert_eq!((minute, exit.reasons().regime), (8, "stop_exit"));
    let blind = world("mean_reversion", &REVERSION, &[("stop", "none")]);
    assert_eq!(emitted(&run_on(&blind, Arc::new(bars)))[1].0, 9);
}

#[test]
fn a_trailing_stop_never_moves_back_and_is_hit_within_a_candle() {
    let trend: [(&str, f64); 6] = [
        ("fast_ma", 2.0),
        ("slow_ma", 4.0),
        ("breakout_lookback", 5.0),
        ("momentum_window", 2.0),
        ("atr_window", 2.0),
        ("atr_multiplier", 3.0),
    ];
    // A steady rise, then candles of the same closes but ever greater height, which widen the range.
    let closes: Vec<f64> = (0..20).map(|i| 100.0 + f64::from(i.min(12))).collect();
    let mut bars = Arc::unwrap_or_clone(candles(&closes, 0.5, 1.0));
    bars.high[13] += 20.0;
    bars.low[15] = 105.9;
    let exits = |stop| {
        let outcome =
            run_on(&world("daily_trend_momentum", &trend, &[("stop", stop)]), Arc::new(bars.clone()));
        emitted(&outcome)
            .iter()
            .find(|(_, signal)| signal.kind == SignalKind::Exit)
            .map(|(minute, _)| *minute)
    };
    assert_eq!(exits("ratchet"), Some(15), "112 less three ranges of 2 is 106, and the low is below");
    assert_eq!(exits("close"), None, "the range widened, so the stop went down, and no close reached it");
}

#[test]
fn a_grid_step_that_was_refused_has_not_happened() {
    let grid = [("grid_size", 5.0), ("grid_spacing", 0.01), ("dead_band", 0.0)];
    let mut plan = world("grid_trading", &grid, &[]);
    let closes = [100.0, 98.5, 98.4, 98.6, 100.5];
    let levels = |outcome: &Outcome| -> Vec<f64> {
        let of = |(_, signal): &(i64, Signal)| signal.number("previous_level").unwrap();
        emitted(outcome).iter().map(of).collect()
    };
    assert_eq!(
        levels(&run_on(&plan, candles(&closes, 0.1, 1.0))),
        [0.0, -2.0],
        "down two lines, and up again"
    );
    plan.risk_profiles[0].max_positions = 0;
    let refused = run_on(&plan, candles(&closes, 0.1, 1.0));
    assert_eq!(levels(&refused), [0.0, 0.0, 0.0], "asked for at each candle below the base");
    assert_eq!(refusals(&refused).len(), 3);
}

#[test]
fn a_dead_band_stops_the_flicker_around_a_line() {
    let closes: Vec<f64> = (0..20).map(|i| if i % 2 == 0 { 100.0 } else { 99.99 }).collect();
    let signals = |band: f64| {
        let plan = world("grid_trading", &[("grid_spacing", 0.01), ("dead_band", band)], &[]);
        emitted(&run_on(&plan, candles(&closes, 0.1, 1.0))).len()
    };
    assert_eq!((signals(0.5), signals(0.0) > 8), (0, true));
}

#[test]
fn a_grid_that_is_left_gives_up_and_starts_anew() {
    let grid = [("grid_size", 2.0), ("grid_spacing", 0.01), ("dead_band", 0.0)];
    let closes = [100.0, 99.5, 99.5, 90.0, 90.0, 89.5, 89.5];
    let recentred = emitted(&run_on(&world("grid_trading", &grid, &[]), candles(&closes, 0.1, 1.0)));
    let labels: Vec<_> = recentred
        .iter()
        .map(|(minute, signal)| (*minute, signal.reasons().side, signal.reasons().regime))
        .collect();
    assert_eq!(labels, [(1, "buy", ""), (3, "sell", "recentre"), (5, "buy", "")]);
    assert_eq!(recentred[0].1.protection().unwrap().stop.get(), 97.0, "the end of the grid");
    let moved = recentred[2].1.number("normalized_move").unwrap();
    assert!((moved - (89.5 - 90.0) / 90.0).abs() < 1e-12, "counted from the new base");
    let waiting = world("grid_trading", &grid, &[("outside", "wait")]);
    let last = emitted(&run_on(&waiting, candles(&closes, 0.1, 1.0))).pop().unwrap();
    assert_eq!((last.0, last.1.number("grid_level")), (3, Some(-2.0)));
}

#[test]
fn an_allocation_is_what_the_fills_have_led_to() {
    let target = [("lookback", 3.0), ("annualization_factor", 1.0), ("target_volatility", 0.02)];
    let closes = [100.0, 103.0, 99.0, 102.0, 98.0, 101.0, 100.0, 100.5, 100.0, 100.2];
    let mut plan = world("volatility_target", &target, &[]);
    let known = |outcome: &Outcome| -> Vec<(f64, f64)> {
        let value = |signal: &Signal, name| signal.number(name).unwrap();
        let of = |(_, signal): &(i64, Signal)| {
            (value(signal, "current_allocation"), value(signal, "target_allocation"))
        };
        emitted(outcome).iter().map(of).collect()
    };
    let filled = known(&run_on(&plan, candles(&closes, 0.1, 1.0)));
    assert!(filled.len() > 1 && filled[0].0 == 0.0);
    for pair in filled.windows(2) {
        assert!((pair[1].0 - pair[0].1).abs() < 1e-9, "{filled:?}");
    }
    plan.risk_profiles[0].max_positions = 0;
    let refused = known(&run_on(&plan, candles(&closes, 0.1, 1.0)));
    assert!(refused.len() > 3 && refused.iter().all(|(current, _)| *current == 0.0), "{refused:?}");
}

#[test]
fn volatility_is_that_of_a_year_unless_said_otherwise() {
    let closes = [100.0, 101.0, 99.0, 102.0, 100.0, 101.0];
    let realized = |factor: f64| {
        let plan = world("volatility_target", &[("lookback", 4.0), ("annualization_factor", factor)], &[]);
        emitted(&run_on(&plan, candles(&closes, 0.1, 1.0)))[0].1.number("realized_volatility").unwrap()
    };
    let minutes_of_a_year: f64 = 365.0 * 24.0 * 60.0;
    assert!((realized(0.0) / realized(1.0) - minutes_of_a_year.sqrt()).abs() < 1e-9);
}

#[test]
fn every_order_that_adds_carries_a_stop_on_its_losing_side_and_a_range() {
    let wave: Vec<f64> =
        (0..600).map(|i| 100.0 + 8.0 * libm::sin(f64::from(i) / 9.0) + f64::from(i) / 40.0).collect();
    let trend = [("slow_ma", 30.0), ("breakout_lookback", 10.0)];
    for (engine, numbers) in [
        ("daily_trend_momentum", &trend[..]),
        ("mean_reversion", &[("lookback", 30.0), ("min_volume_usd", 0.0)]),
        ("grid_trading", &[("grid_spacing", 0.02)]),
        (
            "volatility_target",
            &[
                ("lookback", 8.0),
                ("annualization_factor", 1.0),
                ("target_volatility", 0.001),
                ("floor_volatility", 0.0),
            ],
        ),
    ] {
        let outcome = run_on(&world(engine, numbers, &[]), candles(&wave, 0.5, 1.0));
        let mut held = 0.0;
        let mut added = 0;
        for record in &outcome.records {
            let Event::Fill { fill, position, .. } = record.event else { continue };
            if position.get().abs() > f64::abs(held) {
                let protection = fill.order.protection.unwrap_or_else(|| panic!("{engine}: no protection"));
                let sign = if fill.order.side == Side::Buy { 1.0 } else { -1.0 };
                let distance = sign * (fill.order.reference.get() - protection.stop.get());
                assert!(protection.atr > 0.0 && distance > 0.0, "{engine}: {protection:?}");
                added += 1;
            }
            held = position.get();
        }
        assert!(added > 2, "{engine} added {added} times");
    }
}
