//! Capital between strategies.

use std::collections::BTreeMap;

use crate::time::Nanos;

/// How a portfolio's capital is divided between its schedules.
#[derive(Clone, Debug, PartialEq)]
pub enum CapitalPolicy {
    /// The same for each.
    EqualWeight,
    /// From a table; keys are lower case and mean, in order of preference, `schedule:profile`,
    /// `strategy:profile`, `schedule`, `strategy`.
    FixedWeight(BTreeMap<String, f64>),
}

impl CapitalPolicy {
    /// The name in configuration and results.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::EqualWeight => "equal_weight",
            Self::FixedWeight(_) => "fixed_weight",
        }
    }
}

/// What a policy may know of a schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleView {
    /// The schedule's name.
    pub name: String,
    /// Its strategy's name.
    pub strategy: String,
    /// Its risk profile's name.
    pub risk_profile: String,
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
