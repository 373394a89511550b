//! What a scheduler starts with.

use hemiola_components::capital::Policy;
use hemiola_components::control::OperatorAction;

use super::Config;

impl Config {
    /// The signal limits and suspensions that a scheduler starts with, in the order of application: the last for the
    /// same target counts. Nothing when there is no such scheduler.
    #[must_use]
    pub fn initial(&self, scheduler: &str) -> &[OperatorAction] {
        self.scheduler(scheduler).map_or(&[], |found| &found.initial)
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
