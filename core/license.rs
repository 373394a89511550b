//! Holds a Plan against the capabilities that were granted.

use std::fmt;

use hemiola_systems::signals::capability::CapabilityGuard as _;

use crate::config::capabilities::Capabilities;
use crate::config::plan::Plan;
use crate::exit::{Exit, Failure};

/// A schedule that may not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// The schedule.
    pub schedule: String,
    /// Its strategy.
    pub strategy: String,
    /// The strategy's engine.
    pub engine: String,
    /// What the engine needs and was not granted.
    pub capability: String,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schedule, strategy, engine, capability } = self;
        write!(
            f,
            "schedule `{schedule}` (strategy `{strategy}`, engine `{engine}`) needs the capability `{capability}`"
        )
    }
}

/// The schedules that must be left out, in the order of the Plan.
///
/// # Errors
/// When a schedule is blocked and none may be left out, or when none would be left.
pub fn check(plan: &Plan, capabilities: &Capabilities, skip_blocked: bool) -> Result<Vec<Blocked>, Failure> {
    let schedules = plan.schedules.iter().map(|schedule| (schedule, &plan.strategies[schedule.strategy]));
    let blocked: Vec<Blocked> = schedules
        .filter(|(_, strategy)| !capabilities.granted.allows(&strategy.definition.capability))
        .map(|(schedule, strategy)| Blocked {
            schedule: schedule.name.clone(),
            strategy: strategy.name.clone(),
            engine: strategy.engine.clone(),
            capability: strategy.definition.capability.clone(),
        })
        .collect();
    let all = blocked.len() == plan.schedules.len();
    if blocked.is_empty() || (skip_blocked && !all) {
        return Ok(blocked);
    }
    let lines: Vec<String> = blocked.iter().map(|one| format!("\n  {one}")).collect();
    let way_out =
        if all { "no schedule is left without them" } else { "or leave them out with --skip-blocked" };
    let message = format!(
        "{} does not grant what {} of {} schedules need:{}\nadd the capabilities to the file, or give the schedules \
         other strategies; {way_out}",
        capabilities.path.display(),
        blocked.len(),
        plan.schedules.len(),
        lines.concat(),
    );
    Err(Failure::new(Exit::License, message))
}
