//! Explain: the world over replayed history up to an instant, and what an engine saw there.

use std::sync::Arc;

use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::journal::{Event, Record};
use hemiola_components::market::Bars;
use hemiola_components::order::Order;
use hemiola_components::port::{EquityCurve, EquityPoint};
use hemiola_components::position::Cursor;
use hemiola_components::signal::Signal;
use hemiola_components::time::Nanos;
use hemiola_components::units::Notional;
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::explain::{Explanation, Question};

use super::backtest::RunError;
use crate::assembly::{Market, Options, Window, assemble};
use crate::config::plan::{Plan, SchedulePlan};
use crate::runtime::Runtime;

/// The last decision of a schedule in one instrument, or why there was none.
#[derive(Clone, Debug)]
pub struct View {
    /// Index into the Plan's instruments.
    pub instrument: usize,
    /// The other leg of a pair.
    pub second_leg: Option<usize>,
    /// What the engine saw; without a decision, at least one reason.
    pub seen: Result<Seen, Vec<Reason>>,
    /// What it signalled. Without a decision: the signal that flattens a broken pair.
    pub emitted: Option<Emission>,
}

/// What an engine saw, and with how much it could act.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The engine's numbers.
    pub explanation: Explanation,
    /// The candles it reads.
    pub bars: Arc<Bars>,
    /// The candle that decided.
    pub bar: usize,
    /// The schedule's share of the capital.
    pub share: f64,
    /// Equity of the account.
    pub equity: Notional,
}

/// A signal and what became of it.
#[derive(Clone, Debug)]
pub struct Emission {
    /// When.
    pub at: Nanos,
    /// What was wanted.
    pub signal: Signal,
    /// Orders, refusals and fills of the same instant, in order.
    pub outcome: Vec<Event>,
}

/// Why there was no decision.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// The run begins later.
    BeforeTheRun {
        /// Its first instant.
        start: Nanos,
    },
    /// The run has ended.
    AfterTheRun {
        /// Its last instant.
        end: Nanos,
    },
    /// The candles so far only fill the engine's windows.
    WarmingUp {
        /// Candles so far.
        given: usize,
        /// Candles that never decide.
        wanted: usize,
    },
    /// Nothing new to decide on.
    NoCandle {
        /// The last close before.
        last: Option<Nanos>,
        /// The next close after.
        next: Option<Nanos>,
    },
    /// Until it is answered, candles only update the engine's state.
    OrderAtVenue {
        /// The order.
        order: Box<Order>,
        /// When it was answered, if that is known yet.
        answered: Option<Nanos>,
    },
    /// No instant of the cadence has been reached.
    NotDue {
        /// The next one.
        next: Nanos,
    },
}

/// The question about a schedule's last decisions at or before `until`: they lie no further back than its cadence,
/// or its candles where those are longer.
///
/// # Panics
/// When the Plan has no such schedule, as for all that follow.
#[must_use]
pub fn question(plan: &Plan, schedule: usize, until: Nanos) -> Question {
    let SchedulePlan { cadence, interval, .. } = &plan.schedules[schedule];
    let stretch = cadence.every.max(interval.length());
    let after = Nanos::new(until.get().saturating_sub(stretch.get()));
    Question { schedule: ScheduleIndex::new(schedule), after, until }
}

/// Runs a Plan up to the end of the question's stretch. One view per instrument that the schedule decides on.
///
/// # Errors
/// See [`RunError`].
pub fn run(
    plan: &Plan,
    market: &Market,
    catalog: &Catalog,
    window: Window,
    question: Question,
) -> Result<Vec<View>, RunError> {
    let options =
        Options { window, curve: EquityCurve::EveryBar, explain: Some(question), ..Options::default() };
    let (mut runtime, _) = assemble(&[(plan, market)], catalog, options)?;
    let (mut records, mut equity) = (Vec::new(), Vec::new());
    while runtime.next_tick(0) <= question.until && runtime.step()? {
        let outbox = runtime.outbox();
        records.extend(outbox.records.drain().filter(|one| of(&one.event) == Some(question.schedule)));
        for point in outbox.equity.drain(..) {
            if point.at <= question.after {
                equity.clear();
            }
            equity.push(point);
        }
    }
    let history = History { plan, market, question, runtime: &runtime, records, equity };
    Ok(history.views())
}

/// Whose event it is.
const fn of(event: &Event) -> Option<ScheduleIndex> {
    match event {
        Event::Signal(emitted) => Some(emitted.schedule),
        Event::Weight { schedule, .. }
        | Event::Unchanged { schedule, .. }
        | Event::Refused { schedule, .. }
        | Event::Adjusted { schedule, .. }
        | Event::Borrow { schedule, .. } => Some(*schedule),
        Event::Order(order) | Event::Unfilled(order) => Some(order.schedule),
        Event::Fill { fill, .. } => Some(fill.order.schedule),
        Event::Latch { .. } | Event::Alert { .. } | Event::Control(_) | Event::DayClose { .. } => None,
    }
}

/// In what it is; a signal counts for the instrument that decided.
const fn instrument(event: &Event) -> Option<InstrumentIndex> {
    match event {
        Event::Signal(emitted) => Some(emitted.instrument),
        Event::Unchanged { instrument, .. }
        | Event::Refused { instrument, .. }
        | Event::Adjusted { instrument, .. }
        | Event::Borrow { instrument, .. } => Some(*instrument),
        Event::Order(order) | Event::Unfilled(order) => Some(order.instrument),
        Event::Fill { fill, .. } => Some(fill.order.instrument),
        Event::Weight { .. }
        | Event::Latch { .. }
        | Event::Alert { .. }
        | Event::Control(_)
        | Event::DayClose { .. } => None,
    }
}

/// A run up to the end of a question's stretch.
struct History<'a> {
    plan: &'a Plan,
    market: &'a Market,
    question: Question,
    runtime: &'a Runtime,
    /// The schedule's own.
    records: Vec<Record>,
    /// The last point before the stretch and all since.
    equity: Vec<EquityPoint>,
}

impl History<'_> {
    fn views(&self) -> Vec<View> {
        let schedule = self.schedule();
        let before = &self.plan.schedules[..self.question.schedule.get()];
        let first: usize = before.iter().map(|schedule| schedule.instruments.len()).sum();
        let cursors = &self.runtime.cursors(0)[first..];
        let mut views = Vec::new();
        for (&instrument, cursor) in schedule.instruments.iter().zip(cursors) {
            let pair = schedule.pairs.iter().find(|pair| pair.primary == instrument);
            if pair.is_some() || schedule.pairs.is_empty() {
                views.push(self.view(instrument, pair.map(|pair| pair.secondary), cursor));
            }
        }
        views
    }

    fn schedule(&self) -> &SchedulePlan {
        &self.plan.schedules[self.question.schedule.get()]
    }

    fn view(&self, instrument: usize, second_leg: Option<usize>, cursor: &Cursor) -> View {
        let legs = [Some(instrument), second_leg];
        let bars = &self.market.series[instrument][&self.schedule().interval];
        let decided = self.runtime.explanations().iter().rfind(|one| one.instrument.get() == instrument);
        let signal = self.records.iter().rposition(|Record { at, event, .. }| {
            matches!(event, Event::Signal(emitted) if emitted.instrument.get() == instrument)
                && decided.map_or(self.question.after < *at, |decided| decided.due == *at)
        });
        let seen = match decided {
            Some(explanation) => Ok(self.seen(explanation, bars, signal)),
            None => Err(self.reasons(legs, bars, cursor)),
        };
        View { instrument, second_leg, seen, emitted: signal.and_then(|signal| self.emission(signal, legs)) }
    }

    fn seen(&self, explanation: &Explanation, bars: &Arc<Bars>, signal: Option<usize>) -> Seen {
        let weighed = self.records[signal.unwrap_or(self.records.len())..].iter();
        let share = weighed.into_iter().find_map(|record| match record.event {
            Event::Weight { weight, .. } => Some(weight.share),
            _ => None,
        });
        let marked = self.equity.iter().rfind(|point| point.at <= explanation.due);
        Seen {
            explanation: explanation.clone(),
            bars: Arc::clone(bars),
            bar: bars.open_time.partition_point(|open| *open < explanation.bar_time),
            share: share.unwrap_or(self.runtime.weights(0)[self.question.schedule.get()].share),
            equity: marked.map_or(self.plan.cash, |point| Notional::new(point.equity)),
        }
    }

    fn emission(&self, index: usize, legs: [Option<usize>; 2]) -> Option<Emission> {
        let Record { at, event: Event::Signal(emitted), .. } = &self.records[index] else { return None };
        let at = *at;
        let after = self.records[index + 1..].iter().take_while(|record| record.at == at);
        let outcome =
            after.map(|record| &record.event).filter(|event| concerns(event, legs)).cloned().collect();
        Some(Emission { at, signal: emitted.signal.clone(), outcome })
    }

    fn reasons(&self, legs: [Option<usize>; 2], bars: &Bars, cursor: &Cursor) -> Vec<Reason> {
        let Question { after, until, .. } = self.question;
        let timeline = self.runtime.timeline(0);
        if until <= timeline.start {
            return vec![Reason::BeforeTheRun { start: timeline.start }];
        }
        if after >= timeline.end {
            return vec![Reason::AfterTheRun { end: timeline.end }];
        }
        let mut reasons = self.orders_at_venue(legs);
        let before = bars.closed_at(after.max(timeline.start), 0);
        let closed = bars.closed_at(until.min(timeline.end), before);
        if closed == before {
            let close = |bar: usize| bars.close_time(bar);
            let last = before.checked_sub(1).map(close);
            reasons.push(Reason::NoCandle { last, next: (closed < bars.len()).then(|| close(closed)) });
        } else if closed <= cursor.decide_from {
            let [given, wanted] = [closed, cursor.decide_from].map(|bar| bar.saturating_sub(cursor.first));
            reasons.push(Reason::WarmingUp { given, wanted });
        } else if reasons.is_empty() {
            let cadence = self.schedule().cadence;
            reasons.push(Reason::NotDue { next: until.next_on_grid(cadence.offset, cadence.every) });
        }
        reasons
    }

    /// The orders that were at the venue at any time in the stretch.
    fn orders_at_venue(&self, legs: [Option<usize>; 2]) -> Vec<Reason> {
        let mut orders: Vec<(Order, Option<Nanos>)> = Vec::new();
        for Record { at, event, .. } in self.records.iter().filter(|record| concerns(&record.event, legs)) {
            match event {
                Event::Order(order) => orders.push((*order, None)),
                Event::Fill { fill, .. } if !fill.ends_order() => {}
                Event::Fill { .. } | Event::Unfilled(_) | Event::Refused { .. } => {
                    let mut open = orders.iter_mut().filter(|(_, answered)| answered.is_none());
                    if let Some((_, answered)) =
                        open.find(|(one, _)| instrument(event) == Some(one.instrument))
                    {
                        *answered = Some(*at);
                    }
                }
                _ => {}
            }
        }
        orders.retain(|(order, answered)| {
            answered.is_none_or(|answered| answered > order.at && answered > self.question.after)
        });
        let reason = |(order, answered)| Reason::OrderAtVenue { order: Box::new(order), answered };
        orders.into_iter().map(reason).collect()
    }
}

/// Whether an event is about one of these instruments, and no signal.
fn concerns(event: &Event, legs: [Option<usize>; 2]) -> bool {
    let about = instrument(event).map(InstrumentIndex::get);
    about.is_some() && !matches!(event, Event::Signal(_)) && legs.contains(&about)
}
