//! What a simulated venue charges, and how believable its fills are.

use crate::time::Nanos;
use crate::units::{Price, Ratio};

use super::Side;

/// When a simulated venue fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FillModel {
    /// At the open of the instrument's next candle that has volume, all of it.
    #[default]
    NextOpen,
    /// At once, at the mark of the decision. It assumes that a price which has just been seen can still be had.
    Instant,
    /// Where the following candles allow it, after a latency, as much as their volume allows.
    Realistic,
}

impl FillModel {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::NextOpen, Self::Instant, Self::Realistic];

    /// The name in configuration and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NextOpen => "next_open",
            Self::Instant => "instant",
            Self::Realistic => "realistic",
        }
    }
}

/// Costs of a simulated venue.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costs {
    /// Fee of an order that is filled against what rests in the market, as a fraction of its value.
    pub taker_fee: Ratio,
    /// Fee of an order that rested itself, likewise.
    pub maker_fee: Ratio,
    /// How much worse than the reference a taker fills, however small it is.
    pub slippage: Ratio,
    /// How much worse a taker would fill that is as large as all the volume of its candle; a smaller one by the
    /// square root of its share.
    pub impact: Ratio,
}

impl Costs {
    /// Of a venue that charges nothing.
    pub const NONE: Self =
        Self { taker_fee: Ratio::ZERO, maker_fee: Ratio::ZERO, slippage: Ratio::ZERO, impact: Ratio::ZERO };

    /// The fee of one side of the market, as a fraction of the value.
    #[must_use]
    pub const fn fee(&self, maker: bool) -> Ratio {
        if maker { self.maker_fee } else { self.taker_fee }
    }

    /// A taker's price after slippage, against the order, when it takes `share` of its candle's volume.
    ///
    /// Impact grows with the square root of the share of the volume (Almgren, Thum, Hauptmann, Li: Direct Estimation
    /// of Equity Market Impact, 2005; Tóth et al.: Anomalous Price Impact, Physical Review X, 2011).
    #[must_use]
    pub fn slipped(&self, price: Price, side: Side, share: f64) -> Price {
        let slippage = self.slippage.get() + self.impact.get() * share.sqrt();
        let slipped = price.get() * (1.0 + side.sign() * slippage);
        Price::new(if side == Side::Sell { slipped.max(0.0) } else { slipped })
    }
}

/// How much of the market an order gets, and how late.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Liquidity {
    /// The largest share of a candle's volume that one order gets; 0 is no bound.
    pub max_volume_share: Ratio,
    /// From the decision to the order's arrival in the market.
    pub latency: Nanos,
    /// Up to this much is added to the latency, drawn anew for each order.
    pub latency_jitter: Nanos,
    /// Of the random streams.
    pub seed: u64,
}

/// What a venue asks of those who are short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarginTerms {
    /// The value of a short as a multiple of the margin locked for it; at least 1.
    pub leverage: f64,
    /// What has to be left of a short's margin.
    pub maintenance: Maintenance,
    /// Fee of a liquidation, as a fraction of its value.
    pub liquidation_fee: Ratio,
    /// What borrowing costs, as a fraction of the short's value a year of 365 days.
    pub borrow_rate: Ratio,
}

impl Default for MarginTerms {
    fn default() -> Self {
        Self {
            leverage: 1.0,
            maintenance: Maintenance::None,
            liquidation_fee: Ratio::ZERO,
            borrow_rate: Ratio::ZERO,
        }
    }
}

/// The least margin of a short after its loss, as a fraction of its value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Maintenance {
    /// None: no short is ever closed by the venue.
    #[default]
    None,
    /// What is usual for the schedule's risk profile, by its name.
    ByProfile,
    /// The same for all.
    Rate(Ratio),
}

/// What becomes of an order that the account cannot pay for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shortfall {
    /// As much of a purchase is filled as the account can pay.
    #[default]
    Clip,
    /// It is refused whole.
    Refuse,
}

impl Shortfall {
    /// The name in configuration and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clip => "clip",
            Self::Refuse => "refuse",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impact_grows_with_the_square_root_of_the_share() {
        let costs = Costs { slippage: Ratio::new(0.125), impact: Ratio::new(0.5), ..Costs::default() };
        let price = |side, share| costs.slipped(Price::new(64.0), side, share).get();
        assert_eq!([0.0, 0.0625, 0.25].map(|share| price(Side::Buy, share)), [72.0, 80.0, 88.0]);
        assert_eq!([0.0, 0.0625, 0.25].map(|share| price(Side::Sell, share)), [56.0, 48.0, 40.0]);
        assert_eq!(price(Side::Sell, 100.0), 0.0, "never below nothing");
    }
}
