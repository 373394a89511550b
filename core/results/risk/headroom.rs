//! How far a risk state is from its limits.

use hemiola_adapters::risk_state::RiskRecord;
use serde::Serialize;

use super::metrics::{Metrics, ratio};

/// A limit and what it is held against, both in the limit's own unit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Headroom {
    /// The limit's name.
    #[serde(skip)]
    pub name: String,
    /// What there is now; absent for a limit that orders are held against one by one.
    pub value: Option<f64>,
    /// What is allowed; 0 or less is off, except for `max_positions`.
    pub limit: f64,
    /// What is left, negative beyond the limit; absent without a value and for a limit that is off.
    pub headroom: Option<f64>,
}

/// Every limit of a state, by name.
#[must_use]
pub fn headroom(record: &RiskRecord) -> Vec<Headroom> {
    let metrics = Metrics::of(record);
    let limits = record.limits.iter().map(|(name, limit)| {
        let value = value(name, record, &metrics);
        let is_on = *limit > 0.0 || name == "max_positions";
        Headroom {
            name: name.clone(),
            value,
            limit: *limit,
            headroom: value.filter(|_| is_on).map(|value| limit - value),
        }
    });
    limits.collect()
}

/// What a limit is held against now.
fn value(name: &str, record: &RiskRecord, metrics: &Metrics) -> Option<f64> {
    let value = match name {
        "max_positions" => metrics.active_positions as f64,
        "max_leverage" | "portfolio_alert_pct" | "portfolio_limit_pct" => metrics.used_leverage,
        "drawdown_limit" => metrics.drawdown_pct,
        "daily_loss_limit" | "daily_kill_switch_loss_pct" => metrics.daily_loss_pct,
        "weekly_kill_switch_loss_pct" => metrics.weekly_loss_pct,
        "max_position_pct" | "instrument_alert_pct" | "instrument_limit_pct" => {
            let notionals = record.positions.values().map(|position| position.notional);
            ratio(notionals.fold(0.0, f64::max), record.last_equity)
        }
        "daily_kill_switch_r_multiple" => {
            let trade_risk = record.limits.get("trade_risk_pct_max").copied().unwrap_or_default();
            ratio(metrics.daily_loss_pct, trade_risk)
        }
        // Costs without a profit exceed every limit, and no number says by how much.
        "max_cost_to_profit_ratio" if record.rolling_profit_30d <= 0.0 && record.rolling_costs_30d > 0.0 => {
            return None;
        }
        "max_cost_to_profit_ratio" => ratio(record.rolling_costs_30d, record.rolling_profit_30d),
        _ => return None,
    };
    Some(value)
}
