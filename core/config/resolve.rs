//! The file as the program understands it: what depends on other parts of the file is filled in as well.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Model, Schedule, Scheduler};
use super::shape::root::strategy_sections;
use super::tree::{Entry, Node, Position, Value};

const STRATEGIES: &str = "strategies";
const SCHEDULERS: &str = "multi_strategy_schedulers";

/// Completes a checked tree. Strategies and schedulers stand in one section each, and name what they use; only a
/// risk profile that is the environment's to say is left out.
pub(crate) fn resolve(mut root: Node, model: &Model) -> Node {
    let Value::Map(sections) = &mut root.value else { return root };
    merge_strategies(sections);
    merge_schedulers(sections);
    for scheduler in entries_of(sections, SCHEDULERS) {
        let found = model.schedulers.iter().find(|one| one.name == scheduler.key);
        if let (Some(found), Value::Map(keys)) = (found, &mut scheduler.node.value) {
            complete_scheduler(keys, found, model);
        }
    }
    for environment in entries_of(sections, "environments") {
        let account =
            model.environments.iter().find(|one| one.name == environment.key).map(|one| &one.account);
        let paper =
            child(&mut environment.node, "adapter_settings").and_then(|node| child(node, "paper_trading"));
        if let (Some(account), Some(Node { value: Value::Map(keys), .. })) = (account, paper) {
            let cash = Entry::of(&account.valuation, Value::Number(account.cash.get()), Position::START);
            default(keys, "initial_balances", || Value::Map(vec![cash]));
        }
    }
    root
}

fn complete_scheduler(keys: &mut Vec<Entry>, scheduler: &Scheduler, model: &Model) {
    default(keys, "telemetry_namespace", || Value::Text(scheduler.telemetry_namespace.clone()));
    if let Some(cool_down) = scheduler.cool_down {
        default(keys, "allocation_rebalance_seconds", || Value::Number(cool_down.seconds()));
    }
    let schedules: BTreeMap<&str, &Schedule> =
        scheduler.schedules.iter().map(|schedule| (schedule.name.as_str(), schedule)).collect();
    for entry in entries_of(keys, "schedules") {
        let schedule = schedules.get(entry.key.as_str());
        let (Some(schedule), Value::Map(keys)) = (schedule, &mut entry.node.value) else { continue };
        default(keys, "strategy", || Value::Text(schedule.strategy.clone()));
        default(keys, "cadence_seconds", || Value::Number(schedule.cadence.every.seconds()));
        let strategy = model.strategy(&schedule.strategy);
        if let Some(profile) = strategy.and_then(|strategy| strategy.risk_profile.clone()) {
            default(keys, "risk_profile", || Value::Text(profile));
        }
    }
}

/// Moves the strategies of specialised sections behind the others.
fn merge_strategies(sections: &mut Vec<Entry>) {
    let (mut merged, mut names) = (Vec::new(), BTreeSet::new());
    for section in strategy_sections() {
        for entry in take_entries(sections, section) {
            if names.insert(entry.key.clone()) {
                merged.push(entry);
            }
        }
    }
    sections.push(Entry::of(STRATEGIES, Value::Map(merged), Position::START));
}

/// Moves the schedulers of `runtime` to the others; those of the same name are replaced.
fn merge_schedulers(sections: &mut Vec<Entry>) {
    let mut merged = take_entries(sections, SCHEDULERS);
    let runtime = sections.iter_mut().find(|section| section.key == "runtime");
    if let Some(Value::Map(keys)) = runtime.map(|runtime| &mut runtime.node.value) {
        for entry in take_entries(keys, SCHEDULERS) {
            match merged.iter_mut().find(|known| known.key == entry.key) {
                Some(replaced) => *replaced = entry,
                None => merged.push(entry),
            }
        }
    }
    sections.push(Entry::of(SCHEDULERS, Value::Map(merged), Position::START));
}

/// Takes a section out and returns what it holds.
fn take_entries(sections: &mut Vec<Entry>, name: &str) -> Vec<Entry> {
    let Some(place) = sections.iter().position(|section| section.key == name) else { return Vec::new() };
    match sections.remove(place).node.value {
        Value::Map(entries) => entries,
        _ => Vec::new(),
    }
}

fn entries_of<'e>(sections: &'e mut [Entry], name: &str) -> &'e mut [Entry] {
    match sections.iter_mut().find(|section| section.key == name).map(|section| &mut section.node.value) {
        Some(Value::Map(entries)) => entries,
        _ => &mut [],
    }
}

fn child<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    match &mut node.value {
        Value::Map(entries) => entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node),
        _ => None,
    }
}

fn default(keys: &mut Vec<Entry>, key: &str, value: impl FnOnce() -> Value) {
    if !keys.iter().any(|entry| entry.key == key) {
        keys.push(Entry::of(key, value(), Position::START));
    }
}
