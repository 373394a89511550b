//! Parameters and state of the built-in engines. Each pair gives its strategies and positions an archetype.

use bevy_ecs::prelude::Component;
use serde::{Deserialize, Serialize};

use crate::time::Nanos;
use crate::units::{Notional, Quantity, Ratio};

/// Parameters of `sma_cross`.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmaCross {
    /// Closes in the fast mean; at least 1.
    pub fast: usize,
    /// Closes in the slow mean; more than `fast`.
    pub slow: usize,
}

/// State of `sma_cross`: none, its windows are ranges of the shared columns.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmaCrossState;

/// Parameters of `external_signals`: none, its targets are part of the position's feed.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExternalSignals;

/// State of `external_signals`.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalSignalsState {
    /// The first target not yet acted upon.
    pub next: usize,
}

/// Parameters of `daily_trend_momentum`.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct DailyTrendMomentum {
    /// Closes in the fast mean; at least 1.
    pub fast_ma: usize,
    /// Closes in the slow mean; more than `fast_ma`.
    pub slow_ma: usize,
    /// Candles before the current one whose extremes are the channel; at least 1.
    pub breakout_lookback: usize,
    /// Candles over which momentum is measured; at least 1.
    pub momentum_window: usize,
    /// True ranges in the average; at least 1.
    pub atr_window: usize,
    /// Distance of the stop in average true ranges; above 0.
    pub atr_multiplier: f64,
    /// Least excess of the fast mean over the slow one, as a fraction.
    pub min_trend_strength: f64,
    /// Least momentum, as a fraction.
    pub min_momentum: f64,
    /// How the stop moves and when it is hit.
    pub stop: TrailingStop,
}

/// How a trailing stop moves and when it is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrailingStop {
    /// It never moves back, and is hit when a candle trades through the level known before it.
    Ratchet,
    /// It follows peak and range as they are now, and is hit by a close.
    Close,
}

/// State of `daily_trend_momentum`: what it knows of the position it holds.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DailyTrendMomentumState {
    /// Which position this is about.
    pub opened_at: Nanos,
    /// Candles up to here have moved the stop.
    pub seen: usize,
    /// Highest close since the entry.
    pub peak: f64,
    /// The stop in force.
    pub stop: f64,
    /// A candle has traded through the stop.
    pub stopped: bool,
}

/// Parameters of `mean_reversion`.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct MeanReversion {
    /// Closes in the window; at least 1.
    pub lookback: usize,
    /// Distance from the mean that opens a position, in standard deviations; above `exit_zscore`.
    pub entry_zscore: f64,
    /// Distance from the mean that closes it; at least 0.
    pub exit_zscore: f64,
    /// Most candles a position is held; at least 1.
    pub max_holding_period: usize,
    /// Volatility of a candle's return above which nothing is opened, as a fraction.
    pub volatility_cap: f64,
    /// Least turnover of a candle for an entry.
    pub min_volume: f64,
    /// Whether that is quote currency (volume times close) rather than base units.
    pub volume_in_quote: bool,
    /// Stop and range of entries.
    pub protection: ProtectionRule,
    /// Whether a candle that trades through the stop closes the position.
    pub obeys_stop: bool,
}

/// State of `mean_reversion`: what it knows of the position it holds.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeanReversionState {
    /// Which position this is about.
    pub opened_at: Nanos,
    /// The first candle that closed after the entry.
    pub first: usize,
    /// Candles up to here have been held against the stop.
    pub seen: usize,
    /// A candle has traded through the stop.
    pub stopped: bool,
}

/// Where an entry's stop is: so many average true ranges from the close.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProtectionRule {
    /// True ranges in the average; at least 1.
    pub atr_window: usize,
    /// Distance of the stop in average true ranges; above 0.
    pub multiple: f64,
}

impl ProtectionRule {
    /// How many candles before the next one the average looks at: the first range of it begins at the close before.
    #[must_use]
    pub const fn reach(&self) -> usize {
        self.atr_window + 1
    }
}

/// Parameters of `grid_trading`.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct GridTrading {
    /// Lines on each side of the base price; at least 1.
    pub grid_size: f64,
    /// Distance of the lines as a fraction of the base price; above 0.
    pub grid_spacing: f64,
    /// Largest inventory, long or short; above 0.
    pub max_inventory: f64,
    /// How far past a line the price must be to cross it, as a fraction of the spacing.
    pub dead_band: f64,
    /// What happens when the price leaves the grid.
    pub outside: OutsideGrid,
    /// Whether inventory is a fraction of the budget rather than base units.
    pub inventory_in_budget: bool,
    /// Range of entries.
    pub protection: ProtectionRule,
}

/// What a grid does when the price is a whole spacing beyond its outermost line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutsideGrid {
    /// Gives up the inventory and starts anew around the price.
    Recentre,
    /// Waits for the price to come back.
    Wait,
}

/// State of `grid_trading`.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GridTradingState {
    /// The price the lines are counted from; `None` before the first positive close.
    pub base: Option<f64>,
    /// The level the inventory stands for.
    pub level: f64,
    /// Inventory after the fills that have been reported, in the unit of the parameters.
    pub inventory: f64,
    /// The step on its way: what it does to level and inventory if it is filled.
    pub step: Option<GridStep>,
}

/// A step of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GridStep {
    /// The level to be reached.
    pub level: f64,
    /// The change of inventory.
    pub change: f64,
    /// A new base price, when the grid starts anew.
    pub base: Option<f64>,
}

/// Parameters of `volatility_target`.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct VolatilityTarget {
    /// Wanted volatility, as a fraction; above 0.
    pub target_volatility: f64,
    /// Returns in the window; at least 1.
    pub lookback: usize,
    /// Least change of the allocation that is worth a trade, as a fraction of the new one.
    pub rebalance_threshold: f64,
    /// Smallest allocation; above 0.
    pub min_allocation: f64,
    /// Largest allocation; at least `min_allocation`.
    pub max_allocation: f64,
    /// Volatility is taken to be at least this.
    pub floor_volatility: f64,
    /// Turns volatility per candle into that of a year; `None` takes it from the candle's length.
    pub annualization: Option<f64>,
    /// Stop and range of orders that add to the position.
    pub protection: ProtectionRule,
}

/// State of `volatility_target`.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VolatilityTargetState {
    /// The allocation that the fills reported so far have led to.
    pub allocation: f64,
    /// The allocation on its way.
    pub wanted: f64,
}

/// Parameters of `cross_exchange_arbitrage`. Its venues are in the Plan, as pairs of instruments.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct CrossExchangeArbitrage {
    /// Spread that opens a pair, as a fraction of the price; above `spread_exit`.
    pub spread_entry: Ratio,
    /// Spread that closes it, as a fraction of the price.
    pub spread_exit: Ratio,
    /// Largest value of a leg.
    pub max_notional: Notional,
    /// A pair is closed after this long.
    pub max_open: Nanos,
    /// Fee the legs are sized with, as a fraction of their value.
    pub taker_fee_rate: Ratio,
    /// Legs are whole multiples of this; zero or less for any size.
    pub lot_size: Quantity,
    /// Both legs have the same quantity.
    pub matched: bool,
    /// An entry must be worth more than all fees and slippage of opening and closing it.
    pub counts_costs: bool,
    /// Oldest quote of the second leg that an entry accepts; `None` for any.
    pub max_quote_age: Option<Nanos>,
    /// Range of entries.
    pub protection: ProtectionRule,
}

/// State of `cross_exchange_arbitrage`.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CrossExchangeArbitrageState {
    /// The spread of the last entry, as a fraction of the price.
    pub entry_ratio: f64,
}
