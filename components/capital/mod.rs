//! Capital between strategies.

mod allocation;
mod policy;
mod readings;

pub use allocation::{Allocation, Details, Memory, Share};
pub use policy::{Component, Policy, PolicyKind, Rule};
pub use readings::Readings;

use serde::{Deserialize, Serialize};

use crate::time::Nanos;

/// What a policy may know of a schedule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScheduleView {
    /// The schedule's name.
    pub name: String,
    /// Its strategy's name.
    pub strategy: String,
    /// Its risk profile's name.
    pub risk_profile: String,
    /// Its strategy's tags, in order.
    pub tags: Vec<String>,
    /// The tag that goes before the others.
    pub primary_tag: Option<String>,
}

/// How the capital is divided now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// Per schedule, in index order; the shares add up to 1.
    pub of: Vec<Weight>,
    /// The re-allocation instant they belong to; `None` before the first.
    pub allocated_at: Option<Nanos>,
    /// Distance of the re-allocation instants, counted from the epoch; `None` is every due instant.
    pub cool_down: Option<Nanos>,
    /// From when they are not in force any more; [`Nanos::NEVER`] when no later re-allocation gives others.
    pub due: Nanos,
}

/// A schedule's part of the capital. All shares are from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    /// The share in force.
    pub share: f64,
    /// The share without any smoothing; `None` when nothing in the policy smooths.
    pub raw: Option<f64>,
    /// The share after it was smoothed; the share in force unless the policy smooths.
    pub smoothed: f64,
    /// The share of its risk profile.
    pub profile: f64,
    /// What its tag has: the tag of a quota it counts for, else its primary one; `None` without a tag.
    pub tag: Option<TagWeight>,
}

/// A tag's part of the capital.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TagWeight {
    /// Its share, from 0 to 1.
    pub weight: f64,
    /// How many schedules share it.
    pub members: u32,
}
