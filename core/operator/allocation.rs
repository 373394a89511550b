//! The capital of a scheduler, divided outside the world: by the last decisions, with what the policy remembers.

use std::collections::{BTreeMap, BTreeSet};

use hemiola_adapters::operator_state::KeptAllocation;
use hemiola_components::capital::{Allocation, Memory, Readings, ScheduleView, Share};
use hemiola_components::time::Nanos;
use hemiola_systems::allocation::policies::Allocator;

use super::state::State;
use crate::assembly::view;
use crate::config::plan::Plan;
use crate::results::resolved::written_policy;

/// Divides the capital when that is due at `now`. Returns whether it was.
pub fn bring_up(state: &mut State, plan: &Plan, now: Nanos) -> bool {
    let policy = written_policy(state.policy_of(plan));
    if state.allocation.as_ref().is_some_and(|kept| kept.policy != policy) {
        // The configuration names another policy than last time.
        (state.memory, state.allocated_at) = (Memory::new(), None);
    }
    let waits = match (state.allocated_at, state.cool_down(plan)) {
        // A clock that went backwards is before the end of the cool-down as well.
        (Some(last), Some(cool_down)) => now.get().saturating_sub(last.get()) < cool_down.get(),
        _ => false,
    };
    let covers = |kept: &KeptAllocation| kept.effective.keys().eq(names(plan));
    if waits && state.allocation.as_ref().is_some_and(covers) {
        return false;
    }
    divide(state, plan, now);
    true
}

fn names(plan: &Plan) -> BTreeSet<&String> {
    plan.schedules.iter().map(|schedule| &schedule.name).collect()
}

/// Divides the capital by the last decisions.
pub fn divide(state: &mut State, plan: &Plan, now: Nanos) {
    let views: Vec<ScheduleView> = plan.schedules.iter().map(|schedule| view(plan, schedule)).collect();
    let readings = readings(state, plan);
    let policy = state.policy_of(plan).clone();
    let memory = std::mem::take(&mut state.memory);
    let mut allocator = Allocator::bind(&policy, &views, readings.names(), memory);
    allocator.allocate(&readings);
    let allocation = allocator.allocation();
    let by_name = |weights: &[f64]| {
        views.iter().map(|view| view.name.clone()).zip(weights.iter().copied()).collect::<BTreeMap<_, _>>()
    };
    let details = allocator.details(&readings);
    let finite = |row: BTreeMap<String, f64>| -> BTreeMap<String, f64> {
        row.into_iter().filter(|(_, value)| value.is_finite()).collect()
    };
    let details =
        details.into_iter().map(|(name, row)| (name, finite(row))).filter(|(_, row)| !row.is_empty());
    state.allocation = Some(KeptAllocation {
        policy: written_policy(&policy),
        policy_name: policy.name.clone(),
        effective: by_name(&allocation.effective),
        raw: by_name(&allocation.raw),
        smoothed: by_name(&allocation.smoothed),
        profiles: shares(&allocation.profiles),
        tags: shares(&allocation.tags),
        tag_members: allocation.tags.iter().map(|tag| (tag.name.clone(), tag.members)).collect(),
        details: details.collect(),
        flags: flags(allocation),
    });
    state.memory = allocator.memory();
    state.allocated_at = Some(now);
}

/// Groups without a share have disappeared.
fn shares(groups: &[Share]) -> BTreeMap<String, f64> {
    let groups = groups.iter().filter(|group| group.weight > 0.0);
    groups.map(|group| (group.name.clone(), group.weight)).collect()
}

fn flags(allocation: &Allocation) -> BTreeMap<String, bool> {
    let flags = [
        ("profile_floor_adjustment", allocation.profile_floor_adjustment),
        ("fallback_used", allocation.fallback_used),
    ];
    flags.into_iter().filter_map(|(name, flag)| Some((name.to_owned(), flag?))).collect()
}

/// What is known of the schedules: what they were last measured by, and before that the metrics from outside.
fn readings(state: &State, plan: &Plan) -> Readings {
    let own = |name: &str| state.schedules.get(name).map(|kept| &kept.metrics);
    let metrics = || plan.schedules.iter().map(|schedule| (own(&schedule.name), &schedule.metrics));
    let names: BTreeSet<&String> = metrics()
        .flat_map(|(own, outside)| own.into_iter().flat_map(BTreeMap::keys).chain(outside.keys()))
        .collect();
    let mut readings =
        Readings::new(names.iter().map(|name| (*name).clone()).collect(), plan.schedules.len());
    for (schedule, (own, outside)) in metrics().enumerate() {
        for (column, name) in names.iter().enumerate() {
            if let Some(value) = outside.get(*name).or_else(|| own?.get(*name)) {
                readings.set(schedule, column, *value);
            }
        }
    }
    readings
}
