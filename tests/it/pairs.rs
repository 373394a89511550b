//! Pairs whose legs come apart, by hand-computed examples.

use std::sync::Arc;

use hemiola::assembly::Market;
use hemiola::config::plan::{Pair, Plan, StrategyPlan};
use hemiola_components::journal::Event;
use hemiola_components::market::Snapshots;
use hemiola_components::order::FillModel;
use hemiola_components::schedule::Sizing;
use hemiola_components::strategy::{ParameterValue, Parameters};
use hemiola_components::units::Quantity;

use crate::support::parameters::defaults;
use crate::support::*;

/// Both venues trade at 10 but for the candles given; at the third close the second one bids 11, so that 40 are
/// bought on the first and sold on the second, and a minute later that is over.
fn world(candles: usize, first: &[(usize, f64)], second: &[(usize, f64)]) -> (Plan, Market) {
    let mut parameters = defaults("cross_exchange_arbitrage");
    for (name, text) in [("primary_exchange", "venue"), ("secondary_exchange", "other"), ("edge", "gross")] {
        parameters.insert(name.to_owned(), ParameterValue::Text(text.to_owned()));
    }
    let strategy = StrategyPlan {
        name: "pair".into(),
        engine: "cross_exchange_arbitrage".into(),
        parameters: Parameters(parameters),
        definition: definition(),
    };
    let pair = Pair { primary: 0, secondary: 1 };
    let mut one = schedule("pair", 0, &[0, 1]);
    one.pairs = vec![pair];
    one.sizing = Sizing::Base(Quantity::new(40.0));
    let mut plan = plan(&["A", "A"], vec![strategy], vec![one]);
    plan.instruments[1].venue = "other".into();
    let series = [first, second].map(|other| {
        let price = |bar| other.iter().find(|(at, _)| *at == bar).map_or(10.0, |(_, price)| *price);
        minutes(&(0..candles).map(|bar| (price(bar), price(bar))).collect::<Vec<_>>())
    });
    let mut market = market(&plan, &series);
    let tens = vec![10.0; candles];
    let mut snapshots = Snapshots {
        primary_bid: tens.clone(),
        primary_ask: tens.clone(),
        secondary_bid: tens.clone(),
        secondary_ask: tens,
        secondary_time: (0..candles).map(|bar| series[0].close_time(bar)).collect(),
    };
    snapshots.secondary_bid[2] = 11.0;
    market.snapshots.insert((pair, interval("1m")), Arc::new(snapshots));
    (plan, market)
}

#[test]
fn a_leg_that_cash_cuts_short_takes_the_other_with_it() {
    // The buy fills at 100 instead of 10: cash of 1,000 is enough for 10 of 40.
    let (plan, market) = world(8, &[(3, 100.0)], &[]);
    let outcome = run(&plan, &market);
    let traded: Vec<(f64, f64)> = fills(&outcome)
        .iter()
        .map(|fill| (fill.order.side.sign() * fill.quantity.get(), fill.price.get()))
        .collect();
    assert_eq!(traded, [(10.0, 100.0), (-40.0, 10.0), (-10.0, 10.0), (40.0, 10.0)]);
    let sides = outcome.records.iter().filter_map(|record| match &record.event {
        Event::Signal(emitted) => Some((record.at.get() / MINUTE, emitted.signal.reasons().side)),
        _ => None,
    });
    assert_eq!(sides.collect::<Vec<_>>(), [(3, "long_primary_short_secondary"), (4, "unwind")]);
}

#[test]
fn a_leg_that_cannot_be_paid_for_is_tried_again_at_each_decision() {
    // The short of 40 costs 200 a piece when the pair is closed: 1,000 of the 1,400 in cash are free, and 10 with each
    // that is bought back.
    let (mut plan, market) = world(8, &[], &[3, 4, 5, 6, 7].map(|bar| (bar, 200.0)));
    plan.fill_model = FillModel::Instant;
    let outcome = run(&plan, &market);
    assert_eq!(outcome.holdings[0].quantity.get(), 0.0);
    assert_eq!(outcome.holdings[1].quantity.get(), -40.0 + 1_000.0 / 190.0);
    let tried = outcome.records.iter().filter_map(|record| match &record.event {
        Event::Refused { refusal, .. } => Some((record.at.get() / MINUTE, refusal.rule.name())),
        _ => None,
    });
    assert_eq!(tried.collect::<Vec<_>>(), [(5, "cash"), (6, "cash"), (7, "cash"), (8, "cash")]);
}
