//! Conformance: how durations, instants and capital policies are written.

use std::collections::BTreeMap;
use std::fs;

use hemiola::config;
use hemiola::{duration, instant, signal_limit};
use hemiola_components::time::Nanos;
use serde_json::{Value, json};

use crate::support::shared;
use crate::support::vectors::is_near;

fn cases(file: &str) -> Option<Vec<Value>> {
    let text = fs::read_to_string(shared::vectors(file)?).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn durations_and_instants_are_read_as_the_cases_say() {
    let Some(cases) = cases("cli_grammar.jsonl") else { return };
    let mut checked = BTreeMap::new();
    for case in &cases {
        let (kind, input) = (case["kind"].as_str().unwrap(), case["input"].as_str().unwrap());
        let (found, expected) = match kind {
            "duration" => (duration::parse(input), case["expect_seconds"].as_f64()),
            "datetime" => {
                let instant = instant::parse(input).ok();
                (instant.map(Nanos::seconds), case["expect_epoch_seconds"].as_f64())
            }
            kind => {
                let expected = signal_limit(kind, input);
                assert_eq!(expected, case["expect"], "{case}");
                assert_eq!(expected.is_null(), case["expect_error"] == true, "{case}");
                *checked.entry(kind).or_insert(0) += 1;
                continue;
            }
        };
        assert_eq!(expected.is_none(), case["expect_error"] == true, "{case}");
        let is_close = match (found, expected) {
            (Some(found), Some(expected)) => is_near(found, expected),
            (found, expected) => found == expected,
        };
        assert!(is_close, "{case}: {found:?}");
        *checked.entry(kind).or_insert(0) += 1;
    }
    assert!(checked["duration"] > 20 && checked["datetime"] > 5, "{checked:?}");
    assert!(checked["signal_limit_assignment"] > 10 && checked["signal_limit_target"] > 5, "{checked:?}");
}

/// What the text of a limit or its target means; null when it is neither.
fn signal_limit(kind: &str, input: &str) -> Value {
    let (target, limit) = match kind {
        "signal_limit_target" => (signal_limit::parse_target(input), None),
        "signal_limit_assignment" => signal_limit::parse_assignment(input).unzip(),
        other => panic!("{other}"),
    };
    let Some((strategy, profile)) = target else { return Value::Null };
    let mut found = json!({ "strategy": strategy, "profile": profile });
    if let Some(limit) = limit {
        found["limit"] = format!("{limit}").parse().unwrap();
    }
    found
}

#[test]
fn every_policy_of_the_normative_cases_can_be_configured_and_weights_that_are_no_numbers_are_passed_over() {
    let Some(cases) = cases("capital_policies.jsonl") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    let (mut checked, mut skipped) = (0, 0);
    for case in cases.iter().filter(|case| case["class"] != "quirk") {
        let text = case["policy"].to_string();
        fs::write(&path, &text).unwrap();
        let (policy, warnings) = config::load_policy(&path).unwrap_or_else(|error| panic!("{error}: {text}"));
        if let Some(name) = case.pointer("/expect/diagnostics/policy_name").and_then(Value::as_str) {
            assert_eq!(policy.name, name, "{text}");
        }
        let passed_over = warnings.iter().filter(|warning| warning.code == "skipped_weight").count();
        assert_eq!(passed_over, text.matches("\"bad\"").count(), "{text}");
        checked += 1;
        skipped += usize::from(passed_over > 0);
    }
    assert_eq!((checked, skipped), (487, 19));
}
