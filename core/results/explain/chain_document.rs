//! The same as a document.

use hemiola_components::order::Fill;
use hemiola_components::risk::{Refusal, Rule};
use hemiola_components::time::Nanos;
use serde_json::{Value, json};

use super::document::{candle, order, signal};
use crate::config::plan::Plan;
use crate::instant;
use crate::modes::why::{Chain, Ended, Leg, Place, Sent, Verdict};
use crate::results::{finite, order_id};

/// The last decision at a place at or before `until`, as a document.
#[must_use]
pub fn chain_document(run_id: &str, plan: &Plan, place: Place, until: Nanos, chain: Option<&Chain>) -> Value {
    let schedule = &plan.schedules[place.schedule.get()];
    let strategy = &plan.strategies[schedule.strategy];
    let name = |index: usize| plan.instruments[index].name();
    json!({
        "schedule": schedule.name,
        "strategy": strategy.name,
        "engine": strategy.engine,
        "instrument": name(place.instrument.get()),
        "second_leg": place.second_leg.map(|leg| name(leg.get())),
        "until": instant::text(until),
        "candle": chain.and_then(|chain| Some(candle(&chain.bars, chain.bar?))),
        "signal": chain.map(|chain| signal(chain.at, &chain.emitted.signal)),
        "weight": chain.map(|chain| finite(chain.share)),
        "legs": chain.map(|chain| chain.legs.iter().map(|one| leg(run_id, plan, chain, one)).collect::<Vec<_>>()),
    })
}

fn leg(run_id: &str, plan: &Plan, chain: &Chain, leg: &Leg) -> Value {
    let (verdict, quantity) = match leg.verdict {
        Verdict::NothingToTrade => ("nothing_to_trade", None),
        Verdict::Approved => ("approved", None),
        Verdict::Adjusted(quantity) => ("adjusted", Some(finite(quantity.get()))),
        Verdict::Refused => ("refused", None),
    };
    let latches: Vec<_> = chain.latches.iter().map(Rule::name).collect();
    json!({
        "instrument": plan.instruments[leg.instrument.get()].name(),
        "limit": leg.bound.as_ref().map(limit),
        "gate": { "verdict": verdict, "quantity": quantity, "latches": latches },
        "order": leg.sent.as_ref().map(|sent| self::sent(run_id, plan, sent)),
    })
}

fn sent(run_id: &str, plan: &Plan, Sent { order: asked, fills, ended }: &Sent) -> Value {
    let mut id = String::new();
    order_id(run_id, asked, &mut id);
    let mut document = order(plan, asked);
    document["id"] = json!(id);
    document["fills"] = fills.iter().map(fill).collect();
    document["not_filled"] = match ended {
        None => Value::Null,
        Some(Ended::Refused(refusal)) => limit(refusal),
        Some(Ended::RunOver) => json!({ "rule": "run_over" }),
    };
    document
}

fn limit(refusal: &Refusal) -> Value {
    json!({
        "rule": refusal.rule.name(),
        "value": finite(refusal.value),
        "limit": finite(refusal.limit),
        "headroom": finite(refusal.headroom),
        "max_quantity": finite(refusal.max_quantity),
    })
}

fn fill(fill: &Fill) -> Value {
    json!({
        "time": instant::text(fill.time),
        "price": finite(fill.price.get()),
        "quantity": finite(fill.quantity.get()),
        "fee": finite(fill.fee.get()),
        "slippage": finite(fill.slippage.get()),
        "maker": fill.maker,
        "status": fill.status.name(),
    })
}
