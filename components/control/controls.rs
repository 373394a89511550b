//! What is imposed on a portfolio's schedules now.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{OperatorAction, SignalLimits, Suspension, Suspensions};

/// What operators, configuration and governor have imposed, and what operators are still to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Controls {
    /// Signal limits.
    pub limits: SignalLimits,
    /// Suspensions.
    pub suspensions: Suspensions,
    /// What is to be done, in the order it is done.
    pub pending: VecDeque<OperatorAction>,
    /// What all of it comes to for each schedule, by index.
    pub standings: Vec<Standing>,
}

/// What a schedule may do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Signals at most, per instrument and decision: its own budget, or the governor's for it.
    pub base_max_signals: u32,
    /// The governor's factor on it; 1 without a governor.
    pub governor_factor: f64,
    /// The governor's least number of signals; 1 without a governor.
    pub signal_floor: u32,
    /// The governor's weight of its strategy; 0 without a governor.
    pub portfolio_weight: f64,
    /// The signal limit of its strategy under its risk profile.
    pub limit: Option<u32>,
    /// What suspends it.
    pub suspension: Option<Suspension>,
}

impl Standing {
    /// A schedule that nothing is imposed on.
    #[must_use]
    pub const fn free(max_signals: u32) -> Self {
        Self {
            base_max_signals: max_signals,
            governor_factor: 1.0,
            signal_floor: 1,
            portfolio_weight: 0.0,
            limit: None,
            suspension: None,
        }
    }
}
