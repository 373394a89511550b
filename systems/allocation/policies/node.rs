//! A policy of the tree, bound to the schedules it divides between.

use std::cell::RefCell;
use std::collections::BTreeMap;

use hemiola_components::capital::{Details, Memory, Policy, PolicyKind, Readings, ScheduleView};
use serde::{Deserialize, Serialize};

use super::basic::{RiskParity, SignalStrength, VolatilityTarget};
use super::blended::Blended;
use super::drawdown_guard::DrawdownGuard;
use super::fixed_weight::hits;
use super::metric_weighted::MetricWeighted;
use super::risk_profile::RiskProfile;
use super::smoothed::Smoothed;
use super::tag_quota::{Quotas, TagQuota};

/// What a tree is bound to.
pub(super) struct Binding<'a> {
    pub(super) schedules: &'a [ScheduleView],
    pub(super) columns: BTreeMap<&'a str, usize>,
    pub(super) memory: &'a Memory,
    /// By column, whether anybody has asked for it.
    pub(super) reads: RefCell<Vec<bool>>,
}

impl Binding<'_> {
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        let column = self.columns.get(name).copied()?;
        self.reads.borrow_mut()[column] = true;
        Some(column)
    }

    /// Columns of those metrics that there are, in order.
    pub(super) fn columns(&self, names: &[&str]) -> Vec<usize> {
        names.iter().filter_map(|name| self.column(name)).collect()
    }

    /// A policy for some of the schedules; `path` is its place in the tree.
    pub(super) fn node(&self, policy: &Policy, members: Vec<usize>, path: &str) -> Node {
        let inner = |policy: &Policy, key: &str| self.node(policy, members.clone(), &format!("{path}/{key}"));
        let fallback =
            |policy: &Option<Box<Policy>>| policy.as_deref().map(|policy| inner(policy, "fallback"));
        let bound = match &policy.kind {
            PolicyKind::FixedWeight(table) if table.values().any(|weight| *weight > 0.0) => {
                Bound::Fixed(hits(table, members.iter().map(|schedule| &self.schedules[*schedule])))
            }
            PolicyKind::FixedWeight(_) | PolicyKind::RiskParity => Bound::RiskParity(RiskParity::bind(self)),
            PolicyKind::EqualWeight => Bound::Equal,
            PolicyKind::VolatilityTarget => Bound::VolatilityTarget(VolatilityTarget::bind(self)),
            PolicyKind::SignalStrength => Bound::SignalStrength(SignalStrength::bind(self)),
            PolicyKind::MetricWeighted { rules, default_score, shift_epsilon, fallback: other } => {
                let numbers = [*default_score, *shift_epsilon];
                let bound = MetricWeighted::bind(self, rules, numbers, fallback(other), members.len());
                Bound::MetricWeighted(bound)
            }
            PolicyKind::Smoothed { base, alpha, min_delta, floor_weight } => {
                let numbers = [*alpha, *min_delta, *floor_weight];
                Bound::Smoothed(Smoothed::bind(self, path, inner(base, "base"), numbers, &members))
            }
            PolicyKind::DrawdownGuard { warning_pct, panic_pct, pressure_weight, min_weight, max_weight } => {
                let limits = [*warning_pct, *panic_pct, *pressure_weight];
                Bound::DrawdownGuard(DrawdownGuard::bind(self, limits, [*min_weight, *max_weight]))
            }
            PolicyKind::RiskProfile { profiles, profile_floor, within_profile } => {
                let budgets = (profiles, *profile_floor);
                Bound::RiskProfile(RiskProfile::bind(self, path, budgets, within_profile, &members))
            }
            PolicyKind::Blended { components, fallback: other, .. } => {
                Bound::Blended(Blended::bind(self, path, components, fallback(other), &members))
            }
            PolicyKind::TagQuota { tags, default_weight, within_tag, fallback: other, primary_only } => {
                let quotas = Quotas { tags, default_weight: *default_weight, prefers_primary: *primary_only };
                let inner = (&**within_tag, fallback(other));
                Bound::TagQuota(TagQuota::bind(self, path, &quotas, inner, &members))
            }
        };
        Node { weights: vec![0.0; members.len()], members, bound }
    }
}

/// A bound policy with its last weights, by member.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Node {
    members: Vec<usize>,
    weights: Vec<f64>,
    pub(super) bound: Bound,
}

/// The rule of a bound policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Bound {
    Equal,
    Fixed(Vec<f64>),
    RiskParity(RiskParity),
    VolatilityTarget(VolatilityTarget),
    SignalStrength(SignalStrength),
    MetricWeighted(MetricWeighted),
    Smoothed(Smoothed),
    DrawdownGuard(DrawdownGuard),
    RiskProfile(RiskProfile),
    Blended(Blended),
    TagQuota(TagQuota),
}

impl Node {
    /// The weights of the members; all zero when the policy gives none.
    pub(super) fn evaluate(&mut self, readings: &Readings) -> &[f64] {
        let Self { members, weights, bound } = self;
        match bound {
            Bound::Equal => weights.fill(1.0 / members.len() as f64),
            Bound::Fixed(fixed) => weights.copy_from_slice(fixed),
            Bound::RiskParity(rule) => rule.weigh(members, readings, weights),
            Bound::VolatilityTarget(rule) => rule.weigh(members, readings, weights),
            Bound::SignalStrength(rule) => rule.weigh(members, readings, weights),
            Bound::MetricWeighted(rule) => rule.weigh(members, readings, weights),
            Bound::Smoothed(rule) => rule.weigh(readings, weights),
            Bound::DrawdownGuard(rule) => rule.weigh(members, readings, weights),
            Bound::RiskProfile(rule) => rule.weigh(readings, weights),
            Bound::Blended(rule) => rule.weigh(readings, weights),
            Bound::TagQuota(rule) => rule.weigh(readings, weights),
        }
        weights
    }

    /// The policy that a smoothed one smooths; others are their own.
    pub(super) fn smoothed(&self) -> &Self {
        match &self.bound {
            Bound::Smoothed(rule) => rule.base().smoothed(),
            _ => self,
        }
    }

    /// Adds what it and the policies inside it remember.
    pub(super) fn remember(&self, names: &[String], memory: &mut Memory) {
        let mut each = |node: &Self| node.remember(names, memory);
        match &self.bound {
            Bound::Smoothed(rule) => {
                each(rule.base());
                rule.remember(names, &self.members, memory);
            }
            Bound::MetricWeighted(rule) => rule.fallback().into_iter().for_each(each),
            Bound::Blended(rule) => rule.inner().for_each(each),
            Bound::RiskProfile(rule) => rule.groups.iter().for_each(|group| each(&group.inner)),
            Bound::TagQuota(rule) => {
                rule.groups.iter().map(|group| &group.inner).chain(rule.fallback.as_deref()).for_each(each);
            }
            _ => {}
        }
    }

    /// How the last weights came about, as far as the policy tells; only finite numbers.
    pub(super) fn details(&self, names: &[String], readings: &Readings) -> Details {
        let by_schedule = |row: &dyn Fn(usize, usize) -> BTreeMap<String, f64>| -> Details {
            let rows = self.members.iter().enumerate();
            rows.map(|(member, &schedule)| (names[schedule].clone(), row(member, schedule))).collect()
        };
        let mut details = match &self.bound {
            Bound::Smoothed(rule) => rule.base().details(names, readings),
            Bound::MetricWeighted(rule) => {
                by_schedule(&|member, schedule| rule.details(member, schedule, readings))
            }
            Bound::DrawdownGuard(rule) => by_schedule(&|_, schedule| rule.details(schedule, readings)),
            Bound::Blended(rule) => rule.details(names, &self.members),
            Bound::TagQuota(rule) => {
                let rows = rule.groups.iter().flat_map(|group| {
                    group.members().map(|(place, fraction)| {
                        let row = [("tag_share", group.share), ("inner_fraction", fraction)];
                        let row = row.map(|(name, value)| (name.to_owned(), value));
                        (names[self.members[place]].clone(), row.into())
                    })
                });
                rows.collect()
            }
            _ => Details::new(),
        };
        for row in details.values_mut() {
            row.retain(|_, value| value.is_finite());
        }
        details.retain(|_, row| !row.is_empty());
        details
    }
}
