//! Random parameters of the engines: their defaults, and settings of both styles, the professional ones and those of
//! the conformance cases, with windows short enough for short series.

use std::collections::BTreeMap;
use std::ops::Range;

use hemiola_components::strategy::{ParameterDefault, ParameterSpec, ParameterValue, Parameters};
use hemiola_systems::signals::catalog::Catalog;
use proptest::prelude::*;

/// The engines with random parameters.
pub(crate) const ENGINES: [&str; 5] = [
    "cross_exchange_arbitrage",
    "daily_trend_momentum",
    "grid_trading",
    "mean_reversion",
    "volatility_target",
];

/// What an engine's parameters are when nothing is said; those that must be given are absent.
pub(crate) fn defaults(engine: &str) -> BTreeMap<String, ParameterValue> {
    let value = |spec: &ParameterSpec| match spec.default {
        ParameterDefault::Required => None,
        ParameterDefault::Number(value) => Some(ParameterValue::Number(value)),
        ParameterDefault::Text(text) => Some(ParameterValue::Text(text.to_owned())),
    };
    let catalog = Catalog::built_in();
    let specs = catalog.get(engine).unwrap().spec.parameters;
    specs.iter().filter_map(|spec| Some((spec.name.to_owned(), value(spec)?))).collect()
}

/// Values by name.
#[derive(Clone, Debug, Default)]
struct Values {
    numbers: Vec<(&'static str, f64)>,
    words: Vec<(&'static str, &'static str)>,
}

/// Complete parameters of one of [`ENGINES`].
pub(crate) fn parameters(engine: &'static str) -> impl Strategy<Value = Parameters> {
    let values = match engine {
        "cross_exchange_arbitrage" => arbitrage().boxed(),
        "daily_trend_momentum" => trend().boxed(),
        "grid_trading" => grid().boxed(),
        "mean_reversion" => reversion().boxed(),
        "volatility_target" => volatility().boxed(),
        other => panic!("{other} has no random parameters"),
    };
    prop_oneof![1 => Just(Values::default()), 9 => values].prop_map(move |Values { numbers, words }| {
        let mut all = defaults(engine);
        let numbers = numbers.into_iter().map(|(name, value)| (name, ParameterValue::Number(value)));
        let words = words.into_iter().map(|(name, word)| (name, ParameterValue::Text(word.to_owned())));
        for (name, value) in numbers.chain(words) {
            assert!(all.insert(name.to_owned(), value).is_some(), "{engine} has no {name}");
        }
        if engine == "cross_exchange_arbitrage" {
            for (name, venue) in [("primary_exchange", "venue"), ("secondary_exchange", "other")] {
                all.insert(name.to_owned(), ParameterValue::Text(venue.to_owned()));
            }
        }
        Parameters(all)
    })
}

fn whole(range: Range<u32>) -> impl Strategy<Value = f64> {
    range.prop_map(f64::from)
}

fn one_of(words: [&'static str; 2]) -> impl Strategy<Value = &'static str> {
    any::<bool>().prop_map(move |first| words[usize::from(!first)])
}

/// Window and distance of protective stops.
fn protection() -> impl Strategy<Value = [(&'static str, f64); 2]> {
    (whole(1..10), 0.3..4.0)
        .prop_map(|(window, multiple)| [("atr_window", window), ("stop_atr_multiple", multiple)])
}

fn trend() -> impl Strategy<Value = Values> {
    let windows = (whole(1..6), whole(1..20), whole(1..12), whole(1..10), whole(1..10));
    let least = (-0.01..0.01, -0.01..0.01);
    (windows, 0.3..4.0, least, one_of(["ratchet", "close"])).prop_map(
        |((fast, more, breakout, momentum, atr), multiple, (trend, momentum_least), stop)| Values {
            numbers: vec![
                ("fast_ma", fast),
                ("slow_ma", fast + more),
                ("breakout_lookback", breakout),
                ("momentum_window", momentum),
                ("atr_window", atr),
                ("atr_multiplier", multiple),
                ("min_trend_strength", trend),
                ("min_momentum", momentum_least),
            ],
            words: vec![("stop", stop)],
        },
    )
}

fn reversion() -> impl Strategy<Value = Values> {
    let scores = (0.3..2.5, 0.0..0.99);
    let volume = prop_oneof![3 => Just(0.0), 1 => 0.5..1.5, 1 => 100.0..500.0];
    let words = (one_of(["quote", "base"]), one_of(["touch", "none"]));
    let counts = (whole(2..30), whole(1..20));
    (counts, scores, 0.005..0.1, volume, protection(), words).prop_map(
        |((lookback, holding), (entry, exit), cap, volume, protection, (unit, stop))| Values {
            numbers: [
                ("lookback", lookback),
                ("max_holding_period", holding),
                ("entry_zscore", entry),
                ("exit_zscore", entry * exit),
                ("volatility_cap", cap),
                ("min_volume_usd", volume),
            ]
            .into_iter()
            .chain(protection)
            .collect(),
            words: vec![("volume_unit", unit), ("stop", stop)],
        },
    )
}

fn grid() -> impl Strategy<Value = Values> {
    let band = prop_oneof![Just(0.0), Just(0.5), 0.0..2.0];
    let words = (one_of(["budget", "base"]), one_of(["recentre", "wait"]));
    (whole(1..6), 0.003..0.08, 0.05..1.5, band, protection(), words).prop_map(
        |(size, spacing, inventory, band, protection, (unit, outside))| Values {
            numbers: [
                ("grid_size", size),
                ("grid_spacing", spacing),
                ("max_inventory", inventory),
                ("dead_band", band),
            ]
            .into_iter()
            .chain(protection)
            .collect(),
            words: vec![("inventory_unit", unit), ("outside", outside)],
        },
    )
}

fn volatility() -> impl Strategy<Value = Values> {
    let threshold = prop_oneof![
        1 => Just(0.0),
        6 => 0.01..0.9,
        1 => Just(1.0),
        1 => 1.0..3.0,
    ];
    let allocations = (0.01..1.0, prop_oneof![1 => Just(1.0), 3 => 1.0..20.0]);
    // The candle's own volatility, or that of a year.
    let targets = prop_oneof![
        (0.0005..0.05).prop_map(|target| (target, 1.0)),
        (0.5..50.0).prop_map(|target| (target, 0.0)),
    ];
    let floor = prop_oneof![Just(0.0), 0.0..0.02];
    (whole(1..40), threshold, allocations, targets, floor, protection()).prop_map(
        |(lookback, threshold, (least, times), (target, factor), floor, protection)| Values {
            numbers: [
                ("target_volatility", target),
                ("lookback", lookback),
                ("rebalance_threshold", threshold),
                ("min_allocation", least),
                ("max_allocation", least * times),
                ("floor_volatility", floor),
                ("annualization_factor", factor),
            ]
            .into_iter()
            .chain(protection)
            .collect(),
            words: Vec::new(),
        },
    )
}

fn arbitrage() -> impl Strategy<Value = Values> {
    let spreads = (0.001..0.02, 0.0..0.99);
    let notional = 50.0..2_000.0;
    let seconds = prop_oneof![Just(0.0), 0.0..3_000.0];
    let age = prop_oneof![Just(0.0), 0.0..300.0];
    let lot = prop_oneof![Just(0.0), Just(0.001), Just(0.25)];
    let words = (one_of(["matched", "per_leg"]), one_of(["net", "gross"]));
    (spreads, notional, seconds, age, (lot, 0.0..0.01), protection(), words).prop_map(
        |((entry, exit), notional, seconds, age, (lot, fee), protection, (quantity, edge))| Values {
            numbers: [
                ("spread_entry", entry),
                ("spread_exit", entry * exit),
                ("max_notional", notional),
                ("max_open_seconds", seconds),
                ("max_quote_age_seconds", age),
                ("lot_size", lot),
                ("taker_fee_rate", fee),
            ]
            .into_iter()
            .chain(protection)
            .collect(),
            words: vec![("leg_quantity", quantity), ("edge", edge)],
        },
    )
}
