//! The portfolio governor.

use hemiola_components::governor::{GovernorSettings, Terms};
use serde_json::{Value, json};

pub(super) fn governor(settings: &GovernorSettings) -> Value {
    let strategies = settings.strategies.iter().map(|(name, terms)| {
        let mut value = self::terms(terms);
        value["name"] = json!(name);
        value
    });
    json!({
        "enabled": settings.enabled,
        "rebalance_interval_nanoseconds": settings.interval.get(),
        "smoothing": settings.smoothing,
        "scoring": {
            "alpha": settings.scoring.alpha,
            "cost": settings.scoring.cost,
            "slo": settings.scoring.slo,
            "risk": settings.scoring.risk,
        },
        "require_complete_metrics": settings.require_complete_metrics,
        "min_score_threshold": settings.min_score_threshold,
        "default_cost_bps": settings.default_cost_bps,
        "max_signal_floor": settings.max_signal_floor,
        "default_terms": terms(&settings.default_terms),
        "strategies": strategies.collect::<Vec<_>>(),
    })
}

fn terms(terms: &Terms) -> Value {
    json!({
        "baseline_weight": terms.baseline_weight,
        "min_weight": terms.min_weight,
        "max_weight": terms.max_weight,
        "baseline_max_signals": terms.baseline_max_signals,
        "max_signal_factor": terms.max_signal_factor,
    })
}
