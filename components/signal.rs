//! What an engine wants.

use crate::units::{Quantity, Ratio};

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

/// A signal: what is wanted and how surely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signal {
    /// The change asked for.
    pub kind: SignalKind,
    /// From 0 to 1; orders signals when a budget keeps only some of them.
    pub confidence: Ratio,
}

impl Signal {
    /// A signal of full confidence.
    #[must_use]
    pub const fn certain(kind: SignalKind) -> Self {
        Self { kind, confidence: Ratio::new(1.0) }
    }
}
