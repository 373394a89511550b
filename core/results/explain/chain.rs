//! A decision from its candle to its fills, for people.

use hemiola_components::id::InstrumentIndex;
use hemiola_components::order::Fill;
use hemiola_components::risk::{Latches, Refusal, Rule};
use hemiola_components::time::Nanos;

use super::{Page, asked, number};
use crate::config::plan::Plan;
use crate::instant;
use crate::modes::why::{Chain, Ended, Leg, Place, Sent, Verdict};
use crate::results::order_id;

/// The last decision at a place at or before `until`, as text.
#[must_use]
pub fn chain_text(run_id: &str, plan: &Plan, place: Place, until: Nanos, chain: Option<&Chain>) -> String {
    let schedule = &plan.schedules[place.schedule.get()];
    let mut page = Page { plan, schedule, text: String::new() };
    page.head(place.instrument.get(), place.second_leg.map(InstrumentIndex::get));
    if let Some(chain) = chain {
        page.chain(run_id, chain);
    } else {
        let (name, until) = (&schedule.name, instant::text(until));
        page.line("signal", &format!("none up to {until}: ask --explain {name}@{until} for what was seen"));
    }
    page.text
}

impl Page<'_> {
    fn chain(&mut self, run_id: &str, chain: &Chain) {
        match chain.bar {
            Some(bar) => self.candle(&chain.bars, bar),
            None => self.line("candle", "none: no leg of a pair is held alone"),
        }
        self.signal(chain.at, &chain.emitted.signal);
        self.line("weight", &number(chain.share));
        for leg in &chain.legs {
            self.leg(run_id, chain.latches, leg);
        }
    }

    fn leg(&mut self, run_id: &str, latches: Latches, leg: &Leg) {
        let instrument = self.plan.instruments[leg.instrument.get()].name();
        let bound = leg.bound.as_ref().map_or("none bound".to_owned(), limit);
        self.line("limit", &format!("{instrument}: {bound}"));
        let verdict = match leg.verdict {
            Verdict::NothingToTrade => "nothing to trade".to_owned(),
            Verdict::Approved => "approved".to_owned(),
            Verdict::Adjusted(quantity) => format!("adjusted to {}", number(quantity.get())),
            Verdict::Refused => "refused".to_owned(),
        };
        let rules: Vec<_> = latches.iter().map(Rule::name).collect();
        let latched = if rules.is_empty() { "no latch".to_owned() } else { rules.join(", ") };
        self.line("gate", &format!("{verdict}; in force: {latched}"));
        if let Some(sent) = &leg.sent {
            self.sent(run_id, sent);
        }
    }

    fn sent(&mut self, run_id: &str, Sent { order, fills, ended }: &Sent) {
        let mut id = String::new();
        order_id(run_id, order, &mut id);
        self.line("order", &format!("{id}: {}, {}", asked(self.plan, order), order.kind.name()));
        for fill in fills {
            self.line("fill", &filled(fill));
        }
        match ended {
            None => {}
            Some(Ended::Refused(refusal)) => self.line("not filled", &limit(refusal)),
            Some(Ended::RunOver) => self.line("not filled", "the run ends before the order can fill"),
        }
    }
}

/// A rule with what it was held against.
fn limit(refusal: &Refusal) -> String {
    let Refusal { rule, value, limit, headroom, max_quantity } = *refusal;
    let [value, limit, headroom] = [value, limit, headroom].map(number);
    let passes =
        if max_quantity > 0.0 { format!(", {} would pass", number(max_quantity)) } else { String::new() };
    format!("{}, value {value}, limit {limit}, headroom {headroom}{passes}", rule.name())
}

fn filled(fill: &Fill) -> String {
    let [quantity, price, fee, slippage] =
        [fill.quantity.get(), fill.price.get(), fill.fee.get(), fill.slippage.get()].map(number);
    let maker = if fill.maker { ", as maker" } else { "" };
    let time = instant::text(fill.time);
    format!("{quantity} at {price} at {time}, fee {fee}, slippage {slippage}{maker}")
}
