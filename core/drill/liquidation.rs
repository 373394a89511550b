//! Three positions of different size; the largest one's price falls, and their strategy wants more in the next hours.

use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{Order, OrderSize, Origin};
use hemiola_components::risk::{Alert, RiskProfile, Rule};
use hemiola_components::schedule::Sizing;
use hemiola_components::time::Nanos;
use hemiola_components::units::{Quantity, Ratio};

use super::Check;
use super::stage::{self, Trader, latches, orders, refusals};
use crate::assembly::Market;
use crate::config::plan::Plan;
use crate::instant;
use crate::modes::backtest::Outcome;

const MAX_DRAWDOWN: f64 = 0.1;

/// What is wanted of each instrument. After the fall the last is worth the most, so that the order of closing is not that
/// of the instruments.
const WANTS: [f64; 3] = [0.4, 1.0, 0.8];

pub(super) fn stage() -> (Plan, Market) {
    let profile = RiskProfile { max_drawdown: Ratio::new(MAX_DRAWDOWN), ..RiskProfile::unlimited("drill") };
    let steady = vec![100.0; 12];
    let falls = (0..12).map(|hour| if hour < 5 { 100.0 } else { 60.0 }).collect();
    let wants = WANTS.map(|fraction| vec![(2, fraction), (8, fraction)]);
    let trader = Trader { name: "holder", sizing: Sizing::Weight, wants: wants.into() };
    stage::stage(profile, &[steady.clone(), falls, steady], &[trader])
}

pub(super) fn checks(outcome: &Outcome) -> Vec<Check> {
    let latched = latches(outcome, true);
    let drawdown = latched.iter().find(|(_, rule, ..)| *rule == Rule::Drawdown);
    let since = drawdown.map_or(Nanos::NEVER, |(at, ..)| *at);
    vec![
        Check::new(
            "a fall from the peak latches the profile",
            drawdown.is_some(),
            drawdown.map_or("no latch".to_owned(), |(at, rule, value, limit)| {
                let (value, limit) = (value * 100.0, limit * 100.0);
                format!("{} at {}: {value:.2} % of {limit:.2} %", rule.name(), instant::text(*at))
            }),
        ),
        one_alert(outcome),
        largest_first(outcome),
        only_reducing(outcome, since),
        entries_refused(outcome, since),
    ]
}

fn one_alert(outcome: &Outcome) -> Check {
    let alert = |record: &Record| match record.event {
        Event::Alert { alert: alert @ Alert::Latch(_), .. } => Some(alert),
        _ => None,
    };
    let alerts: Vec<Alert> = outcome.records.iter().filter_map(alert).collect();
    let said = alerts.iter().map(|alert| format!(", {} {}", alert.severity(), alert.code()));
    let seen = format!("{} given{}", alerts.len(), said.collect::<String>());
    let is_critical = alerts.first().is_some_and(|alert| alert.severity() == "critical");
    Check::new("one critical alert is given", is_critical && alerts.len() == 1, seen)
}

fn largest_first(outcome: &Outcome) -> Check {
    let closing: Vec<Order> =
        orders(outcome).into_iter().filter(|order| order.origin == Origin::Risk).collect();
    let values: Vec<f64> = closing.iter().map(value).collect();
    let texts: Vec<String> = values.iter().map(|value| format!("{value:.2}")).collect();
    let is_flat = outcome.holdings.iter().all(|holding| holding.quantity == Quantity::ZERO);
    let holds = is_flat && values.len() == WANTS.len() && values.is_sorted_by(|one, next| one > next);
    Check::new("positions are closed, the largest first", holds, format!("worth {}", texts.join(", ")))
}

fn only_reducing(outcome: &Outcome, since: Nanos) -> Check {
    let mut held = [Quantity::ZERO; WANTS.len()];
    let (mut sent, mut reducing) = (0, 0);
    for Record { event, .. } in &outcome.records {
        match event {
            Event::Fill { fill, position, .. } => held[fill.order.instrument.get()] = *position,
            Event::Order(order) if order.at >= since => {
                let position = held[order.instrument.get()];
                sent += 1;
                reducing += usize::from(
                    position.get() * order.side.sign() < 0.0
                        && value(order) <= position.abs().at(order.reference).get(),
                );
            }
            _ => {}
        }
    }
    let seen = format!("{reducing} of {sent} orders since the latch");
    Check::new("only orders that reduce pass", sent > 0 && reducing == sent, seen)
}

fn entries_refused(outcome: &Outcome, since: Nanos) -> Check {
    let refused = refusals(outcome).into_iter().filter(|(at, _)| *at > since);
    let rules: Vec<Rule> = refused.map(|(_, refusal)| refusal.rule).collect();
    let by_latch = rules.iter().filter(|rule| matches!(rule, Rule::Drawdown | Rule::Latched)).count();
    let names: Vec<&str> = rules.iter().map(|rule| rule.name()).collect();
    let holds = by_latch == WANTS.len() && rules.len() == by_latch;
    Check::new("entries are refused", holds, format!("{} refused: {}", rules.len(), names.join(", ")))
}

fn value(order: &Order) -> f64 {
    match order.size {
        OrderSize::Base(quantity) => quantity.at(order.reference).get(),
        OrderSize::Quote(amount) | OrderSize::Spend(amount) => amount.get(),
    }
}
