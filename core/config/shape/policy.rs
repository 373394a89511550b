//! Capital policies: their names and keys. Sources of the rules are with the policies' maths.

use super::{Key, Kind, PERIOD, Range, Shape, key};

/// One policy.
#[derive(Debug)]
pub(crate) struct PolicyShape {
    /// Names in a file: the canonical one first. They are read without regard to case, `-` counts as `_`.
    pub(crate) names: &'static [&'static str],
    /// Whether reports call it as the file does, when it has no label.
    pub(crate) is_reported_as_written: bool,
    /// What reports call it when its name is all there is, if that is something else.
    pub(crate) bare_name: Option<&'static str>,
    /// Its own keys, beside [`COMMON`].
    pub(crate) shape: Shape,
}

/// Keys of every policy.
pub(crate) const COMMON: [Key; 3] = [
    key("name", Kind::Text, "Which policy.").alias(&["policy", "type"]).required(),
    key("label", Kind::Text, "Its name in reports.").alias(&["alias"]),
    key(
        "rebalance_seconds",
        PERIOD,
        "Least distance of two re-allocations, in seconds; counts in the outermost policy.",
    )
    .alias(&["rebalance_interval", "rebalance", "interval_seconds"]),
];

/// Words that stand for no policy where one may be left out.
pub(crate) const NO_POLICY: [&str; 3] = ["none", "disabled", "disable"];

pub(crate) const POLICIES: [PolicyShape; 11] = [
    PolicyShape {
        names: &["equal_weight", "equal", "uniform"],
        is_reported_as_written: false,
        bare_name: None,
        shape: Shape { summary: "The same for each schedule.", keys: &[] },
    },
    PolicyShape {
        names: &["fixed_weight", "fixed", "manual"],
        is_reported_as_written: false,
        bare_name: None,
        shape: Shape {
            summary: "From a table. Schedules that are not in it get nothing.",
            keys: &[key("weights", Kind::Weights, "By `schedule`, `strategy`, `schedule:profile` or `strategy:profile`; they need not add up to one.")
                .alias(&["allocations"])
                .required()],
        },
    },
    PolicyShape {
        names: &["risk_parity", "risk"],
        is_reported_as_written: false,
        bare_name: None,
        shape: Shape { summary: "Inversely to the volatility that was seen.", keys: &[] },
    },
    PolicyShape {
        names: &["volatility_target", "vol_target", "target_volatility"],
        is_reported_as_written: false,
        bare_name: None,
        shape: Shape { summary: "More for schedules that meet their target volatility.", keys: &[] },
    },
    PolicyShape {
        names: &["signal_strength", "signal", "signals"],
        is_reported_as_written: false,
        bare_name: None,
        shape: Shape { summary: "More for schedules with many confident signals.", keys: &[] },
    },
    PolicyShape {
        names: &["metric_weighted", "metric", "telemetry_weighted", "metric_score"],
        is_reported_as_written: true,
        bare_name: None,
        shape: Shape {
            summary: "By a weighted sum of telemetry.",
            keys: &[
                key("metrics", Kind::Either(&[Kind::Map { what: "metrics", of: &RULE, may_be_empty: true }, Kind::List(&Kind::Section(&LISTED_RULE))]), "What counts and how much, by metric.")
                    .alias(&["rules", "weights", "signals"])
                    .filled(),
                number("default_score", Range::ANY, 0.0, "Score that every schedule starts from.").alias(&["bias", "base_score"]),
                number("shift_epsilon", Range::NOT_NEGATIVE, 1e-6, "What the lowest score keeps when scores are lifted above zero.")
                    .alias(&["shift", "epsilon"]),
                FALLBACK_TO_EQUAL,
            ],
        },
    },
    PolicyShape {
        names: &["smoothed", "smoothed_allocation", "ewma", "ema"],
        is_reported_as_written: true,
        bare_name: None,
        shape: Shape {
            summary: "Another policy's weights, smoothed.",
            keys: &[
                inner("base", "The other policy.", "risk_parity").alias(&["inner", "delegate", "base_policy", "inner_policy"]),
                number("alpha", Range::SHARE, 0.35, "Share of the newest weight.").alias(&["smoothing_factor", "smoothing"]),
                number("min_delta", Range::NOT_NEGATIVE, 0.0, "Smaller changes are left out.").alias(&["threshold", "min_step"]),
                number("floor_weight", Range::NOT_NEGATIVE, 0.0, "Least weight before they are normalised.")
                    .alias(&["min_weight", "floor"]),
            ],
        },
    },
    PolicyShape {
        names: &["drawdown_guard", "drawdown", "drawdown_adaptive", "drawdown_aware"],
        is_reported_as_written: true,
        bare_name: None,
        shape: Shape {
            summary: "Less for schedules that have lost.",
            keys: &[
                number("warning_pct", Range::NOT_NEGATIVE, 10.0, "Drawdown from which weight is taken, in per cent.")
                    .alias(&["warning", "soft_limit_pct", "soft_limit"]),
                number("panic_pct", Range::NOT_NEGATIVE, 20.0, "Drawdown at which the least weight is left, in per cent.")
                    .alias(&["panic", "hard_limit_pct", "limit_pct"]),
                number("pressure_weight", Range::SHARE, 0.7, "How much the pressure counts.").alias(&["pressure"]),
                number("min_weight", Range::NOT_NEGATIVE, 0.05, "Least weight before they are normalised.").alias(&["floor_weight"]),
                number("max_weight", Range::NOT_NEGATIVE, 1.0, "Weight without a drawdown.").alias(&["cap_weight"]),
            ],
        },
    },
    PolicyShape {
        names: &["risk_profile", "profile_budget", "risk_budget", "risk_profile_budget"],
        is_reported_as_written: false,
        bare_name: Some("risk_profile_budget"),
        shape: Shape {
            summary: "A budget for each risk profile, divided inside by another policy.",
            keys: &[
                key("profiles", SHARES_BY_PROFILE, "Weight by risk profile; they need not add up to one.")
                    .alias(&["profile_weights", "weights", "allocations"])
                    .filled(),
                number("profile_floor", Range::NOT_NEGATIVE, 0.0, "Least share of a profile, at most one over their number.")
                    .alias(&["floor", "min_weight", "minimum"]),
                inner("within_profile", "The policy inside a profile.", "risk_parity")
                    .alias(&["inner_policy", "profile_policy", "strategy_policy"]),
            ],
        },
    },
    PolicyShape {
        names: &["blended", "composite", "weighted_mix", "mix"],
        is_reported_as_written: true,
        bare_name: None,
        shape: Shape {
            summary: "Several policies, mixed.",
            keys: &[
                key("components", Kind::Either(&[Kind::List(&COMPONENT), Kind::Map { what: "components", of: &COMPONENT, may_be_empty: true }]), "The policies with their weights; in a map, by label.")
                    .alias(&["policies", "allocators", "mix"]),
                key("normalize_components", Kind::Switch, "Whether the weights of the components are made to add up to one.")
                    .alias(&["normalize", "normalize_weights"])
                    .flag(true),
                key("fallback", Kind::Fallback, "The policy when no component gives weights.")
                    .text("risk_parity")
                    .alias(&["fallback_policy", "default_policy"]),
            ],
        },
    },
    PolicyShape {
        names: &["tag_quota", "tag_budget", "tag_weight", "tag_split"],
        is_reported_as_written: true,
        bare_name: None,
        shape: Shape {
            summary: "A quota for each tag of strategies, divided inside by another policy.",
            keys: &[
                key("tags", SHARES_BY_TAG, "Weight by tag; upper and lower case differ.")
                    .alias(&["tag_weights", "weights", "groups"])
                    .filled(),
                key("default_weight", Kind::Numeric(Range::NOT_NEGATIVE), "Weight of schedules with none of the tags, together.")
                    .alias(&["unassigned_weight", "fallback_weight"])
                    .otherwise("they get nothing"),
                inner("within_tag", "The policy inside a tag.", "equal_weight").alias(&["within", "inner_policy"]),
                FALLBACK_TO_EQUAL,
                key("primary_only", Kind::Switch, "Whether a strategy's primary tag goes before the others.")
                    .alias(&["prefer_primary"])
                    .flag(true),
            ],
        },
    },
];

const FALLBACK_TO_EQUAL: Key = key("fallback", Kind::Fallback, "The policy when this one gives no weights.")
    .alias(&["fallback_policy", "default_policy"])
    .otherwise("equal weights");

/// A rule about a metric: its weight, `[weight, default]`, or a map.
const RULE: Kind = Kind::Either(&[
    Kind::Numeric(Range::ANY),
    Kind::List(&Kind::Numeric(Range::ANY)),
    Kind::Section(&Shape { summary: "How a metric counts.", keys: &RULE_KEYS }),
]);

const LISTED_RULE: Shape = Shape {
    summary: "How a metric counts.",
    keys: &[
        key("metric", Kind::Text, "The metric.").alias(&["name"]).required(),
        RULE_KEYS[0],
        RULE_KEYS[1],
        RULE_KEYS[2],
        RULE_KEYS[3],
        RULE_KEYS[4],
        RULE_KEYS[5],
    ],
};

const RULE_KEYS: [Key; 6] = [
    number("weight", Range::ANY, 1.0, "Factor on the value.").alias(&["score", "coefficient", "multiplier"]),
    number("default", Range::ANY, 0.0, "Value of a schedule without it.").alias(&["missing", "fallback"]),
    key("min", Kind::Numeric(Range::ANY), "Smaller values count as this.").alias(&["clamp_min", "floor"]),
    key("max", Kind::Numeric(Range::ANY), "Larger values count as this.").alias(&["clamp_max", "cap"]),
    key("absolute", Kind::Switch, "Whether the sign is dropped.").alias(&["abs", "use_abs"]).flag(false),
    number("scale", Range::ANY, 1.0, "Factor on the value after its bounds.").alias(&["factor"]),
];

/// A policy, or a policy with its weight.
const COMPONENT: Kind = Kind::Component;

/// Keys of a component that holds its policy under one of them.
pub(crate) const COMPONENT_KEYS: Shape = Shape {
    summary: "A policy with its weight. A map without `policy` is the policy itself, its `weight` beside it.",
    keys: &[
        key("policy", Kind::Policy, "The policy.").alias(&["allocator", "spec", "definition"]),
        COMPONENT_WEIGHT,
        key("label", Kind::Text, "Its name in reports.").alias(&["alias"]).otherwise("the policy's"),
    ],
};

/// The weight of a component.
pub(crate) const COMPONENT_WEIGHT: Key =
    number("weight", Range::NOT_NEGATIVE, 1.0, "How much it counts.").alias(&["share", "coefficient"]);

const SHARES_BY_PROFILE: Kind = Kind::Either(&[
    Kind::Map { what: "risk profiles", of: &Kind::Numeric(Range::NOT_NEGATIVE), may_be_empty: true },
    Kind::List(&Kind::Section(&Shape {
        summary: "The weight of a risk profile.",
        keys: &[
            key("profile", Kind::Text, "The risk profile.").alias(&["risk_profile", "name"]).required(),
            SHARE,
        ],
    })),
]);

const SHARES_BY_TAG: Kind = Kind::Either(&[
    Kind::Map { what: "tags", of: &Kind::Numeric(Range::NOT_NEGATIVE), may_be_empty: true },
    Kind::List(&Kind::Section(&Shape {
        summary: "The weight of a tag.",
        keys: &[key("tag", Kind::Text, "The tag.").alias(&["name", "label"]).required(), SHARE],
    })),
]);

const SHARE: Key = key("weight", Kind::Numeric(Range::NOT_NEGATIVE), "Its weight.").required();

const fn number(name: &'static str, range: Range, default: f64, doc: &'static str) -> Key {
    key(name, Kind::Numeric(range), doc).number(default)
}

const fn inner(name: &'static str, doc: &'static str, default: &'static str) -> Key {
    key(name, Kind::Policy, doc).text(default)
}
