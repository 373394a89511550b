//! Phase 3, Allocation: shares of the capital; signals become sized intents.

pub mod division;
mod held_back;
pub mod policies;
mod sizing;
mod sources;
mod stops;
mod tags;

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::{Entity, Query};
use bevy_ecs::system::InMut;
use hemiola_components::control::{Command, Expiry, OperatorAction, Target};
use hemiola_components::journal::{Change, Event, Record};
use hemiola_components::metric::Metrics;
use hemiola_components::order::{EntryOrder, TimeInForce, WorkingOrder};
use hemiola_components::portfolio::{Account, Book, Desk, Portfolio};
use hemiola_components::position::{Holding, Position};
use hemiola_components::risk::{Refusal, Rule};
use hemiola_components::schedule::Schedule;
use hemiola_components::signal::{Answer, Protection, Signal, SignalKind};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Quantity, Ratio};

pub use sources::VOLATILITY_CANDLES;
pub use stops::STOP_CANDLES;

use crate::book::mark_of;
use crate::execution::entry;
use crate::pass::{Phase, Systems, When};
use crate::queue::{Due, Queue, SignalNote};
use crate::risk::cash::free_cash;
use crate::risk::liquidation::Positions;
use crate::table::columns;
use division::{Division, Sight};
use held_back::held_back;
use sizing::{Budget, Demand, Situation, pair};
use stops::Stops;

/// Adds the phase's system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Allocation, When::Signals, allocate);
}

fn allocate(
    InMut(queue): InMut<Queue>,
    mut portfolios: Query<(&'static Portfolio, &'static mut Desk)>,
    mut divisions: Query<&'static mut Division>,
    mut positions: Positions<'_, '_>,
    schedules: Query<&Schedule>,
    metrics: Query<&'static Metrics>,
) -> Result<(), BevyError> {
    let Queue { signals, failures, intents, outbox, portfolios: entities, .. } = queue;
    let (portfolios, mut desks) = columns(&mut portfolios)?;
    let desks = desks.bypass_change_detection();
    for (due, message) in failures.drain(..) {
        let (position, ..) = positions.get(due.position)?;
        let desk = &mut desks[position.portfolio.get()];
        desk.controls.pending.push_front(failed(&schedules.get(position.schedule)?.name, &message, due.now));
        desk.turn = due.now;
        let (schedule, instrument) = (position.schedule_index, position.instrument_index);
        let event = Event::Control(Box::new(Change::Failed { schedule, instrument, message }));
        outbox.records.push(Record { portfolio: position.portfolio, at: due.now, event });
    }
    signals.sort_unstable_by_key(|note| (note.due.tick, note.rank));
    for SignalNote { due, mut emitted, .. } in signals.drain(..) {
        let (position, holding, cursor) = positions.get(due.position)?;
        let schedule = schedules.get(position.schedule)?;
        let index = position.portfolio.get();
        let (portfolio, desk) = (&portfolios[index], &mut desks[index]);
        if due.now >= desk.weights.due {
            let mut division = divisions.get_mut(entities[index])?;
            division.bring_up(&mut Sight { desk, positions: &positions, metrics: &metrics }, due.now)?;
        }
        let Desk { account, book, weights, controls, .. } = desk;
        let weight = weights.of[schedule.index.get()];
        let instrument = emitted.instrument;
        let reduces = only_reduces(emitted.signal.kind, holding.quantity);
        let held_back = held_back(schedule, controls, weight.share, reduces, due.now);
        emitted.kept = !matches!(held_back, Some(Rule::Suspended | Rule::SignalLimit));
        let profile = &portfolio.risk_profiles[schedule.risk_profile];
        let stops =
            if profile.needs_stops() { Some(Stops::of(profile, &position.feed.bars, cursor)) } else { None };
        let wanted = Wanted {
            due,
            signal: &emitted.signal,
            risk_profile: schedule.risk_profile,
            entry_order: &schedule.entry_order,
            budget: Budget {
                share: weight.share,
                instruments: schedule.instruments,
                sizing: schedule.sizing,
                costs: portfolio.costs,
                max_position: profile.max_position,
                stops,
            },
        };
        let first = (due.position, position, holding);
        let outcome = match (held_back, position.hedge) {
            (Some(rule), _) => Outcome::Refused(Refusal::plain(rule)),
            (None, None) => wanted.orders(&[first], account, book, intents),
            (None, Some(hedge)) => {
                let (position, holding, _) = positions.get(hedge)?;
                wanted.orders(&[first, (hedge, position, holding)], account, book, intents)
            }
        };
        let mut record = |event| {
            outbox.records.push(Record { portfolio: portfolio.index, at: due.now, event });
        };
        record(Event::Signal(emitted));
        record(Event::Weight { schedule: schedule.index, weight });
        let answer = match outcome {
            Outcome::Orders => continue,
            Outcome::Unchanged => {
                record(Event::Unchanged { schedule: schedule.index, instrument });
                Answer::Unchanged
            }
            Outcome::Refused(refusal) => {
                record(Event::Refused { schedule: schedule.index, instrument, refusal });
                Answer::Refused
            }
        };
        let (.., mut cursor) = positions.get_mut(due.position)?;
        cursor.answer = Some(answer);
    }
    Ok(())
}

/// A schedule whose engine has failed is suspended until somebody resumes it.
fn failed(schedule: &str, message: &str, now: Nanos) -> OperatorAction {
    OperatorAction {
        at: now,
        who: "engine".to_owned(),
        why: Some(format!("strategy failure: {message}")),
        what: Command::Suspend { target: Target::Schedule(schedule.to_owned()), expiry: Expiry::Never },
    }
}

/// What became of a signal.
enum Outcome {
    Orders,
    Unchanged,
    Refused(Refusal),
}

/// A position that a signal trades.
type Traded<'a> = (Entity, &'a Position, &'a Holding);

/// A signal on its way to its orders.
struct Wanted<'a> {
    due: Due,
    signal: &'a Signal,
    risk_profile: usize,
    entry_order: &'a EntryOrder,
    budget: Budget,
}

impl Wanted<'_> {
    /// Adds the orders of a signal: one, or for a pair one per leg; all of them or none.
    fn orders(
        &self,
        legs: &[Traded<'_>],
        account: &Account,
        book: &mut Book,
        intents: &mut Vec<WorkingOrder>,
    ) -> Outcome {
        let before = intents.len();
        match self.add_orders(legs, account, book, intents) {
            Ok(()) if intents.len() > before => Outcome::Orders,
            Ok(()) => Outcome::Unchanged,
            Err(refusal) => {
                intents.truncate(before);
                Outcome::Refused(refusal)
            }
        }
    }

    fn add_orders(
        &self,
        legs: &[Traded<'_>],
        account: &Account,
        book: &mut Book,
        intents: &mut Vec<WorkingOrder>,
    ) -> Result<(), Refusal> {
        let kind = self.signal.kind;
        let mut situations = [None; 2];
        for (place, (situation, leg)) in situations.iter_mut().zip(legs).enumerate() {
            *situation = Some(self.situation(*leg, place, account, book)?);
        }
        let demands = match (&situations, kind, self.signal.legs()) {
            ([Some(first), Some(second)], SignalKind::Exit, _) => [first.flatten(), second.flatten()],
            ([Some(first), Some(second)], _, Some(legs)) => pair([first, second], legs),
            ([Some(first), _], ..) => [first.demand(kind), Demand::Nothing],
            ([None, _], ..) => [Demand::Nothing; 2],
        };
        // A leg that waits for its market leaves the other one alone.
        let enters_pair = legs.len() == 2 && matches!(kind, SignalKind::Enter(_));
        for (leg, ((entity, position, _), situation)) in
            legs.iter().zip(situations.iter().flatten()).enumerate()
        {
            let refused = |rule, value, limit| Err(Refusal::new(rule, value, limit));
            match demands[leg] {
                Demand::Trade(trade) => {
                    let protection = self.protection(leg).or(situation.protection(trade.side));
                    if protection.is_none() && self.budget.stops.is_some() && situation.adds(&trade) {
                        return Err(Refusal::plain(Rule::Unsizeable));
                    }
                    let mut order = trade.order((*entity, position), self.risk_profile, self.due, protection);
                    if enters_pair {
                        order.time_in_force = TimeInForce::NextCandle;
                    } else if legs.len() == 1 && situation.held.get() * order.order.side.sign() >= 0.0 {
                        let tick = book.lines[position.instrument_index.get()].rules.tick;
                        entry::send_as(&mut order, self.entry_order, tick);
                    }
                    intents.push(order);
                }
                Demand::Nothing => {}
                Demand::TooSmall { wanted } => {
                    return refused(Rule::OrderStep, wanted.get(), situation.step.get());
                }
                Demand::Unpriced => return refused(Rule::MissingPrice, situation.mark.get(), 0.0),
            }
        }
        Ok(())
    }

    /// Everything the size of a leg depends on.
    fn situation(
        &self,
        (_, position, holding): Traded<'_>,
        leg: usize,
        account: &Account,
        book: &mut Book,
    ) -> Result<Situation<'_>, Refusal> {
        let index = position.instrument_index.get();
        let Some(mark) = mark_of(book, index, self.due.now) else {
            return Err(Refusal::plain(Rule::MissingPrice));
        };
        // The candles that a default is worked out from are those of the first leg.
        let stops = self.budget.stops.filter(|_| leg == 0).and_then(Stops::distance);
        let engines = self.protection(leg).map(|protection| (mark.get() - protection.stop.get()).abs());
        Ok(Situation {
            budget: &self.budget,
            distance: engines.or(stops),
            mark,
            held: holding.quantity,
            equity: account.equity,
            free_cash: free_cash(account, book),
            step: book.lines[index].rules.step,
        })
    }

    /// Range and stop of a leg; the second one's stop is as far from its price, on the other side.
    fn protection(&self, leg: usize) -> Option<Protection> {
        let first = self.signal.protection()?;
        match self.signal.legs() {
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
