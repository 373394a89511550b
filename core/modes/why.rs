//! Why: the last decision before an instant, from its candle to its fills.

use std::sync::Arc;

use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::journal::{Emitted, Event, Record};
use hemiola_components::market::Bars;
use hemiola_components::order::{Fill, Order, Origin};
use hemiola_components::risk::{Latches, Refusal};
use hemiola_components::time::Nanos;
use hemiola_components::units::Quantity;
use hemiola_systems::signals::catalog::Catalog;

use super::backtest::RunError;
use crate::assembly::{Market, Options, Window, assemble};
use crate::config::plan::Plan;

/// Where decisions are made: a schedule, and the instrument whose candles decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The schedule.
    pub schedule: ScheduleIndex,
    /// The instrument; of a pair the first leg.
    pub instrument: InstrumentIndex,
    /// The other leg of a pair.
    pub second_leg: Option<InstrumentIndex>,
}

/// One decision and everything that followed from it.
#[derive(Clone, Debug)]
pub struct Chain {
    /// When it was made.
    pub at: Nanos,
    /// The signal.
    pub emitted: Emitted,
    /// The candles that the engine reads.
    pub bars: Arc<Bars>,
    /// The one that decided; a signal that flattens a broken pair has none.
    pub bar: Option<usize>,
    /// The schedule's share of the capital.
    pub share: f64,
    /// What had latched the schedule's risk profile when its order was held against the limits.
    pub latches: Latches,
    /// What became of it, by instrument: one, or the two legs of a pair.
    pub legs: Vec<Leg>,
}

/// What became of a signal in one instrument.
#[derive(Clone, Debug)]
pub struct Leg {
    /// The instrument.
    pub instrument: InstrumentIndex,
    /// The rule that stopped the order or made it smaller.
    pub bound: Option<Refusal>,
    /// What the gate said.
    pub verdict: Verdict,
    /// The order that left.
    pub sent: Option<Sent>,
}

/// What the gate says to an order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// There was none: the position is as it is wanted.
    NothingToTrade,
    /// It passed as it was.
    Approved,
    /// It passed with this many base units.
    Adjusted(Quantity),
    /// It was stopped.
    Refused,
}

/// An order at the venue.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The order.
    pub order: Order,
    /// Its fills.
    pub fills: Vec<Fill>,
    /// Why it is not filled whole.
    pub ended: Option<Ended>,
}

/// Why an order was not filled whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ended {
    /// The venue or its own terms ended it, by this rule.
    Refused(Refusal),
    /// The data ended first.
    RunOver,
}

/// Where decisions about these instruments, or with them as a pair's second leg, are made.
#[must_use]
pub fn places(plan: &Plan, instruments: &[usize]) -> Vec<Place> {
    let mut places = Vec::new();
    for (index, schedule) in plan.schedules.iter().enumerate() {
        for instrument in schedule.instruments.iter().filter(|one| instruments.contains(one)) {
            let pair = schedule.pairs.iter().find(|pair| [pair.primary, pair.secondary].contains(instrument));
            let place = Place {
                schedule: ScheduleIndex::new(index),
                instrument: InstrumentIndex::new(pair.map_or(*instrument, |pair| pair.primary)),
                second_leg: pair.map(|pair| InstrumentIndex::new(pair.secondary)),
            };
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    places
}

/// Runs a Plan up to `until`, and on until the orders of the last decisions by then have come to their end. Gives one
/// chain per place; none where nothing was signalled yet.
///
/// # Errors
/// See [`RunError`].
pub fn run(
    plan: &Plan,
    market: &Market,
    catalog: &Catalog,
    window: Window,
    (places, until): (&[Place], Nanos),
) -> Result<Vec<Option<Chain>>, RunError> {
    let options = Options { window, ..Options::default() };
    let (mut runtime, _) = assemble(&[(plan, market)], catalog, options)?;
    let mut records = Vec::new();
    while runtime.next_tick(0) <= until && runtime.step()? {
        records.extend(runtime.outbox().records.drain());
    }
    let chains = |records: &[Record]| -> Vec<Option<Chain>> {
        places.iter().map(|place| chain(plan, market, records, *place, until)).collect()
    };
    let mut found = chains(&records);
    while found.iter().flatten().any(Chain::is_open) && runtime.step()? {
        let known = records.len();
        records.extend(runtime.outbox().records.drain());
        let mut news = records[known..].iter();
        if news.any(|record| places.iter().any(|place| ends_order(&record.event, place.schedule))) {
            found = chains(&records);
        }
    }
    Ok(found)
}

/// Whether an event may be the last of an order of a schedule.
fn ends_order(event: &Event, of: ScheduleIndex) -> bool {
    match event {
        Event::Refused { schedule, .. } => *schedule == of,
        Event::Unfilled(order) | Event::Fill { fill: Fill { order, .. }, .. } => order.schedule == of,
        _ => false,
    }
}

impl Chain {
    /// Whether any of its orders may still be filled.
    fn is_open(&self) -> bool {
        self.legs.iter().filter_map(|leg| leg.sent.as_ref()).any(Sent::is_open)
    }
}

impl Sent {
    fn is_open(&self) -> bool {
        self.ended.is_none() && !self.fills.last().is_some_and(Fill::ends_order)
    }

    fn is(&self, other: &Order) -> bool {
        let name = |order: &Order| (order.schedule, order.instrument, order.at, order.ordinal);
        name(&self.order) == name(other)
    }
}

/// The last decision at a place.
fn chain(plan: &Plan, market: &Market, records: &[Record], place: Place, until: Nanos) -> Option<Chain> {
    let is_signal = |record: &Record| matches!(&record.event, Event::Signal(one) if (one.schedule, one.instrument) == (place.schedule, place.instrument));
    let signal = records.iter().rposition(|record| record.at <= until && is_signal(record))?;
    let Record { at, event: Event::Signal(emitted), .. } = &records[signal] else { return None };
    let after = &records[signal + 1..];
    let after = &after[..after.iter().position(is_signal).unwrap_or(after.len())];
    let share = after.iter().find_map(|record| match record.event {
        Event::Weight { schedule, weight } if schedule == place.schedule => Some(weight.share),
        _ => None,
    });
    let schedule = &plan.schedules[place.schedule.get()];
    let bars = &market.series[place.instrument.get()][&schedule.interval];
    let instruments = [Some(place.instrument), place.second_leg];
    let legs =
        instruments.into_iter().flatten().map(|instrument| leg(after, place.schedule, instrument, *at));
    let answered = after.iter().position(|record| answers(&record.event, place.schedule));
    let before_answer = &records[..signal + 1 + answered.unwrap_or_default()];
    Some(Chain {
        at: *at,
        emitted: emitted.clone(),
        bars: Arc::clone(bars),
        bar: bars.open_time.binary_search(&emitted.bar_time).ok(),
        share: share.unwrap_or_default(),
        latches: latches(plan, before_answer, schedule.risk_profile),
        legs: legs.collect(),
    })
}

/// Whether an event is the gate's answer to a schedule.
fn answers(event: &Event, of: ScheduleIndex) -> bool {
    match event {
        Event::Unchanged { schedule, .. }
        | Event::Refused { schedule, .. }
        | Event::Adjusted { schedule, .. } => *schedule == of,
        Event::Order(order) => order.schedule == of,
        _ => false,
    }
}

/// What latches a profile after these records, from the run's beginning on.
fn latches(plan: &Plan, records: &[Record], profile: usize) -> Latches {
    let mut latches = plan.latches.get(profile).copied().unwrap_or_default();
    for Record { event, .. } in records {
        match *event {
            Event::Latch { risk_profile, rule, entered: true, .. } if risk_profile == profile => {
                latches.set(rule);
            }
            Event::Latch { risk_profile, rule, entered: false, .. } if risk_profile == profile => {
                latches.clear(rule);
            }
            _ => {}
        }
    }
    latches
}

/// What became of the signal of a schedule at `at` in one instrument.
fn leg(after: &[Record], schedule: ScheduleIndex, instrument: InstrumentIndex, at: Nanos) -> Leg {
    let mut leg = Leg { instrument, bound: None, verdict: Verdict::NothingToTrade, sent: None };
    let here = (schedule, instrument);
    for Record { event, .. } in after {
        match event {
            Event::Adjusted { schedule, instrument, refusal, quantity }
                if (*schedule, *instrument) == here =>
            {
                (leg.bound, leg.verdict) = (Some(*refusal), Verdict::Adjusted(*quantity));
            }
            Event::Refused { schedule, instrument, refusal } if (*schedule, *instrument) == here => {
                match &mut leg.sent {
                    None => (leg.bound, leg.verdict) = (Some(*refusal), Verdict::Refused),
                    Some(sent) if sent.is_open() => sent.ended = Some(Ended::Refused(*refusal)),
                    Some(_) => {}
                }
            }
            Event::Order(order)
                if (order.schedule, order.instrument, order.at) == (schedule, instrument, at)
                    && order.origin == Origin::Engine =>
            {
                if leg.bound.is_none() {
                    leg.verdict = Verdict::Approved;
                }
                leg.sent = Some(Sent { order: *order, fills: Vec::new(), ended: None });
            }
            Event::Fill { fill, .. } => {
                if let Some(sent) = leg.sent.as_mut().filter(|sent| sent.is(&fill.order)) {
                    sent.fills.push(*fill);
                }
            }
            Event::Unfilled(order) => {
                if let Some(sent) = leg.sent.as_mut().filter(|sent| sent.is(order)) {
                    sent.ended = Some(Ended::RunOver);
                }
            }
            _ => {}
        }
    }
    leg
}
