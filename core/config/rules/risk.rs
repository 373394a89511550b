//! Risk profiles and portfolio governors.

use crate::config::problem::{listed, quoted};
use crate::config::view::View;

pub(super) fn profile(field: &View<'_>) {
    let shares = field.map("strategy_allocations");
    let total: f64 = shares.iter().filter_map(View::own_number).sum();
    if total > 1.0 + 1e-9
        && let Some(allocations) = field.get("strategy_allocations")
    {
        allocations
            .error("too_much_allocated", format!("the shares add up to {total}, which is more than 1"));
    }
    if let Some(range) = field.get("trade_risk_pct_range") {
        let numbers: Vec<f64> = range.items().iter().filter_map(View::own_number).collect();
        match numbers[..] {
            [least, most] if least <= most => {}
            _ => range.error("bad_range", "must be two numbers, the least and the most"),
        }
    }
    for (alert, limit) in
        [("instrument_alert_pct", "instrument_limit_pct"), ("portfolio_alert_pct", "portfolio_limit_pct")]
    {
        let (Some(found), Some(alert_at), Some(limit_at)) =
            (field.get(alert), field.number(alert), field.number(limit))
        else {
            continue;
        };
        if limit_at > 0.0 && alert_at > limit_at {
            found.warning(
                "doubtful_range",
                format!("{alert_at} is above `{limit}` {limit_at}: it never alerts"),
            );
        }
    }
}

pub(super) fn governor(field: &View<'_>, root: &View<'_>) {
    ascending(field, "default_min_weight", "default_max_weight");
    let known: Vec<&str> = root.strategies().map(|strategy| strategy.name).collect();
    for strategy in field.map("strategies") {
        ascending(&strategy, "min_weight", "max_weight");
        if !known.contains(&strategy.name) {
            let names = || known.iter().copied();
            let message =
                format!("there is no strategy {} (known: {})", quoted(strategy.name), listed(names()));
            let place = strategy.key_place();
            field.problems.unknown(&place, "unknown_reference", message, strategy.name, names());
        }
    }
}

fn ascending(field: &View<'_>, low: &str, high: &str) {
    if let (Some(found), Some(least), Some(most)) = (field.get(low), field.number(low), field.number(high))
        && least > most
    {
        found.error("bad_range", format!("{least} is above `{high}` {most}"));
    }
}
