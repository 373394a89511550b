//! Rules, and what one that refuses says.

use serde::{Deserialize, Serialize};

/// What stopped a signal or an order, or latched a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Rule {
    /// The instrument has no price, or the order none above zero.
    MissingPrice,
    /// The order's quantity is not above zero.
    NonPositiveQuantity,
    /// The schedule's share of the capital is zero.
    AllocatorWeight,
    /// The schedule is suspended; nothing of it leaves.
    Suspended,
    /// More signals than the schedule may emit now.
    SignalLimit,
    /// The schedule may not enter at this time of the week.
    OutsideWindow,
    /// The schedule stands in for others, and none of them is suspended.
    IdleFallback,
    /// An entry needs a stop, and neither the engine nor the candles give one.
    Unsizeable,
    /// After cutting to the instrument's step nothing is left.
    OrderStep,
    /// The order is worth less than the venue accepts.
    MinNotional,
    /// A sale of more than there is.
    SellExceedsLong,
    /// A purchase of more than is short.
    BuyExceedsShort,
    /// The profile was latched before, and nothing latches it now.
    Latched,
    /// [`RiskProfile::max_drawdown`](super::RiskProfile::max_drawdown).
    Drawdown,
    /// [`RiskProfile::max_daily_loss`](super::RiskProfile::max_daily_loss).
    DailyLoss,
    /// [`RiskProfile::max_daily_fall`](super::RiskProfile::max_daily_fall).
    DailyFall,
    /// [`RiskProfile::kill_daily_r`](super::RiskProfile::kill_daily_r).
    KillDailyR,
    /// [`RiskProfile::kill_daily_loss`](super::RiskProfile::kill_daily_loss).
    KillDailyLoss,
    /// [`RiskProfile::kill_weekly_loss`](super::RiskProfile::kill_weekly_loss).
    KillWeekly,
    /// [`RiskProfile::max_cost_to_profit`](super::RiskProfile::max_cost_to_profit).
    CostToProfit,
    /// An operator halted the profile.
    KillSwitch,
    /// An entry without an average true range.
    MissingAtr,
    /// An entry without a stop.
    MissingStop,
    /// A stop that is not on the losing side of the price.
    StopWrongSide,
    /// A stop nearer than [`RiskProfile::stop_atr_multiple`](super::RiskProfile::stop_atr_multiple).
    StopTooTight,
    /// [`RiskProfile::trade_risk`](super::RiskProfile::trade_risk).
    TradeRisk,
    /// [`RiskProfile::target_volatility`](super::RiskProfile::target_volatility).
    TargetVolatility,
    /// [`RiskProfile::max_positions`](super::RiskProfile::max_positions).
    MaxPositions,
    /// What an order needs beyond its leverage is not free.
    Margin,
    /// [`RiskProfile::instrument_limit`](super::RiskProfile::instrument_limit).
    InstrumentExposure,
    /// There is no equity to hold anything against.
    NoCapital,
    /// [`RiskProfile::portfolio_limit`](super::RiskProfile::portfolio_limit).
    PortfolioExposure,
    /// [`RiskProfile::max_leverage`](super::RiskProfile::max_leverage).
    Leverage,
    /// [`RiskProfile::max_position`](super::RiskProfile::max_position).
    PositionExposure,
    /// The instrument is in none of the profile's buckets.
    NotInBucket,
    /// A bucket's limit.
    BucketExposure,
    /// [`RiskProfile::families`](super::RiskProfile::families).
    FamilyExposure,
    /// The account's free cash.
    Cash,
    /// [`Guards::restricted`](super::Guards::restricted).
    Restricted,
    /// [`Guards::max_price_age`](super::Guards::max_price_age).
    StalePrice,
    /// [`Guards::price_collar`](super::Guards::price_collar).
    PriceCollar,
    /// [`Guards::max_order_notional`](super::Guards::max_order_notional).
    OrderNotional,
    /// [`Guards::max_orders_per_second`](super::Guards::max_orders_per_second).
    OrderRate,
    /// [`Guards::duplicate_window`](super::Guards::duplicate_window).
    DuplicateOrder,
    /// The other leg of the pair was refused.
    OtherLeg,
    /// The market did not fill all of the order in its time.
    Expired,
    /// A limit order that was only to rest could have been filled on arrival.
    PostOnly,
    /// The market did not fill all of the order on arrival.
    ImmediateOrCancel,
    /// The market could not fill all of the order on arrival, so nothing was.
    FillOrKill,
    /// The order was taken back, because its risk profile was latched.
    Canceled,
    /// The order is smaller than the venue accepts.
    MinQuantity,
    /// The order's price is not a multiple of the venue's tick.
    TickSize,
}

impl Rule {
    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MissingPrice => "missing_price",
            Self::NonPositiveQuantity => "non_positive_quantity",
            Self::AllocatorWeight => "allocator_weight",
            Self::Suspended => "suspended",
            Self::SignalLimit => "signal_limit",
            Self::OutsideWindow => "outside_window",
            Self::IdleFallback => "idle_fallback",
            Self::Unsizeable => "unsizeable",
            Self::OrderStep => "order_step",
            Self::MinNotional => "min_notional",
            Self::SellExceedsLong => "sell_exceeds_long",
            Self::BuyExceedsShort => "buy_exceeds_short",
            Self::Latched => "force_liquidation_latched",
            Self::Drawdown => "drawdown_limit",
            Self::DailyLoss => "daily_loss_limit",
            Self::DailyFall => "daily_fall_limit",
            Self::KillDailyR => "kill_switch_daily_r",
            Self::KillDailyLoss => "kill_switch_daily_pct",
            Self::KillWeekly => "kill_switch_weekly",
            Self::CostToProfit => "cost_to_profit",
            Self::KillSwitch => "kill_switch",
            Self::MissingAtr => "missing_atr",
            Self::MissingStop => "missing_stop",
            Self::StopWrongSide => "stop_wrong_side",
            Self::StopTooTight => "stop_too_tight",
            Self::TradeRisk => "trade_risk",
            Self::TargetVolatility => "target_volatility",
            Self::MaxPositions => "max_positions",
            Self::Margin => "insufficient_margin",
            Self::InstrumentExposure => "instrument_exposure",
            Self::NoCapital => "no_capital",
            Self::PortfolioExposure => "portfolio_exposure",
            Self::Leverage => "leverage",
            Self::PositionExposure => "position_exposure",
            Self::NotInBucket => "symbol_not_in_bucket",
            Self::BucketExposure => "bucket_exposure",
            Self::FamilyExposure => "strategy_allocation",
            Self::Cash => "cash",
            Self::Restricted => "restricted_symbol",
            Self::StalePrice => "stale_price",
            Self::PriceCollar => "price_collar",
            Self::OrderNotional => "max_order_notional",
            Self::OrderRate => "order_rate",
            Self::DuplicateOrder => "duplicate_order",
            Self::OtherLeg => "other_leg",
            Self::Expired => "expired",
            Self::PostOnly => "post_only",
            Self::ImmediateOrCancel => "immediate_or_cancel",
            Self::FillOrKill => "fill_or_kill",
            Self::Canceled => "canceled",
            Self::MinQuantity => "below_min_quantity",
            Self::TickSize => "tick_size",
        }
    }
}

/// A refusal is data: the rule, the value it saw and the limit it applied, in the rule's own unit, and what would have
/// passed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refusal {
    /// Which rule.
    pub rule: Rule,
    /// What the order would have made of it.
    pub value: f64,
    /// What was allowed.
    pub limit: f64,
    /// What was left of the limit before the order; zero where nothing was, or where the rule has no amount.
    pub headroom: f64,
    /// Base units of the order that would pass; zero when none would, or when nobody worked it out.
    pub max_quantity: f64,
}

impl Refusal {
    /// A rule that says no without an amount.
    #[must_use]
    pub const fn plain(rule: Rule) -> Self {
        Self::new(rule, 0.0, 0.0)
    }

    /// A value beyond its limit, of which nothing would be allowed.
    #[must_use]
    pub const fn new(rule: Rule, value: f64, limit: f64) -> Self {
        Self { rule, value, limit, headroom: 0.0, max_quantity: 0.0 }
    }
}

/// Something an operator should hear of, and that stops nothing by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alert {
    /// [`RiskProfile::instrument_alert`](super::RiskProfile::instrument_alert) is reached.
    Instrument,
    /// [`RiskProfile::portfolio_alert`](super::RiskProfile::portfolio_alert) is reached.
    Portfolio,
    /// An order risks less than the least of [`RiskProfile::trade_risk`](super::RiskProfile::trade_risk).
    SmallRisk,
    /// A profile was latched by this rule: its positions are being closed.
    Latch(Rule),
}

impl Alert {
    /// The code in results.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Instrument => "RISK-INSTRUMENT",
            Self::Portfolio => "RISK-PORTFOLIO",
            Self::SmallRisk => "RISK-SMALL-TRADE",
            Self::Latch(Rule::DailyLoss | Rule::DailyFall) => "RISK-DAILY-LIMIT",
            Self::Latch(Rule::Drawdown) => "RISK-DRAWDOWN",
            Self::Latch(Rule::CostToProfit) => "RISK-COSTS",
            Self::Latch(_) => "RISK-KILL-SWITCH",
        }
    }

    /// How grave it is.
    #[must_use]
    pub const fn severity(self) -> &'static str {
        match self {
            Self::SmallRisk => "info",
            Self::Instrument | Self::Portfolio => "warning",
            Self::Latch(_) => "critical",
        }
    }
}
