//! Conformance: what one run of a schedule reports, and how many candles warm it.

use std::fs;

use hemiola::assembly::{Options, Window, assemble};
use hemiola::config::plan::SchedulePlan;
use hemiola_components::metric::{Metric, Metrics};
use hemiola_components::schedule::Cadence;
use hemiola_components::signal::{Metadata, Reasons, Signal, SignalKind};
use hemiola_components::time::Nanos;
use hemiola_components::units::Ratio;
use hemiola_systems::control::capacity::{Capacity, truncate};
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::metrics::{
    ABS_ZSCORE, ALLOCATION_ERROR, REALIZED_VOLATILITY, SECONDARY_DELAY, SPREAD_CAPTURE, VOLATILITY_ERROR,
};
use serde_json::{Map, Value, json};

use crate::support::vectors::is_near;
use crate::support::*;

const NAMES: &[&str; Metadata::MOST] = &[
    "zscore",
    "volatility",
    "target_allocation",
    "current_allocation",
    "target_volatility",
    "realized_volatility",
    "secondary_delay_ms",
    "entry_spread",
    "exit_spread",
];

/// A signal with the numbers it has. A name that it does not have must not be there, so the list is made for it.
fn signal(case: &Value) -> Signal {
    let metadata = case["metadata"].as_object().unwrap();
    let mut numbers = [0.0; Metadata::MOST];
    let mut names = ["another"; Metadata::MOST];
    for (place, name) in NAMES.iter().enumerate() {
        if let Some(number) = metadata.get(*name).and_then(Value::as_f64) {
            (names[place], numbers[place]) = (name, number);
        }
    }
    let metadata = Metadata::new(Box::leak(Box::new(names)), numbers);
    let confidence = Ratio::new(case["confidence"].as_f64().unwrap());
    Signal::new(SignalKind::Exit, confidence).because(Reasons { metadata, ..Reasons::named("case") })
}

/// Those of any engine, and of mean reversion its own.
fn metrics_of(strategy: &str) -> Vec<Metric> {
    let mut all = vec![ALLOCATION_ERROR, VOLATILITY_ERROR, SECONDARY_DELAY, SPREAD_CAPTURE];
    if strategy.starts_with("mean_reversion") {
        all.extend([ABS_ZSCORE, REALIZED_VOLATILITY]);
    }
    all
}

#[test]
fn a_run_keeps_and_reports_what_the_cases_say() {
    let Some(path) = shared::vectors("schedule_runs.jsonl") else { return };
    let (mut cases, mut cut) = (0, 0);
    let now = Nanos::new(MINUTE);
    let cadence = Cadence { every: Nanos::new(MINUTE), offset: Nanos::ZERO };
    for line in fs::read_to_string(path).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let base_max_signals = u32::try_from(case["max_signals"].as_i64().unwrap().max(1)).unwrap();
        let capacity = Capacity {
            base_max_signals,
            governor_factor: 1.0,
            max_signal_floor: 1,
            allocator_factor: 1.0,
            limit: None,
        };
        let mut metrics = Metrics::new(&metrics_of(case["strategy"].as_str().unwrap()));
        let mut selected = Vec::new();
        for snapshot in case["snapshots"].as_array().unwrap() {
            let signals: Vec<Signal> = snapshot["signals"].as_array().unwrap().iter().map(signal).collect();
            let mut kept: Vec<usize> = (0..signals.len()).collect();
            truncate(&mut kept, capacity.active_max_signals(), |index| signals[*index].confidence.get());
            for index in &kept {
                metrics.take(now, &signals[*index]);
            }
            cut += signals.len() - kept.len();
            if !kept.is_empty() {
                selected.push(kept);
            }
        }
        assert_eq!(json!(selected), case["expect"]["selected"], "{}", case["id"]);
        let mut found: Map<String, Value> = metrics
            .names()
            .filter_map(|name| Some((name.to_owned(), metrics.newest(name, now, cadence)?.into())))
            .collect();
        found.insert("signals".into(), (metrics.signals(now, cadence) as f64).into());
        found.insert("base_max_signals".into(), f64::from(base_max_signals).into());
        found.insert("active_max_signals".into(), f64::from(capacity.active_max_signals()).into());
        let expected = case["expect"]["metrics"].as_object().unwrap();
        assert_eq!(
            found.keys().collect::<std::collections::BTreeSet<_>>(),
            expected.keys().collect(),
            "{}: the same metrics",
            case["id"]
        );
        for (name, value) in expected {
            let [found, expected] = [&found[name], value].map(|value| value.as_f64().unwrap());
            assert!(is_near(found, expected), "{} {name}: {found}, not {expected}", case["id"]);
        }
        cases += 1;
    }
    assert!(cases >= 70 && cut > 50, "{cases} {cut}");
}

#[test]
fn a_run_is_warmed_with_as_many_candles_as_the_cases_say() {
    let Some(path) = shared::vectors("schedule_runs.jsonl") else { return };
    let mut warmed = 0;
    for line in fs::read_to_string(path).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let history = usize::try_from(case["history_available"].as_u64().unwrap()).unwrap();
        let warmup_bars = usize::try_from(case["warmup_bars"].as_i64().unwrap().max(0)).unwrap();
        let schedule = SchedulePlan { warmup_bars, ..schedule("a", 0, &[0]) };
        let plan = plan(&["A"], vec![sma("s", 1.0, 2.0)], vec![schedule]);
        let market = market(&plan, &[minutes(&vec![(1.0, 1.0); history + 2])]);
        let from = Nanos::new(i64::try_from(history).unwrap() * MINUTE);
        let options = Options { window: Window { from: Some(from), to: None }, ..Options::default() };
        let (runtime, notes) = assemble(&[(&plan, &market)], &Catalog::built_in(), options).unwrap();
        let cursor = &runtime.cursors(0)[0];
        let calls: Vec<usize> =
            Some(cursor.decide_from - cursor.first).filter(|bars| *bars > 0).into_iter().collect();
        assert_eq!(json!(calls), case["expect"]["warm_up_calls"], "{}", case["id"]);
        assert_eq!(notes.short_warmups.len(), usize::from(history < warmup_bars), "{}", case["id"]);
        warmed += calls.len();
    }
    assert!(warmed > 20, "{warmed}");
}
