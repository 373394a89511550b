//! What a session's world did, told to the runtime log: orders in full at `trace`, what holds trading back above.

use hemiola_components::control::Suspension;
use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::journal::{Change, Event, Record};
use hemiola_components::order::{Order, OrderSize};
use tracing::{debug, error, info, trace, warn};

use super::alert::Alerts;
use super::operators::written;
use crate::clock;
use crate::config::plan::Plan;
use crate::instant;

/// Tells records of a plan.
pub(super) struct Narrator<'p> {
    plan: &'p Plan,
    /// Refusals that are only counted for a while.
    refusals: Alerts,
}

impl<'p> Narrator<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        Self { plan, refusals: Alerts::default() }
    }

    pub(super) fn tell(&mut self, records: &[Record]) {
        for record in records {
            self.tell_one(record);
        }
    }

    fn tell_one(&mut self, Record { at, event, .. }: &Record) {
        match event {
            Event::Order(order) => self.order(order, "order submitted"),
            Event::Unfilled(order) => self.order(order, "order unfilled"),
            Event::Fill { fill, .. } => {
                let (schedule, instrument) = self.place(fill.order.schedule, fill.order.instrument);
                let [quantity, price, fee] = [fill.quantity.get(), fill.price.get(), fill.fee.get()];
                let (side, status) = (fill.order.side.name(), fill.status.name());
                trace!(schedule, instrument, side, status, quantity, price, fee, "fill");
            }
            Event::Refused { schedule, instrument, refusal } => {
                let (schedule, instrument) = self.place(*schedule, *instrument);
                let (rule, about) = (refusal.rule.name(), format!("{schedule} {instrument}"));
                let told = self.refusals.note(clock::now(), (rule, "warning"), &about, String::new);
                if let Some(told) = told {
                    let (value, limit, count) = (refusal.value, refusal.limit, told.count);
                    warn!(schedule, instrument, rule, value, limit, count, "order refused");
                }
            }
            Event::Latch { risk_profile, rule, entered, value, limit } => {
                let (profile, rule) = (&self.plan.risk_profiles[*risk_profile].name, rule.name());
                if *entered {
                    error!(profile, rule, value, limit, "risk profile latched: it only reduces positions");
                } else {
                    info!(profile, rule, "risk profile released");
                }
            }
            Event::Alert { risk_profile, alert, value, limit, .. } => {
                let profile = &self.plan.risk_profiles[*risk_profile].name;
                warn!(profile, code = alert.code(), value, limit, "risk alert");
            }
            Event::Control(change) => self.change(change),
            Event::DayClose { equity, cash } => {
                let (at, equity, cash) = (instant::text(*at), equity.get(), cash.get());
                info!(at, equity, cash, "day closed");
            }
            Event::Signal(_)
            | Event::Weight { .. }
            | Event::Unchanged { .. }
            | Event::Borrow { .. }
            | Event::Adjusted { .. } => {}
        }
    }

    fn change(&self, change: &Change) {
        let name = |schedule: &ScheduleIndex| &self.plan.schedules[schedule.get()].name;
        match change {
            Change::Command(action) => {
                let (who, action) = (&action.who, written(action));
                info!(who, %action, "an operator acted");
            }
            Change::LimitEnded(limit) => {
                info!(strategy = limit.strategy, profile = limit.risk_profile, "signal limit ended");
            }
            Change::SuspensionEnded(Suspension { target, .. }) => info!(?target, "suspension ended"),
            Change::Failed { schedule, message, .. } => {
                error!(schedule = name(schedule), message, "engine failed");
            }
            Change::Suspended { schedule, suspension } => {
                info!(schedule = name(schedule), reason = suspension.reason, "schedule suspended");
            }
            Change::Resumed { schedule } => info!(schedule = name(schedule), "schedule resumed"),
            Change::Governed { .. } => debug!("the portfolio governor decided"),
        }
    }

    fn order(&self, order: &Order, what: &'static str) {
        let (schedule, instrument) = self.place(order.schedule, order.instrument);
        let (side, kind, reference) = (order.side.name(), order.kind.name(), order.reference.get());
        let (unit, size) = match order.size {
            OrderSize::Base(quantity) => ("base", quantity.get()),
            OrderSize::Quote(amount) => ("quote", amount.get()),
            OrderSize::Spend(amount) => ("spend", amount.get()),
        };
        trace!(schedule, instrument, side, kind, size, unit, reference, "{what}");
    }

    fn place(&self, schedule: ScheduleIndex, instrument: InstrumentIndex) -> (&'p str, &'p str) {
        let plan = self.plan;
        (&plan.schedules[schedule.get()].name, &plan.instruments[instrument.get()].symbol)
    }
}
