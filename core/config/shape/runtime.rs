//! `runtime` and `runtime_entrypoints.<name>`.

use super::risk::DECISION_LOG;
use super::{Kind, Names, PERIOD, Range, Shape, TEXTS, key, map, scheduler, services};

pub(crate) const RUNTIME: Shape = Shape {
    summary: "How the process runs.",
    keys: &[
        key(
            "multi_strategy_schedulers",
            map("schedulers", &Kind::Section(&scheduler::SCHEDULER)),
            "The same as the section of that name; a name here replaces the same name there.",
        ),
        key(
            "controllers",
            map("controllers", &Kind::Section(&CONTROLLER)),
            "How often a single strategy is run, by name.",
        )
        .later(),
        key("metrics_service", Kind::Section(&services::METRICS), "The service that tells its metrics.")
            .later(),
        key(
            "risk_service",
            Kind::Section(&services::RISK),
            "The service that tells the state of its limits.",
        )
        .later(),
        key("resource_limits", Kind::Section(&RESOURCES), "What it may use of the machine.").later(),
        key("live_routing", Kind::Section(&ROUTING), "Which way live orders take.").later(),
        key("risk_decision_log", Kind::Section(&DECISION_LOG), "The same as `risk.decision_log`.").later(),
        key("portfolio_decision_log", Kind::Section(&DECISION_LOG), "Where governors write their decisions.")
            .later(),
        key("security_baseline", Kind::Section(&BASELINE), "How security audits are signed.").later(),
    ],
};

const CONTROLLER: Shape = Shape {
    summary: "How often a single strategy is run.",
    keys: &[
        key("tick_seconds", PERIOD, "How often, in seconds.").required(),
        key("interval", Kind::Interval, "The length of the candles.").required(),
    ],
};

const RESOURCES: Shape = Shape {
    summary: "What the process may use of the machine.",
    keys: &[
        key("cpu_percent", Kind::Number(Range::POSITIVE), "Processor, in per cent.").required(),
        key("memory_mb", Kind::Number(Range::POSITIVE), "Memory, in megabytes.").required(),
        key("io_read_mb_s", Kind::Number(Range::NOT_NEGATIVE), "Reading, in megabytes a second.").number(0.0),
        key("io_write_mb_s", Kind::Number(Range::NOT_NEGATIVE), "Writing, in megabytes a second.")
            .number(0.0),
        key(
            "headroom_warning_threshold",
            Kind::Number(Range::NOT_NEGATIVE),
            "Share of a limit from which it is warned.",
        )
        .number(0.85),
    ],
};

const ROUTING: Shape = Shape {
    summary: "Which way live orders take.",
    keys: &[
        key("enabled", Kind::Bool, "Whether they do.").flag(false),
        key("default_route", TEXTS, "Exchanges in the order they are tried; required when enabled."),
        key("route_overrides", map("instruments", &TEXTS), "The same by instrument.").filled(),
        key(
            "latency_histogram_buckets",
            Kind::List(&Kind::Number(Range::POSITIVE)),
            "Bounds of the latencies that are counted, ascending, in seconds.",
        )
        .texts(&[]),
        key("prometheus_alerts", Kind::Free, "Alert rules."),
    ],
};

const BASELINE: Shape = Shape {
    summary: "How security audits are signed.",
    keys: &[key("signing", Kind::Section(&SIGNING), "The signature.").required()],
};

const SIGNING: Shape = Shape {
    summary: "The signature of an audit: one source of the key.",
    keys: &[
        key("signing_key_env", Kind::Variable, "Environment variable with the key."),
        key("signing_key_path", Kind::Path, "File with the key."),
        key("signing_key_value", Kind::Secret, "The key itself; demos only."),
        key("signing_key_id", Kind::Text, "Name of the key."),
        key("require_signature", Kind::Bool, "Whether an audit without one fails.").flag(false),
    ],
};

pub(crate) const ENTRYPOINT: Shape = Shape {
    summary: "A ready-made combination.",
    keys: &[
        key("environment", Kind::Reference(Names::Environments), "The environment.").required(),
        key("controller", Kind::Reference(Names::Controllers), "The controller.").required(),
        key("strategy", Kind::Reference(Names::Strategies), "The strategy.").required(),
        key("risk_profile", Kind::Reference(Names::RiskProfiles), "The limits.").required(),
        key("tags", Kind::OneOrMany(&Kind::Text), "What it is filed under.").texts(&[]),
        key("bootstrap", Kind::Bool, "Whether it is built at the start.").flag(true),
        key("trusted_auto_confirm", Kind::Bool, "Whether it needs no confirmation.").flag(false),
        key("compliance", Kind::Section(&COMPLIANCE), "What was agreed to.").filled(),
    ],
};

const COMPLIANCE: Shape = Shape {
    summary: "What was agreed to.",
    keys: &[
        key("live_allowed", Kind::Bool, "Whether it may trade real money.").flag(false),
        key("risk_profiles", Kind::List(&Kind::Reference(Names::RiskProfiles)), "Limits that it may use.")
            .texts(&[]),
        key("signoffs", TEXTS, "Who agreed.").texts(&[]),
        key("signed", Kind::Bool, "Whether it is signed.").flag(false),
        key("require_signoff", Kind::Bool, "Whether it must be.").flag(false),
    ],
};
