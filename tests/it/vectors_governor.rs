//! Conformance: the portfolio governor.

use std::fs;

use hemiola_components::governor::{Governor, GovernorSettings, Grant, Scoring, Terms};
use hemiola_components::time::Nanos;
use hemiola_systems::governor::{governor, grant, observe, rebalance};
use serde_json::Value;

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

fn settings(config: &Value) -> GovernorSettings {
    let number = |key: &str| config[key].as_f64().unwrap_or_else(|| panic!("{key}: {config}"));
    let scoring = |key: &str| config["scoring"][key].as_f64().unwrap().max(0.0);
    let count = |value: &Value| value.as_u64().map(|count| u32::try_from(count).unwrap());
    let default_terms = Terms {
        baseline_weight: number("default_baseline_weight"),
        min_weight: number("default_min_weight"),
        max_weight: number("default_max_weight"),
        baseline_max_signals: None,
        max_signal_factor: 1.0,
    };
    let terms = |strategy: &Value| {
        let or = |key: &str, default: f64| strategy[key].as_f64().unwrap_or(default);
        Terms {
            baseline_weight: Some(or("baseline_weight", 0.0))
                .filter(|weight| *weight != 0.0)
                .unwrap_or(default_terms.baseline_weight),
            min_weight: or("min_weight", 0.0),
            max_weight: or("max_weight", 1.0),
            baseline_max_signals: count(&strategy["baseline_max_signals"]),
            max_signal_factor: or("max_signal_factor", 1.0),
        }
    };
    let strategies = config["strategies"].as_object().into_iter().flatten();
    GovernorSettings {
        enabled: config["enabled"].as_bool().unwrap(),
        interval: seconds(&(number("rebalance_interval_minutes") * 60.0).into()),
        smoothing: number("smoothing"),
        scoring: Scoring {
            alpha: scoring("alpha"),
            cost: scoring("cost"),
            slo: scoring("slo"),
            risk: scoring("risk"),
        },
        require_complete_metrics: config["require_complete_metrics"].as_bool().unwrap(),
        min_score_threshold: number("min_score_threshold"),
        default_cost_bps: number("default_cost_bps"),
        max_signal_floor: count(&config["max_signal_floor"]).unwrap(),
        default_terms,
        strategies: strategies.map(|(name, strategy)| (name.clone(), terms(strategy))).collect(),
    }
}
