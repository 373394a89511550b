//! The risk state of one profile, as it is kept.

use std::collections::BTreeMap;

use hemiola_components::time::Nanos;
use serde::{Deserialize, Serialize};

use crate::time_text::{day, instant};

/// The rule of a latch that an operator set by hand.
pub const KILL_SWITCH: &str = "kill_switch";

/// The state of a risk profile. Money is in the account's valuation asset.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskRecord {
    /// The profile's name.
    pub profile: String,
    /// When it changed last.
    #[serde(with = "instant")]
    pub as_of: Nanos,
    /// The UTC day that the daily figures are of, as its first instant.
    #[serde(with = "day")]
    pub current_day: Nanos,
    /// The Monday (UTC) of the week that the weekly figures are of, as its first instant.
    #[serde(with = "day")]
    pub start_of_week: Nanos,
    /// Equity when the day began; 0 before the first mark.
    pub start_of_day_equity: f64,
    /// Equity when the week began; 0 before the first mark.
    pub start_of_week_equity: f64,
    /// Equity at the last mark.
    pub last_equity: f64,
    /// Highest equity there was.
    pub peak_equity: f64,
    /// Margin that new positions may use.
    pub available_margin: f64,
    /// Margin that open positions must keep.
    pub maintenance_margin: f64,
    /// Profit realised since the day began; a loss is negative.
    pub daily_realized_pnl: f64,
    /// Profit realised since the week began; a loss is negative.
    pub weekly_realized_pnl: f64,
    /// Profit of the last 30 days, before costs.
    pub rolling_profit_30d: f64,
    /// Costs of the last 30 days.
    pub rolling_costs_30d: f64,
    /// What keeps the profile in liquidation; nothing does when it is empty.
    pub latches: Vec<Latch>,
    /// Open positions by symbol.
    pub positions: BTreeMap<String, Position>,
    /// What trading has cost.
    pub costs: CostTotals,
    /// The limits that applied last, by name: fractions, multiples and numbers as configured.
    pub limits: BTreeMap<String, f64>,
}

impl RiskRecord {
    /// Whether only orders that reduce a position may pass.
    #[must_use]
    pub fn is_liquidating(&self) -> bool {
        !self.latches.is_empty()
    }
}

/// A rule that tripped and has not been released.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latch {
    /// The rule, such as `drawdown_limit`, or [`KILL_SWITCH`].
    pub rule: String,
    /// What the rule saw, in its own unit; a kill switch saw nothing.
    pub value: Option<f64>,
    /// What was allowed, in the same unit.
    pub limit: Option<f64>,
    /// When it tripped.
    #[serde(with = "instant")]
    pub since: Nanos,
    /// Who set it by hand, when somebody did.
    pub by_operator: Option<Operator>,
}

/// Who acted by hand, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// The name given.
    pub name: String,
    /// The reason given.
    pub reason: String,
}

/// An open position.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Its direction.
    pub side: PositionSide,
    /// Base units, not negative.
    pub quantity: f64,
    /// Average entry price.
    pub average_price: f64,
    /// Value at the last mark, not negative.
    pub notional: f64,
}

/// The direction of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionSide {
    /// Gains when the price rises.
    Long,
    /// Gains when the price falls.
    Short,
}

impl PositionSide {
    /// The name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
        }
    }
}

/// What trading has cost since the state began, and how much was traded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostTotals {
    /// Fees paid.
    pub fees: f64,
    /// Lost to prices worse than the reference.
    pub slippage: f64,
    /// Paid for borrowing.
    pub borrow: f64,
    /// Value of all fills.
    pub traded_notional: f64,
}

/// A profile entered or left liquidation, or an operator acted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// When.
    #[serde(with = "instant")]
    pub at: Nanos,
    /// The profile.
    pub profile: String,
    /// What happened.
    pub change: Change,
    /// The rule that tripped or was released.
    pub rule: String,
    /// What the rule saw, in its own unit.
    pub value: Option<f64>,
    /// What was allowed, in the same unit.
    pub limit: Option<f64>,
    /// Who acted by hand.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// What happened to a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A rule tripped.
    Entered,
    /// A rule was released by the day's end.
    Exited,
    /// An operator halted it.
    Halted,
    /// An operator released the rule.
    Resumed,
}
