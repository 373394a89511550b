//! The portfolio governor: weights between strategies by how well they do, held between bounds.

use serde::{Deserialize, Serialize};

use crate::time::Nanos;

/// What a governor goes by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GovernorSettings {
    /// Whether it acts.
    pub enabled: bool,
    /// Least distance of two decisions.
    pub interval: Nanos,
    /// Share of the newest sample, 0 to 1; 1 keeps nothing of the past.
    pub smoothing: f64,
    /// What a score is made of.
    pub scoring: Scoring,
    /// Every strategy must have been seen before the first decision.
    pub require_complete_metrics: bool,
    /// Scores up to this count as zero, higher ones as what they are above it.
    pub min_score_threshold: f64,
    /// Cost of a strategy that reports none, hundredths of a per cent.
    pub default_cost_bps: f64,
    /// Least signals of a strategy with any weight.
    pub max_signal_floor: u32,
    /// The terms of a strategy that is not in [`GovernorSettings::strategies`].
    pub default_terms: Terms,
    /// The terms of strategies, by name.
    pub strategies: Vec<(String, Terms)>,
}

/// Factors of a score's parts; none is negative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scoring {
    /// Of the quality of the signals.
    pub alpha: f64,
    /// Of the costs, in hundredths of a per cent.
    pub cost: f64,
    /// Of missed service levels, a rate.
    pub slo: f64,
    /// Of the risk, a rate.
    pub risk: f64,
}

/// What a strategy may have.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// Weight that it starts from, before all are brought to a sum of 1.
    pub baseline_weight: f64,
    /// Least weight.
    pub min_weight: f64,
    /// Largest weight; one below the least counts as the least.
    pub max_weight: f64,
    /// Takes the place of the schedule's own signal budget.
    pub baseline_max_signals: Option<u32>,
    /// Largest factor on its signals; 0 is no bound.
    pub max_signal_factor: f64,
}

/// A governor with what it has seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Governor {
    /// What it goes by.
    pub settings: GovernorSettings,
    /// Its strategies, those of the settings first, then in the order they were seen.
    pub strategies: Vec<Governed>,
    /// When it last decided.
    pub decided_at: Option<Nanos>,
}

/// A strategy under a governor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Governed {
    /// Its name.
    pub name: String,
    /// Its terms, with the baseline that all baselines together made of it.
    pub terms: Terms,
    /// The weight in force.
    pub weight: f64,
    /// Smoothed quality of its signals.
    pub alpha: f64,
    /// Smoothed rate of missed service levels.
    pub slo: f64,
    /// The last risk.
    pub risk: f64,
    /// The last cost that it reported, hundredths of a per cent.
    pub cost_bps: Option<f64>,
    /// Samples seen, by their weight.
    pub samples: f64,
}

/// A decision of a governor; all lists are in the order of its strategies.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// When.
    pub at: Nanos,
    /// The new weights, each within its bounds.
    pub weights: Vec<f64>,
    /// What they were shared out by; never negative.
    pub scores: Vec<f64>,
    /// Costs that the scores contain, hundredths of a per cent.
    pub costs_bps: Vec<f64>,
    /// What of 1 is left over; zero when the weights come to more.
    pub remaining_cash: f64,
}

/// What a governor grants a strategy now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grant {
    /// Its weight.
    pub weight: f64,
    /// The weight it started from.
    pub baseline_weight: f64,
    /// Factor on its signals.
    pub signal_factor: f64,
    /// Takes the place of the schedule's own signal budget.
    pub max_signal_hint: Option<u32>,
}
