//! Conformance: signal limits and suspensions.

use std::fs;

use hemiola::instant;
use hemiola_components::control::{
    ControlError, SignalLimit, SignalLimits, Suspension, Suspensions, Target, Terms,
};
use hemiola_components::time::Nanos;
use hemiola_systems::control::capacity::Capacity;
use hemiola_systems::control::{limits, remaining_seconds, suspensions};
use serde_json::{Map, Value, json};

use crate::support::shared;
use crate::support::vectors::{is_near, seconds};

/// Runs every operation of a file through `apply`; gives the number of cases.
fn replay<S: Default>(file: &str, mut apply: impl FnMut(&mut S, &Value, Nanos, &str)) -> Option<usize> {
    let text = fs::read_to_string(shared::vectors(file)?).unwrap();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (mut state, mut now) = (S::default(), instant(&case["start"]));
        for op in case["ops"].as_array().unwrap() {
            if op["op"] == "advance" {
                now = now + seconds(&op["seconds"]);
            } else {
                apply(&mut state, op, now, &format!("{} {op}", case["id"]));
            }
        }
    }
    Some(text.lines().count())
}

#[test]
fn limits_are_imposed_expire_and_bound_signals_as_the_cases_say() {
    let cases = replay("signal_limits.jsonl", |state: &mut SignalLimits, op, now, context| {
        let key = || (op["strategy"].as_str().unwrap(), op["profile"].as_str().unwrap());
        match op["op"].as_str().unwrap() {
            "configure" => configure(state, key(), op, now),
            "snapshot" => {
                limits::expire(state, now);
                let mut found = Map::new();
                for limit in &state.0 {
                    found.entry(&limit.strategy).or_insert_with(|| json!({}))[&limit.risk_profile] =
                        row(limit, now);
                }
                alike(&found.into(), &op["expect"], context);
            }
            "resolve" => {
                let expired = limits::expire(state, now);
                let expired = expired.iter().map(|limit| json!([limit.strategy, limit.risk_profile]));
                assert_eq!(Value::Array(expired.collect()), op["expired"], "{context}");
                let found = limits::limit_of(state, key().0, key().1);
                alike(&found.map_or(Value::Null, |found| row(found, now)), &op["expect"], context);
            }
            "capacity" => {
                limits::expire(state, now);
                capacity(limits::limit_of(state, key().0, key().1), op, context);
            }
            other => panic!("{other}"),
        }
    });
    assert!(cases.is_none_or(|cases| cases >= 80));
}

fn configure(state: &mut SignalLimits, key: (&str, &str), op: &Value, now: Nanos) {
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    let first = |names: &[&str]| names.iter().map(|name| &op["limit"][name]).find(|value| !value.is_null());
    let map = Terms {
        reason: first(&["reason"]).and_then(Value::as_str).map(ToOwned::to_owned),
        until: first(&["until", "expires_at"]).map(instant),
        duration_seconds: first(&["duration_seconds", "duration"]).and_then(number),
    };
    let limit = first(&["limit", "value"]).unwrap_or(&op["limit"]);
    if limit.is_null() || limit == "" {
        limits::lift(state, key.0, key.1);
    } else if let Some(limit) = number(limit) {
        limits::impose(state, key, limit, &terms(op).or(map), now).unwrap();
    }
}

fn capacity(limit: Option<&SignalLimit>, op: &Value, context: &str) {
    let count = |key: &str| u32::try_from(op[key].as_i64().unwrap()).unwrap();
    let factor = |key: &str| op[key].as_f64().unwrap_or(1.0);
    let capacity = Capacity {
        base_max_signals: count("base_max_signals"),
        governor_factor: factor("governor_factor"),
        max_signal_floor: count("min_signal_floor"),
        allocator_factor: factor("allocator_factor"),
        limit: limit.map(|limit| limit.limit),
    };
    let active = capacity.active_max_signals();
    assert_eq!(u64::from(active), op["expect"]["active_max_signals"].as_u64().unwrap(), "{context}");
    let expected = &op["expect"]["metrics"];
    let governor = json!(capacity.governor_max_signals());
    alike(&governor, &expected["governor_max_signals"], context);
    let number = |key: &str| expected[key].as_f64();
    assert_eq!(number("signal_limit_override"), limit.map(|limit| f64::from(limit.limit)), "{context}");
    let expires =
        limit.filter(|limit| limit.expires_at != Nanos::NEVER).map(|limit| limit.expires_at.seconds());
    assert_eq!(number("signal_limit_expires_at"), expires, "{context}");
    let reason = limit.and_then(|limit| limit.reason.as_ref()).map(|_| 1.0);
    assert_eq!(number("signal_limit_reason"), reason, "{context}");
}

fn row(limit: &SignalLimit, now: Nanos) -> Value {
    let mut row =
        json!({ "limit": limit.limit, "active": true, "created_at": instant::text(limit.created_at) });
    if let Some(reason) = &limit.reason {
        row["reason"] = json!(reason);
    }
    if let Some(remaining) = remaining_seconds(limit.expires_at, now) {
        row["expires_at"] = json!(instant::text(limit.expires_at));
        row["remaining_seconds"] = json!(remaining);
    }
    row
}

#[test]
fn suspensions_hold_expire_and_are_listed_as_the_cases_say() {
    let cases = replay("suspensions.jsonl", |state: &mut Suspensions, op, now, context| {
        let target = || {
            let name = op["target"].as_str().unwrap().to_owned();
            let is_tag = op["op"].as_str().unwrap().ends_with("_tag");
            if is_tag { Target::Tag(name) } else { Target::Schedule(name) }
        };
        match op["op"].as_str().unwrap() {
            "suspend_schedule" | "suspend_tag" => {
                let is_blank = op["target"].as_str().unwrap().trim().is_empty();
                let expected = if is_blank { Err(ControlError::Target) } else { Ok(()) };
                assert_eq!(suspensions::suspend(state, target(), &terms(op), now), expected, "{context}");
            }
            "resume_schedule" | "resume_tag" => {
                let found = suspensions::resume(state, &target());
                assert_eq!(json!(found), op["expect"], "{context}");
            }
            "resolve" => {
                suspensions::expire(state, now);
                let tags: Vec<String> = serde_json::from_value(op["tags"].clone()).unwrap();
                let schedule = op["schedule"].as_str().unwrap();
                let found = suspensions::holding(state, schedule, &tags, op["primary_tag"].as_str());
                alike(&found.map_or(Value::Null, |found| suspended(found, now)), &op["expect"], context);
            }
            "snapshot" => {
                suspensions::expire(state, now);
                alike(&snapshot(state, now), &op["expect"], context);
            }
            other => panic!("{other}"),
        }
    });
    assert!(cases.is_none_or(|cases| cases >= 80));
}

fn snapshot(state: &Suspensions, now: Nanos) -> Value {
    let of = |scope: &str| -> Map<String, Value> {
        let meant = state.0.iter().filter(|suspension| suspension.target.scope() == scope);
        meant.map(|one| (one.target.name().to_owned(), suspended(one, now))).collect()
    };
    let (schedules, tags) = (of("schedule"), of("tag"));
    let counts =
        json!({ "schedules": schedules.len(), "tags": tags.len(), "total": schedules.len() + tags.len() });
    let mut found = json!({ "schedules": schedules, "tags": tags, "counts": counts });
    if let Some(next) = suspensions::next_to_expire(state) {
        found["next_expiration"] = json!({
            "scope": next.target.scope(),
            "name": next.target.name(),
            "remaining_seconds": remaining_seconds(next.expires_at, now),
        });
    }
    found
}

fn suspended(suspension: &Suspension, now: Nanos) -> Value {
    let mut row = json!({
        "reason": suspension.reason,
        "applied_at": instant::text(suspension.applied_at),
        "origin": suspension.target.scope(),
    });
    if let Target::Tag(tag) = &suspension.target {
        row["tag"] = json!(tag);
    }
    if let Some(remaining) = remaining_seconds(suspension.expires_at, now) {
        row["until"] = json!(instant::text(suspension.expires_at));
        row["remaining_seconds"] = json!(remaining);
    }
    row
}

fn terms(op: &Value) -> Terms {
    Terms {
        reason: op["reason"].as_str().map(ToOwned::to_owned),
        until: op["until"].as_str().map(|_| instant(&op["until"])),
        duration_seconds: op["duration_seconds"].as_f64(),
    }
}

fn instant(value: &Value) -> Nanos {
    instant::parse(value.as_str().unwrap()).unwrap()
}

/// Equal, where texts may be the same instant and numbers may differ in the last places.
fn alike(found: &Value, expected: &Value, context: &str) {
    let is_alike = match (found, expected) {
        (Value::Object(one), Value::Object(other)) => {
            let keys =
                |map: &Map<String, Value>| map.keys().cloned().collect::<std::collections::BTreeSet<_>>();
            assert_eq!(keys(one), keys(other), "{context}: {found}");
            one.iter().for_each(|(key, value)| alike(value, &other[key], context));
            true
        }
        (Value::Number(one), Value::Number(other)) => is_near(one.as_f64().unwrap(), other.as_f64().unwrap()),
        (Value::String(one), Value::String(other)) => {
            one == other || instant::parse(one).is_ok_and(|one| instant::parse(other) == Ok(one))
        }
        (one, other) => one == other,
    };
    assert!(is_alike, "{context}: {found}, not {expected}");
}
