//! Conformance: what capital policies decide.

use std::collections::BTreeMap;
use std::fs;

use hemiola::config;
use hemiola_components::capital::{Allocation, Memory, Policy, Readings, ScheduleView, Share};
use hemiola_systems::allocation::policies::Allocator;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::support::shared;
use crate::support::vectors::is_near;

/// Views of the schedules of a step, with the metrics of all of them.
fn step(schedules: &Value) -> (Vec<ScheduleView>, Readings) {
    let schedules = schedules.as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let view = |schedule: &Value| ScheduleView {
        name: text(&schedule["name"]),
        strategy: text(&schedule["strategy"]),
        risk_profile: text(&schedule["risk_profile"]),
        tags: schedule["tags"].as_array().unwrap().iter().map(text).collect(),
        primary_tag: schedule["primary_tag"].as_str().map(str::to_owned),
    };
    let metrics = || schedules.iter().map(|schedule| schedule["metrics"].as_object().unwrap());
    let mut names: Vec<String> = metrics().flat_map(Map::keys).cloned().collect();
    names.sort();
    names.dedup();
    let mut readings = Readings::new(names.clone(), schedules.len());
    for (schedule, metrics) in metrics().enumerate() {
        for (name, value) in metrics {
            let column = names.binary_search(name).unwrap();
            readings.set(schedule, column, value.as_f64().unwrap_or(f64::INFINITY));
        }
    }
    (schedules.iter().map(view).collect(), readings)
}

/// The memory after a step, which is compared with what is expected of it.
fn play(case: &Value, policy: &Policy, schedules: &Value, expected: &Value, memory: Memory) -> Memory {
    let (views, readings) = step(schedules);
    let mut allocator = Allocator::bind(policy, &views, readings.names(), memory);
    let allocation = allocator.allocate(&readings).clone();
    let by_name = |weights: &[f64]| {
        views.iter().zip(weights).map(|(view, weight)| (view.name.clone(), (*weight).into())).collect()
    };
    let shares = |shares: &[Share]| -> Map<String, Value> {
        shares.iter().map(|share| (share.name.clone(), share.weight.into())).collect()
    };
    let members = |shares: &[Share]| -> Map<String, Value> {
        shares.iter().map(|share| (share.name.clone(), share.members.into())).collect()
    };
    let Allocation { policy: weights, effective, raw, smoothed, profiles, tags, .. } = &allocation;
    let state = &expected["state"];
    for (what, found, expected) in [
        ("weights", by_name(weights), &expected["weights"]),
        ("schedule_weights", by_name(effective), &expected["schedule_weights"]),
        ("effective", by_name(effective), &state["effective"]),
        ("raw", by_name(raw), &state["raw"]),
        ("smoothed", by_name(smoothed), &state["smoothed"]),
        ("profiles", shares(profiles), &state["profiles"]),
        ("tags", shares(tags), &state["tags"]),
        ("tag_members", members(tags), &state["tag_members"]),
    ] {
        assert_near(&format!("{} {what} of {}", case["id"], case["policy"]), &found, expected);
    }
    let diagnostics = &expected["diagnostics"];
    assert_eq!(policy.name, diagnostics["policy_name"], "{}", case["policy"]);
    let details = allocator.details(&readings);
    for (row, numbers) in diagnostics["details"].as_object().unwrap() {
        for (name, number) in numbers.as_object().unwrap() {
            let found = details.get(row).and_then(|row| row.get(name)).copied();
            let is_near = found.is_some_and(|found| is_near(found, number.as_f64().unwrap()));
            assert!(
                is_near,
                "{} details {row} {name}: {found:?}, not {number}; {}",
                case["id"], case["policy"]
            );
        }
    }
    for (name, flag) in diagnostics["flags"].as_object().unwrap() {
        let found = match name.as_str() {
            "profile_floor_adjustment" => allocation.profile_floor_adjustment,
            _ => allocation.fallback_used,
        };
        assert_eq!(found, flag.as_bool(), "{} {name} {}", case["id"], case["policy"]);
    }
    allocator.memory()
}

/// Absent is zero.
fn assert_near(what: &str, found: &Map<String, Value>, expected: &Value) {
    let expected = expected.as_object().unwrap();
    for key in found.keys().chain(expected.keys()) {
        let number = |map: &Map<String, Value>| map.get(key).and_then(Value::as_f64).unwrap_or(0.0);
        let (found, expected) = (number(found), number(expected));
        assert!(is_near(found, expected), "{what}: {key} is {found}, not {expected}");
    }
}

#[test]
fn components_of_one_label_have_a_row_each() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.yaml");
    let mix = "{name: blended, components: [{policy: equal, weight: 3}, {policy: equal_weight}, {policy: risk, label: equal_weight}]}";
    fs::write(&file, mix).unwrap();
    let (policy, warnings) = config::load_policy(&file).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    let view = ScheduleView { name: "only".to_owned(), ..ScheduleView::default() };
    let readings = Readings::new(Vec::new(), 1);
    let mut allocator = Allocator::bind(&policy, &[view], readings.names(), Memory::new());
    allocator.allocate(&readings);
    let details = allocator.details(&readings);
    let shares: Vec<_> = details.iter().map(|(row, numbers)| (row.as_str(), numbers["mix_weight"])).collect();
    assert_eq!(shares, [("equal_weight", 0.6), ("equal_weight#2", 0.2), ("equal_weight#3", 0.2)]);
}

#[test]
fn policies_divide_capital_as_the_cases_say() {
    let Some(path) = shared::vectors("capital_policies.jsonl") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.yaml");
    let mut played = 0;
    for line in fs::read_to_string(path).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        if case["class"] == "quirk" {
            continue;
        }
        // Keys in the order of the file: a later spelling of a key replaces an earlier one.
        let texts: BTreeMap<&str, &RawValue> = serde_json::from_str(line).unwrap();
        fs::write(&file, texts["policy"].get()).unwrap();
        let (policy, _) =
            config::load_policy(&file).unwrap_or_else(|error| panic!("{error}: {}", case["policy"]));
        played += 1;
        let single = [case.clone()];
        let steps = case["steps"].as_array().map_or(&single[..], Vec::as_slice);
        let mut memory = Memory::new();
        for step in steps {
            let expected = step.get("expect_if_dropped").unwrap_or(&step["expect"]);
            memory = play(&case, &policy, &step["schedules"], expected, memory);
        }
    }
    assert_eq!(played, 487);
}
