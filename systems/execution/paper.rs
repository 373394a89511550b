//! Approved orders reach the simulated venue.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::Query;
use bevy_ecs::system::InMut;
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{FillModel, Order, Origin};
use hemiola_components::port::{EquityCurve, EquityPoint, Records};
use hemiola_components::portfolio::{Desk, Portfolio};
use hemiola_components::position::{Cursor, Holding, Position};
use hemiola_components::signal::Answer;
use hemiola_components::units::Quantity;

use super::fill::{Print, quantity_at};
use super::margin;
use super::venue::Venue;
use crate::book::mark_at;
use crate::queue::Queue;
use crate::risk::gate::Approved;
use crate::risk::latch::scope;
use crate::risk::liquidation::{Log, enter_between};
use crate::table::columns;

/// Takes approved orders to the venue. It refuses them, fills them at once or notes what happens to each next.
pub(super) fn accept(
    InMut(queue): InMut<Queue>,
    mut portfolios: Query<(&'static Portfolio, &'static mut Desk)>,
    mut positions: Query<(&Position, &mut Holding, &mut Cursor)>,
) -> Result<(), BevyError> {
    let Queue { approved, outbox, .. } = queue;
    let (portfolios, mut desks) = columns(&mut portfolios)?;
    let desks = desks.bypass_change_detection();
    for orders in approved.chunk_by(|one, next| one.order().portfolio == next.order().portfolio) {
        let portfolio = &portfolios[orders[0].order().portfolio.get()];
        let Portfolio { index, fill_model, curve, .. } = *portfolio;
        let Desk { timeline, account, book, resting, risk, .. } = &mut desks[index.get()];
        let end = timeline.end;
        let mut venue = Venue { portfolio, account, risk, book };
        let mut filled_now = fill_model == FillModel::Instant;
        for working in orders.iter().map(Approved::order) {
            let order = working.order;
            let mut record = |event| {
                outbox.records.push(Record { portfolio: index, at: order.at, event });
            };
            record(Event::Order(order));
            if order.origin == Origin::Venue {
                let (_, mut holding, _) = positions.get_mut(working.position)?;
                venue.answered(working);
                let (profile, fee) = (working.risk_profile, portfolio.margin.liquidation_fee);
                record(margin::liquidate(&mut venue, order, profile, &mut holding, fee));
                let (_, _, mut cursor) = positions.get_mut(working.decider)?;
                cursor.in_flight -= 1;
                cursor.answer = Some(Answer::Closed);
                filled_now = true;
                continue;
            }
            if fill_model != FillModel::Instant && order.at == end {
                record(Event::Unfilled(order));
                continue;
            }
            let mut taken = venue.take(*working, end);
            // Few orders are refused as if they opened something, so few positions have to be looked up for it.
            let mut verdict = venue.validate(working, false);
            if verdict.is_err() {
                let (_, holding, _) = positions.get(working.position)?;
                verdict = venue.validate(working, reduces(&order, holding));
            }
            // Who wants to be flat at once does not wait for another candle.
            let at_once = fill_model == FillModel::Instant || order.origin == Origin::Operator;
            filled_now |= at_once;
            let answer = match verdict {
                Err(rule) => Some(venue.reject(&mut taken, rule, &mut record)?),
                Ok(()) if at_once => {
                    let print = Print::at_the_mark(&order);
                    let (position, mut holding, _) = positions.get_mut(working.position)?;
                    venue.fill(&mut taken, &print, (position, &mut holding), &mut record)?
                }
                Ok(()) => None,
            };
            if let Some(answer) = answer {
                let (_, _, mut cursor) = positions.get_mut(working.decider)?;
                cursor.in_flight -= 1;
                cursor.answer = Some(answer);
            } else {
                venue.look_ahead(&mut taken, end);
                let place = resting.partition_point(|other| rank(&other.working.order) <= rank(&order));
                resting.insert(place, taken);
            }
        }
        if filled_now {
            // The marks of this instant were taken before these fills and what they cost.
            mark_at(account, book, timeline.now);
            if curve != EquityCurve::Off {
                outbox.equity.push(EquityPoint::of(index, timeline.now, account));
            }
            latch_now(portfolio, &mut desks[index.get()], &mut outbox.records);
        }
    }
    approved.clear();
    Ok(())
}

/// What has just been filled may latch profiles: that binds at once, and their positions are closed at the next tick.
fn latch_now(portfolio: &Portfolio, desk: &mut Desk, records: &mut Records) {
    let mut log = Log { portfolio: portfolio.index, now: desk.timeline.now, records };
    for risk_profile in 0..portfolio.risk_profiles.len() {
        enter_between(portfolio, desk, risk_profile, scope(&portfolio.risk_policy), &mut log);
    }
}

/// Whether an order does no more than bring a position closer to flat.
fn reduces(order: &Order, holding: &Holding) -> bool {
    let quantity = quantity_at(order.size, order.reference, Quantity::ZERO);
    holding.quantity.get() * order.side.sign() < 0.0 && quantity <= holding.quantity.abs()
}

/// Fills of one instant apply in this order.
fn rank(order: &Order) -> impl Ord + use<> {
    (order.instrument, order.schedule, order.at, order.ordinal)
}
