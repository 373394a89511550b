//! Capital policies: pure functions from telemetry to shares, bound once to the schedules.

mod basic;
mod blended;
mod drawdown_guard;
mod fixed_weight;
mod group;
mod metric_weighted;
mod node;
mod normalize;
mod risk_profile;
mod smoothed;
mod tag_quota;

use std::cell::RefCell;

use hemiola_components::capital::{Allocation, Details, Memory, Policy, Readings, ScheduleView, Share};

use group::Group;
use node::{Binding, Bound, Node};
use normalize::normalize_or_equal;
use serde::{Deserialize, Serialize};

/// A policy bound to schedules and the columns of their telemetry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Allocator {
    names: Vec<String>,
    root: Node,
    /// What the policy remembered when it was bound; groups that are absent stay in it.
    memory: Memory,
    /// By column, whether the policy looks at it.
    reads: Vec<bool>,
    allocation: Allocation,
}

impl Allocator {
    /// Binds a policy. `metrics` are the columns of the [`Readings`] to come, and `memory` is what
    /// [`Allocator::memory`] of an earlier binding gave, or nothing.
    #[must_use]
    pub fn bind(policy: &Policy, schedules: &[ScheduleView], metrics: &[String], memory: Memory) -> Self {
        let columns = metrics.iter().enumerate().map(|(column, name)| (name.as_str(), column)).collect();
        let reads = RefCell::new(vec![false; metrics.len()]);
        let binding = Binding { schedules, columns, memory: &memory, reads };
        let root = binding.node(policy, (0..schedules.len()).collect(), "root");
        let reads = binding.reads.into_inner();
        let count = schedules.len();
        let mut allocation = Allocation {
            policy: vec![0.0; count],
            effective: vec![0.0; count],
            smoothed: vec![0.0; count],
            tag_of: vec![None; count],
            ..Allocation::default()
        };
        match &root.bound {
            Bound::RiskProfile(rule) => {
                allocation.profiles = rule.groups.iter().map(share).collect();
                allocation.profile_of = vec![0; count];
                for (index, group) in rule.groups.iter().enumerate() {
                    group.members().for_each(|(schedule, _)| allocation.profile_of[schedule] = index);
                }
            }
            Bound::TagQuota(rule) => {
                allocation.tags = rule.groups.iter().map(share).collect();
                for (index, group) in rule.groups.iter().enumerate() {
                    group.members().for_each(|(schedule, _)| allocation.tag_of[schedule] = Some(index));
                }
            }
            Bound::Smoothed(_) => allocation.raw = vec![0.0; count],
            _ => {}
        }
        if allocation.profiles.is_empty() {
            group_by_profile(&mut allocation, schedules);
        }
        match &root.smoothed().bound {
            Bound::RiskProfile(rule) => allocation.profile_floor_adjustment = Some(rule.floor_adjustment),
            Bound::TagQuota(rule) => allocation.fallback_used = Some(rule.fell_back()),
            _ => {}
        }
        let names = schedules.iter().map(|view| view.name.clone()).collect();
        Self { names, root, memory, reads, allocation }
    }

    /// Divides the capital by the newest telemetry.
    pub fn allocate(&mut self, readings: &Readings) -> &Allocation {
        let allocation = &mut self.allocation;
        if self.names.is_empty() {
            return allocation;
        }
        allocation.policy.copy_from_slice(self.root.evaluate(readings));
        allocation.effective.copy_from_slice(&allocation.policy);
        normalize_or_equal(&mut allocation.effective);
        if let Bound::Smoothed(rule) = &self.root.bound {
            allocation.raw.copy_from_slice(rule.raw());
            allocation.smoothed.copy_from_slice(&allocation.policy);
        } else {
            allocation.smoothed.copy_from_slice(&allocation.effective);
        }
        if !matches!(self.root.bound, Bound::RiskProfile(_)) {
            sum_by_profile(allocation);
        }
        allocation
    }

    /// By column of the readings, whether the policy looks at it.
    #[must_use]
    pub fn reads(&self) -> &[bool] {
        &self.reads
    }

    /// The last allocation.
    #[must_use]
    pub const fn allocation(&self) -> &Allocation {
        &self.allocation
    }

    /// How the last allocation, from the same `readings`, came about.
    #[must_use]
    pub fn details(&self, readings: &Readings) -> Details {
        self.root.details(&self.names, readings)
    }

    /// What the policy remembers.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let mut memory = self.memory.clone();
        self.root.remember(&self.names, &mut memory);
        memory
    }
}

fn share(group: &Group) -> Share {
    Share { name: group.name.clone(), weight: group.share, members: group.members().count() }
}

/// Groups of the risk profiles as they are written, in the order of the schedules.
fn group_by_profile(allocation: &mut Allocation, schedules: &[ScheduleView]) {
    for view in schedules {
        let name = &view.risk_profile;
        let known = allocation.profiles.iter().position(|share| share.name == *name);
        let place = known.unwrap_or_else(|| {
            allocation.profiles.push(Share { name: name.clone(), ..Share::default() });
            allocation.profiles.len() - 1
        });
        allocation.profiles[place].members += 1;
        allocation.profile_of.push(place);
    }
}

fn sum_by_profile(allocation: &mut Allocation) {
    let Allocation { profiles, profile_of, effective, .. } = allocation;
    for share in &mut *profiles {
        share.weight = 0.0;
    }
    for (place, weight) in profile_of.iter().zip(effective) {
        profiles[*place].weight += *weight;
    }
    let total: f64 = profiles.iter().map(|share| share.weight).sum();
    for share in profiles {
        share.weight /= total;
    }
}

/// The share of each schedule before there is any telemetry; together 1, unless there are no schedules.
#[must_use]
pub fn shares(policy: &Policy, schedules: &[ScheduleView]) -> Vec<f64> {
    let mut allocator = Allocator::bind(policy, schedules, &[], Memory::new());
    allocator.allocate(&Readings::default()).effective.clone()
}

#[cfg(test)]
mod tests {
    use hemiola_components::capital::PolicyKind;

    use super::*;

    fn views(names: &[(&str, &str, &str)]) -> Vec<ScheduleView> {
        let view = |(name, strategy, profile): &(&str, &str, &str)| ScheduleView {
            name: (*name).into(),
            strategy: (*strategy).into(),
            risk_profile: (*profile).into(),
            ..ScheduleView::default()
        };
        names.iter().map(view).collect()
    }

    fn fixed_shares(table: &[(&str, f64)], schedules: &[(&str, &str, &str)]) -> Vec<f64> {
        let table = table.iter().map(|(key, weight)| ((*key).to_owned(), *weight)).collect();
        shares(&Policy::of(PolicyKind::FixedWeight(table)), &views(schedules))
    }

    #[test]
    fn equal_weight_divides_by_the_number_of_schedules() {
        let four = views(&[("a", "s", "p"), ("b", "s", "p"), ("c", "s", "p"), ("d", "s", "p")]);
        assert_eq!(shares(&Policy::of(PolicyKind::EqualWeight), &four), [0.25; 4]);
        assert!(shares(&Policy::of(PolicyKind::EqualWeight), &[]).is_empty());
    }

    #[test]
    fn fixed_weight_prefers_the_narrower_key_and_normalises_what_was_hit() {
        let schedules =
            [("Trend_A", "trend", "Balanced"), ("b", "trend", "aggressive"), ("c", "grid", "balanced")];
        assert_eq!(
            fixed_shares(&[("trend_a:balanced", 3.0), ("trend_a", 9.0), ("trend", 1.0)], &schedules),
            [0.75, 0.25, 0.0]
        );
        assert_eq!(fixed_shares(&[("trend:aggressive", 2.0), ("grid", 2.0)], &schedules), [0.0, 0.5, 0.5]);
        assert_eq!(
            fixed_shares(&[("trend", 2.0)], &schedules),
            [0.5, 0.5, 0.0],
            "each hit gets the whole entry"
        );
    }

    #[test]
    fn a_table_that_hits_nothing_means_equal() {
        assert_eq!(fixed_shares(&[("x", 1.0), ("a", -1.0)], &[("a", "s", "p"), ("b", "s", "p")]), [0.5, 0.5]);
    }
}
