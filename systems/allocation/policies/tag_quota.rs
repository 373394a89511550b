//! A quota for each tag of strategies.

use std::collections::BTreeMap;

use hemiola_components::capital::{Policy, Readings, ScheduleView};
use serde::{Deserialize, Serialize};

use super::group::Group;
use super::node::{Binding, Node};
use super::normalize::{normalize, normalize_or_equal};

/// What the group of schedules without a tag is called.
const UNASSIGNED: &str = "unassigned";

/// Quotas depend on the schedules alone, so they are worked out once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct TagQuota {
    pub(super) groups: Vec<Group>,
    pub(super) fallback: Option<Box<Node>>,
}

/// The quotas as configured.
pub(super) struct Quotas<'a> {
    pub(super) tags: &'a BTreeMap<String, f64>,
    pub(super) default_weight: Option<f64>,
    pub(super) prefers_primary: bool,
}

impl Quotas<'_> {
    fn weight(&self, tag: &str) -> Option<f64> {
        self.tags.get(tag).copied().filter(|weight| *weight > 0.0 && weight.is_finite())
    }

    /// The tag that a schedule counts under, with its quota.
    fn assign<'v>(&self, view: &'v ScheduleView) -> Option<(&'v str, f64)> {
        let primary = view.primary_tag.as_ref().filter(|_| self.prefers_primary);
        let mut tags = primary.into_iter().chain(&view.tags);
        let quota = |tag: &'v String| Some((tag.as_str(), self.weight(tag)?));
        tags.find_map(quota).or(self.default_weight.filter(|w| *w > 0.0).map(|weight| (UNASSIGNED, weight)))
    }
}

impl TagQuota {
    pub(super) fn bind(
        binding: &Binding<'_>,
        path: &str,
        quotas: &Quotas<'_>,
        (within, fallback): (&Policy, Option<Node>),
        members: &[usize],
    ) -> Self {
        let mut found: Vec<(&str, Vec<usize>)> = Vec::new();
        let mut shares = Vec::new();
        for (place, schedule) in members.iter().enumerate() {
            let Some((tag, weight)) = quotas.assign(&binding.schedules[*schedule]) else { continue };
            if let Some((_, places)) = found.iter_mut().find(|(known, _)| *known == tag) {
                places.push(place);
            } else {
                found.push((tag, vec![place]));
                shares.push(weight);
            }
        }
        normalize(&mut shares);
        let group = |((tag, places), share): ((&str, Vec<usize>), f64)| {
            let members = places.iter().map(|place| members[*place]).collect();
            let inner = binding.node(within, members, &format!("{path}/tags/{tag}"));
            Group::new(tag.to_owned(), share, inner, places)
        };
        let groups = found.into_iter().zip(shares).map(group).collect();
        Self { groups, fallback: fallback.map(Box::new) }
    }

    pub(super) fn weigh(&mut self, readings: &Readings, out: &mut [f64]) {
        out.fill(0.0);
        for group in &mut self.groups {
            group.divide(readings, out);
        }
        if self.groups.is_empty()
            && let Some(fallback) = &mut self.fallback
        {
            out.copy_from_slice(fallback.evaluate(readings));
        }
        normalize_or_equal(out);
    }

    /// Whether the fallback policy divides, because nobody has one of the tags.
    pub(super) fn fell_back(&self) -> bool {
        self.groups.is_empty() && self.fallback.is_some()
    }
}
