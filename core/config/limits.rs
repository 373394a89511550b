//! Signal limits and suspensions that a scheduler starts with.

use hemiola_components::capital::Policy;
use hemiola_components::control::{Expiry, Target};

use super::Config;

/// A limit on the signals of a strategy under a risk profile. It can only lower what a schedule allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalLimit {
    /// The strategy's name, which is the schedule's `strategy`.
    pub strategy: String,
    /// The risk profile's name.
    pub risk_profile: String,
    /// Signals at most, per instrument and decision.
    pub limit: u32,
    /// Why.
    pub reason: Option<String>,
    /// When it ends.
    pub expiry: Expiry,
}

/// Something that starts suspended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// What.
    pub target: Target,
    /// Why; `manual` when nothing else is said.
    pub reason: String,
    /// When it ends.
    pub expiry: Expiry,
}

impl Config {
    /// The limits that a scheduler starts with, in the order of application: the last for a strategy and a profile
    /// counts. Nothing when there is no such scheduler.
    #[must_use]
    pub fn signal_limits(&self, scheduler: &str) -> &[SignalLimit] {
        self.scheduler(scheduler).map_or(&[], |found| &found.signal_limits)
    }

    /// What starts suspended under a scheduler. Nothing when there is no such scheduler.
    #[must_use]
    pub fn initial_suspensions(&self, scheduler: &str) -> &[Suspension] {
        self.scheduler(scheduler).map_or(&[], |found| &found.initial_suspensions)
    }

    /// How a scheduler divides its capital.
    #[must_use]
    pub fn capital_policy(&self, scheduler: &str) -> Option<&Policy> {
        self.scheduler(scheduler).map(|found| &found.capital.policy)
    }

    fn scheduler(&self, name: &str) -> Option<&super::model::Scheduler> {
        self.model.schedulers.iter().find(|scheduler| scheduler.name == name)
    }
}
