//! Limits and how they are applied.

use hemiola_components::risk::{
    Bucket, Family, Flips, LatchRelease, Latches, RiskProfile, Rule, Suggestion, Triggers,
};
use hemiola_components::units::Ratio;
use serde_json::{Map, Value, json};

use crate::config::plan::Plan;

/// The numbers of a profile, by their names in the configuration; the range of a trade's risk as its two ends.
#[must_use]
pub(super) fn limits(profile: &RiskProfile) -> Vec<(&'static str, f64)> {
    let [least, most] = profile.trade_risk.map(Ratio::get);
    vec![
        ("max_open_positions", f64::from(profile.max_positions)),
        ("max_position_pct", profile.max_position.get()),
        ("max_leverage", profile.max_leverage),
        ("hard_drawdown_pct", profile.max_drawdown.get()),
        ("max_daily_loss_pct", profile.max_daily_loss.get()),
        ("max_daily_fall_pct", profile.max_daily_fall.get()),
        ("trade_risk_pct_min", least),
        ("trade_risk_pct_max", most),
        ("target_volatility", profile.target_volatility.get()),
        ("stop_loss_atr_multiple", profile.stop_atr_multiple),
        ("instrument_alert_pct", profile.instrument_alert.get()),
        ("instrument_limit_pct", profile.instrument_limit.get()),
        ("portfolio_alert_pct", profile.portfolio_alert.get()),
        ("portfolio_limit_pct", profile.portfolio_limit.get()),
        ("daily_kill_switch_r_multiple", profile.kill_daily_r),
        ("daily_kill_switch_loss_pct", profile.kill_daily_loss.get()),
        ("weekly_kill_switch_loss_pct", profile.kill_weekly_loss.get()),
        ("max_cost_to_profit_ratio", profile.max_cost_to_profit),
    ]
}

pub(super) fn profile(plan: &Plan, profile: &RiskProfile) -> Value {
    let mut document: Map<String, Value> =
        limits(profile).into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let instrument = |index: usize| plan.instruments[index].name();
    let bucket = |bucket: &Bucket| {
        json!({
            "name": bucket.name,
            "instruments": bucket.instruments.iter().map(|index| instrument(index.get())).collect::<Vec<_>>(),
            "max_position_pct": bucket.max_position.get(),
            "max_notional_usd": bucket.max_notional.get(),
        })
    };
    let family = |family: &Family| {
        let schedules = family.schedules.iter().map(|index| &plan.schedules[index.get()].name);
        json!({ "name": family.name, "schedules": schedules.collect::<Vec<_>>(), "share": family.share.get() })
    };
    document.insert("name".into(), json!(profile.name));
    document.insert("instrument_buckets".into(), profile.buckets.iter().map(bucket).collect());
    document.insert("strategy_allocations".into(), profile.families.iter().map(family).collect());
    document.into()
}

/// The profiles that are latched before the run, each with the rules that have latched it.
pub(super) fn latched(plan: &Plan) -> Value {
    let latched = plan.risk_profiles.iter().zip(&plan.latches).filter(|(_, latches)| !latches.is_empty());
    let rules = |latches: &Latches| latches.iter().map(Rule::name).collect::<Value>();
    latched.map(|(profile, latches)| (profile.name.clone(), rules(latches))).collect()
}

pub(super) fn policy(plan: &Plan) -> Value {
    let policy = &plan.risk_policy;
    let guards = &policy.guards;
    let restricted = plan.instruments.iter().zip(&guards.restricted).filter(|(_, restricted)| **restricted);
    json!({
        "latch_release": match policy.latch_release {
            LatchRelease::Manual => "manual",
            LatchRelease::Midnight => "midnight",
        },
        "kill_switches": match policy.triggers {
            Triggers::AtOnce => "at_once",
            Triggers::AtCheck => "at_check",
        },
        "flips": match policy.flips {
            Flips::Split => "split",
            Flips::Refuse => "refuse",
        },
        "suggestion": match policy.suggestion {
            Suggestion::Tightest => "tightest",
            Suggestion::First => "first",
        },
        "pre_trade": {
            "price_collar_pct": guards.price_collar.get(),
            "max_order_notional": guards.max_order_notional.get(),
            "max_orders_per_second": guards.max_orders_per_second,
            "duplicate_window_nanoseconds": guards.duplicate_window.get(),
            "max_price_age_nanoseconds": guards.max_price_age.get(),
            "restricted": restricted.map(|(instrument, _)| instrument.name()).collect::<Vec<_>>(),
        },
    })
}
