//! Capital policies, whole.

use hemiola_components::capital::{Component, Policy, PolicyKind, Rule};
use serde_json::{Value, json};

/// A policy with all that it contains. Labels are names in reports and left out.
pub(super) fn policy(node: &Policy) -> Value {
    Form::Plain.policy(node)
}

/// A policy as a configuration may have it, labels included.
#[must_use]
pub fn written_policy(node: &Policy) -> Value {
    Form::Labelled.policy(node)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Labelled,
}

impl Form {
    fn policy(self, node: &Policy) -> Value {
        let mut value = self.keys(&node.kind);
        value["name"] = json!(node.kind.name());
        if self == Self::Labelled {
            value["label"] = json!(node.name);
        }
        value
    }

    /// The policy that stands in for another one, if any.
    fn optional(self, inner: Option<&Policy>) -> Value {
        match (inner, self) {
            (Some(inner), _) => self.policy(inner),
            (None, Self::Plain) => Value::Null,
            (None, Self::Labelled) => json!("none"),
        }
    }

    fn keys(self, kind: &PolicyKind) -> Value {
        match kind {
            PolicyKind::EqualWeight
            | PolicyKind::RiskParity
            | PolicyKind::VolatilityTarget
            | PolicyKind::SignalStrength => json!({}),
            PolicyKind::FixedWeight(weights) => json!({ "weights": weights }),
            PolicyKind::MetricWeighted { rules, default_score, shift_epsilon, fallback } => json!({
                "metrics": rules.iter().map(|one| self.rule(one)).collect::<Vec<_>>(),
                "default_score": default_score,
                "shift_epsilon": shift_epsilon,
                "fallback": self.optional(fallback.as_deref()),
            }),
            PolicyKind::Smoothed { base, alpha, min_delta, floor_weight } => json!({
                "base": self.policy(base),
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
                "within_profile": self.policy(within_profile),
            }),
            PolicyKind::Blended { components, normalize_components, fallback } => json!({
                "components": components.iter().map(|one| self.component(one)).collect::<Vec<_>>(),
                "normalize_components": normalize_components,
                "fallback": self.optional(fallback.as_deref()),
            }),
            PolicyKind::TagQuota { tags, default_weight, within_tag, fallback, primary_only } => self
                .without_nulls(json!({
                    "tags": tags,
                    "default_weight": default_weight,
                    "within_tag": self.policy(within_tag),
                    "fallback": self.optional(fallback.as_deref()),
                    "primary_only": primary_only,
                })),
        }
    }

    fn rule(self, rule: &Rule) -> Value {
        self.without_nulls(json!({
            "metric": rule.metric,
            "weight": rule.weight,
            "default": rule.default,
            "min": rule.min,
            "max": rule.max,
            "absolute": rule.absolute,
            "scale": rule.scale,
        }))
    }

    fn component(self, component: &Component) -> Value {
        let policy = self.policy(&component.policy);
        json!({ "label": component.label, "weight": component.weight, "policy": policy })
    }

    /// In a configuration, what has no value is not there.
    fn without_nulls(self, mut value: Value) -> Value {
        if let (Self::Labelled, Value::Object(keys)) = (self, &mut value) {
            keys.retain(|_, value| !value.is_null());
        }
        value
    }
}
