//! What wakes a session on the wall clock: the grids of its schedules, and the need to look at its inbox.

use hemiola_components::schedule::Cadence;
use hemiola_components::time::Nanos;

use super::session::{Pace, Wake};
use crate::config::plan::Plan;
use crate::pace::{Lateness, Missed, Pacer, Sleeper, SystemClock};

/// The longest sleep: operators and signals are heard within it.
const LONGEST: Nanos = Nanos::new(250_000_000);

/// The grids of a plan's schedules.
pub struct SchedulePace {
    cadences: Vec<Cadence>,
    missed: Missed,
    pacer: Option<Pacer<SystemClock>>,
}

impl SchedulePace {
    /// Of a plan. It begins on the thread that is to be woken.
    #[must_use]
    pub fn new(plan: &Plan, missed: Missed) -> Self {
        let cadences = plan.schedules.iter().map(|schedule| schedule.cadence).collect();
        Self { cadences, missed, pacer: None }
    }
}

impl Pace for SchedulePace {
    fn begin(&mut self, reached: Nanos) {
        // Wakes that are a second or more apart need no more than the system's usual precision.
        let precise = self.cadences.iter().any(|cadence| cadence.every < Nanos::SECOND);
        let clock = SystemClock::new(Sleeper { precise, spin: Nanos::ZERO });
        self.pacer = Some(Pacer::new(&self.cadences, self.missed, clock, reached));
    }

    /// # Panics
    /// When it has not begun.
    fn wait(&mut self) -> Wake {
        let pacer = self.pacer.as_mut().expect("a session begins its pace before it waits");
        let wake = pacer.wait(LONGEST);
        Wake { instant: wake.instant, skipped: wake.skipped, stepped: wake.stepped }
    }

    fn lateness(&self) -> Option<&Lateness> {
        self.pacer.as_ref().map(Pacer::lateness)
    }
}
