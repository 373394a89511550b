//! What the risk gate said of an order.

use std::borrow::Cow;
use std::sync::Arc;

use hemiola_components::time::Nanos;
use serde::{Deserialize, Serialize};

use super::ring::Entry;

/// An evaluation of the risk gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// Its number, from 1; it goes on when a session does.
    pub sequence: u64,
    /// The instant of the decision.
    #[serde(with = "hemiola_adapters::time_text::instant")]
    pub at: Nanos,
    /// When it was made, on the wall clock.
    #[serde(with = "hemiola_adapters::time_text::instant")]
    pub evaluated_at: Nanos,
    /// The schedule.
    pub schedule: Arc<str>,
    /// The instrument, as `venue:symbol`.
    pub instrument: Arc<str>,
    /// What it said.
    pub verdict: Verdict,
    /// The rule that it was about; none when the order passed.
    pub rule: Option<Cow<'static, str>>,
    /// What the order would have made of it.
    pub value: Option<f64>,
    /// What was allowed.
    pub limit: Option<f64>,
    /// What was left before.
    pub headroom: Option<f64>,
    /// Base units that passed, where they are known.
    pub quantity: Option<f64>,
}

/// What the risk gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The order passed.
    Approved,
    /// It was made smaller, so that it passes.
    Adjusted,
    /// It did not pass.
    Rejected,
}

impl Verdict {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Adjusted => "adjusted",
            Self::Rejected => "rejected",
        }
    }
}

impl Entry for Evaluation {
    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn time(&self) -> Nanos {
        self.evaluated_at
    }
}
