//! What can be done to a running portfolio, as data.

use serde::{Deserialize, Serialize};

use super::{Expiry, Target};
use crate::capital::Policy;
use crate::time::Nanos;

/// A change of what a portfolio's schedules may do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Imposes a signal limit in the place of what there was for the strategy and the profile.
    SetLimit {
        /// The strategy's name.
        strategy: String,
        /// The risk profile's name.
        risk_profile: String,
        /// Signals at most, per instrument and decision.
        limit: u32,
        /// When it ends.
        expiry: Expiry,
    },
    /// Lifts a signal limit.
    ClearLimit {
        /// The strategy's name.
        strategy: String,
        /// The risk profile's name.
        risk_profile: String,
    },
    /// Suspends a schedule, or every schedule whose strategy has a tag.
    Suspend {
        /// What.
        target: Target,
        /// When it ends.
        expiry: Expiry,
    },
    /// Lifts a suspension.
    Resume {
        /// What.
        target: Target,
    },
    /// Divides the capital by another policy from now on.
    SetPolicy {
        /// The policy.
        policy: Box<Policy>,
        /// Whether it divides at once, rather than at the next re-allocation instant.
        rebalances: bool,
    },
    /// Changes the distance of the re-allocation instants; `None` is every due instant.
    SetInterval {
        /// The new distance.
        cool_down: Option<Nanos>,
    },
    /// Divides the capital now.
    Rebalance,
    /// Takes back the engines' orders that the venue has not filled yet.
    CancelOrders,
    /// The same, and closes every position at its last price, at once.
    Flatten,
}

/// A command with its origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatorAction {
    /// When it takes effect.
    pub at: Nanos,
    /// Who gave it; `configuration` for what a scheduler starts with.
    pub who: String,
    /// Why; `None` when nothing was said.
    pub why: Option<String>,
    /// What is to be done.
    pub what: Command,
}
