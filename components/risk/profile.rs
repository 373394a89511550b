//! Risk profiles: named sets of limits.

use crate::id::{InstrumentIndex, ScheduleIndex};
use crate::units::{Notional, Ratio};

/// A named set of limits. Zero or less disables a limit, except `max_positions`, where zero allows none. Everything of
/// equity is of the account's; positions and realised profit are those of the profile's schedules.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskProfile {
    /// The configured name.
    pub name: String,
    /// Open positions of the profile's schedules, entries under way included.
    pub max_positions: u32,
    /// All positions in one instrument, long and short added up, as a fraction of equity.
    pub max_position: Ratio,
    /// All positions, long and short added up, as a multiple of equity.
    pub max_leverage: f64,
    /// The fall of equity from its peak, as a fraction of that peak, that latches the profile.
    pub max_drawdown: Ratio,
    /// The day's realised loss, as a fraction of the equity at midnight UTC, that latches.
    pub max_daily_loss: Ratio,
    /// The fall of equity since midnight UTC, what is not realised included, as a fraction of the equity then, that
    /// latches.
    pub max_daily_fall: Ratio,
    /// Least and most that one order may risk down to its stop, as fractions of equity.
    pub trade_risk: [Ratio; 2],
    /// What a position may lose down to its stop, as a fraction of equity. Above zero, every entry needs a stop.
    pub target_volatility: Ratio,
    /// Least distance of an entry's stop, in average true ranges; less than 1 counts as 1.
    pub stop_atr_multiple: f64,
    /// All positions in one instrument, as a fraction of equity, at which an alert is given.
    pub instrument_alert: Ratio,
    /// All positions in one instrument, as a fraction of equity.
    pub instrument_limit: Ratio,
    /// All positions, as a fraction of equity, at which an alert is given.
    pub portfolio_alert: Ratio,
    /// All positions, as a fraction of equity.
    pub portfolio_limit: Ratio,
    /// The day's realised loss, as a multiple of the most that one order may risk, that latches.
    pub kill_daily_r: f64,
    /// The day's realised loss, as a fraction of the equity at midnight UTC, that latches whatever `max_daily_loss` is.
    pub kill_daily_loss: Ratio,
    /// The week's realised loss, as a fraction of the equity on Monday at midnight UTC, that latches.
    pub kill_weekly_loss: Ratio,
    /// Fees, slippage and borrow of the last 30 days as a fraction of the realised profit before them, above which the
    /// profile latches.
    pub max_cost_to_profit: f64,
    /// Groups of instruments with limits of their own. When there are any, an instrument outside all of them is
    /// refused.
    pub buckets: Vec<Bucket>,
    /// Groups of schedules that share a part of the capital.
    pub families: Vec<Family>,
}

impl RiskProfile {
    /// A profile without a limit.
    #[must_use]
    pub fn unlimited(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            max_positions: u32::MAX,
            max_position: Ratio::ZERO,
            max_leverage: 0.0,
            max_drawdown: Ratio::ZERO,
            max_daily_loss: Ratio::ZERO,
            max_daily_fall: Ratio::ZERO,
            trade_risk: [Ratio::ZERO; 2],
            target_volatility: Ratio::ZERO,
            stop_atr_multiple: 0.0,
            instrument_alert: Ratio::ZERO,
            instrument_limit: Ratio::ZERO,
            portfolio_alert: Ratio::ZERO,
            portfolio_limit: Ratio::ZERO,
            kill_daily_r: 0.0,
            kill_daily_loss: Ratio::ZERO,
            kill_weekly_loss: Ratio::ZERO,
            max_cost_to_profit: 0.0,
            buckets: Vec::new(),
            families: Vec::new(),
        }
    }

    /// Whether any limit is on everything in the account.
    #[must_use]
    pub fn bounds_everything(&self) -> bool {
        let shares = [self.portfolio_limit, self.portfolio_alert];
        self.max_leverage > 0.0 || shares.iter().any(|share| *share > Ratio::ZERO)
    }

    /// Whether any order can alert.
    #[must_use]
    pub fn alerts(&self) -> bool {
        let shares = [self.instrument_alert, self.portfolio_alert, self.trade_risk[0]];
        shares.iter().any(|share| *share > Ratio::ZERO)
    }

    /// Whether any limit latches the profile.
    #[must_use]
    pub fn can_latch(&self) -> bool {
        self.max_drawdown > Ratio::ZERO || self.counts_days()
    }

    /// Whether any limit counts from midnight.
    #[must_use]
    pub fn counts_days(&self) -> bool {
        let shares = [self.max_daily_loss, self.max_daily_fall, self.kill_daily_loss, self.kill_weekly_loss];
        self.kill_daily_r > 0.0
            || self.max_cost_to_profit > 0.0
            || shares.iter().any(|share| *share > Ratio::ZERO)
    }

    /// Whether an entry has to say where it will be given up.
    #[must_use]
    pub fn needs_stops(&self) -> bool {
        self.target_volatility > Ratio::ZERO
    }
}

/// A group of instruments with a limit of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// The configured name.
    pub name: String,
    /// Its instruments, ascending.
    pub instruments: Vec<InstrumentIndex>,
    /// All positions in them, as a fraction of equity; zero is no limit.
    pub max_position: Ratio,
    /// All positions in them, in the valuation currency; zero is no limit.
    pub max_notional: Notional,
}

/// The schedules of one family of strategies.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// The configured name.
    pub name: String,
    /// Its schedules, ascending.
    pub schedules: Vec<ScheduleIndex>,
    /// All their positions, as a fraction of equity.
    pub share: Ratio,
}
