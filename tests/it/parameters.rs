//! Parameters that contradict each other, and data too short for them.

use std::collections::BTreeMap;

use hemiola::assembly::{Options, ShortHistory};
use hemiola::config::plan::StrategyPlan;
use hemiola::modes::backtest;
use hemiola_components::strategy::{ParameterValue, Parameters};
use hemiola_systems::signals::catalog::Catalog;

use crate::support::parameters::defaults;
use crate::support::*;

fn changed(engine: &str, changes: &[(&str, ParameterValue)]) -> Parameters {
    let mut all: BTreeMap<String, ParameterValue> = defaults(engine);
    all.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Parameters(all)
}

fn number(value: f64) -> ParameterValue {
    ParameterValue::Number(value)
}

fn word(text: &str) -> ParameterValue {
    ParameterValue::Text(text.to_owned())
}

#[test]
fn contradictions_are_named_with_both_values() {
    let venues =
        |first, second| vec![("primary_exchange", word(first)), ("secondary_exchange", word(second))];
    let with = |mut changes: Vec<_>, more: (&'static str, ParameterValue)| {
        changes.push(more);
        changes
    };
    let catalog = Catalog::built_in();
    for (engine, changes, name, message) in [
        (
            "daily_trend_momentum",
            vec![("fast_ma", number(100.0))],
            "fast_ma",
            "less than slow_ma (100), not 100",
        ),
        (
            "mean_reversion",
            vec![("exit_zscore", number(2.0))],
            "exit_zscore",
            "less than entry_zscore (1.8), not 2",
        ),
        (
            "volatility_target",
            vec![("min_allocation", number(1.5))],
            "min_allocation",
            "at most max_allocation (1), not 1.5",
        ),
        (
            "cross_exchange_arbitrage",
            venues("a", "a"),
            "secondary_exchange",
            "another venue than primary_exchange (`a`)",
        ),
        (
            "cross_exchange_arbitrage",
            with(venues("a", "b"), ("spread_exit", number(0.0015))),
            "spread_exit",
            "less than spread_entry (0.0015), not 0.0015",
        ),
    ] {
        let error = (catalog.get(engine).unwrap().spec.check)(&changed(engine, &changes)).unwrap_err();
        assert_eq!(error.name, name, "{engine}");
        assert!(error.message.contains(message), "{engine}: {}", error.message);
    }
    for engine in ["daily_trend_momentum", "mean_reversion", "grid_trading", "volatility_target"] {
        (catalog.get(engine).unwrap().spec.check)(&changed(engine, &[])).unwrap();
    }
}

#[test]
fn a_window_longer_than_the_data_is_told_with_what_is_missing() {
    for (engine, needed) in
        [("daily_trend_momentum", 100), ("mean_reversion", 96), ("volatility_target", 61), ("sma_cross", 50)]
    {
        let strategy = StrategyPlan {
            name: engine.into(),
            engine: engine.into(),
            parameters: changed(engine, &[]),
            definition: definition(),
        };
        let plan = plan(&["A"], vec![strategy], vec![schedule("s", 0, &[0])]);
        let notes = |candles: usize| {
            let market = market(&plan, &[minutes(&vec![(10.0, 10.0); candles])]);
            let run = backtest::run(&[(&plan, &market)], &Catalog::built_in(), Options::default(), |_, _| ());
            run.unwrap().notes.short_histories
        };
        let short =
            |found| ShortHistory { schedule: "s".into(), instrument: "venue:A".into(), needed, found };
        assert_eq!(notes(needed - 1), [short(needed - 1)], "{engine}");
        assert_eq!(notes(needed), [], "{engine}");
    }
}

#[test]
fn a_trend_that_may_fall_is_doubted_and_allowed() {
    let catalog = Catalog::built_in();
    let spec = catalog.get("daily_trend_momentum").unwrap().spec;
    let doubt = |least: f64| {
        let parameters = changed("daily_trend_momentum", &[("min_trend_strength", number(least))]);
        (spec.check)(&parameters).unwrap();
        (spec.doubt)(&parameters).map(|doubt| doubt.name)
    };
    assert_eq!((doubt(-0.01), doubt(0.0)), (Some("min_trend_strength".to_owned()), None));
}
