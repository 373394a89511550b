//! A risk state as JSON.

use hemiola_adapters::risk_state::RiskRecord;
use serde_json::{Map, Value, json};

use super::headroom::headroom;
use super::metrics::{CostBreakdown, Metrics};

/// Every field of a state, with what follows from it. Limits have a value, a limit and the headroom that is left.
///
/// # Panics
/// Never: a state that was read is JSON.
#[must_use]
pub fn document(record: &RiskRecord) -> Value {
    let metrics = Metrics::of(record);
    let limits: Map<String, Value> =
        headroom(record).into_iter().map(|limit| (limit.name.clone(), json!(limit))).collect();
    let mut document = serde_json::to_value(record).expect("a state that was read is JSON");
    document["limits"] = Value::Object(limits);
    document["force_liquidation"] = json!(record.is_liquidating());
    document["metrics"] = json!(metrics);
    document["statistics"] = json!({
        "dailyRealizedPnl": record.daily_realized_pnl,
        "grossNotional": metrics.gross_notional,
        "activePositions": metrics.active_positions,
        "dailyLossPct": metrics.daily_loss_pct,
        "drawdownPct": metrics.drawdown_pct,
        "usedLeverage": metrics.used_leverage,
    });
    document["cost_breakdown"] = json!(CostBreakdown::of(record));
    document
}
