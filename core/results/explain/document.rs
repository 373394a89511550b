//! The same as a document.

use hemiola_components::journal::Event;
use hemiola_components::market::Bars;
use hemiola_components::order::{Order, OrderSize};
use hemiola_components::reading::Reading;
use hemiola_components::signal::{Reasons, Signal, SignalKind};
use hemiola_components::time::Nanos;
use hemiola_systems::signals::explain::Question;
use serde_json::{Map, Value, json};

use super::{because, budget};
use crate::config::plan::Plan;
use crate::instant;
use crate::modes::explain::{Emission, Reason, Seen, View};
use crate::results::{finite, legs};

/// One view as a document.
#[must_use]
pub fn document(plan: &Plan, question: Question, view: &View) -> Value {
    let schedule = &plan.schedules[question.schedule.get()];
    let strategy = &plan.strategies[schedule.strategy];
    let name = |index: usize| plan.instruments[index].name();
    let no_decision = view.seen.as_ref().err().map(|reasons| {
        let reason = |reason: &Reason| json!({ "code": code(reason), "message": because(plan, schedule.interval, reason) });
        reasons.iter().map(reason).collect::<Vec<_>>()
    });
    json!({
        "schedule": schedule.name,
        "strategy": strategy.name,
        "engine": strategy.engine,
        "instrument": name(view.instrument),
        "second_leg": view.second_leg.map(name),
        "after": instant::text(question.after),
        "until": instant::text(question.until),
        "decision": view.seen.as_ref().ok().map(|seen| decision(plan, question, view, seen)),
        "no_decision": no_decision,
        "signal": view.emitted.as_ref().map(|emission| emitted(plan, emission)),
    })
}

fn decision(plan: &Plan, question: Question, view: &View, seen: &Seen) -> Value {
    let Seen { explanation, bars, bar, share, equity } = seen;
    let holding = &explanation.holding;
    let is_held = holding.quantity.get() != 0.0;
    json!({
        "decided_at": instant::text(explanation.due),
        "candle": candle(bars, *bar),
        "position": {
            "quantity": holding.quantity.get(),
            "average_price": is_held.then(|| holding.average_price.get()),
            "stop": holding.stop.filter(|_| is_held).map(|stop| finite(stop.get())),
            "second_leg": view.second_leg.map(|_| explanation.hedge.get()),
        },
        "share": share,
        "equity": finite(equity.get()),
        "budget": budget(&plan.schedules[question.schedule.get()], seen).map(|budget| finite(budget.get())),
        "readings": explanation.readings.iter().map(reading).collect::<Vec<_>>(),
    })
}

pub(super) fn candle(bars: &Bars, bar: usize) -> Value {
    json!({
        "open_time": instant::text(bars.open_time[bar]),
        "open": bars.open[bar],
        "high": bars.high[bar],
        "low": bars.low[bar],
        "close": bars.close[bar],
        "volume": bars.volume[bar],
    })
}

fn reading(Reading { name, value, test }: &Reading) -> Value {
    let mut reading = json!({ "name": name, "value": finite(*value) });
    if let Some(test) = test {
        reading["comparison"] = json!(test.comparison);
        reading["limit"] = finite(test.limit);
        reading["holds"] = json!(test.holds);
    }
    reading
}

fn emitted(plan: &Plan, Emission { at, signal: wanted, outcome }: &Emission) -> Value {
    let mut document = signal(*at, wanted);
    document["outcome"] = outcome.iter().filter_map(|event| became(plan, event)).collect();
    document
}

pub(super) fn signal(at: Nanos, signal: &Signal) -> Value {
    let Signal { kind, confidence, .. } = signal;
    let Reasons { side, regime, protection, metadata, .. } = signal.reasons();
    let metadata: Map<String, Value> =
        metadata.iter().map(|(name, value)| (name.to_owned(), finite(value))).collect();
    json!({
        "time": instant::text(at),
        "kind": kind.name(),
        "value": match kind {
            SignalKind::Target(fraction) => finite(fraction.get()),
            SignalKind::Delta(quantity) => finite(quantity.get()),
            SignalKind::Enter(_) | SignalKind::Exit => Value::Null,
        },
        "intent": signal.intent(),
        "side": side,
        "confidence": confidence.get(),
        "regime": regime,
        "atr": protection.map(|protection| finite(protection.atr)),
        "stop_price": protection.map(|protection| finite(protection.stop.get())),
        "legs": signal.legs().as_ref().map(legs),
        "metadata": metadata,
    })
}

fn became(plan: &Plan, event: &Event) -> Option<Value> {
    let name = |index: usize| plan.instruments[index].name();
    Some(match event {
        Event::Order(sent) => {
            let mut document = order(plan, sent);
            document["event"] = json!("order");
            document
        }
        Event::Unchanged { instrument, .. } => {
            json!({ "event": "unchanged", "instrument": name(instrument.get()) })
        }
        Event::Refused { instrument, refusal, .. } => json!({
            "event": "refused",
            "instrument": name(instrument.get()),
            "rule": refusal.rule.name(),
            "value": finite(refusal.value),
            "limit": finite(refusal.limit),
            "headroom": finite(refusal.headroom),
            "max_quantity": finite(refusal.max_quantity),
        }),
        Event::Adjusted { instrument, refusal, quantity, .. } => json!({
            "event": "adjusted",
            "instrument": name(instrument.get()),
            "rule": refusal.rule.name(),
            "value": finite(refusal.value),
            "limit": finite(refusal.limit),
            "quantity": finite(quantity.get()),
        }),
        Event::Fill { fill, .. } => json!({
            "event": "fill",
            "instrument": name(fill.order.instrument.get()),
            "quantity": finite(fill.quantity.get()),
            "price": finite(fill.price.get()),
            "fee": finite(fill.fee.get()),
        }),
        Event::Unfilled(order) => {
            json!({ "event": "unfilled", "instrument": name(order.instrument.get()) })
        }
        Event::Signal(_)
        | Event::Weight { .. }
        | Event::Latch { .. }
        | Event::Alert { .. }
        | Event::Borrow { .. }
        | Event::Control(_)
        | Event::DayClose { .. } => return None,
    })
}

pub(super) fn order(plan: &Plan, order: &Order) -> Value {
    let (unit, size) = match order.size {
        OrderSize::Base(quantity) => ("quantity", quantity.get()),
        OrderSize::Quote(amount) => ("quote_amount", amount.get()),
        OrderSize::Spend(amount) => ("spend_amount", amount.get()),
    };
    json!({
        "instrument": plan.instruments[order.instrument.get()].name(),
        "side": order.side.name(),
        unit: finite(size),
        "mark": finite(order.reference.get()),
        "order_type": order.kind.name(),
        "order_price": order.kind.price().map(|price| finite(price.get())),
    })
}

const fn code(reason: &Reason) -> &'static str {
    match reason {
        Reason::BeforeTheRun { .. } => "before_the_run",
        Reason::AfterTheRun { .. } => "after_the_run",
        Reason::WarmingUp { .. } => "warming_up",
        Reason::NoCandle { .. } => "no_candle",
        Reason::OrderAtVenue { .. } => "order_at_venue",
        Reason::NotDue { .. } => "not_due",
    }
}
