//! Whatever can change a result is in the identity.

use std::path::Path;

use hemiola_components::capital::Policy;
use hemiola_components::control::{Command, Expiry, OperatorAction, Target};
use hemiola_components::schedule::{OnSuspend, TradingWindow};
use hemiola_systems::signals::catalog::Catalog;

use super::*;
use crate::config::{self, Selection};

/// A scheduler with a governor, limits, suspensions, windows and fallbacks.
fn plan() -> Plan {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/core.yaml");
    let config = config::load(&path, &Catalog::built_in().specs()).unwrap();
    config.plan(&Selection { scheduler: Some("satellite".to_owned()), ..Selection::default() }).unwrap()
}

type Change = fn(&mut Plan);

fn changed(change: impl FnOnce(&mut Plan)) -> Value {
    let mut plan = plan();
    change(&mut plan);
    configuration(&plan)
}

fn action(what: Command) -> OperatorAction {
    OperatorAction { at: Nanos::new(1_700_000_000_000_000_000), who: "desk".to_owned(), why: None, what }
}

#[test]
fn whatever_can_change_a_result_changes_the_identity() {
    let window = TradingWindow { days: 1, from: Nanos::ZERO, to: Nanos::DAY };
    let changes: [(&str, Change); 14] = [
        ("max_signals", |plan| plan.schedules[0].max_signals += 1),
        ("priority", |plan| plan.schedules[0].priority -= 9),
        ("fallbacks", |plan| plan.schedules[0].fallbacks = vec![2]),
        ("on_suspend", |plan| plan.schedules[0].on_suspend = OnSuspend::Flatten),
        ("metrics", |plan| plan.schedules[0].metrics = [("risk_penalty".to_owned(), 0.5)].into()),
        ("no windows", |plan| plan.schedules[1].windows.clear()),
        ("days", |plan| plan.schedules[1].windows[0].days ^= 1),
        ("from", |plan| plan.schedules[1].windows[0].from = Nanos::SECOND),
        ("to", |plan| plan.schedules[1].windows[0].to = Nanos::SECOND),
        ("no governor", |plan| plan.governor = None),
        ("scoring", |plan| plan.governor.as_mut().unwrap().scoring.slo += 1.0),
        ("terms", |plan| plan.governor.as_mut().unwrap().strategies[0].1.baseline_max_signals = Some(2)),
        ("initial", |plan| drop(plan.initial.pop())),
        ("reason", |plan| plan.initial[0].why = None),
    ];
    let before = configuration(&plan());
    for (name, change) in changes {
        assert_ne!(changed(change), before, "{name}");
    }
    assert_ne!(changed(|plan| plan.schedules[0].windows.push(window)), before);
    assert_eq!(changed(|plan| plan.schedules[0].max_drift = Nanos::ZERO), before, "decides nothing");
}

#[test]
fn commands_of_operators_are_in_the_identity_with_their_instants_as_text() {
    let (strategy, risk_profile) = ("grid".to_owned(), "balanced".to_owned());
    let until = Expiry::At(Nanos::new(1_700_000_060_000_000_000));
    let target = Target::Tag("experimental".to_owned());
    let commands = [
        Command::SetLimit {
            strategy: strategy.clone(),
            risk_profile: risk_profile.clone(),
            limit: 3,
            expiry: until,
        },
        Command::ClearLimit { strategy, risk_profile },
        Command::Suspend { target: target.clone(), expiry: Expiry::After(Nanos::SECOND) },
        Command::Resume { target },
        Command::SetPolicy { policy: Box::new(Policy::default()), rebalances: true },
        Command::SetInterval { cool_down: None },
        Command::Rebalance,
    ];
    let found = changed(|plan| plan.operator = commands.map(action).into());
    let [limit, .., rebalance] = found["operator"].as_array().unwrap().as_slice() else { panic!("seven") };
    let expected = json!({
        "at": "2023-11-14T22:13:20+00:00", "who": "desk", "why": null, "command": "set_limit", "strategy": "grid",
        "risk_profile": "balanced", "limit": 3, "expiry": { "at": "2023-11-14T22:14:20+00:00" },
    });
    assert_eq!(*limit, expected);
    let expected =
        json!({ "at": "2023-11-14T22:13:20+00:00", "who": "desk", "why": null, "command": "rebalance" });
    assert_eq!(*rebalance, expected);
    let rest: Vec<_> =
        found["operator"].as_array().unwrap()[1..6].iter().cloned().map(without_origin).collect();
    let expected = json!([
        { "command": "clear_limit", "strategy": "grid", "risk_profile": "balanced" },
        { "command": "suspend", "target": { "tag": "experimental" }, "expiry": { "after_nanoseconds": 1_000_000_000 } },
        { "command": "resume", "target": { "tag": "experimental" } },
        { "command": "set_policy", "policy": { "name": "risk_parity" }, "rebalances": true },
        { "command": "set_interval", "nanoseconds": null },
    ]);
    assert_eq!(Value::from(rest), expected);
}

fn without_origin(mut action: Value) -> Value {
    action.as_object_mut().unwrap().retain(|key, _| !["at", "who", "why"].contains(&key.as_str()));
    action
}
