//! `risk_profiles.<name>`.

use hemiola_components::risk::RiskProfile;
use hemiola_components::units::Ratio;

use crate::config::decode::Field;

/// Documented limits that no system enforces yet. Whoever writes one relies on it, so it is refused.
const NOT_ENFORCED: [&str; 18] = [
    "max_daily_loss_pct",
    "daily_loss_limit",
    "target_volatility",
    "stop_loss_atr_multiple",
    "hard_drawdown_pct",
    "drawdown_limit",
    "data_quality",
    "strategy_allocations",
    "instrument_buckets",
    "trade_risk_pct_range",
    "instrument_alert_pct",
    "instrument_limit_pct",
    "portfolio_alert_pct",
    "portfolio_limit_pct",
    "daily_kill_switch_r_multiple",
    "daily_kill_switch_loss_pct",
    "weekly_kill_switch_loss_pct",
    "max_cost_to_profit_ratio",
];

pub(super) fn decode(field: &Field<'_>) -> RiskProfile {
    let mut profile = RiskProfile {
        name: field.name.to_owned(),
        max_positions: 0,
        max_position: Ratio::ZERO,
        max_leverage: 0.0,
    };
    let Some(mut section) = field.section() else { return profile };
    let positions = section.required("max_open_positions");
    profile.max_positions = positions.and_then(|f| f.count(0..=u32::MAX)).unwrap_or_default();
    let position = section.required("max_position_pct");
    profile.max_position = Ratio::new(position.and_then(|f| f.number(0.0..)).unwrap_or_default());
    let leverage = section.required("max_leverage");
    profile.max_leverage = leverage.and_then(|f| f.number(0.0..)).unwrap_or_default();
    for name in NOT_ENFORCED {
        let message = format!("this version does not enforce `{name}`: remove it, and do not rely on it");
        section.refuse(name, "not_enforced", &message);
    }
    section.close();
    profile
}
