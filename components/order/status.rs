//! The states of an order at a venue.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where an order stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderStatus {
    /// At the venue, nothing filled.
    #[default]
    Open,
    /// Some of it is filled, the rest is still at the venue.
    PartiallyFilled,
    /// All of it is filled.
    Filled,
    /// Taken back, or given up by its own terms; some of it may have been filled.
    Canceled,
    /// The venue never took it.
    Rejected,
    /// Its time ran out; some of it may have been filled.
    Expired,
}

/// What can happen to an order at a venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    /// Some of what was left is filled.
    PartFilled,
    /// All of what was left is filled.
    Filled,
    /// It was taken back, or gave up by its own terms.
    Canceled,
    /// The venue refused it.
    Rejected,
    /// Its time ran out.
    Expired,
}

/// Something happened to an order that cannot happen to it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("an order that is {} cannot be {}", .from.name(), .event.name())]
pub struct IllegalTransition {
    /// Where the order stood.
    pub from: OrderStatus,
    /// What was to happen.
    pub event: OrderEvent,
}

impl OrderStatus {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::PartiallyFilled, Self::Filled, Self::Canceled, Self::Rejected, Self::Expired];

    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::PartiallyFilled => "partially_filled",
            Self::Filled => "filled",
            Self::Canceled => "canceled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }

    /// Whether the venue still works on it.
    #[must_use]
    pub const fn is_working(self) -> bool {
        matches!(self, Self::Open | Self::PartiallyFilled)
    }

    /// The state after `event`.
    ///
    /// # Errors
    /// When the order is done, or was to be rejected after a fill: a venue takes an order before it fills it.
    pub const fn on(self, event: OrderEvent) -> Result<Self, IllegalTransition> {
        match (self, event) {
            (Self::Open | Self::PartiallyFilled, OrderEvent::PartFilled) => Ok(Self::PartiallyFilled),
            (Self::Open | Self::PartiallyFilled, OrderEvent::Filled) => Ok(Self::Filled),
            (Self::Open | Self::PartiallyFilled, OrderEvent::Canceled) => Ok(Self::Canceled),
            (Self::Open | Self::PartiallyFilled, OrderEvent::Expired) => Ok(Self::Expired),
            (Self::Open, OrderEvent::Rejected) => Ok(Self::Rejected),
            _ => Err(IllegalTransition { from: self, event }),
        }
    }
}

impl OrderEvent {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::PartFilled, Self::Filled, Self::Canceled, Self::Rejected, Self::Expired];

    /// The name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PartFilled => "partially filled",
            Self::Filled => "filled",
            Self::Canceled => "canceled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::OrderStatus as S;
    use super::*;

    /// Rows are states, columns events, in the order of `ALL`; `None` is refused.
    #[test]
    fn every_pair_of_state_and_event_is_legal_or_refused() {
        let working = [Some(S::PartiallyFilled), Some(S::Filled), Some(S::Canceled)];
        let [part, filled, canceled] = working;
        let table = [
            (S::Open, [part, filled, canceled, Some(S::Rejected), Some(S::Expired)]),
            (S::PartiallyFilled, [part, filled, canceled, None, Some(S::Expired)]),
            (S::Filled, [None; 5]),
            (S::Canceled, [None; 5]),
            (S::Rejected, [None; 5]),
            (S::Expired, [None; 5]),
        ];
        assert_eq!(table.map(|(from, _)| from), S::ALL);
        for (from, row) in table {
            for (event, to) in OrderEvent::ALL.into_iter().zip(row) {
                assert_eq!(from.on(event), to.ok_or(IllegalTransition { from, event }), "{from:?} {event:?}");
            }
            assert_eq!(from.is_working(), row[0].is_some());
        }
    }

    #[test]
    fn a_refused_transition_says_what_could_not_happen() {
        let error = S::Filled.on(OrderEvent::Canceled).unwrap_err();
        assert_eq!(error.to_string(), "an order that is filled cannot be canceled");
    }
}
