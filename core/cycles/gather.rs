//! Cycles and evaluations out of what a world recorded.

use std::sync::Arc;

use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{Fill, Order, OrderSize};
use hemiola_components::risk::Refusal;
use hemiola_components::units::Price;

use super::{CycleResult, CycleSignal, Evaluation, SUBMITTED, Timing, Verdict};
use crate::config::plan::Plan;
use crate::results::order_id;

/// What a cycle's records come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gathered {
    /// What strategies wanted.
    pub signals: Vec<CycleSignal>,
    /// What became of that.
    pub results: Vec<CycleResult>,
    /// What the risk gate said, without numbers.
    pub evaluations: Vec<Evaluation>,
}

/// Reads records of one plan.
#[derive(Clone, Debug, Default)]
pub struct Gather {
    run_id: String,
    schedules: Vec<Arc<str>>,
    instruments: Vec<Arc<str>>,
}

impl Gather {
    /// For a run of a plan.
    #[must_use]
    pub fn new(plan: &Plan, run_id: &str) -> Self {
        Self {
            run_id: run_id.to_owned(),
            schedules: plan.schedules.iter().map(|schedule| schedule.name.as_str().into()).collect(),
            instruments: plan
                .instruments
                .iter()
                .map(|instrument| instrument.name().as_str().into())
                .collect(),
        }
    }

    /// What the records of a cycle come to.
    #[must_use]
    pub fn read(&self, records: &[Record], timing: Timing) -> Gathered {
        let mut gathered = Gathered::default();
        for Record { at, event, .. } in records {
            let mut evaluation = |schedule, instrument, verdict, refusal: Option<&Refusal>, quantity| {
                let finite =
                    |value: fn(&Refusal) -> f64| refusal.map(value).filter(|value| value.is_finite());
                gathered.evaluations.push(Evaluation {
                    sequence: 0,
                    at: *at,
                    evaluated_at: timing.started_at,
                    schedule: self.schedule(schedule),
                    instrument: self.instrument(instrument),
                    verdict,
                    rule: refusal.map(|refusal| refusal.rule.name().into()),
                    value: finite(|refusal| refusal.value),
                    limit: finite(|refusal| refusal.limit),
                    headroom: finite(|refusal| refusal.headroom),
                    quantity,
                });
            };
            let result = match event {
                Event::Signal(emitted) => {
                    gathered.signals.push(CycleSignal {
                        schedule: self.schedule(emitted.schedule),
                        instrument: self.instrument(emitted.instrument),
                        side: emitted.signal.reasons().side.into(),
                        confidence: emitted.signal.confidence.get(),
                        kept: emitted.kept,
                    });
                    continue;
                }
                Event::Unchanged { schedule, instrument } => self.result(*schedule, *instrument, "unchanged"),
                Event::Refused { schedule, instrument, refusal } => {
                    evaluation(*schedule, *instrument, Verdict::Rejected, Some(refusal), None);
                    let result = self.result(*schedule, *instrument, "rejected");
                    CycleResult { rule: Some(refusal.rule.name().into()), ..result }
                }
                Event::Adjusted { schedule, instrument, refusal, quantity } => {
                    let quantity = Some(quantity.get());
                    evaluation(*schedule, *instrument, Verdict::Adjusted, Some(refusal), quantity);
                    let result = self.result(*schedule, *instrument, "adjusted");
                    CycleResult { rule: Some(refusal.rule.name().into()), quantity, ..result }
                }
                Event::Order(order) => {
                    evaluation(order.schedule, order.instrument, Verdict::Approved, None, base(order));
                    self.of_order(order, SUBMITTED)
                }
                Event::Unfilled(order) => self.of_order(order, "unfilled"),
                Event::Fill { fill: Fill { order, quantity, price, status, .. }, .. } => CycleResult {
                    quantity: Some(quantity.get()),
                    price: Some(price.get()),
                    ..self.of_order(order, status.name())
                },
                Event::Weight { .. }
                | Event::Borrow { .. }
                | Event::Latch { .. }
                | Event::Alert { .. }
                | Event::Control(_)
                | Event::DayClose { .. } => continue,
            };
            gathered.results.push(result);
        }
        gathered
    }

    fn schedule(&self, index: ScheduleIndex) -> Arc<str> {
        Arc::clone(&self.schedules[index.get()])
    }

    fn instrument(&self, index: InstrumentIndex) -> Arc<str> {
        Arc::clone(&self.instruments[index.get()])
    }

    fn result(
        &self,
        schedule: ScheduleIndex,
        instrument: InstrumentIndex,
        status: &'static str,
    ) -> CycleResult {
        CycleResult {
            schedule: self.schedule(schedule),
            instrument: self.instrument(instrument),
            status: status.into(),
            order_id: None,
            side: None,
            quantity: None,
            price: None,
            rule: None,
        }
    }

    fn of_order(&self, order: &Order, status: &'static str) -> CycleResult {
        let mut id = String::new();
        order_id(&self.run_id, order, &mut id);
        CycleResult {
            order_id: Some(id),
            side: Some(order.side.name().into()),
            quantity: base(order),
            price: order.kind.price().map(Price::get),
            ..self.result(order.schedule, order.instrument, status)
        }
    }
}

/// Base units of an order, when it is one of base units.
const fn base(order: &Order) -> Option<f64> {
    match order.size {
        OrderSize::Base(quantity) => Some(quantity.get()),
        OrderSize::Quote(_) | OrderSize::Spend(_) => None,
    }
}
