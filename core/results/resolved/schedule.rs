//! Schedules.

use hemiola_components::order::{EntryKind, EntryOrder, TimeInForce};
use hemiola_components::schedule::{OnSuspend, Sizing, TradingWindow};
use serde_json::{Value, json};

use crate::config::plan::{Plan, SchedulePlan};

/// The schedules in their order. How late one may be served is left out: it decides nothing.
pub(super) fn schedules(plan: &Plan) -> Vec<Value> {
    let schedule = |schedule: &SchedulePlan| {
        json!({
            "name": schedule.name,
            "strategy": plan.strategies[schedule.strategy].name,
            "instruments": schedule.instruments.iter().map(|i| plan.instruments[*i].name()).collect::<Vec<_>>(),
            "pairs": schedule.pairs.iter().map(|pair| [pair.primary, pair.secondary].map(|i| plan.instruments[i].name())).collect::<Vec<_>>(),
            "interval": schedule.interval.to_string(),
            "cadence_nanoseconds": schedule.cadence.every.get(),
            "offset_nanoseconds": schedule.cadence.offset.get(),
            "warmup_bars": schedule.warmup_bars,
            "risk_profile": plan.risk_profiles[schedule.risk_profile].name,
            "entry_order": entry_order(&schedule.entry_order),
            "sizing": match schedule.sizing {
                Sizing::Weight => json!("weight"),
                Sizing::Quote(amount) => json!({ "quote": amount.get() }),
                Sizing::Base(quantity) => json!({ "base": quantity.get() }),
                Sizing::AllIn => json!("all_in"),
            },
            "max_signals": schedule.max_signals,
            "priority": schedule.priority,
            "windows": schedule.windows.iter().map(window).collect::<Vec<_>>(),
            "fallback_schedules": schedule.fallbacks.iter().map(|i| &plan.schedules[*i].name).collect::<Vec<_>>(),
            "on_suspend": match schedule.on_suspend {
                OnSuspend::Hold => "hold",
                OnSuspend::Flatten => "flatten",
            },
            "metrics": schedule.metrics,
        })
    };
    plan.schedules.iter().map(schedule).collect()
}

fn entry_order(order: &EntryOrder) -> Value {
    if order.kind == EntryKind::Market && order.time_in_force == TimeInForce::UntilFilled {
        return json!("market");
    }
    json!({
        "type": order.kind.name(),
        "offset": order.offset.get(),
        "time_in_force": order.time_in_force.name(),
        "post_only": matches!(order.kind, EntryKind::Limit { post_only: true }),
        "good_for_nanoseconds": order.good_for.get(),
    })
}

/// Days as bits from Monday on.
fn window(window: &TradingWindow) -> Value {
    json!({
        "days": window.days,
        "from_nanoseconds": window.from.get(),
        "to_nanoseconds": window.to.get(),
    })
}
