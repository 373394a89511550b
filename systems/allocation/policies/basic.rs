//! Policies that score each schedule by one reading.

use hemiola_components::capital::Readings;
use serde::{Deserialize, Serialize};

use super::node::Binding;
use super::normalize::{normalize, normalize_or_equal};

/// Inversely to the first positive volatility; 1 stands for one that nobody has seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RiskParity {
    volatilities: Vec<usize>,
}

impl RiskParity {
    pub(super) fn bind(binding: &Binding<'_>) -> Self {
        let names = ["avg_realized_volatility", "realized_volatility", "volatility"];
        Self { volatilities: binding.columns(&names) }
    }

    pub(super) fn weigh(&self, members: &[usize], readings: &Readings, out: &mut [f64]) {
        for (weight, &schedule) in out.iter_mut().zip(members) {
            let seen = self.volatilities.iter().filter_map(|column| readings.get(schedule, *column));
            let volatility = seen.into_iter().find(|volatility| *volatility > 0.0).unwrap_or(1.0);
            *weight = 1.0 / volatility.max(1e-6);
        }
        normalize(out);
    }
}

/// Inversely to one plus the error in per cent; a schedule without an error scores best.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct VolatilityTarget {
    errors: Vec<usize>,
}

impl VolatilityTarget {
    pub(super) fn bind(binding: &Binding<'_>) -> Self {
        Self { errors: binding.columns(&["realized_vs_target_vol_pct", "allocation_error_pct"]) }
    }

    pub(super) fn weigh(&self, members: &[usize], readings: &Readings, out: &mut [f64]) {
        for (weight, &schedule) in out.iter_mut().zip(members) {
            let mut seen = self.errors.iter().filter_map(|column| readings.get(schedule, *column));
            *weight = 1.0 / (1.0 + seen.find(|error| *error >= 0.0).unwrap_or(0.0));
        }
        normalize_or_equal(out);
    }
}

/// By the number of signals and their confidence.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SignalStrength {
    signals: Option<usize>,
    confidence: Option<usize>,
}

impl SignalStrength {
    pub(super) fn bind(binding: &Binding<'_>) -> Self {
        Self { signals: binding.column("signals"), confidence: binding.column("avg_confidence") }
    }

    pub(super) fn weigh(&self, members: &[usize], readings: &Readings, out: &mut [f64]) {
        for (weight, &schedule) in out.iter_mut().zip(members) {
            let value = |column: Option<usize>| {
                column.and_then(|column| readings.get(schedule, column)).unwrap_or(0.0).max(0.0)
            };
            *weight = value(self.signals) * (1.0 + value(self.confidence));
        }
        normalize_or_equal(out);
    }
}
