//! Capital between strategies.

mod allocation;
mod policy;
mod readings;

pub use allocation::{Allocation, Details, Memory, Share};
pub use policy::{Component, Policy, PolicyKind, Rule};
pub use readings::Readings;

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

/// The shares in force, one per schedule in index order; they add up to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// What the policy may look at.
    pub schedules: Vec<ScheduleView>,
    /// Share per schedule, from 0 to 1.
    pub shares: Vec<f64>,
    /// The re-allocation instant the shares belong to; `None` before the first.
    pub allocated_at: Option<Nanos>,
    /// Distance of the re-allocation instants, counted from the epoch; `None` is every due instant.
    pub cool_down: Option<Nanos>,
}
