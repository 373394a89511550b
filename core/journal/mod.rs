//! The decision journal of a run: a record a line, each linked to the one before it and signed when there is a key.

mod alike;
mod allocation;
mod control;
mod draft;
mod note;
mod resume;
mod session;
mod signing;

pub use note::{Note, append};
pub use resume::decisions;
pub use session::Opening;
pub(crate) use session::{close, own};
pub use signing::Signing;

use std::collections::BTreeMap;

use hemiola_adapters::journal::{Chain, DecisionBody, Field, Form, Link, Part, Values};
use hemiola_components::capital::Weight;
use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{Fill, Order, OrderSize, OrderStatus, Origin};
use hemiola_components::risk::{Alert, Refusal};
use hemiola_components::signal::{Protection, Reasons, SignalKind};
use hemiola_components::time::Nanos;

use self::alike::alike;
use self::allocation::Allocations;
use self::draft::Draft;
use crate::config::plan::{Plan, SchedulePlan};
use crate::job::Prepared;
use crate::modes::backtest::Outcome;
use crate::results::OrderIdHead;

/// Appends the next line of a finished run's journal, from the record that opens it to the one that closes it, and says
/// when there is none. The chain goes on with each.
pub fn lines<'a>(
    prepared: &'a Prepared,
    outcome: &'a Outcome,
    checkpoint_key: Option<&str>,
    chain: &'a mut Chain,
) -> impl FnMut(&mut Vec<u8>) -> bool + 'a {
    let mut scribe = Scribe::new(prepared);
    let mut opening = Some(session::Opening::new(prepared, checkpoint_key.map(str::to_owned)));
    let mut records = outcome.records.iter();
    let mut is_open = true;
    move |line| {
        if let Some(opening) = opening.take() {
            opening.write(&prepared.plan, outcome.timeline.start, chain, line);
            return true;
        }
        if records.any(|record| scribe.record(record, chain, line)) {
            return true;
        }
        if is_open {
            is_open = false;
            let (at, digest) = (outcome.timeline.end, outcome.digest.as_str());
            session::close(&prepared.plan, at, Some(digest), chain, line);
            return true;
        }
        false
    }
}

/// Writes records down. Most lines are like an earlier one of the same schedule and instrument but for numbers and
/// instants, so that what surrounds these is made once.
pub struct Scribe<'a> {
    prepared: &'a Prepared,
    forms: BTreeMap<(ScheduleIndex, InstrumentIndex), Vec<(Event, Form)>>,
    allocations: Allocations,
    values: Values,
}

/// Where something happened, and the instant of the decision behind it; `None` of what is no decision.
fn place(Record { at, event, .. }: &Record) -> Option<(ScheduleIndex, InstrumentIndex, Nanos)> {
    match event {
        Event::Signal(emitted) => Some((emitted.schedule, emitted.instrument, *at)),
        Event::Unchanged { schedule, instrument }
        | Event::Refused { schedule, instrument, .. }
        | Event::Adjusted { schedule, instrument, .. }
        | Event::Borrow { schedule, instrument, .. } => Some((*schedule, *instrument, *at)),
        Event::Order(order) | Event::Unfilled(order) | Event::Fill { fill: Fill { order, .. }, .. } => {
            Some((order.schedule, order.instrument, order.at))
        }
        Event::Weight { .. }
        | Event::Latch { .. }
        | Event::Alert { .. }
        | Event::Control(_)
        | Event::DayClose { .. } => None,
    }
}

impl<'a> Scribe<'a> {
    /// Writes records of this run.
    #[must_use]
    pub fn new(prepared: &'a Prepared) -> Self {
        Self {
            prepared,
            forms: BTreeMap::new(),
            allocations: Allocations::default(),
            values: Values::default(),
        }
    }

    /// What was written last of each schedule's weight.
    #[must_use]
    pub fn weights(&self) -> Vec<Option<Weight>> {
        self.allocations.last(self.prepared.plan.schedules.len())
    }

    /// Goes on after what was written last of each schedule's weight.
    pub fn go_on(&mut self, weights: &[Option<Weight>]) {
        self.allocations.go_on(weights);
    }

    /// Appends the line of a record, and says whether it has one.
    pub fn record(&mut self, record: &Record, chain: &mut Chain, line: &mut Vec<u8>) -> bool {
        let start = line.len();
        let link = chain.begin(&mut self.values);
        if !self.write(record, &link, line) {
            return false;
        }
        chain.seal(line, start);
        true
    }

    fn write(&mut self, record: &Record, link: &Link, line: &mut Vec<u8>) -> bool {
        let Some((schedule, instrument, decided)) = place(record) else {
            return self.profile(record, link, line);
        };
        let [at, decided] = [self.values.timestamp(record.at), self.values.instant(decided)];
        let forms = self.forms.entry((schedule, instrument)).or_default();
        let known = forms.iter().position(|(example, _)| alike(example, &record.event));
        let body = known.is_none().then(|| {
            let mut body = begin(self.prepared, name(&record.event), (at, decided), schedule, instrument);
            body.linked(link);
            body
        });
        let mut draft = Draft { values: &mut self.values, body };
        say(&mut draft, self.prepared, &record.event);
        let index = known.unwrap_or(forms.len());
        forms.extend(draft.body.map(|body| (record.event.clone(), body.form())));
        forms[index].1.write(&self.values, line);
        true
    }

    /// What concerns a risk profile as a whole, or what schedules may do.
    fn profile(&mut self, Record { at, event, .. }: &Record, link: &Link, line: &mut Vec<u8>) -> bool {
        let plan = &self.prepared.plan;
        match event {
            Event::Control(change) => {
                control::line(plan, change, *at, link, &mut self.values, line);
                true
            }
            Event::Weight { schedule, weight } => {
                self.allocations.line(plan, (*schedule, weight), *at, link, &mut self.values, line)
            }
            Event::Latch { risk_profile, .. } | Event::Alert { risk_profile, .. } => {
                let at = self.values.timestamp(*at);
                let profile = &plan.risk_profiles[*risk_profile].name;
                let mut body =
                    DecisionBody::stamped(name(event), at, &plan.environment, &plan.scheduler, profile);
                body.linked(link);
                let mut draft = Draft { values: &mut self.values, body: Some(body) };
                say(&mut draft, self.prepared, event);
                draft.write(line);
                true
            }
            _ => false,
        }
    }
}

const fn name(event: &Event) -> &'static str {
    match event {
        Event::Signal(_) => "strategy_signal",
        Event::Unchanged { .. } => "signal_unchanged",
        Event::Refused { .. } => "risk_rejected",
        Event::Order(_) => "order_submitted",
        Event::Fill { fill, .. } => match fill.status {
            OrderStatus::PartiallyFilled => "order_partially_executed",
            _ => "order_executed",
        },
        Event::Borrow { .. } => "borrow_charged",
        Event::Unfilled(_) => "order_unfilled",
        Event::Adjusted { .. } => "risk_adjusted",
        Event::Latch { .. } => "liquidation_state_changed",
        Event::Alert { .. } => "alert",
        Event::Weight { .. } | Event::Control(_) | Event::DayClose { .. } => "",
    }
}

/// What a record says beyond where and when. Whatever is said as a text is the same in all events that are [`alike`].
fn say(draft: &mut Draft<'_>, prepared: &Prepared, event: &Event) {
    match event {
        Event::Signal(emitted) => {
            let (signal, reasons) = (&emitted.signal, emitted.signal.reasons());
            draft.number(Field::Confidence, signal.confidence.get());
            draft.text(Field::Side, reasons.side);
            draft.instant("bar_time", emitted.bar_time);
            draft.note("kind", signal.kind.name());
            draft.note("intent", signal.intent());
            explain(draft, &reasons);
            match signal.kind {
                SignalKind::Target(fraction) => draft.float("target", fraction.get()),
                SignalKind::Delta(quantity) => draft.float("delta", quantity.get()),
                SignalKind::Enter(_) | SignalKind::Exit => {}
            }
        }
        Event::Unchanged { .. } => draft.text(Field::Status, "unchanged"),
        Event::Refused { refusal, .. } => {
            draft.text(Field::Status, "rejected");
            refused(draft, refusal);
        }
        Event::Adjusted { refusal, quantity, .. } => {
            draft.text(Field::Status, "adjusted");
            draft.number(Field::Quantity, quantity.get());
            refused(draft, refusal);
        }
        Event::Latch { rule, entered, value, limit, .. } => {
            draft.text(Field::Status, if *entered { "entered" } else { "exited" });
            draft.note("rule", rule.name());
            if *entered {
                draft.limit("value", *value);
                draft.limit("limit", *limit);
            }
        }
        Event::Alert { alert, order, value, limit, .. } => {
            draft.text(Field::Status, alert.severity());
            draft.note("code", alert.code());
            if let Alert::Latch(rule) = alert {
                draft.note("rule", rule.name());
            }
            if let Some((schedule, instrument)) = order {
                draft.text(Field::Schedule, &prepared.plan.schedules[schedule.get()].name);
                draft.text(Field::Symbol, &prepared.plan.instruments[instrument.get()].symbol);
            }
            draft.limit("value", *value);
            draft.limit("limit", *limit);
        }
        Event::Order(order) => {
            of_order(draft, prepared, order, "submitted");
            draft.number(Field::Price, order.reference.get());
            if let Some(price) = order.kind.price() {
                draft.note("order_type", order.kind.name());
                draft.float("order_price", price.get());
            }
            match order.size {
                OrderSize::Base(quantity) => draft.number(Field::Quantity, quantity.get()),
                OrderSize::Quote(amount) => draft.float("quote_amount", amount.get()),
                OrderSize::Spend(amount) => draft.float("spend_amount", amount.get()),
            }
        }
        Event::Fill { fill, position, realised } => {
            of_order(draft, prepared, &fill.order, fill.status.name());
            draft.number(Field::Quantity, fill.quantity.get());
            draft.number(Field::Price, fill.price.get());
            draft.instant("fill_time", fill.time);
            draft.float("fee", fill.fee.get());
            draft.float("slippage", fill.slippage.get());
            draft.float("position", position.get());
            draft.float("realised", realised.get());
            draft.flag("maker", fill.maker);
            draft.flag("clipped", fill.clipped);
            draft.flag("after_gap", fill.after_gap);
        }
        Event::Borrow { amount, .. } => draft.float("amount", amount.get()),
        Event::Unfilled(order) => of_order(draft, prepared, order, "unfilled"),
        Event::Weight { .. } | Event::Control(_) | Event::DayClose { .. } => {}
    }
}

/// Which rule refused, what it saw, and what would have passed.
fn refused(draft: &mut Draft<'_>, refusal: &Refusal) {
    draft.note("rule", refusal.rule.name());
    draft.limit("value", refusal.value);
    draft.limit("limit", refusal.limit);
    draft.limit("headroom", refusal.headroom);
    draft.limit("adjust_max_quantity", refusal.max_quantity);
}

fn of_order(draft: &mut Draft<'_>, prepared: &Prepared, order: &Order, status: &str) {
    draft.text(Field::Side, order.side.name());
    draft.text(Field::Status, status);
    if order.origin != Origin::Engine {
        draft.note("origin", order.origin.name());
    }
    let [millis, ordinal] = [order.at.millis(), order.ordinal.into()].map(|part| draft.values.integer(part));
    if let Some(body) = &mut draft.body {
        let head = OrderIdHead(&prepared.run_id, order.schedule).to_string();
        body.metadata_parts("order_id", &[Part::Text(&head), millis, Part::Text("-"), ordinal]);
    }
}

/// Why a signal was given, as far as it says so.
fn explain(draft: &mut Draft<'_>, reasons: &Reasons) {
    if !reasons.regime.is_empty() {
        draft.note("regime", reasons.regime);
    }
    if let Some(Protection { atr, stop }) = reasons.protection {
        draft.float("atr", atr);
        draft.float("stop_price", stop.get());
    }
    for (name, value) in reasons.metadata.iter() {
        draft.float(name, value);
    }
    if let Some(legs) = &reasons.legs {
        draft.legs("legs", legs);
    }
}

/// A record of something that happened at `at`, on a decision of `decided`.
fn begin(
    prepared: &Prepared,
    event: &str,
    (at, decided): (Part<'_>, Part<'_>),
    schedule: ScheduleIndex,
    instrument: InstrumentIndex,
) -> DecisionBody {
    let plan = &prepared.plan;
    let schedule = &plan.schedules[schedule.get()];
    let strategy = &plan.strategies[schedule.strategy].name;
    let namesakes = namesakes(plan, schedule, instrument);
    let pair = schedule.pairs.iter().find(|pair| [pair.primary, pair.secondary].contains(&instrument.get()));
    let instrument = &plan.instruments[instrument.get()];
    let venue = |index: usize| &plan.instruments[index].venue;
    let profile = &plan.risk_profiles[schedule.risk_profile].name;
    let run = format!("{}:", schedule.name);
    let signal = format!("{run}{}:", instrument.symbol);
    let mut body = DecisionBody::stamped(event, at, &plan.environment, &plan.scheduler, profile);
    body.text(Field::Symbol, &instrument.symbol)
        .text(Field::Schedule, &schedule.name)
        .text(Field::Strategy, strategy)
        .parts(Field::ScheduleRunId, &[Part::Text(&run), decided])
        .text(Field::StrategyInstanceId, strategy)
        .parts(Field::SignalId, &[Part::Text(&signal), decided, Part::Text(&namesakes)])
        .text(Field::PrimaryExchange, pair.map_or(&instrument.venue, |pair| venue(pair.primary)))
        .text(Field::SecondaryExchange, pair.map_or("", |pair| venue(pair.secondary)))
        .text(Field::BaseAsset, &instrument.base)
        .text(Field::QuoteAsset, &instrument.quote)
        .text(Field::DataFeed, if prepared.data.is_synthetic() { "synthetic" } else { "parquet" })
        .text(Field::RiskBudgetBucket, profile)
        .text(Field::TelemetryNamespace, &format!("{}.{}", plan.telemetry_namespace, schedule.name))
        // Nothing waits in a backtest.
        .text(Field::LatencyMs, "0");
    if pair.is_some() {
        // Which of the two exchanges this leg is on.
        body.metadata_parts("venue", &[Part::Text(&instrument.venue)]);
    }
    body
}

/// The end of a signal's id: a number from the second instrument of the same symbol on.
fn namesakes(plan: &Plan, schedule: &SchedulePlan, instrument: InstrumentIndex) -> String {
    let symbol = &plan.instruments[instrument.get()].symbol;
    let before = schedule.instruments.iter().take_while(|index| **index != instrument.get());
    let namesakes = before.filter(|index| plan.instruments[**index].symbol == *symbol).count();
    if namesakes > 0 { format!(":{}", namesakes + 1) } else { String::new() }
}
