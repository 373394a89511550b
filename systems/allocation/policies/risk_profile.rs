//! A budget for each risk profile.

use std::collections::BTreeMap;

use hemiola_components::capital::{Policy, Readings};
use serde::{Deserialize, Serialize};

use super::group::Group;
use super::node::Binding;
use super::normalize::normalize;

/// Budgets depend on the schedules alone, so they are worked out once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RiskProfile {
    pub(super) groups: Vec<Group>,
    pub(super) floor_adjustment: bool,
}

impl RiskProfile {
    pub(super) fn bind(
        binding: &Binding<'_>,
        path: &str,
        (profiles, floor): (&BTreeMap<String, f64>, f64),
        within: &Policy,
        members: &[usize],
    ) -> Self {
        let mut places: Vec<(String, Vec<usize>)> = Vec::new();
        for (place, schedule) in members.iter().enumerate() {
            let lowered = binding.schedules[*schedule].risk_profile.to_lowercase();
            let name = if lowered.is_empty() { "default".to_owned() } else { lowered };
            match places.iter_mut().find(|(known, _)| *known == name) {
                Some((_, places)) => places.push(place),
                None => places.push((name, vec![place])),
            }
        }
        let (shares, floor_adjustment) = shares(&places, profiles, floor);
        let group = |((name, places), share): ((String, Vec<usize>), f64)| {
            let members = places.iter().map(|place| members[*place]).collect();
            let inner = binding.node(within, members, &format!("{path}/profiles/{name}"));
            Group::new(name, share, inner, places)
        };
        Self { groups: places.into_iter().zip(shares).map(group).collect(), floor_adjustment }
    }

    pub(super) fn weigh(&mut self, readings: &Readings, out: &mut [f64]) {
        for group in &mut self.groups {
            group.divide(readings, out);
        }
        normalize(out);
    }
}

/// The share of each group, and whether the floor moved any.
fn shares(groups: &[(String, Vec<usize>)], profiles: &BTreeMap<String, f64>, floor: f64) -> (Vec<f64>, bool) {
    let mut values: Vec<f64> = profiles.values().copied().collect();
    normalize(&mut values);
    let targets = profiles.keys().map(String::as_str).zip(values);
    let targets: BTreeMap<&str, f64> = targets.filter(|(_, target)| *target > 0.0).collect();
    let configured: Vec<Option<f64>> =
        groups.iter().map(|(name, _)| targets.get(name.as_str()).copied()).collect();
    let left = 1.0 - configured.iter().flatten().sum::<f64>();
    let others = configured.iter().filter(|target| target.is_none()).count();
    let rest = if others == groups.len() {
        1.0
    } else if left < 1e-12 {
        0.0
    } else {
        left / others as f64
    };
    let mut plain: Vec<f64> = configured.iter().map(|target| target.unwrap_or(rest)).collect();
    normalize(&mut plain);
    let shares = if floor > 0.0 { floored(&plain, floor.min(1.0)) } else { plain.clone() };
    let is_adjusted = shares.iter().zip(&plain).any(|(share, plain)| (share - plain).abs() > 1e-9);
    (shares, is_adjusted)
}

/// Shares of at least `floor`, as far as there is room for it.
fn floored(plain: &[f64], floor: f64) -> Vec<f64> {
    let count = plain.len() as f64;
    if floor * count >= 1.0 - 1e-9 {
        return vec![1.0 / count; plain.len()];
    }
    let above = |share: &f64| (share - floor).max(0.0);
    let (free, total) = (1.0 - floor * count, plain.iter().map(above).sum::<f64>());
    let part = |share| if total > 0.0 { above(share) / total } else { 1.0 / count };
    plain.iter().map(|share| floor + free * part(share)).collect()
}
