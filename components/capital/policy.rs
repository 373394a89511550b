//! Capital policies: how a portfolio divides its capital, as a tree.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A capital policy: a node of a policy tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The name in reports: its label, else its name in the spelling of the file, in lower case with `_`.
    pub name: String,
    /// The rule.
    pub kind: PolicyKind,
}

impl Default for Policy {
    /// The policy of a scheduler, or inside another policy, that names none.
    fn default() -> Self {
        Self::of(PolicyKind::RiskParity)
    }
}

impl Policy {
    /// A policy that reports call by its canonical name.
    #[must_use]
    pub fn of(kind: PolicyKind) -> Self {
        Self { name: kind.name().to_owned(), kind }
    }

    /// Whether its weights depend on nothing but the schedules, so that one evaluation stands for all.
    #[must_use]
    pub fn is_static(&self) -> bool {
        match &self.kind {
            PolicyKind::EqualWeight => true,
            PolicyKind::FixedWeight(table) => table.values().any(|weight| *weight > 0.0),
            _ => false,
        }
    }

    /// The same with nothing in it smoothed.
    #[must_use]
    pub fn unsmoothed(&self) -> Self {
        let mut kind = self.kind.clone();
        let fallbacks = |policy: &mut Option<Box<Self>>| {
            if let Some(policy) = policy {
                **policy = policy.unsmoothed();
            }
        };
        match &mut kind {
            PolicyKind::Smoothed { base, .. } => return base.unsmoothed(),
            PolicyKind::MetricWeighted { fallback, .. } => fallbacks(fallback),
            PolicyKind::RiskProfile { within_profile, .. } => **within_profile = within_profile.unsmoothed(),
            PolicyKind::Blended { components, fallback, .. } => {
                for component in components {
                    component.policy = component.policy.unsmoothed();
                }
                fallbacks(fallback);
            }
            PolicyKind::TagQuota { within_tag, fallback, .. } => {
                **within_tag = within_tag.unsmoothed();
                fallbacks(fallback);
            }
            _ => {}
        }
        Self { name: self.name.clone(), kind }
    }

    /// Whether its weights depend on earlier ones: something in it is smoothed.
    #[must_use]
    pub fn has_memory(&self) -> bool {
        let inner = |policy: &Option<Box<Self>>| policy.as_ref().is_some_and(|policy| policy.has_memory());
        match &self.kind {
            PolicyKind::Smoothed { .. } => true,
            PolicyKind::MetricWeighted { fallback, .. } => inner(fallback),
            PolicyKind::RiskProfile { within_profile, .. } => within_profile.has_memory(),
            PolicyKind::Blended { components, fallback, .. } => {
                components.iter().any(|component| component.policy.has_memory()) || inner(fallback)
            }
            PolicyKind::TagQuota { within_tag, fallback, .. } => within_tag.has_memory() || inner(fallback),
            _ => false,
        }
    }
}

/// How capital is divided. Weights need not add up to one: they are normalised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PolicyKind {
    /// The same for each.
    EqualWeight,
    /// From a table; keys are lower case and mean, in order of preference, `schedule:profile`,
    /// `strategy:profile`, `schedule`, `strategy`. A table without a positive weight is risk parity.
    FixedWeight(BTreeMap<String, f64>),
    /// Inversely to the volatility that was seen.
    RiskParity,
    /// More for schedules that meet their target volatility.
    VolatilityTarget,
    /// More for schedules with many confident signals.
    SignalStrength,
    /// By a weighted sum of telemetry.
    MetricWeighted {
        /// In the order of the file.
        rules: Vec<Rule>,
        /// Score that every schedule starts from.
        default_score: f64,
        /// What the lowest score keeps when scores are lifted above zero; at least 1e-9.
        shift_epsilon: f64,
        /// The policy when there are no weights; `None` is equal weights.
        fallback: Option<Box<Policy>>,
    },
    /// Another policy's weights, smoothed.
    Smoothed {
        /// The other policy.
        base: Box<Policy>,
        /// Share of the newest weight, 0 to 1.
        alpha: f64,
        /// Smaller changes are left out.
        min_delta: f64,
        /// Least weight before they are normalised.
        floor_weight: f64,
    },
    /// Less for schedules that have lost.
    DrawdownGuard {
        /// Drawdown from which weight is taken, per cent.
        warning_pct: f64,
        /// Drawdown at which the least weight is left, per cent.
        panic_pct: f64,
        /// How much the pressure counts, 0 to 1.
        pressure_weight: f64,
        /// Least weight before they are normalised.
        min_weight: f64,
        /// Weight without a drawdown.
        max_weight: f64,
    },
    /// A budget for each risk profile.
    RiskProfile {
        /// Weight by risk profile, in lower case.
        profiles: BTreeMap<String, f64>,
        /// Least share of a profile.
        profile_floor: f64,
        /// The policy inside a profile.
        within_profile: Box<Policy>,
    },
    /// Several policies, mixed.
    Blended {
        /// In the order of the file.
        components: Vec<Component>,
        /// Whether their weights are made to add up to one.
        normalize_components: bool,
        /// The policy when no component gives weights; `None` is equal weights.
        fallback: Option<Box<Policy>>,
    },
    /// A quota for each tag of strategies.
    TagQuota {
        /// Weight by tag.
        tags: BTreeMap<String, f64>,
        /// Weight of schedules with none of the tags, together; `None` is nothing.
        default_weight: Option<f64>,
        /// The policy inside a tag.
        within_tag: Box<Policy>,
        /// The policy when nobody has one of the tags; `None` is equal weights.
        fallback: Option<Box<Policy>>,
        /// Whether a strategy's primary tag goes before the others.
        primary_only: bool,
    },
}

impl PolicyKind {
    /// The canonical name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::EqualWeight => "equal_weight",
            Self::FixedWeight(_) => "fixed_weight",
            Self::RiskParity => "risk_parity",
            Self::VolatilityTarget => "volatility_target",
            Self::SignalStrength => "signal_strength",
            Self::MetricWeighted { .. } => "metric_weighted",
            Self::Smoothed { .. } => "smoothed",
            Self::DrawdownGuard { .. } => "drawdown_guard",
            Self::RiskProfile { .. } => "risk_profile",
            Self::Blended { .. } => "blended",
            Self::TagQuota { .. } => "tag_quota",
        }
    }
}

/// How a metric counts: raised to `min`, cut to `max`, times `scale`, times `weight`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The metric.
    pub metric: String,
    /// Factor on the value.
    pub weight: f64,
    /// Value of a schedule without it.
    pub default: f64,
    /// Smaller values count as this.
    pub min: Option<f64>,
    /// Larger values count as this.
    pub max: Option<f64>,
    /// Whether the sign is dropped first.
    pub absolute: bool,
    /// Factor on the value after its bounds.
    pub scale: f64,
}

/// A policy of a mix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Its name in reports.
    pub label: String,
    /// How much it counts.
    pub weight: f64,
    /// The policy.
    pub policy: Policy,
}
