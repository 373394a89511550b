//! What an engine wants.

use serde::{Deserialize, Serialize};

use crate::order::Side;
use crate::units::{Price, Quantity, Ratio};

/// Which way a position points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Gains when the price rises.
    Long,
    /// Gains when the price falls.
    Short,
}

impl Direction {
    /// +1 for long, -1 for short.
    #[must_use]
    pub const fn sign(self) -> f64 {
        match self {
            Self::Long => 1.0,
            Self::Short => -1.0,
        }
    }

    /// The direction of a position, or `None` when it is flat.
    #[must_use]
    pub fn of(position: Quantity) -> Option<Self> {
        if position > Quantity::ZERO {
            Some(Self::Long)
        } else if position < Quantity::ZERO {
            Some(Self::Short)
        } else {
            None
        }
    }
}

/// The change an engine asks for, in terms of its schedule's own position in the instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SignalKind {
    /// Take a full position in this direction.
    Enter(Direction),
    /// Flatten.
    Exit,
    /// Hold this signed fraction of the instrument's budget.
    Target(Ratio),
    /// Buy (positive) or sell (negative) this much.
    Delta(Quantity),
}

impl SignalKind {
    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enter(Direction::Long) => "enter_long",
            Self::Enter(Direction::Short) => "enter_short",
            Self::Exit => "exit",
            Self::Target(_) => "target",
            Self::Delta(_) => "delta",
        }
    }
}

/// What an entry needs to be sized by the risk it takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Protection {
    /// Average true range, quote currency per base unit.
    pub atr: f64,
    /// Where the position is given up.
    pub stop: Price,
}

/// One side of a pair, as the engine saw it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leg {
    /// Buy or sell.
    pub side: Side,
    /// Base units asked for; an exit flattens what there is instead.
    pub quantity: Quantity,
    /// The quote the leg was computed from: the ask for a buy, the bid for a sale.
    pub price: Price,
}

/// Named numbers that explain a signal: indicators and thresholds, at most [`Metadata::MOST`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metadata {
    names: &'static [&'static str],
    values: [f64; Self::MOST],
}

impl Metadata {
    /// How many there can be.
    pub const MOST: usize = 9;

    /// Pairs each name with the value at the same place.
    ///
    /// # Panics
    /// When there are more than [`Metadata::MOST`] names, which does not compile for constant ones.
    #[must_use]
    pub const fn new<const N: usize>(names: &'static [&'static str; N], numbers: [f64; N]) -> Self {
        const { assert!(N <= Self::MOST) };
        let mut values = [0.0; Self::MOST];
        let mut index = 0;
        while index < N {
            values[index] = numbers[index];
            index += 1;
        }
        Self { names, values }
    }

    /// The names with their values, in the engine's order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.names.iter().copied().zip(self.values)
    }

    /// The value called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

/// A signal: what is wanted, how surely and why. Every record copies it, so why is set aside.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// The change asked for.
    pub kind: SignalKind,
    /// From 0 to 1; orders signals when a budget keeps only some of them.
    pub confidence: Ratio,
    reasons: Option<Box<Reasons>>,
}

/// Why a signal was given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reasons {
    /// What the engine calls it, such as `buy` or `rebalance`.
    pub side: &'static str,
    /// The state of the market it answers to, such as `long_entry`; empty when the engine names none.
    pub regime: &'static str,
    /// Stop and range, on every entry of an engine that has them.
    pub protection: Option<Protection>,
    /// Both sides of a pair, the deciding instrument's first; `None` for a single instrument.
    pub legs: Option<[Leg; 2]>,
    /// The numbers behind it.
    pub metadata: Metadata,
}

impl Reasons {
    /// A name and nothing else.
    #[must_use]
    pub const fn named(side: &'static str) -> Self {
        let metadata = Metadata { names: &[], values: [0.0; Metadata::MOST] };
        Self { side, regime: "", protection: None, legs: None, metadata }
    }
}

impl Signal {
    /// A signal that explains nothing.
    #[must_use]
    pub const fn new(kind: SignalKind, confidence: Ratio) -> Self {
        Self { kind, confidence, reasons: None }
    }

    /// A signal of full confidence that explains nothing.
    #[must_use]
    pub const fn certain(kind: SignalKind) -> Self {
        Self::new(kind, Ratio::new(1.0))
    }

    /// The same with its reasons.
    #[must_use]
    pub fn because(self, reasons: Reasons) -> Self {
        Self { reasons: Some(Box::new(reasons)), ..self }
    }

    /// Why it was given; one that explains nothing is called like its kind.
    #[must_use]
    pub fn reasons(&self) -> Reasons {
        self.reasons.as_deref().copied().unwrap_or(Reasons::named(self.kind.name()))
    }

    /// Whether it gives any.
    #[must_use]
    pub const fn explains(&self) -> bool {
        self.reasons.is_some()
    }

    /// What the engine calls it.
    #[must_use]
    pub fn side(&self) -> &'static str {
        self.reasons.as_ref().map_or(self.kind.name(), |reasons| reasons.side)
    }

    /// The state of the market it answers to; empty when the engine names none.
    #[must_use]
    pub fn regime(&self) -> &'static str {
        self.reasons.as_ref().map_or("", |reasons| reasons.regime)
    }

    /// Stop and range, on every entry of an engine that has them.
    #[must_use]
    pub fn protection(&self) -> Option<Protection> {
        self.reasons.as_ref()?.protection
    }

    /// Both sides of a pair, the deciding instrument's first; `None` for a single instrument.
    #[must_use]
    pub fn legs(&self) -> Option<[Leg; 2]> {
        self.reasons.as_ref()?.legs
    }

    /// The number behind it that is called `name`.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        self.reasons.as_ref()?.metadata.get(name)
    }

    /// `multi_leg` for a pair, `neutral` for a move to a target, else `single`.
    #[must_use]
    pub fn intent(&self) -> &'static str {
        match (self.legs(), self.kind) {
            (Some(_), _) => "multi_leg",
            (None, SignalKind::Target(_)) => "neutral",
            (None, _) => "single",
        }
    }

    /// Whether every number in it is finite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        let kind = match self.kind {
            SignalKind::Enter(_) | SignalKind::Exit => 0.0,
            SignalKind::Target(fraction) => fraction.get(),
            SignalKind::Delta(quantity) => quantity.get(),
        };
        let reasons = self.reasons.as_ref().is_none_or(|reasons| reasons.is_finite());
        kind.is_finite() && self.confidence.get().is_finite() && reasons
    }
}

impl Reasons {
    fn is_finite(&self) -> bool {
        let protection = self.protection.map_or([0.0; 2], |p| [p.atr, p.stop.get()]);
        let legs = self.legs.iter().flatten().flat_map(|leg| [leg.quantity.get(), leg.price.get()]);
        let values = self.metadata.iter().map(|(_, value)| value);
        legs.chain(values).chain(protection).all(f64::is_finite)
    }
}

/// What became of a signal, told to the engine before it decides again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// The venue filled this fraction of the order, from above 0 to 1.
    Filled(f64),
    /// The position was already as wanted.
    Unchanged,
    /// A rule stopped it, or the account could not pay for any of it.
    Refused,
    /// There was no signal: the position was closed by somebody else.
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_keeps_names_and_values_together() {
        let metadata = Metadata::new(&["a", "b"], [1.0, -2.0]);
        assert_eq!(metadata.iter().collect::<Vec<_>>(), [("a", 1.0), ("b", -2.0)]);
        assert_eq!((metadata.get("b"), metadata.get("c")), (Some(-2.0), None));
        assert_eq!(Metadata::default().iter().count(), 0);
    }

    #[test]
    fn one_number_that_is_not_finite_spoils_a_signal() {
        let entry = || Signal::certain(SignalKind::Enter(Direction::Long));
        assert!(entry().is_finite() && entry().because(Reasons::named("buy")).is_finite());
        let leg = Leg { side: Side::Buy, quantity: Quantity::new(1.0), price: Price::new(f64::NAN) };
        let stop = Protection { atr: 1.0, stop: Price::new(f64::INFINITY) };
        let plain = Reasons::named("buy");
        assert!(!entry().because(Reasons { legs: Some([leg, leg]), ..plain }).is_finite());
        assert!(!entry().because(Reasons { protection: Some(stop), ..plain }).is_finite());
        let metadata = Metadata::new(&["a"], [f64::NAN]);
        assert!(!entry().because(Reasons { metadata, ..plain }).is_finite());
        assert!(!Signal::new(SignalKind::Exit, Ratio::new(f64::NAN)).is_finite());
        assert!(!Signal::certain(SignalKind::Target(Ratio::new(f64::INFINITY))).is_finite());
    }

    #[test]
    fn the_intent_follows_from_legs_and_kind() {
        let leg = Leg { side: Side::Buy, quantity: Quantity::ZERO, price: Price::ZERO };
        let entry = Signal::certain(SignalKind::Enter(Direction::Long));
        assert_eq!(entry.intent(), "single");
        let pair = Reasons { legs: Some([leg; 2]), ..Reasons::named("pair") };
        assert_eq!(entry.because(pair).intent(), "multi_leg");
        assert_eq!(Signal::certain(SignalKind::Target(Ratio::ZERO)).intent(), "neutral");
    }

    #[test]
    fn a_signal_without_reasons_is_called_like_its_kind() {
        let exit = Signal::certain(SignalKind::Exit);
        assert_eq!(
            (exit.reasons(), exit.protection(), exit.number("a")),
            (Reasons::named("exit"), None, None)
        );
        let metadata = Metadata::new(&["a"], [2.0]);
        let named = exit.because(Reasons { metadata, ..Reasons::named("sell") });
        assert_eq!((named.reasons().side, named.number("a"), named.number("b")), ("sell", Some(2.0), None));
    }
}
