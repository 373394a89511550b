//! The sections of a file.

use super::strategy::{STRATEGY, specialised};
use super::{
    Kind, Shape, alerts, environment, exchange, instruments, key, map, reporting, risk, runtime, scheduler,
    services, some,
};

/// The sections that hold strategies.
pub(crate) fn strategy_sections() -> impl Iterator<Item = &'static str> {
    let holds_strategies = |kind: &Kind| matches!(kind, Kind::Map { of: Kind::Strategy { .. }, .. });
    ROOT.keys.iter().filter(move |key| holds_strategies(&key.kind)).map(|key| key.name)
}

pub(crate) const ROOT: Shape = Shape {
    summary: "The whole file. The order of the sections is free.",
    keys: &[
        key("risk_profiles", some("risk profiles", &Kind::RiskProfile), "How much may be risked, by name.")
            .required(),
        key(
            "instrument_universes",
            some("instrument universes", &Kind::Section(&instruments::UNIVERSE)),
            "What can be traded, by name.",
        )
        .required(),
        key(
            "instrument_buckets",
            map("instrument buckets", &Kind::Section(&instruments::BUCKET)),
            "Groups of instruments with limits of their own. May stand in `risk` instead.",
        ),
        key("strategies", map("strategies", &STRATEGY), "Engines with their parameters, by name.")
            .otherwise("only those of the specialised sections"),
        specialised("mean_reversion_strategies", &Kind::Strategy { engine: Some("mean_reversion") }),
        specialised("volatility_target_strategies", &Kind::Strategy { engine: Some("volatility_target") }),
        specialised(
            "cross_exchange_arbitrage_strategies",
            &Kind::Strategy { engine: Some("cross_exchange_arbitrage") },
        ),
        specialised("grid_strategies", &Kind::Strategy { engine: Some("grid_trading") }),
        specialised("daily_trend_strategies", &Kind::Strategy { engine: Some("daily_trend_momentum") }),
        key(
            "multi_strategy_schedulers",
            map("schedulers", &Kind::Section(&scheduler::SCHEDULER)),
            "When strategies run, by name. May stand in `runtime` too; there a name replaces the same name here. \
             The first of the file is the default.",
        ),
        key(
            "portfolio_governors",
            map("portfolio governors", &Kind::Section(&scheduler::GOVERNOR)),
            "Weights between strategies by how well they do, by name.",
        ),
        key(
            "environments",
            some("environments", &Kind::Section(&environment::ENVIRONMENT)),
            "Where a scheduler trades and with what money, by name. The first of the file is the default.",
        )
        .required(),
        key("runtime", Kind::Section(&runtime::RUNTIME), "How the process runs."),
        key("risk", Kind::Section(&risk::RISK), "What concerns risk as a whole."),
        key("license", Kind::Section(&exchange::LICENSE), "Which engines may be used.").filled(),
        key(
            "permission_profiles",
            map("permission profiles", &Kind::Section(&exchange::PERMISSION_PROFILE)),
            "Permissions that an exchange key must and must not have, by name.",
        )
        .later(),
        key("exchange_accounts", map("exchanges", &exchange::ACCOUNTS), "Accounts by exchange and mode.")
            .later(),
        key(
            "exchange_adapters",
            map("exchanges", &Kind::Section(&exchange::ADAPTERS)),
            "Which adapter serves an exchange, by exchange.",
        )
        .later(),
        key(
            "exchange_lifecycle",
            map("exchanges", &Kind::Section(&exchange::LIFECYCLE)),
            "Whether an exchange may be used, by exchange.",
        )
        .later(),
        key(
            "runtime_entrypoints",
            map("entry points", &Kind::Section(&runtime::ENTRYPOINT)),
            "Ready-made combinations of environment, controller and strategy, by name.",
        )
        .later(),
        key("execution", Kind::Section(&services::EXECUTION), "How orders reach venues.").later(),
        key("reporting", Kind::Section(&reporting::REPORTING), "When reports are made and where they go.")
            .later(),
        key("alerts", Kind::Section(&alerts::ALERTS), "Channels that alerts are sent to.").later(),
        key("observability", Kind::Section(&reporting::OBSERVABILITY), "Rotation of keys.").later(),
        key("coverage_monitoring", Kind::Section(&reporting::COVERAGE), "Watching for gaps in the candles.")
            .later(),
    ],
};
