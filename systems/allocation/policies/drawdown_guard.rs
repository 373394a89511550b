//! Less for schedules that have lost.

use std::collections::BTreeMap;

use hemiola_components::capital::Readings;
use serde::{Deserialize, Serialize};

use super::node::Binding;
use super::normalize::normalize_or_equal;

/// Drawdowns in per cent, in order of preference.
const PERCENT: [&str; 6] = [
    "max_drawdown_pct",
    "drawdown_pct",
    "avg_drawdown_pct",
    "current_drawdown_pct",
    "max_drawdown_percent",
    "drawdown_percent",
];

/// Drawdowns that are fractions up to one, and per cent above.
const FRACTION: [&str; 2] = ["drawdown", "avg_drawdown"];

const PRESSURE: [&str; 3] = ["drawdown_pressure", "drawdown_trend", "stress_drawdown_pressure"];

/// Sanitised limits, bound to the columns of drawdowns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct DrawdownGuard {
    warning: f64,
    panic: f64,
    pressure_weight: f64,
    least: f64,
    most: f64,
    percent: Vec<usize>,
    fraction: Vec<usize>,
    pressure: Vec<usize>,
}

/// What a schedule's weight is made of.
struct Parts {
    drawdown: f64,
    pressure: f64,
    penalty: f64,
    candidate: f64,
    clamped: f64,
}

impl DrawdownGuard {
    /// From the limits as configured: drawdowns of the warning and the panic in per cent, what the pressure
    /// counts, and the least and largest weight.
    pub(super) fn bind(
        binding: &Binding<'_>,
        [warning, panic, pressure_weight]: [f64; 3],
        [least, most]: [f64; 2],
    ) -> Self {
        let (warning, panic) = (warning.max(0.0), panic.max(0.0));
        let least = least.max(0.0);
        let most = least.max(most);
        Self {
            warning,
            panic: if panic <= warning { warning + 1.0 } else { panic },
            pressure_weight: pressure_weight.clamp(0.0, 1.0),
            least,
            most: if most == 0.0 { 1.0 } else { most },
            percent: binding.columns(&PERCENT),
            fraction: binding.columns(&FRACTION),
            pressure: binding.columns(&PRESSURE),
        }
    }

    pub(super) fn weigh(&self, members: &[usize], readings: &Readings, out: &mut [f64]) {
        for (weight, &schedule) in out.iter_mut().zip(members) {
            *weight = self.parts(schedule, readings).clamped;
        }
        normalize_or_equal(out);
    }

    pub(super) fn details(&self, schedule: usize, readings: &Readings) -> BTreeMap<String, f64> {
        let parts = self.parts(schedule, readings);
        [
            ("drawdown_pct", parts.drawdown),
            ("drawdown_pressure", parts.pressure),
            ("penalty", parts.penalty),
            ("raw_weight", parts.candidate),
            ("clamped_weight", parts.clamped),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    fn parts(&self, schedule: usize, readings: &Readings) -> Parts {
        let first = |columns: &[usize]| columns.iter().find_map(|column| readings.get(schedule, *column));
        let percent = |value: f64| if value <= 1.0 { 100.0 * value } else { value };
        let drawdown = first(&self.percent)
            .map(f64::abs)
            .or_else(|| first(&self.fraction).map(|value| percent(value.abs())))
            .unwrap_or(0.0);
        let pressure = first(&self.pressure).unwrap_or(0.0).clamp(0.0, 1.0);
        let depth = if drawdown >= self.panic {
            1.0
        } else if drawdown > self.warning {
            (drawdown - self.warning) / (self.panic - self.warning).max(1e-6)
        } else {
            0.0
        };
        let mut penalty = f64::max(depth, pressure * self.pressure_weight);
        if pressure > 0.0 {
            penalty = penalty.max((depth + 0.5 * pressure).min(1.0));
        }
        let penalty = penalty.min(1.0);
        let candidate = self.most * (1.0 - penalty);
        Parts { drawdown, pressure, penalty, candidate, clamped: candidate.max(self.least) }
    }
}
