//! The decisions of a run, a record a line; unsigned.

use hemiola_adapters::journal::{DecisionBody, Field};
use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{Order, OrderSize};
use hemiola_components::signal::{Protection, Reasons, SignalKind};
use hemiola_components::time::Nanos;
use serde_json::json;

use super::{finite, order_id};
use crate::config::plan::{Plan, SchedulePlan};
use crate::instant;
use crate::job::Prepared;
use crate::modes::backtest::Outcome;

/// The lines of `decisions.jsonl`, in the order things happened.
pub(super) fn lines<'a>(prepared: &'a Prepared, outcome: &'a Outcome) -> impl Iterator<Item = String> + 'a {
    outcome.records.iter().filter_map(|record| Some(body(prepared, record)?.line()))
}

fn body(prepared: &Prepared, Record { at, event, .. }: &Record) -> Option<DecisionBody> {
    let new = |name: &str, schedule: ScheduleIndex, instrument: InstrumentIndex| {
        begin(prepared, name, (*at, *at), schedule, instrument)
    };
    let of_order = |name: &str, order: &Order, status: &str| {
        let mut body = begin(prepared, name, (*at, order.at), order.schedule, order.instrument);
        body.text(Field::Side, order.side.name()).text(Field::Status, status);
        body.metadata("order_id", &json!(order_id(&prepared.run_id, order)));
        body
    };
    Some(match event {
        Event::Signal(emitted) => {
            let (signal, reasons) = (&emitted.signal, emitted.signal.reasons());
            let mut body = new("strategy_signal", emitted.schedule, emitted.instrument);
            number(&mut body, Field::Confidence, signal.confidence.get());
            body.text(Field::Side, reasons.side);
            body.metadata("bar_time", &json!(instant::text(emitted.bar_time)));
            body.metadata("kind", &json!(signal.kind.name())).metadata("intent", &json!(signal.intent()));
            explain(&mut body, &reasons);
            match signal.kind {
                SignalKind::Target(fraction) => body.metadata("target", &json!(fraction.get())),
                SignalKind::Delta(quantity) => body.metadata("delta", &json!(quantity.get())),
                SignalKind::Enter(_) | SignalKind::Exit => &mut body,
            };
            body
        }
        Event::Unchanged { schedule, instrument } => {
            let mut body = new("signal_unchanged", *schedule, *instrument);
            body.text(Field::Status, "unchanged");
            body
        }
        Event::Refused { schedule, instrument, refusal } => {
            let mut body = new("risk_rejected", *schedule, *instrument);
            body.text(Field::Status, "rejected").metadata("rule", &json!(refusal.rule.name()));
            body.metadata("value", &finite(refusal.value)).metadata("limit", &finite(refusal.limit));
            body
        }
        Event::Order(order) => {
            let mut body = of_order("order_submitted", order, "submitted");
            number(&mut body, Field::Price, order.reference.get());
            match order.size {
                OrderSize::Base(quantity) => number(&mut body, Field::Quantity, quantity.get()),
                OrderSize::Quote(amount) => _ = body.metadata("quote_amount", &json!(amount.get())),
                OrderSize::Spend(amount) => _ = body.metadata("spend_amount", &json!(amount.get())),
            }
            body
        }
        Event::Fill { fill, position, realised } => {
            let mut body = of_order("order_executed", &fill.order, "filled");
            number(&mut body, Field::Quantity, fill.quantity.get());
            number(&mut body, Field::Price, fill.price.get());
            body.metadata("fill_time", &json!(instant::text(fill.time)))
                .metadata("fee", &json!(fill.fee.get()))
                .metadata("position", &json!(position.get()))
                .metadata("realised", &json!(realised.get()))
                .metadata("clipped", &json!(fill.clipped))
                .metadata("after_gap", &json!(fill.after_gap));
            body
        }
        Event::Unfilled(order) => of_order("order_unfilled", order, "unfilled"),
        Event::Weight { .. } | Event::Halt { .. } | Event::DayClose { .. } => return None,
    })
}

/// Why a signal was given, as far as it says so.
fn explain(body: &mut DecisionBody, signal: &Reasons) {
    if !signal.regime.is_empty() {
        body.metadata("regime", &json!(signal.regime));
    }
    if let Some(Protection { atr, stop }) = signal.protection {
        body.metadata("atr", &json!(atr)).metadata("stop_price", &json!(stop.get()));
    }
    for (name, value) in signal.metadata.iter() {
        body.metadata(name, &json!(value));
    }
    if let Some(legs) = &signal.legs {
        body.metadata("legs", &super::legs(legs));
    }
}

/// A record of something that happened at `at`, on a decision of `decided`.
fn begin(
    prepared: &Prepared,
    event: &str,
    (at, decided): (Nanos, Nanos),
    schedule: ScheduleIndex,
    instrument: InstrumentIndex,
) -> DecisionBody {
    let plan = &prepared.plan;
    let schedule = &plan.schedules[schedule.get()];
    let strategy = &plan.strategies[schedule.strategy].name;
    let signal_id = signal_id(plan, schedule, instrument, decided);
    let pair = schedule.pairs.iter().find(|pair| [pair.primary, pair.secondary].contains(&instrument.get()));
    let instrument = &plan.instruments[instrument.get()];
    let venue = |index: usize| &plan.instruments[index].venue;
    let profile = &plan.risk_profiles[schedule.risk_profile].name;
    let time = instant::text(decided);
    let mut body = DecisionBody::new(event, at, &plan.environment, &plan.scheduler, profile);
    body.text(Field::Symbol, &instrument.symbol)
        .text(Field::Schedule, &schedule.name)
        .text(Field::Strategy, strategy)
        .text(Field::ScheduleRunId, &format!("{}:{time}", schedule.name))
        .text(Field::StrategyInstanceId, strategy)
        .text(Field::SignalId, &signal_id)
        .text(Field::PrimaryExchange, pair.map_or(&instrument.venue, |pair| venue(pair.primary)))
        .text(Field::SecondaryExchange, pair.map_or("", |pair| venue(pair.secondary)))
        .text(Field::BaseAsset, &instrument.base)
        .text(Field::QuoteAsset, &instrument.quote)
        .text(Field::DataFeed, if prepared.data.is_synthetic() { "synthetic" } else { "parquet" })
        .text(Field::RiskBudgetBucket, profile)
        .text(Field::TelemetryNamespace, &format!("{}.{}", plan.telemetry_namespace, schedule.name));
    // Nothing waits in a backtest.
    number(&mut body, Field::LatencyMs, 0.0);
    body
}

/// `schedule:symbol:instant`, and a number from the second instrument of the same symbol on.
fn signal_id(plan: &Plan, schedule: &SchedulePlan, instrument: InstrumentIndex, decided: Nanos) -> String {
    let symbol = &plan.instruments[instrument.get()].symbol;
    let before = schedule.instruments.iter().take_while(|index| **index != instrument.get());
    let namesakes = before.filter(|index| plan.instruments[**index].symbol == *symbol).count();
    let number = if namesakes > 0 { format!(":{}", namesakes + 1) } else { String::new() };
    format!("{}:{symbol}:{}{number}", schedule.name, instant::text(decided))
}

fn number(body: &mut DecisionBody, field: Field, value: f64) {
    // Absurd prices can multiply beyond what f64 holds; the record then says so.
    if body.number(field, value).is_err() {
        body.text(field, &value.to_string());
    }
}
