//! What a capital policy decided.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{TagWeight, Weight};

/// Previous outputs of smoothed policies by schedule, by the place of the policy in the tree: `root`,
/// `root/profiles/balanced`.
pub type Memory = BTreeMap<String, BTreeMap<String, f64>>;

/// How weights came about: numbers by their name, by schedule or component.
pub type Details = BTreeMap<String, BTreeMap<String, f64>>;

/// A division of capital; lists are in the order of the schedules.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Allocation {
    /// Weights as the policy gives them.
    pub policy: Vec<f64>,
    /// Shares in force: normalised, or equal when the policy gives none.
    pub effective: Vec<f64>,
    /// Shares before they were smoothed; empty unless the policy is smoothed.
    pub raw: Vec<f64>,
    /// Shares after they were smoothed; the same as [`Allocation::effective`] unless the policy is smoothed.
    pub smoothed: Vec<f64>,
    /// Shares of the risk profiles.
    pub profiles: Vec<Share>,
    /// By schedule, the place of its risk profile in [`Allocation::profiles`].
    pub profile_of: Vec<usize>,
    /// Shares of the tags; empty unless the policy has quotas for them.
    pub tags: Vec<Share>,
    /// By schedule, the place of its tag in [`Allocation::tags`].
    pub tag_of: Vec<Option<usize>>,
    /// Whether a floor moved shares of risk profiles; `None` unless the policy has budgets for them.
    pub profile_floor_adjustment: Option<bool>,
    /// Whether a quota policy had to fall back; `None` for other policies.
    pub fallback_used: Option<bool>,
}

impl Allocation {
    /// What a schedule has of the capital.
    ///
    /// # Panics
    /// When there is no such schedule.
    #[must_use]
    pub fn weight(&self, schedule: usize) -> Weight {
        Weight {
            share: self.effective[schedule],
            raw: self.raw.get(schedule).copied(),
            smoothed: self.smoothed[schedule],
            profile: self.profile_weight(schedule),
            tag: self.tag_weight(schedule).map(|share| TagWeight {
                weight: share.weight,
                members: u32::try_from(share.members).expect("a Plan has fewer than 2^32 schedules"),
            }),
        }
    }

    /// The share of a schedule's risk profile.
    #[must_use]
    pub fn profile_weight(&self, schedule: usize) -> f64 {
        self.profile_of.get(schedule).map_or(0.0, |place| self.profiles[*place].weight)
    }

    /// The share of a schedule's tag and how many schedules have it; `None` without one.
    #[must_use]
    pub fn tag_weight(&self, schedule: usize) -> Option<&Share> {
        let place = self.tag_of.get(schedule).copied().flatten()?;
        self.tags.get(place)
    }
}

/// The share of a group of schedules.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The group's name.
    pub name: String,
    /// Its share, 0 to 1.
    pub weight: f64,
    /// How many schedules it has.
    pub members: usize,
}
