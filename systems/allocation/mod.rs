//! Phase 3, Allocation: shares of the capital; signals become sized intents.

mod policy;
mod sizing;

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::{Query, ResMut};
use hemiola_components::capital::{CapitalPolicy, Weights};
use hemiola_components::journal::{Event, Record};
use hemiola_components::portfolio::{Account, Book, Portfolio};
use hemiola_components::position::{Holding, Position};
use hemiola_components::risk::{Refusal, RiskProfiles, Rule};
use hemiola_components::schedule::{RiskProfileRef, Schedule, Sizing};
use hemiola_components::signal::SignalKind;
use hemiola_components::units::{Quantity, Ratio};

pub use policy::shares;

use crate::book::mark;
use crate::pass::{Phase, Systems, When};
use crate::queue::{Queue, SignalNote};
use crate::risk::cash::free_cash;
use sizing::{Answer, Situation};

/// Adds the phase's system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Allocation, When::Signals, allocate);
}

type Capital<'a> =
    (&'a Portfolio, &'a Account, &'a mut Book, &'a CapitalPolicy, &'a mut Weights, &'a RiskProfiles);

fn allocate(
    mut queue: ResMut<Queue>,
    mut portfolios: Query<Capital<'_>>,
    positions: Query<(&Position, &Holding)>,
    schedules: Query<(&Schedule, &Sizing, &RiskProfileRef)>,
) -> Result<(), BevyError> {
    let Queue { signals, intents, records, .. } = &mut *queue;
    signals.sort_unstable_by_key(|note| (note.due.tick, note.due.slot));
    for SignalNote { due, emitted } in signals.drain(..) {
        let (position, holding) = positions.get(due.position)?;
        let (schedule, sizing, profile) = schedules.get(position.schedule)?;
        let (portfolio, account, mut book, policy, mut weights, profiles) =
            portfolios.get_mut(position.portfolio)?;
        policy::allocate(policy, &mut weights, due.now);
        let share = weights.shares[schedule.index.get()];
        let mut record = |event| records.push(Record { portfolio: portfolio.index, at: due.now, event });
        record(Event::Signal(emitted));
        record(Event::Weight { schedule: schedule.index, share });
        let mut refuse = |refusal| {
            record(Event::Refused { schedule: schedule.index, instrument: emitted.instrument, refusal });
        };
        if share == 0.0 && !only_reduces(emitted.signal.kind, holding.quantity) {
            refuse(Refusal { rule: Rule::AllocatorWeight, value: 0.0, limit: 0.0 });
            continue;
        }
        let Some(mark) = mark(&mut book.lines[emitted.instrument.get()], due.now) else {
            refuse(Refusal { rule: Rule::MissingPrice, value: 0.0, limit: 0.0 });
            continue;
        };
        let situation = Situation {
            share,
            instruments: schedule.instruments,
            sizing: *sizing,
            mark,
            held: holding.quantity,
            equity: account.equity,
            free_cash: free_cash(account, &book),
            costs: portfolio.costs,
            step: book.lines[emitted.instrument.get()].rules.step,
            max_position: profiles.0[profile.0].max_position,
        };
        match situation.answer(emitted.signal.kind) {
            Answer::Trade(trade) => intents.push(trade.order(position, profile.0, due)),
            Answer::Nothing => {
                record(Event::Unchanged { schedule: schedule.index, instrument: emitted.instrument });
            }
            Answer::TooSmall { wanted } => {
                refuse(Refusal { rule: Rule::OrderStep, value: wanted.get(), limit: situation.step.get() });
            }
        }
    }
    Ok(())
}

/// Whether a signal can only bring a position closer to flat; no share is needed for that.
fn only_reduces(kind: SignalKind, held: Quantity) -> bool {
    match kind {
        SignalKind::Exit => true,
        SignalKind::Enter(_) => false,
        SignalKind::Target(fraction) => fraction == Ratio::ZERO,
        SignalKind::Delta(change) => change.get() * held.get() < 0.0 && change.abs() <= held.abs(),
    }
}

#[cfg(test)]
mod tests {
    use hemiola_components::signal::Direction;

    use super::*;

    #[test]
    fn a_share_of_zero_never_holds_back_a_way_out() {
        let held = Quantity::new(2.0);
        let delta = |change| SignalKind::Delta(Quantity::new(change));
        for kind in [SignalKind::Exit, SignalKind::Target(Ratio::ZERO), delta(-1.0), delta(-2.0)] {
            assert!(only_reduces(kind, held), "{kind:?}");
        }
        let enter = SignalKind::Enter(Direction::Short);
        for kind in [enter, SignalKind::Target(Ratio::new(0.5)), delta(1.0), delta(-2.5)] {
            assert!(!only_reduces(kind, held), "{kind:?}");
        }
    }
}
