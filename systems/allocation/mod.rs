//! Phase 3, Allocation: shares of the capital; signals become sized intents.

mod policy;
mod sizing;

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::{Entity, Query};
use bevy_ecs::system::InMut;
use hemiola_components::capital::{CapitalPolicy, Weights};
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{Order, TimeInForce};
use hemiola_components::portfolio::{Account, Book, Portfolio};
use hemiola_components::position::{Cursor, Hedge, Holding, Position};
use hemiola_components::risk::{Refusal, RiskProfiles, Rule};
use hemiola_components::schedule::{RiskProfileRef, Schedule, Sizing};
use hemiola_components::signal::{Answer, Protection, Signal, SignalKind};
use hemiola_components::units::{Quantity, Ratio};

pub use policy::shares;

use crate::book::mark;
use crate::pass::{Phase, Systems, When};
use crate::queue::{Due, Queue, SignalNote};
use crate::risk::cash::free_cash;
use sizing::{Budget, Demand, Situation, pair};

/// Adds the phase's system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Allocation, When::Signals, allocate);
}

type Capital<'a> =
    (&'a Portfolio, &'a Account, &'a mut Book, &'a CapitalPolicy, &'a mut Weights, &'a RiskProfiles);

/// A position with what Allocation reads of it.
type Ledgers<'w, 's> = Query<'w, 's, (&'static Position, &'static Holding, Option<&'static Hedge>)>;

fn allocate(
    InMut(queue): InMut<Queue>,
    mut portfolios: Query<Capital<'_>>,
    positions: Ledgers<'_, '_>,
    mut cursors: Query<&mut Cursor>,
    schedules: Query<(&Schedule, &Sizing, &RiskProfileRef)>,
) -> Result<(), BevyError> {
    let Queue { signals, intents, records, .. } = queue;
    signals.sort_unstable_by_key(|note| (note.due.tick, note.due.slot));
    for SignalNote { due, emitted } in signals.drain(..) {
        let (position, _, hedge) = positions.get(due.position)?;
        let (schedule, sizing, profile) = schedules.get(position.schedule)?;
        let (portfolio, account, mut book, policy, mut weights, profiles) =
            portfolios.get_mut(position.portfolio)?;
        policy::allocate(policy, &mut weights, due.now);
        let share = weights.shares[schedule.index.get()];
        let mut record = |event| records.push(Record { portfolio: portfolio.index, at: due.now, event });
        record(Event::Signal(emitted));
        record(Event::Weight { schedule: schedule.index, share });
        let budget = Budget {
            share,
            instruments: schedule.instruments,
            sizing: *sizing,
            costs: portfolio.costs,
            max_position: profiles.0[profile.0].max_position,
        };
        let legs = [Some(due.position), hedge.map(|hedge| hedge.position)];
        let wanted = Wanted { due, signal: &emitted.signal, risk_profile: profile.0 };
        match wanted.orders(legs, &positions, budget, account, &mut book, intents)? {
            Outcome::Orders => {}
            Outcome::Unchanged => {
                record(Event::Unchanged { schedule: schedule.index, instrument: emitted.instrument });
                cursors.get_mut(due.position)?.answer = Some(Answer::Unchanged);
            }
            Outcome::Refused(refusal) => {
                let (schedule, instrument) = (schedule.index, emitted.instrument);
                record(Event::Refused { schedule, instrument, refusal });
                cursors.get_mut(due.position)?.answer = Some(Answer::Refused);
            }
        }
    }
    Ok(())
}

/// What became of a signal.
enum Outcome {
    Orders,
    Unchanged,
    Refused(Refusal),
}

/// A signal on its way to its orders.
struct Wanted<'a> {
    due: Due,
    signal: &'a Signal,
    risk_profile: usize,
}

impl Wanted<'_> {
    /// Adds the orders of a signal: one, or for a pair one per leg; all of them or none.
    fn orders(
        &self,
        legs: [Option<Entity>; 2],
        positions: &Ledgers<'_, '_>,
        budget: Budget,
        account: &Account,
        book: &mut Book,
        intents: &mut Vec<Order>,
    ) -> Result<Outcome, BevyError> {
        let refused = |rule, value, limit| Ok(Outcome::Refused(Refusal { rule, value, limit }));
        let before = intents.len();
        let mut sized = [None; 2];
        for (leg, entity) in legs.into_iter().flatten().enumerate() {
            let (position, holding, _) = positions.get(entity)?;
            if budget.share == 0.0 && !only_reduces(self.signal.kind, holding.quantity) {
                return refused(Rule::AllocatorWeight, 0.0, 0.0);
            }
            let Some(mark) = mark(&mut book.lines[position.instrument_index.get()], self.due.now) else {
                return refused(Rule::MissingPrice, 0.0, 0.0);
            };
            let situation = Situation {
                budget,
                mark,
                held: holding.quantity,
                equity: account.equity,
                free_cash: free_cash(account, book),
                step: book.lines[position.instrument_index.get()].rules.step,
            };
            sized[leg] = Some((entity, position, situation));
        }
        let demands = match (sized, self.signal.legs, self.signal.kind) {
            ([Some((.., first)), Some((.., second))], _, SignalKind::Exit) => {
                [Some(first.flatten()), Some(second.flatten())]
            }
            ([Some((.., first)), Some((.., second))], Some(legs), _) => pair([first, second], legs).map(Some),
            ([Some((.., only)), _], _, kind) => [Some(only.demand(kind)), None],
            ([None, _], ..) => [None; 2],
        };
        // A leg that waits for its market leaves the other one alone.
        let enters_pair = legs[1].is_some() && matches!(self.signal.kind, SignalKind::Enter(_));
        for (leg, (sized, demand)) in sized.into_iter().zip(demands).enumerate() {
            let (Some((entity, position, situation)), Some(demand)) = (sized, demand) else { continue };
            match demand {
                Demand::Trade(trade) => {
                    let protection = self.protection(leg);
                    let mut order = trade.order((entity, position), self.risk_profile, self.due, protection);
                    if enters_pair {
                        order.time_in_force = TimeInForce::NextCandle;
                    }
                    intents.push(order);
                }
                Demand::Nothing => {}
                Demand::TooSmall { wanted } => {
                    intents.truncate(before);
                    return refused(Rule::OrderStep, wanted.get(), situation.step.get());
                }
                Demand::Unpriced => {
                    intents.truncate(before);
                    return refused(Rule::MissingPrice, situation.mark.get(), 0.0);
                }
            }
        }
        Ok(if intents.len() > before { Outcome::Orders } else { Outcome::Unchanged })
    }

    /// Range and stop of a leg; the second one's stop is as far from its price, on the other side.
    fn protection(&self, leg: usize) -> Option<Protection> {
        let first = self.signal.protection?;
        match self.signal.legs {
            Some(legs) if leg == 1 => {
                let distance = legs[0].price - first.stop;
                Some(Protection { stop: legs[1].price + distance, ..first })
            }
            _ => Some(first),
        }
    }
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
