//! Conformance: the portfolio governor.

use std::fs;

use hemiola::config::{self, Selection};
use hemiola_components::governor::{Governor, GovernorSettings, Grant};
use hemiola_components::time::Nanos;
use hemiola_systems::governor::{governor, grant, observe, rebalance};
use hemiola_systems::signals::catalog::Catalog;
use serde_json::{Value, json};

use crate::support::shared;
use crate::support::vectors::{is_near, seconds};

#[test]
fn decisions_and_grants_are_those_of_the_cases() {
    let Some(path) = shared::vectors("portfolio_governor.jsonl") else { return };
    let text = fs::read_to_string(path).unwrap();
    let (mut cases, mut checked) = (0, 0);
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let mut governor = governor(settings(&case["config"]));
        let mut now = hemiola::instant::parse(case["start"].as_str().unwrap()).unwrap();
        for (step, op) in case["ops"].as_array().unwrap().iter().enumerate() {
            let context = format!("{} {step} {op}", case["id"]);
            match op["op"].as_str().unwrap() {
                "advance" => now = now + seconds(&op["seconds"]),
                "observe" => {
                    let metrics = &op["metrics"];
                    observe(&mut governor, op["strategy"].as_str().unwrap(), |name| metrics[name].as_f64());
                }
                "rebalance" => {
                    check_decision(&mut governor, now, op, &context);
                    checked += 1;
                }
                "resolve" => {
                    check_grant(
                        grant(&mut governor, op["strategy"].as_str().unwrap()),
                        &op["expect"],
                        &context,
                    );
                    checked += 1;
                }
                other => panic!("{other}"),
            }
        }
        cases += 1;
    }
    assert!(cases >= 60 && checked > cases, "{cases} cases, {checked} checks");
}

fn check_decision(governor: &mut Governor, now: Nanos, op: &Value, context: &str) {
    let expected = &op["expect"];
    let decision = rebalance(governor, now, op["force"].as_bool().unwrap());
    assert_eq!(decision.is_none(), expected.is_null(), "{context}: {decision:?}");
    let Some(decision) = decision else { return };
    let strategies = &governor.strategies;
    let lists = [
        ("weights", decision.weights.clone()),
        ("scores", decision.scores.clone()),
        ("costs_bps", decision.costs_bps.clone()),
        ("alpha", strategies.iter().map(|strategy| strategy.alpha).collect()),
        ("slo", strategies.iter().map(|strategy| strategy.slo).collect()),
    ];
    for (key, found) in lists {
        assert_eq!(expected[key].as_object().unwrap().len(), found.len(), "{context}");
        for (strategy, found) in strategies.iter().zip(found) {
            close(found, &expected[key][&strategy.name], &format!("{context}: {key} of {}", strategy.name));
        }
    }
    close(decision.remaining_cash, &expected["remaining_cash"], context);
}

fn check_grant(grant: Grant, expected: &Value, context: &str) {
    close(grant.weight, &expected["weight"], context);
    close(grant.baseline_weight, &expected["baseline_weight"], context);
    close(grant.signal_factor, &expected["signal_factor"], context);
    assert_eq!(grant.max_signal_hint.map(u64::from), expected["max_signal_hint"].as_u64(), "{context}");
}

fn close(found: f64, expected: &Value, context: &str) {
    let expected = expected.as_f64().unwrap_or_else(|| panic!("{context}: no number expected"));
    assert!(is_near(found, expected), "{context}: {found}, not {expected}");
}

/// A configuration without its governor.
const REST: &str = "\
risk_profiles: {balanced: {preset: balanced}}
instrument_universes: {core: {instruments: {BTC_USDT: {base_asset: BTC, quote_asset: USDT, categories: [core], exchanges: {binance: BTCUSDT}, backfill: [{interval: 1h, lookback_days: 30}]}}}}
environments: {demo: {exchange: binance, environment: demo, data_cache_path: data, instrument_universe: core, risk_profile: balanced}}
multi_strategy_schedulers: {main: {portfolio_governor: steady, schedules: {first: {strategy: other}}}}
";

/// What the configuration makes of a governor.
fn settings(governor: &Value) -> GovernorSettings {
    let mut governor = governor.clone();
    let mut strategies = json!({ "other": { "engine": "sma_cross" } });
    for (name, terms) in governor["strategies"].as_object_mut().into_iter().flatten() {
        strategies[name] = json!({ "engine": "sma_cross" });
        terms.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    }
    let governors = json!({ "steady": governor });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("core.yaml");
    fs::write(&path, format!("{REST}strategies: {strategies}\nportfolio_governors: {governors}\n")).unwrap();
    let config = config::load(&path, &Catalog::built_in().specs()).unwrap_or_else(|error| panic!("{error}"));
    config.plan(&Selection::default()).unwrap().governor.unwrap()
}
