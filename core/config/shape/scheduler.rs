//! `multi_strategy_schedulers.<name>` and `portfolio_governors.<name>`.

use super::limits::{LIMITS, SUSPENSION};
use super::services::TOKEN;
use super::{Key, Kind, Names, PERIOD, Range, Shape, TEXTS, count, key, map, raised, some};

pub(crate) const SCHEDULER: Shape = Shape {
    summary: "Schedules that share one account; each keeps its own positions.",
    keys: &[
        key("telemetry_namespace", Kind::Text, "Prefix of telemetry and journal names.")
            .otherwise("`scheduler.` and its name"),
        key("decision_log_category", Kind::Text, "Category of decision records.")
            .text("runtime.scheduler")
            .later(),
        key(
            "health_check_interval",
            Kind::Duration { least: 0.0, raises: false },
            "Distance of health checks, in seconds.",
        )
        .number(300.0)
        .later(),
        key("rbac_tokens", Kind::List(&Kind::Section(&TOKEN)), "Who may control it.").texts(&[]),
        key(
            "portfolio_governor",
            Kind::Reference(Names::Governors),
            "The governor that grants signals to its strategies.",
        )
        .otherwise("no governor"),
        key("portfolio_inputs", Kind::Section(&INPUTS), "Reports that the governor reads.").later(),
        key("capital_policy", Kind::Policy, "How its capital is divided: a policy's name, or a map.")
            .otherwise("`risk_parity`"),
        key("allocation_rebalance_seconds", PERIOD, "Least distance of two re-allocations, in seconds.")
            .alias(&["capital_rebalance_seconds"])
            .otherwise("the policy's `rebalance_seconds`, else every due instant"),
        key("signal_limits", LIMITS, "Signals at most, by strategy and risk profile.").filled(),
        key("initial_signal_limits", LIMITS, "The same; applied after `signal_limits`, so it wins.")
            .alias(&["signal_limit_overrides", "initial_signal_limit_overrides"])
            .filled(),
        key(
            "initial_suspensions",
            Kind::OneOrMany(&Kind::Section(&SUSPENSION)),
            "Schedules and tags that start suspended.",
        )
        .alias(&["suspensions"])
        .texts(&[]),
        key("schedules", some("schedules", &Kind::Section(&SCHEDULE)), "Its schedules, by name.").required(),
    ],
};

pub(crate) const SCHEDULE: Shape = Shape {
    summary: "When a strategy runs, on what and with how much.",
    keys: &[
        key("strategy", Kind::Reference(Names::Strategies), "The strategy it runs.")
            .otherwise("the one of the schedule's own name"),
        key("interval", Kind::Candle, "The length of the candles it reads.").text("1h"),
        key(
            "cadence_seconds",
            PERIOD,
            "How often it decides, in seconds. The grid starts at the Unix epoch.",
        )
        .alias(&["cadence"])
        .otherwise("once per candle"),
        key(
            "offset_seconds",
            Kind::Duration { least: 0.0, raises: false },
            "Moves the grid of the cadence, in seconds.",
        )
        .number(0.0),
        key(
            "max_drift_seconds",
            Kind::Duration { least: 0.0, raises: true },
            "Lateness on the wall clock that is reported, in seconds.",
        )
        .alias(&["max_drift"])
        .number(30.0)
        .later(),
        key("warmup_bars", raised(0), "Candles before the start that fill the engine's windows.").number(0.0),
        key("risk_profile", Kind::Reference(Names::RiskProfiles), "Its limits.")
            .otherwise("the strategy's, else the environment's"),
        key("max_signals", raised(1), "Signals at most, per instrument and decision.").number(10.0),
        key(
            "sizing",
            Kind::Either(&[Kind::Section(&SIZING), Kind::Word(&["weight", "all_in"])]),
            "How an entry is sized.",
        )
        .text("weight"),
        key(
            "entry_order",
            Kind::Section(&ENTRY_ORDER),
            "How an entry goes to the market; exits are market orders.",
        )
        .otherwise("a market order"),
        key("instruments", TEXTS, "`NAME`, or `venue:NAME`.")
            .otherwise("all that the environment's exchange lists"),
        key("priority", Kind::Whole, "Of schedules that are due together, the higher goes first.")
            .number(0.0),
        key(
            "windows",
            Kind::List(&Kind::Section(&WINDOW)),
            "When it may enter; at any time when there are none.",
        )
        .texts(&[]),
        key(
            "fallback_schedules",
            TEXTS,
            "Schedules of the same scheduler that may enter only while this one is suspended.",
        )
        .alias(&["fallbacks"])
        .texts(&[]),
        key("on_suspend", Kind::Word(&ON_SUSPEND), "What becomes of its positions while it is suspended.")
            .text(ON_SUSPEND[0]),
        key(
            "metrics",
            map("metrics", &Kind::Number(Range::ANY)),
            "Metrics from outside that capital policies and the governor read.",
        )
        .filled(),
    ],
};

/// Positions are kept, or closed.
pub(crate) const ON_SUSPEND: [&str; 2] = ["hold", "flatten"];

/// The days of the week, from the first.
pub(crate) const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const WINDOW: Shape = Shape {
    summary: "A part of the week in which a schedule may enter. Exits are made at any time.",
    keys: &[
        key(
            "days",
            Kind::List(&Kind::Word(&DAYS)),
            "The days on which it begins; all of them when the list is empty.",
        )
        .texts(&DAYS),
        key("from", Kind::TimeOfDay, "When it begins, UTC.").text("00:00"),
        key("to", Kind::TimeOfDay, "When it is over, UTC; a time before `from` is on the next day.")
            .otherwise("the end of the day"),
    ],
};

const SIZING: Shape = Shape {
    summary: "A fixed amount for each entry: one of the two.",
    keys: &[
        key("quote", Kind::Number(Range::POSITIVE), "Worth this much, in the quote asset; fees come on top."),
        key("base", Kind::Number(Range::POSITIVE), "This much, in the base asset."),
    ],
};

const ENTRY_ORDER: Shape = Shape {
    summary: "How an entry goes to the market. Needs the account's `fill_model: realistic`.",
    keys: &[
        key("type", Kind::Word(&["market", "limit", "stop"]), "The kind of order.").text("limit"),
        key(
            "offset_bps",
            Kind::Number(Range::below(10_000.0)),
            "Distance of its price from the mark, in hundredths of a per cent: a limit is better than the mark, a stop worse.",
        )
        .number(0.0),
        key(
            "time_in_force",
            Kind::Word(&["gtc", "ioc", "fok"]),
            "Until it is filled; what can be filled on arrival; or all of it on arrival, or nothing.",
        )
        .text("gtc"),
        key("post_only", Kind::Bool, "Whether a limit order is canceled rather than filled on arrival.").flag(false),
        key("good_for", PERIOD, "How long it waits at most, in seconds.").otherwise("one candle of the schedule"),
    ],
};

const INPUTS: Shape = Shape {
    summary: "Reports that the governor reads.",
    keys: &[
        key("slo_report_path", Kind::Path, "Report on service levels."),
        key("slo_max_age_minutes", Kind::Number(Range::POSITIVE), "Older reports are not read, in minutes."),
        key("stress_lab_report_path", Kind::Path, "Report on stress tests."),
        key(
            "stress_max_age_minutes",
            Kind::Number(Range::POSITIVE),
            "Older reports are not read, in minutes.",
        ),
    ],
};

/// In minutes.
const HUNDRED_YEARS: f64 = 100.0 * 365.25 * 1_440.0;

pub(crate) const GOVERNOR: Shape = Shape {
    summary: "Weights between strategies by how well they do.",
    keys: &[
        key("enabled", Kind::Bool, "Whether it acts.").flag(false),
        number(
            "rebalance_interval_minutes",
            Range::within(0.0, HUNDRED_YEARS),
            20.0,
            "Least distance of two decisions, in minutes; 0 is none.",
        ),
        number("smoothing", Range::SHARE, 0.55, "Share of the newest sample."),
        key("scoring", Kind::Section(&SCORING), "Weights of what a score is made of.").filled(),
        number(
            "default_baseline_weight",
            Range::NOT_NEGATIVE,
            0.28,
            "Weight of a strategy that states none.",
        ),
        number(
            "default_min_weight",
            Range::NOT_NEGATIVE,
            0.08,
            "Least weight of a strategy that states none.",
        ),
        number(
            "default_max_weight",
            Range::NOT_NEGATIVE,
            0.5,
            "Largest weight of a strategy that states none.",
        ),
        key("require_complete_metrics", Kind::Bool, "Whether every strategy must have been seen first.")
            .flag(true),
        number("min_score_threshold", Range::ANY, 0.08, "Scores up to this count as zero."),
        number(
            "default_cost_bps",
            Range::NOT_NEGATIVE,
            5.0,
            "Cost of a strategy that states none, in hundredths of a per cent.",
        ),
        key("max_signal_floor", count(0), "Least signals of a strategy with any weight.").number(1.0),
        key("strategies", map("strategies", &Kind::Section(&GOVERNED)), "What differs, by strategy.")
            .filled(),
    ],
};

const SCORING: Shape = Shape {
    summary: "Weights of what a score is made of.",
    keys: &[
        number("alpha", Range::NOT_NEGATIVE, 0.9, "Of the quality of the signals."),
        number("cost", Range::NOT_NEGATIVE, 1.3, "Of the costs."),
        number("slo", Range::NOT_NEGATIVE, 1.2, "Of missed service levels."),
        number("risk", Range::NOT_NEGATIVE, 0.8, "Of the risk."),
    ],
};

const GOVERNED: Shape = Shape {
    summary: "A strategy under a governor.",
    keys: &[
        key("baseline_weight", Kind::Number(Range::NOT_NEGATIVE), "Weight that it starts from.")
            .otherwise("the governor's default"),
        number("min_weight", Range::NOT_NEGATIVE, 0.0, "Least weight."),
        number("max_weight", Range::NOT_NEGATIVE, 1.0, "Largest weight."),
        key("baseline_max_signals", count(0), "Takes the place of the schedule's `max_signals`."),
        number(
            "max_signal_factor",
            Range::NOT_NEGATIVE,
            1.0,
            "Largest factor on its signals; 0 is no bound.",
        ),
        key("risk_profile", Kind::Reference(Names::RiskProfiles), "Whose costs count.").later(),
    ],
};

const fn number(name: &'static str, range: Range, default: f64, doc: &'static str) -> Key {
    key(name, Kind::Number(range), doc).number(default)
}
