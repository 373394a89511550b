//! Limits, and why an order was refused.

use crate::units::Ratio;

/// A named set of limits. Zero or less disables a limit, except `max_positions`, where zero allows none.
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
    /// The fall of equity from its peak, as a fraction of that peak, at which only orders that reduce a position still
    /// pass. Nothing in the configuration sets it yet.
    pub max_drawdown: Ratio,
}

/// What a profile's limits are held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RiskState {
    /// Positions of the profile's schedules that are not flat, entries under way included.
    pub open_positions: u32,
    /// [`RiskProfile::max_drawdown`] has been reached. It stays so.
    pub halted: bool,
}

/// What stopped a signal or an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The instrument has no price yet.
    MissingPrice,
    /// The schedule's share of the capital is zero.
    AllocatorWeight,
    /// After cutting to the instrument's step nothing is left.
    OrderStep,
    /// The order is worth less than the venue accepts.
    MinNotional,
    /// [`RiskProfile::max_positions`].
    MaxPositions,
    /// [`RiskProfile::max_position`].
    PositionSize,
    /// [`RiskProfile::max_leverage`].
    Leverage,
    /// [`RiskProfile::max_drawdown`].
    Drawdown,
    /// The account's free cash.
    Cash,
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
    /// The order was taken back.
    Canceled,
    /// The order's size is not a positive number.
    Quantity,
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
            Self::AllocatorWeight => "allocator_weight",
            Self::OrderStep => "order_step",
            Self::MinNotional => "min_notional",
            Self::MaxPositions => "max_positions",
            Self::PositionSize => "position_size",
            Self::Leverage => "leverage",
            Self::Drawdown => "drawdown_limit",
            Self::Cash => "cash",
            Self::OtherLeg => "other_leg",
            Self::Expired => "expired",
            Self::PostOnly => "post_only",
            Self::ImmediateOrCancel => "immediate_or_cancel",
            Self::FillOrKill => "fill_or_kill",
            Self::Canceled => "canceled",
            Self::Quantity => "non_positive_quantity",
            Self::MinQuantity => "below_min_quantity",
            Self::TickSize => "tick_size",
        }
    }
}

/// A refusal is data: the rule, the value it saw and the limit it applied, in the rule's own unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refusal {
    /// Which rule.
    pub rule: Rule,
    /// What the order would have made of it.
    pub value: f64,
    /// What was allowed.
    pub limit: f64,
}
