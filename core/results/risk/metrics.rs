//! What follows from a risk state.

use hemiola_adapters::risk_state::{CostTotals, RiskRecord};
use serde::Serialize;

/// Figures that limits are held against. Fractions: 0.05 is five per cent; 0 where there is nothing to divide by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Metrics {
    /// Loss realised since the day began, as a fraction of the equity then.
    pub daily_loss_pct: f64,
    /// Fall from the highest equity, as a fraction of it.
    pub drawdown_pct: f64,
    /// Loss realised since the week began, as a fraction of the equity then.
    pub weekly_loss_pct: f64,
    /// Value of all positions, long and short added up, in the valuation asset.
    pub gross_notional: f64,
    /// Positions with a value.
    pub active_positions: usize,
    /// Gross notional as a multiple of equity.
    pub used_leverage: f64,
}

impl Metrics {
    /// The figures of a state.
    #[must_use]
    pub fn of(record: &RiskRecord) -> Self {
        let notionals = || record.positions.values().map(|position| position.notional);
        let gross_notional = notionals().fold(0.0, |sum, notional| sum + notional);
        Self {
            daily_loss_pct: ratio((-record.daily_realized_pnl).max(0.0), record.start_of_day_equity),
            drawdown_pct: ratio((record.peak_equity - record.last_equity).max(0.0), record.peak_equity),
            weekly_loss_pct: ratio((-record.weekly_realized_pnl).max(0.0), record.start_of_week_equity),
            gross_notional,
            active_positions: notionals().filter(|notional| *notional > 0.0).count(),
            used_leverage: ratio(gross_notional, record.last_equity),
        }
    }
}

/// What trading has cost, in hundredths of a per cent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CostBreakdown {
    /// Fees, slippage and borrowing over the value of all fills.
    pub average_cost_bps: f64,
    /// The same costs over the equity at the last mark.
    pub total_cost_bps: f64,
}

impl CostBreakdown {
    /// The costs of a state.
    #[must_use]
    pub fn of(record: &RiskRecord) -> Self {
        let CostTotals { fees, slippage, borrow, traded_notional } = record.costs;
        let costs = (fees + slippage + borrow) * 10_000.0;
        Self {
            average_cost_bps: ratio(costs, traded_notional),
            total_cost_bps: ratio(costs, record.last_equity),
        }
    }
}

/// A part of something positive, else 0.
pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
