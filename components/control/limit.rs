//! Signal limits.

use serde::{Deserialize, Serialize};

use crate::time::Nanos;

/// A limit on the signals of a strategy under a risk profile. It can only lower what a schedule allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalLimit {
    /// The strategy's name, which is the schedule's `strategy`.
    pub strategy: String,
    /// The risk profile's name.
    pub risk_profile: String,
    /// Signals at most, per instrument and decision.
    pub limit: u32,
    /// Why.
    pub reason: Option<String>,
    /// When it was imposed.
    pub created_at: Nanos,
    /// From when it does not hold any more; [`Nanos::NEVER`] when it has no end.
    pub expires_at: Nanos,
}

/// The limits in force, one per strategy and risk profile, in the order they were first imposed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalLimits(pub Vec<SignalLimit>);
