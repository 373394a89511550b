//! Which events of a schedule and instrument differ in numbers and instants only.

use std::mem::discriminant;

use hemiola_components::journal::Event;
use hemiola_components::order::{Fill, Order};
use hemiola_components::signal::{Leg, Signal};

/// Whether the lines of two events of the same schedule and instrument say the same but for numbers and instants.
pub(super) fn alike(one: &Event, other: &Event) -> bool {
    match (one, other) {
        (Event::Signal(one), Event::Signal(other)) => signals(&one.signal, &other.signal),
        (Event::Unchanged { .. }, Event::Unchanged { .. }) | (Event::Borrow { .. }, Event::Borrow { .. }) => {
            true
        }
        (Event::Refused { refusal: one, .. }, Event::Refused { refusal: other, .. })
        | (Event::Adjusted { refusal: one, .. }, Event::Adjusted { refusal: other, .. }) => {
            one.rule == other.rule
        }
        (Event::Order(one), Event::Order(other)) => {
            (one.side, one.origin) == (other.side, other.origin)
                && discriminant(&one.size) == discriminant(&other.size)
                && one.kind.name() == other.kind.name()
        }
        (Event::Fill { fill: one, .. }, Event::Fill { fill: other, .. }) => {
            let said = |fill: &Fill| {
                let Order { side, origin, .. } = fill.order;
                (side, origin, fill.status, fill.maker, fill.clipped, fill.after_gap)
            };
            said(one) == said(other)
        }
        (Event::Unfilled(one), Event::Unfilled(other)) => {
            (one.side, one.origin) == (other.side, other.origin)
        }
        _ => false,
    }
}

fn signals(one: &Signal, other: &Signal) -> bool {
    let sides = |legs: &[Leg; 2]| legs.map(|leg| leg.side);
    let [first, second] = [one, other].map(Signal::reasons);
    let [names, others] = [&first, &second].map(|reasons| reasons.metadata.iter().map(|(name, _)| name));
    one.kind.name() == other.kind.name()
        && first.side == second.side
        && first.regime == second.regime
        && first.protection.is_some() == second.protection.is_some()
        && first.legs.as_ref().map(sides) == second.legs.as_ref().map(sides)
        && names.eq(others)
}
