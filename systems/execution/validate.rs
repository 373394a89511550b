//! What a venue looks at before it takes an order.

use hemiola_components::market::TradingRules;
use hemiola_components::order::{OrderKind, Side};
use hemiola_components::risk::Rule;
use hemiola_components::units::{Notional, Price, Quantity};
use thiserror::Error;

/// How far a multiple may be off, in steps or ticks.
const OFF: f64 = 1e-8;

/// An order as somebody sends it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ticket {
    /// Buy or sell; `None` when it says neither.
    pub side: Option<Side>,
    /// Base units.
    pub quantity: Quantity,
    /// What it asks of the market.
    pub kind: OrderKind,
    /// What it is valued at: a price of its own, else the last mark; `None` when there is neither.
    pub reference: Option<Price>,
    /// It only reduces a position. A venue lets go of what is too small to be opened.
    pub reduces: bool,
}

/// Why a venue refuses an order. It has changed nothing then.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
pub enum Rejection {
    /// The venue does not list the instrument.
    #[error("unknown_symbol")]
    UnknownSymbol,
    /// Neither a purchase nor a sale.
    #[error("invalid_side")]
    InvalidSide,
    /// Zero, negative, infinite or not a number.
    #[error("non_positive_quantity")]
    NonPositiveQuantity,
    /// Smaller than [`TradingRules::min_quantity`].
    #[error("below_min_quantity")]
    BelowMinQuantity,
    /// No multiple of [`TradingRules::step`].
    #[error("step_size")]
    StepSize,
    /// A price of its own that is no multiple of [`TradingRules::tick`].
    #[error("tick_size")]
    TickSize,
    /// There is nothing to value it at.
    #[error("missing_price")]
    MissingPrice,
    /// Worth less than [`TradingRules::min_notional`].
    #[error("below_min_notional")]
    BelowMinNotional,
}

impl Rejection {
    /// The rule that stopped an order of a schedule.
    #[must_use]
    pub const fn rule(self) -> Rule {
        match self {
            Self::UnknownSymbol | Self::MissingPrice => Rule::MissingPrice,
            Self::InvalidSide | Self::NonPositiveQuantity => Rule::NonPositiveQuantity,
            Self::BelowMinQuantity => Rule::MinQuantity,
            Self::StepSize => Rule::OrderStep,
            Self::TickSize => Rule::TickSize,
            Self::BelowMinNotional => Rule::MinNotional,
        }
    }
}

/// Takes an order or refuses it; `rules` are `None` when the venue does not list the instrument. Gives its side and what
/// it is valued at.
///
/// # Errors
/// The first of the reasons that applies, in the order of [`Rejection`].
pub fn validate(rules: Option<&TradingRules>, ticket: &Ticket) -> Result<(Side, Price), Rejection> {
    let rules = rules.ok_or(Rejection::UnknownSymbol)?;
    let side = ticket.side.ok_or(Rejection::InvalidSide)?;
    let quantity = ticket.quantity;
    if !(quantity.get() > 0.0 && quantity.get().is_finite()) {
        return Err(Rejection::NonPositiveQuantity);
    }
    if !ticket.reduces && quantity < rules.min_quantity {
        return Err(Rejection::BelowMinQuantity);
    }
    if !ticket.reduces && !is_multiple(quantity.get(), rules.step.get()) {
        return Err(Rejection::StepSize);
    }
    if let Some(price) = ticket.kind.price()
        && !is_multiple(price.get(), rules.tick)
    {
        return Err(Rejection::TickSize);
    }
    let price = ticket.reference.filter(|price| price.get().is_finite()).ok_or(Rejection::MissingPrice)?;
    let has_least = rules.min_notional > Notional::ZERO && !ticket.reduces;
    if has_least && quantity.at(price) < rules.min_notional {
        return Err(Rejection::BelowMinNotional);
    }
    Ok((side, price))
}

/// Whether `value` is a whole number of `unit`s; everything is when the unit is zero. A value that is not finite is not.
fn is_multiple(value: f64, unit: f64) -> bool {
    if unit <= 0.0 {
        return value.is_finite();
    }
    let units = value / unit;
    // A large multiple cannot be told apart from its neighbours any finer.
    (units - units.round()).abs() <= OFF.max(units.abs() * 2.0 * f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: TradingRules = TradingRules {
        tick: 0.5,
        step: Quantity::new(0.25),
        min_quantity: Quantity::new(0.5),
        min_notional: Notional::new(16.0),
    };

    fn ticket(quantity: f64) -> Ticket {
        Ticket {
            side: Some(Side::Buy),
            quantity: Quantity::new(quantity),
            kind: OrderKind::Market,
            reference: Some(Price::new(32.0)),
            reduces: false,
        }
    }

    fn limit(price: f64) -> OrderKind {
        OrderKind::Limit { price: Price::new(price), post_only: false }
    }

    #[test]
    fn the_first_reason_is_given() {
        let check = |ticket| validate(Some(&RULES), &ticket).map(|_| ());
        assert_eq!(validate(None, &ticket(0.0)), Err(Rejection::UnknownSymbol));
        assert_eq!(check(Ticket { side: None, ..ticket(0.0) }), Err(Rejection::InvalidSide));
        for quantity in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(check(ticket(quantity)), Err(Rejection::NonPositiveQuantity), "{quantity}");
        }
        assert_eq!(check(ticket(0.3)), Err(Rejection::BelowMinQuantity));
        assert_eq!(check(ticket(0.6)), Err(Rejection::StepSize));
        assert_eq!(check(Ticket { kind: limit(31.7), ..ticket(0.5) }), Err(Rejection::TickSize));
        assert_eq!(check(Ticket { kind: limit(f64::NAN), ..ticket(0.5) }), Err(Rejection::TickSize));
        for price in [None, Some(f64::NAN), Some(f64::INFINITY)] {
            let reference = price.map(Price::new);
            assert_eq!(check(Ticket { reference, ..ticket(0.5) }), Err(Rejection::MissingPrice), "{price:?}");
        }
        let cheap = Some(Price::new(31.0));
        assert_eq!(check(Ticket { reference: cheap, ..ticket(0.5) }), Err(Rejection::BelowMinNotional));
        assert_eq!(check(Ticket { kind: limit(31.5), ..ticket(0.5) }), Ok(()), "exactly the least value");
        let rest = Ticket { reduces: true, reference: cheap, ..ticket(0.3) };
        assert_eq!(check(rest), Ok(()), "what is there can always be closed");
    }

    #[test]
    fn multiples_are_found_whatever_their_size() {
        assert!(is_multiple(0.1 + 0.2, 0.1) && is_multiple(1e9 * 0.1, 0.1) && is_multiple(5.5, 0.0));
        assert!(!is_multiple(0.300_000_1, 0.1) && !is_multiple(f64::NAN, 0.0));
    }
}
