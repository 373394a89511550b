//! `portfolio_governors`.

use std::collections::BTreeMap;

use hemiola_components::governor::{GovernorSettings, Scoring, Terms};
use hemiola_components::time::Nanos;

use crate::config::view::View;

/// The governors of a file, by name.
pub(super) fn governors(root: &View<'_>) -> BTreeMap<String, GovernorSettings> {
    let governors = root.map("portfolio_governors");
    governors.iter().map(|field| (field.name.to_owned(), decode(field))).collect()
}

fn decode(field: &View<'_>) -> GovernorSettings {
    let number = |key: &str| field.number_or_zero(key);
    let scoring = field.get("scoring");
    let factor = |key: &str| scoring.as_ref().map_or(0.0, |scoring| scoring.number_or_zero(key));
    let default_terms = Terms {
        baseline_weight: number("default_baseline_weight"),
        min_weight: number("default_min_weight"),
        max_weight: number("default_max_weight"),
        baseline_max_signals: None,
        max_signal_factor: 1.0,
    };
    let strategies = field.map("strategies");
    GovernorSettings {
        enabled: field.flag("enabled"),
        interval: minutes(number("rebalance_interval_minutes")),
        smoothing: number("smoothing"),
        scoring: Scoring {
            alpha: factor("alpha"),
            cost: factor("cost"),
            slo: factor("slo"),
            risk: factor("risk"),
        },
        require_complete_metrics: field.flag("require_complete_metrics"),
        min_score_threshold: number("min_score_threshold"),
        default_cost_bps: number("default_cost_bps"),
        max_signal_floor: field.count("max_signal_floor"),
        default_terms,
        strategies: strategies.iter().map(|one| (one.name.to_owned(), terms(one, default_terms))).collect(),
    }
}

/// A baseline of zero is the default one.
fn terms(field: &View<'_>, default: Terms) -> Terms {
    let baseline = field.number("baseline_weight").filter(|weight| *weight > 0.0);
    Terms {
        baseline_weight: baseline.unwrap_or(default.baseline_weight),
        min_weight: field.number_or_zero("min_weight"),
        max_weight: field.number_or_zero("max_weight"),
        baseline_max_signals: field
            .number("baseline_max_signals")
            .map(|_| field.count("baseline_max_signals")),
        max_signal_factor: field.number_or_zero("max_signal_factor"),
    }
}

fn minutes(value: f64) -> Nanos {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be a hundred years at most")]
    Nanos::new((value * 60.0 * Nanos::SECOND.get() as f64).round() as i64)
}
