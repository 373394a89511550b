//! Three strategies want the same instrument at the same instant: together more than the limit of one instrument.

use hemiola_components::journal::{Event, Record};
use hemiola_components::risk::RiskProfile;
use hemiola_components::schedule::Sizing;
use hemiola_components::units::{Notional, Ratio};

use super::Check;
use super::stage::{self, CASH, Trader, orders, refusals};
use crate::assembly::Market;
use crate::config::plan::Plan;
use crate::modes::backtest::Outcome;

const MAX_POSITION: f64 = 0.2;

/// What each strategy wants, as a fraction of the account.
const EACH: f64 = 0.15;

pub(super) fn stage() -> (Plan, Market) {
    let profile = RiskProfile { max_position: Ratio::new(MAX_POSITION), ..RiskProfile::unlimited("drill") };
    let trader = |name| Trader {
        name,
        sizing: Sizing::Quote(Notional::new(EACH * CASH)),
        wants: vec![vec![(2, 1.0)]],
    };
    stage::stage(profile, &[vec![100.0; 6]], &["first", "second", "third"].map(trader))
}

pub(super) fn checks(outcome: &Outcome) -> Vec<Check> {
    let held = |schedule: usize| {
        let holding = &outcome.holdings[schedule];
        holding.quantity.at(outcome.marks[schedule]).get()
    };
    let values: Vec<f64> = (0..outcome.holdings.len()).map(held).collect();
    let [first, second, third] = values[..] else { return Vec::new() };
    let (cap, wanted, sum) = (MAX_POSITION * CASH, EACH * CASH, values.iter().sum::<f64>());
    let is = |one: f64, other: f64| (one - other).abs() <= 1e-9 * CASH;
    let adjusted = |record: &Record| match record.event {
        Event::Adjusted { refusal, .. } => Some(refusal.rule.name()),
        _ => None,
    };
    let adjusted: Vec<&str> = outcome.records.iter().filter_map(adjusted).collect();
    let refused: Vec<&str> = refusals(outcome).iter().map(|(_, refusal)| refusal.rule.name()).collect();
    vec![
        Check::new(
            "the first strategy gets what it wants",
            is(first, wanted),
            format!("{first:.2} of {wanted:.2}"),
        ),
        Check::new(
            "the second is cut to what is left",
            is(second, cap - wanted) && adjusted.len() == 1,
            format!("{second:.2} of {wanted:.2}: {}", adjusted.join(", ")),
        ),
        Check::new(
            "the third is refused",
            third == 0.0 && refused.len() == 1 && orders(outcome).len() == 2,
            format!("{third:.2} of {wanted:.2}: {}", refused.join(", ")),
        ),
        Check::new(
            "together they keep to the limit",
            sum <= cap * (1.0 + 1e-9),
            format!("{sum:.2} of {cap:.2}"),
        ),
    ]
}
