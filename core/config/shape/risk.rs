//! `risk_profiles.<name>` and `risk`.

use super::{Key, Kind, Names, Range, Shape, TEXTS, count, instruments, key, map};
use crate::config::tree::{Entry, Node, Position, Value};

pub(crate) const PRESETS: [&str; 4] = ["conservative", "balanced", "aggressive", "manual"];

const PRESET_VALUE: &str = "the preset's value; required without `preset`";
const NAMED_VALUE: &str = "the value of the preset of that name, else of `manual`";

pub(crate) const RISK_PROFILE: Shape = Shape {
    summary: "Limits. Fractions, not per cent: 0.05 is five per cent. 0 switches a limit off, except \
              `max_open_positions`, where it allows none.",
    keys: &[
        key("preset", Kind::Word(&PRESETS), "Limits for whatever is left out here."),
        key("max_open_positions", count(0), "Positions that its schedules hold at the same time.")
            .alias(&["max_positions"])
            .otherwise(PRESET_VALUE),
        limit("max_position_pct", "All positions in one instrument, as a fraction of equity.")
            .otherwise(PRESET_VALUE),
        limit("max_leverage", "Everything held, as a multiple of equity.").otherwise(PRESET_VALUE),
        limit("max_daily_loss_pct", "Realised loss since midnight UTC, as a fraction of the equity then.")
            .alias(&["daily_loss_limit"])
            .otherwise(PRESET_VALUE),
        limit("hard_drawdown_pct", "Fall from the highest equity, as a fraction of it.")
            .alias(&["drawdown_limit"])
            .otherwise(PRESET_VALUE),
        limit("max_daily_fall_pct", "Fall of equity since midnight UTC, as a fraction of the equity then.").number(0.0),
        limit("target_volatility", "What a position may lose down to its stop, as a fraction of equity. Above 0, every entry needs a stop.")
            .otherwise(PRESET_VALUE),
        limit("stop_loss_atr_multiple", "Least distance of an entry's stop, as a multiple of the average true range; less than 1 counts as 1.")
            .otherwise(PRESET_VALUE),
        key(
            "trade_risk_pct_range",
            Kind::List(&Kind::Number(Range::NOT_NEGATIVE)),
            "Least and most that one trade may risk, as fractions of equity.",
        )
        .otherwise(NAMED_VALUE),
        limit("instrument_alert_pct", "Exposure to one instrument that raises an alert.")
            .otherwise(NAMED_VALUE),
        limit("instrument_limit_pct", "Exposure to one instrument that is refused.")
            .otherwise(NAMED_VALUE),
        limit("portfolio_alert_pct", "Exposure in all that raises an alert.").otherwise(NAMED_VALUE),
        limit("portfolio_limit_pct", "Exposure in all that is refused.").otherwise(NAMED_VALUE),
        limit(
            "daily_kill_switch_r_multiple",
            "Realised loss of a day that stops trading, as a multiple of the most that a trade may risk.",
        )
        .otherwise(NAMED_VALUE),
        limit("daily_kill_switch_loss_pct", "Realised loss of a day that stops trading.")
            .otherwise(NAMED_VALUE),
        limit("weekly_kill_switch_loss_pct", "Realised loss of a week, from Monday, that stops trading.")
            .otherwise(NAMED_VALUE),
        limit("max_cost_to_profit_ratio", "Costs of the last 30 days as a fraction of their profit.")
            .otherwise(NAMED_VALUE),
        key("data_quality", Kind::Section(&DATA_QUALITY), "What candles must be like.").filled().later(),
        key(
            "strategy_allocations",
            map("families of strategies", &Kind::Number(Range::SHARE)),
            "Share of equity that the positions of a family of strategies may take; they add up to 1 at most. A family is a strategy's name, a tag, an engine, or how an engine's name begins.",
        )
        .otherwise("those of the preset, or of the preset of that name"),
        key(
            "instrument_buckets",
            Kind::List(&Kind::Reference(Names::Buckets)),
            "Buckets whose limits count; instruments outside all of them are refused.",
        ),
    ],
};

const DATA_QUALITY: Shape = Shape {
    summary: "What candles must be like.",
    keys: &[
        key("max_gap_minutes", Kind::Number(Range::POSITIVE), "Longest gap, in minutes.")
            .otherwise(NAMED_VALUE),
        key("min_ok_ratio", Kind::Number(Range::SHARE), "Least share of the expected candles.")
            .otherwise(NAMED_VALUE),
    ],
};

const fn limit(name: &'static str, doc: &'static str) -> Key {
    key(name, Kind::Number(Range::NOT_NEGATIVE), doc)
}

/// A row for each limit that a profile must state without a preset: conservative, balanced, aggressive, manual.
pub(crate) const STATED: [(&str, [f64; 4]); 7] = [
    ("max_daily_loss_pct", [0.01, 0.015, 0.03, 0.0]),
    ("max_position_pct", [0.03, 0.05, 0.10, 0.0]),
    ("target_volatility", [0.07, 0.11, 0.19, 0.0]),
    ("max_leverage", [2.0, 3.0, 5.0, 0.0]),
    ("stop_loss_atr_multiple", [1.0, 1.5, 2.0, 0.0]),
    ("max_open_positions", [3.0, 5.0, 10.0, 0.0]),
    ("hard_drawdown_pct", [0.05, 0.10, 0.20, 0.0]),
];

/// A row for each limit that a preset gives in any case. The instrument limit of `manual` is off:
/// its `max_position_pct` says as much.
pub(crate) const GIVEN: [(&str, [f64; 4]); 8] = [
    ("instrument_alert_pct", [0.08, 0.25, 0.27, 0.25]),
    ("instrument_limit_pct", [0.10, 0.30, 0.30, 0.0]),
    ("portfolio_alert_pct", [0.50, 0.55, 0.60, 0.55]),
    ("portfolio_limit_pct", [0.60, 0.65, 0.70, 0.65]),
    ("daily_kill_switch_r_multiple", [2.0; 4]),
    ("daily_kill_switch_loss_pct", [0.04; 4]),
    ("weekly_kill_switch_loss_pct", [0.06, 0.07, 0.08, 0.07]),
    ("max_cost_to_profit_ratio", [0.25; 4]),
];

/// Least and most risk of a trade.
pub(crate) const TRADE_RISK: [[f64; 2]; 4] = [[0.005, 0.0075], [0.005, 0.01], [0.0075, 0.01], [0.005, 0.01]];

/// Rows of `data_quality`.
pub(crate) const QUALITY: [(&str, [f64; 4]); 2] =
    [("max_gap_minutes", [1440.0, 2160.0, 2880.0, 4320.0]), ("min_ok_ratio", [0.92, 0.90, 0.85, 0.75])];

/// Shares by family of strategies.
pub(crate) const ALLOCATIONS: [&[(&str, f64)]; 4] = [
    &[("daily_trend", 0.45), ("mean_reversion", 0.20), ("volatility_target", 0.25), ("cross_exchange", 0.10)],
    &[("daily_trend", 0.35), ("mean_reversion", 0.30), ("volatility_target", 0.20), ("cross_exchange", 0.15)],
    &[("daily_trend", 0.30), ("mean_reversion", 0.25), ("volatility_target", 0.15), ("cross_exchange", 0.30)],
    &[("manual_override", 1.0)],
];

pub(crate) const RISK: Shape = Shape {
    summary: "What concerns risk as a whole.",
    keys: &[
        key("decision_log", Kind::Section(&DECISION_LOG), "Where the risk engine writes its decisions.")
            .later(),
        key(
            "instrument_buckets",
            map("instrument buckets", &Kind::Section(&instruments::BUCKET)),
            "The same as the section of that name.",
        ),
        key(
            "latch_release",
            Kind::Word(&["manual", "midnight"]),
            "What lets a latched profile trade again. `manual`: midnight UTC releases what a day's loss latched, and \
             an operator the rest; `midnight`: that releases everything, and what still holds latches again.",
        )
        .text("manual"),
        key(
            "kill_switches",
            Kind::Word(&["at_once", "at_check"]),
            "When realised losses and costs are looked at: as soon as they are known, or when an order is checked.",
        )
        .text("at_once"),
        key(
            "flips",
            Kind::Word(&["split", "refuse"]),
            "An order that turns a position around: what it opens is held against the limits, or it is refused.",
        )
        .text("split"),
        key(
            "suggestion",
            Kind::Word(&["tightest", "first"]),
            "The quantity that a refusal suggests: what all limits allow, or what the one that refuses allows.",
        )
        .text("tightest"),
        key("pre_trade", Kind::Section(&PRE_TRADE), "What is asked of every order that does not only reduce.")
            .filled(),
    ],
};

const PRE_TRADE: Shape = Shape {
    summary: "What is asked of an order before any limit; 0 asks nothing.",
    keys: &[
        limit(
            "price_collar_pct",
            "Farthest that an order's own price may be from the mark, as a fraction of it.",
        )
        .number(0.0),
        limit("max_order_notional", "Largest value of an order, in the valuation asset.").number(0.0),
        key("max_orders_per_second", count(0), "Most orders in any second.").number(0.0),
        limit(
            "duplicate_window_seconds",
            "Time in which the same order again is taken for a mistake, in seconds.",
        )
        .number(0.0),
        limit("max_price_age_seconds", "Greatest age of the candle an instrument is marked at, in seconds.")
            .number(0.0),
        key("restricted", TEXTS, "Instruments whose positions may only be reduced: `NAME` or `venue:NAME`.")
            .texts(&[]),
    ],
};

pub(crate) const DECISION_LOG: Shape = Shape {
    summary: "A log of decisions, signed with a key that stands elsewhere.",
    keys: &[
        key("enabled", Kind::Bool, "Whether it is written.").flag(true),
        key("path", Kind::Path, "The file."),
        key("max_entries", count(1), "Entries kept in memory.").number(1000.0),
        key("signing_key_env", Kind::Variable, "Environment variable with the key."),
        key("signing_key_path", Kind::Path, "File with the key."),
        key("signing_key_command", Kind::Text, "Command line that prints the key."),
        key("signing_key_secret", Kind::Text, "Name of the key in the secret store."),
        key("signing_key_value", Kind::Secret, "The key itself; demos only."),
        key("signing_key_id", Kind::Text, "Name of the key in the entries."),
        key("algorithm", Kind::Word(&["HMAC-SHA256", "HMAC-SHA384"]), "How entries are signed.")
            .text("HMAC-SHA256"),
        key("jsonl_fsync", Kind::Bool, "Whether every entry is forced to the disk.").flag(false),
    ],
};

/// What a preset fills in, by its place in [`PRESETS`]. A profile that neither names one nor is called like one
/// gets what `manual` gives in any case.
pub(crate) fn preset_values(preset: Preset) -> Vec<(&'static str, Value)> {
    let of = match preset {
        Preset::Named(of) | Preset::Called(of) => of,
        Preset::None => MANUAL,
    };
    let stated = if matches!(preset, Preset::Named(_)) { numbers(&STATED, of) } else { Vec::new() };
    let shares = if preset == Preset::None { &[] } else { ALLOCATIONS[of] };
    let map = |rows: Vec<(&'static str, Value)>| {
        Value::Map(rows.into_iter().map(|(key, value)| Entry::of(key, value, Position::START)).collect())
    };
    let shares = shares.iter().map(|(family, share)| (*family, Value::Number(*share))).collect();
    let share = |share: &f64| Node::of(Value::Number(*share), Position::START);
    let rest = [
        ("trade_risk_pct_range", Value::Sequence(TRADE_RISK[of].iter().map(share).collect())),
        ("data_quality", map(numbers(&QUALITY, of))),
        ("strategy_allocations", map(shares)),
    ];
    stated.into_iter().chain(numbers(&GIVEN, of)).chain(rest).collect()
}

/// Where a profile's preset comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preset {
    /// From the key `preset`.
    Named(usize),
    /// From the profile's own name.
    Called(usize),
    None,
}

const MANUAL: usize = 3;

fn numbers(rows: &[(&'static str, [f64; 4])], of: usize) -> Vec<(&'static str, Value)> {
    rows.iter().map(|(name, values)| (*name, Value::Number(values[of]))).collect()
}
