//! A position is sold at a loss in the morning; its strategy wants it back on the same day, and again on the next.

use hemiola_components::risk::{RiskProfile, Rule};
use hemiola_components::schedule::Sizing;
use hemiola_components::time::Nanos;
use hemiola_components::units::Ratio;

use super::Check;
use super::stage::{self, Trader, at, latches, orders, refusals};
use crate::assembly::Market;
use crate::config::plan::Plan;
use crate::instant;
use crate::modes::backtest::Outcome;

const MAX_DAILY_LOSS: f64 = 0.02;
const SAME_DAY: i64 = 10;
const MIDNIGHT: i64 = 24;
const NEXT_DAY: i64 = 26;

pub(super) fn stage() -> (Plan, Market) {
    let profile =
        RiskProfile { max_daily_loss: Ratio::new(MAX_DAILY_LOSS), ..RiskProfile::unlimited("drill") };
    let closes = (0..30).map(|hour| if hour < 4 { 100.0 } else { 95.0 }).collect();
    let wants = vec![(2, 1.0), (6, 0.0), (SAME_DAY, 1.0), (NEXT_DAY, 1.0)];
    let trader = Trader { name: "returner", sizing: Sizing::Weight, wants: vec![wants] };
    stage::stage(profile, &[closes], &[trader])
}

pub(super) fn checks(outcome: &Outcome) -> Vec<Check> {
    let entered = latches(outcome, true);
    let latch =
        entered.iter().find(|(at, rule, ..)| (*rule, *at < self::at(MIDNIGHT)) == (Rule::DailyLoss, true));
    let latched = latch.map_or("no latch".to_owned(), |(at, rule, value, limit)| {
        let (value, limit) = (value * 100.0, limit * 100.0);
        format!("{} at {}: {value:.2} % of {limit:.2} %", rule.name(), instant::text(*at))
    });
    let refused = refusals(outcome).into_iter().filter(|(at, _)| *at < self::at(MIDNIGHT));
    let refused: Vec<(Nanos, &str)> = refused.map(|(at, refusal)| (at, refusal.rule.name())).collect();
    let released = latches(outcome, false);
    let release: Vec<String> =
        released.iter().map(|(at, rule, ..)| format!("{} at {}", rule.name(), instant::text(*at))).collect();
    let again = orders(outcome).into_iter().filter(|order| order.at >= at(MIDNIGHT));
    let again: Vec<Nanos> = again.map(|order| order.at).collect();
    vec![
        Check::new("a realised loss latches the profile", latch.is_some(), latched),
        Check::new(
            "entries are refused for the rest of the day",
            refused == [(at(SAME_DAY), Rule::DailyLoss.name())],
            texts(&refused, |(at, rule)| format!("{rule} at {}", instant::text(*at))),
        ),
        Check::new(
            "the next day of UTC releases it",
            released.iter().map(|(at, rule, ..)| (*at, *rule)).eq([(at(MIDNIGHT), Rule::DailyLoss)]),
            texts(&release, Clone::clone),
        ),
        Check::new(
            "an entry passes then",
            again == [at(NEXT_DAY)],
            texts(&again, |at| format!("an order at {}", instant::text(*at))),
        ),
    ]
}

fn texts<T>(all: &[T], text: impl Fn(&T) -> String) -> String {
    if all.is_empty() { "none".to_owned() } else { all.iter().map(text).collect::<Vec<_>>().join(", ") }
}
