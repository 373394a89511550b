//! Capital policies, whole.

use hemiola_components::capital::{Component, Policy, PolicyKind, Rule};
use serde_json::{Value, json};

/// A policy with all that it contains. Labels are names in reports and left out.
pub(super) fn policy(node: &Policy) -> Value {
    let mut value = keys(&node.kind);
    value["name"] = json!(node.kind.name());
    value
}

fn keys(kind: &PolicyKind) -> Value {
    let optional = |inner: &Option<Box<Policy>>| inner.as_deref().map(policy);
    match kind {
        PolicyKind::EqualWeight
        | PolicyKind::RiskParity
        | PolicyKind::VolatilityTarget
        | PolicyKind::SignalStrength => json!({}),
        PolicyKind::FixedWeight(weights) => json!({ "weights": weights }),
        PolicyKind::MetricWeighted { rules, default_score, shift_epsilon, fallback } => json!({
            "metrics": rules.iter().map(rule).collect::<Vec<_>>(),
            "default_score": default_score,
            "shift_epsilon": shift_epsilon,
            "fallback": optional(fallback),
        }),
        PolicyKind::Smoothed { base, alpha, min_delta, floor_weight } => json!({
            "base": policy(base),
            "alpha": alpha,
            "min_delta": min_delta,
            "floor_weight": floor_weight,
        }),
        PolicyKind::DrawdownGuard { warning_pct, panic_pct, pressure_weight, min_weight, max_weight } => {
            json!({
                "warning_pct": warning_pct,
                "panic_pct": panic_pct,
                "pressure_weight": pressure_weight,
                "min_weight": min_weight,
                "max_weight": max_weight,
            })
        }
        PolicyKind::RiskProfile { profiles, profile_floor, within_profile } => json!({
            "profiles": profiles,
            "profile_floor": profile_floor,
            "within_profile": policy(within_profile),
        }),
        PolicyKind::Blended { components, normalize_components, fallback } => json!({
            "components": components.iter().map(component).collect::<Vec<_>>(),
            "normalize_components": normalize_components,
            "fallback": optional(fallback),
        }),
        PolicyKind::TagQuota { tags, default_weight, within_tag, fallback, primary_only } => json!({
            "tags": tags,
            "default_weight": default_weight,
            "within_tag": policy(within_tag),
            "fallback": optional(fallback),
            "primary_only": primary_only,
        }),
    }
}

fn rule(rule: &Rule) -> Value {
    json!({
        "metric": rule.metric,
        "weight": rule.weight,
        "default": rule.default,
        "min": rule.min,
        "max": rule.max,
        "absolute": rule.absolute,
        "scale": rule.scale,
    })
}

fn component(component: &Component) -> Value {
    json!({ "label": component.label, "weight": component.weight, "policy": policy(&component.policy) })
}
