//! Pairs: both legs or none, matched quantities, a leg that is alone is given up, and the shipped examples.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use hemiola::assembly::{Market, Options, StaleQuotes, Window};
use hemiola::config::plan::{Pair, Plan, StrategyPlan};
use hemiola::job::{Job, Prepared};
use hemiola::modes::backtest::{self, Outcome};
use hemiola_adapters::store::{CandleStore, Check};
use hemiola_components::journal::{Emitted, Event};
use hemiola_components::market::{Bars, Quotes};
use hemiola_components::order::Side;
use hemiola_components::signal::SignalKind;
use hemiola_components::strategy::{ParameterDefault, ParameterValue, Parameters};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Quantity};
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::engine::ScanLimit;

use crate::support::shared::market_data;
use crate::support::*;

const ENGINE: &str = "cross_exchange_arbitrage";
const LONG: &str = "long_primary_short_secondary";
const SHORT: &str = "short_primary_long_secondary";

/// Enters from 1 % on, leaves at 0.2 % or after five minutes, accepts quotes of a minute; costs do not count.
fn parameters(changes: &[(&str, f64)]) -> Parameters {
    let specs = Catalog::built_in().get(ENGINE).unwrap().spec.parameters;
    let mut all: BTreeMap<String, ParameterValue> = BTreeMap::new();
    for spec in specs {
        let value = match spec.default {
            ParameterDefault::Required => ParameterValue::Text(spec.name.to_owned()),
            ParameterDefault::Number(value) => ParameterValue::Number(value),
            ParameterDefault::Text(text) => ParameterValue::Text(text.to_owned()),
        };
        all.insert(spec.name.to_owned(), value);
    }
    all.insert("edge".to_owned(), ParameterValue::Text("gross".to_owned()));
    let usual =
        [("spread_entry", 0.01), ("spread_exit", 0.002), ("max_open_seconds", 300.0), ("lot_size", 0.0)];
    for (name, value) in usual.iter().chain(changes) {
        assert!(all.insert((*name).to_owned(), ParameterValue::Number(*value)).is_some(), "{name}");
    }
    Parameters(all)
}

/// One pair of one instrument on two venues, with 1,000 USDT.
fn pair(primary: Arc<Bars>, secondary: Arc<Bars>, changes: &[(&str, f64)]) -> (Plan, Market) {
    let mut one = schedule("pair", 0, &[0, 1]);
    one.pairs = vec![Pair { primary: 0, secondary: 1 }];
    let strategy = StrategyPlan {
        name: "s".into(),
        engine: ENGINE.into(),
        parameters: parameters(changes),
        definition: definition(),
    };
    let mut plan = plan(&["A", "A"], vec![strategy], vec![one]);
    "far".clone_into(&mut plan.instruments[1].venue);
    let market = market(&plan, &[primary, secondary]);
    (plan, market)
}

/// The far venue is at 104 at the second and third close and back at 100 at the fourth.
fn near() -> Arc<Bars> {
    minutes(&[(100.0, 100.0); 7])
}

fn far() -> Arc<Bars> {
    minutes(&[
        (100.0, 100.0),
        (100.0, 104.0),
        (104.0, 104.0),
        (104.0, 100.0),
        (100.0, 100.0),
        (100.0, 100.0),
        (100.0, 100.0),
    ])
}

/// Each signal with its minute.
fn signals(outcome: &Outcome) -> Vec<(i64, &'static str)> {
    emitted(outcome).iter().map(|(at, emitted)| (at.get() / MINUTE, emitted.signal.reasons().side)).collect()
}

fn emitted(outcome: &Outcome) -> Vec<(Nanos, Emitted)> {
    let signal = |record: &hemiola_components::journal::Record| match &record.event {
        Event::Signal(emitted) => Some((record.at, emitted.clone())),
        _ => None,
    };
    outcome.records.iter().filter_map(signal).collect()
}

/// Minute, instrument, side and quantity of each fill.
fn traded(outcome: &Outcome) -> Vec<(i64, usize, Side, f64)> {
    let of = |fill: &hemiola_components::order::Fill| {
        (fill.time.get() / MINUTE, fill.order.instrument.get(), fill.order.side, fill.quantity.get())
    };
    fills(outcome).iter().map(of).collect()
}

fn is_flat(outcome: &Outcome) -> bool {
    outcome.holdings.iter().all(|holding| holding.quantity == Quantity::ZERO)
        && outcome.account.reserved.get().abs() < 1e-9
}

#[test]
fn both_legs_open_and_close_together_with_one_quantity() {
    let (mut plan, market) = pair(near(), far(), &[]);
    plan.instruments[0].rules.step = Quantity::new(0.3);
    plan.instruments[1].rules.step = Quantity::new(0.2);
    let outcome = run(&plan, &market);
    assert_eq!(signals(&outcome), [(2, LONG), (4, "close_long_primary_short_secondary")]);
    // Half of 1,000 buys 4.8 at 104, a multiple of 0.6.
    let close = |found: f64| (found - 4.8).abs() < 1e-12;
    let traded = traded(&outcome);
    let shape: Vec<_> = traded.iter().map(|(minute, leg, side, _)| (*minute, *leg, *side)).collect();
    assert_eq!(shape, [(2, 0, Side::Buy), (2, 1, Side::Sell), (4, 0, Side::Sell), (4, 1, Side::Buy)]);
    assert!(traded.iter().all(|(.., quantity)| close(*quantity) && *quantity == traded[0].3), "{traded:?}");
    assert!(is_flat(&outcome));
    assert!((outcome.account.cash.get() - (1_000.0 + 4.8 * 4.0)).abs() < 1e-9, "4 on each of 4.8");
}

#[test]
fn a_leg_that_is_refused_takes_the_other_with_it() {
    let (mut plan, market) = pair(near(), far(), &[]);
    plan.risk_profiles[0].max_positions = 1;
    let outcome = run(&plan, &market);
    // Refused at the second close, and again at the third: what the first leg had set aside was free again.
    let refused = [("other_leg", 0.0, 0.0), ("max_positions", 2.0, 1.0)];
    assert_eq!(refusals(&outcome), [refused, refused].concat());
    assert_eq!((signals(&outcome).len(), outcome.telemetry[0].orders), (2, 0));
    assert!(is_flat(&outcome));
    assert_eq!(outcome.account.cash.get(), 1_000.0);

    let (mut plan, market) = pair(near(), far(), &[]);
    plan.instruments[0].rules.min_notional = Notional::new(500.0);
    let outcome = run(&plan, &market);
    let found: Vec<_> = refusals(&outcome).iter().map(|(rule, ..)| *rule).collect();
    assert_eq!(found, ["min_notional", "other_leg", "min_notional", "other_leg"]);
    assert_eq!(traded(&outcome), []);
}

#[test]
fn a_leg_that_cash_cuts_short_ends_the_pair_at_once() {
    // The near venue opens at 400 when the order arrives: 1,000 buys 2.5 instead of 4.8.
    let near = minutes(&[(100.0, 100.0), (100.0, 100.0), (400.0, 100.0), (100.0, 100.0), (100.0, 100.0)]);
    let far = minutes(&[(100.0, 100.0), (100.0, 104.0), (104.0, 104.0), (104.0, 100.0), (100.0, 100.0)]);
    let (plan, market) = pair(near, far, &[]);
    let outcome = run(&plan, &market);
    let traded = traded(&outcome);
    assert_eq!(traded[0], (2, 0, Side::Buy, 2.5));
    assert!(fills(&outcome)[0].clipped);
    let sold = traded[1].3;
    assert!((sold - 500.0 / 104.0).abs() < 1e-12);
    assert_eq!(signals(&outcome), [(2, LONG), (3, "unwind")], "the spread is still there then");
    assert_eq!(traded[2..], [(3, 0, Side::Sell, 2.5), (3, 1, Side::Buy, sold)]);
    assert!(is_flat(&outcome));
}

#[test]
fn a_leg_whose_partner_cannot_be_paid_is_given_up_at_once() {
    // Short near, long far: the far venue opens at 5,000, and the cash does not buy one whole unit.
    let near = minutes(&[(100.0, 100.0), (100.0, 104.0), (104.0, 104.0), (104.0, 100.0), (100.0, 100.0)]);
    let far = minutes(&[(100.0, 100.0), (100.0, 100.0), (5_000.0, 100.0), (100.0, 100.0), (100.0, 100.0)]);
    let (mut plan, market) = pair(near, far, &[]);
    plan.instruments[1].rules.step = Quantity::new(1.0);
    let outcome = run(&plan, &market);
    assert_eq!(signals(&outcome), [(2, SHORT), (3, "unwind")]);
    assert_eq!(refusals(&outcome)[0].0, "cash");
    let traded = traded(&outcome);
    assert_eq!(
        traded,
        [(2, 0, Side::Sell, 4.0), (3, 0, Side::Buy, 4.0)],
        "no order for the leg that is flat"
    );
    assert!(is_flat(&outcome));
}

/// The far venue trades in its first two minutes, at a spread, and without one from this minute on.
fn silent_until(minute: i64) -> Arc<Bars> {
    let fair = |minute| (minute, 100.0, 100.0, 1.0);
    let candles = [fair(0), (1, 100.0, 104.0, 1.0), fair(minute), fair(minute + 1), fair(minute + 2)];
    bars(interval("1m"), &candles)
}

#[test]
fn a_leg_whose_partner_is_not_filled_in_its_time_is_given_up_at_once() {
    let quantity = 500.0 / 104.0;
    let far = [
        silent_until(12),
        silent_until(3),
        bars(interval("1m"), &[(0, 100.0, 100.0, 1.0), (1, 100.0, 104.0, 1.0)]),
    ];
    for (far, what) in far.into_iter().zip(["a long gap", "one candle", "the end of its data"]) {
        let (plan, market) = pair(minutes(&[(100.0, 100.0); 15]), far, &[]);
        let outcome = run(&plan, &market);
        assert_eq!(signals(&outcome)[..2], [(2, LONG), (3, "unwind")], "{what}");
        assert_eq!(refusals(&outcome)[0], ("expired", 60.0, 60.0), "{what}");
        let traded = traded(&outcome);
        assert_eq!(traded[..2], [(2, 0, Side::Buy, quantity), (3, 0, Side::Sell, quantity)], "{what}");
        assert!(is_flat(&outcome), "{what}");
    }
}

#[test]
fn an_order_of_nobodys_pair_waits_for_its_market() {
    let (mut plan, mut market) = pair(minutes(&[(100.0, 100.0); 15]), silent_until(12), &[]);
    plan.strategies.push(external("outside"));
    plan.schedules.push(schedule("patient", 1, &[1]));
    market.targets.push(BTreeMap::from([("far:A".to_owned(), targets(&[(2, 0.5)]))]));
    let outcome = run(&plan, &market);
    assert_eq!(outcome.telemetry[0].refusals, 1, "the second leg is not waited for");
    let patient: Vec<_> = fills(&outcome).into_iter().filter(|fill| fill.order.schedule.get() == 1).collect();
    assert_eq!((patient.len(), patient[0].time, patient[0].after_gap), (1, Nanos::new(12 * MINUTE), true));
}

#[test]
fn a_leg_that_has_been_filled_is_not_taken_back_because_that_is_known_later() {
    // The near venue has minutes too, so that its fill is known before that of the far one, which has hours.
    let hours = |open: f64, close: f64, last: f64| {
        let candles = [
            (0, 100.0, 100.0, 1.0),
            (60, 100.0, open, 1.0),
            (120, open, close, 1.0),
            (180, close, last, 1.0),
        ];
        bars(interval("1h"), &candles)
    };
    let (mut plan, mut market) = pair(near(), far(), &[("max_open_seconds", 1e6)]);
    plan.schedules[0].interval = interval("1h");
    let finer = minutes(&vec![(100.0, 100.0); 240]);
    market.series[0] =
        BTreeMap::from([(interval("1m"), finer), (interval("1h"), hours(100.0, 100.0, 100.0))]);
    market.series[1] = BTreeMap::from([(interval("1h"), hours(104.0, 104.0, 100.0))]);
    let outcome = run(&plan, &market);
    let quantity = 500.0 / 104.0;
    assert_eq!(refusals(&outcome), []);
    assert_eq!(traded(&outcome)[..2], [(120, 0, Side::Buy, quantity), (120, 1, Side::Sell, quantity)]);
    assert_eq!(signals(&outcome), [(120, LONG), (240, "close_long_primary_short_secondary")]);
}

#[test]
fn old_quotes_of_the_second_venue_stop_entries_and_are_counted() {
    // The far venue is silent after its second candle, while the near one falls by 5 %.
    let near = minutes(&[(100.0, 100.0), (100.0, 100.0), (100.0, 100.0), (100.0, 95.0), (95.0, 95.0)]);
    let far = minutes(&[(100.0, 100.0), (100.0, 100.0)]);
    let run = |bound: f64, window: Window| {
        let (plan, market) = pair(Arc::clone(&near), Arc::clone(&far), &[("max_quote_age_seconds", bound)]);
        let options = Options { window, ..Options::default() };
        let mut run = backtest::run(&[(&plan, &market)], &Catalog::built_in(), options, |_, _| ()).unwrap();
        (signals(&run.outcomes.pop().unwrap()), run.notes.stale_quotes)
    };
    let note = |stale, candles| StaleQuotes {
        schedule: "pair".into(),
        primary: "venue:A".into(),
        secondary: "far:A".into(),
        bound: Nanos::new(MINUTE),
        stale,
        candles,
    };
    // At the third close the quote is just as old as it may be, at the fourth and fifth it is older.
    assert_eq!(run(60.0, Window::default()), (Vec::new(), vec![note(2, 5)]));
    let window = Window { from: Some(Nanos::new(MINUTE)), to: Some(Nanos::new(4 * MINUTE)) };
    assert_eq!(run(60.0, window), (Vec::new(), vec![note(1, 3)]), "of the candles that are traded");
    let entered = vec![(4, LONG), (5, "unwind")];
    assert_eq!(run(120.0, Window::default()).0, entered, "and given up, since the far venue is silent");
    assert_eq!(run(0.0, Window::default()), (entered, Vec::new()), "without a bound nobody looks");
}

fn prepare(scheduler: &str, data: &Path) -> Prepared {
    let job = Job {
        environment: Some(scheduler.to_owned()),
        scheduler: Some(scheduler.to_owned()),
        data: Some(data.to_owned()),
        ..Job::of(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/arbitrage.yaml"))
    };
    job.prepare(&Catalog::built_in(), &mut |notice| panic!("{notice}")).unwrap()
}

/// Signals of the schedules `net` and `gross`.
fn by_edge(prepared: &Prepared, outcome: &Outcome) -> [Vec<(Nanos, Emitted)>; 2] {
    let of = |index: usize| {
        let all = emitted(outcome).into_iter();
        all.filter(|(_, emitted)| emitted.schedule.get() == index).collect::<Vec<_>>()
    };
    assert_eq!(prepared.plan.schedules.len(), 2);
    [of(0), of(1)]
}

#[test]
fn shipped_pairs_trade_what_the_market_offered_and_give_one_digest() {
    let Some(data) = market_data() else { return };
    for (scheduler, net_trades) in [("stablecoins", true), ("dollars", true), ("spot_perpetual", false)] {
        let prepared = prepare(scheduler, &data);
        let outcomes = [ScanLimit::Unlimited, ScanLimit::Decisions(1), ScanLimit::Random(3)].map(|scan| {
            let options = Options { scan, ..Options::default() };
            let plans = [(&prepared.plan, &prepared.data.market)];
            let mut run = backtest::run(&plans, &Catalog::built_in(), options, |_, _| ()).unwrap();
            run.outcomes.pop().unwrap()
        });
        let [outcome, ..] = &outcomes;
        assert!(outcomes.iter().all(|other| other.digest == outcome.digest), "{scheduler}");
        let [net, gross] = by_edge(&prepared, outcome);
        assert_eq!(!net.is_empty(), net_trades, "{scheduler}");
        assert!(gross.len() > net.len(), "{scheduler}");
        let costs = prepared.plan.costs;
        let round_trip = 4.0 * (costs.taker_fee.get() + costs.slippage.get());
        for (_, emitted) in &net {
            let strategy = &prepared.plan.strategies[prepared.plan.schedules[0].strategy];
            let ratio = emitted.signal.number("spread_ratio");
            let exit = strategy.parameters.number("spread_exit").unwrap();
            assert!(ratio.is_none_or(|ratio| ratio - exit > round_trip), "{scheduler}");
        }
        let mut orders: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for record in &outcome.records {
            if let Event::Order(order) = record.event {
                orders.entry((order.schedule, order.at)).or_default().push(order);
            }
        }
        let entries =
            [net, gross].concat().into_iter().filter(|(_, one)| one.signal.kind != SignalKind::Exit);
        for (at, Emitted { schedule, .. }) in entries {
            let legs = &orders[&(schedule, at)];
            assert!(legs.len() == 2 && legs[0].size == legs[1].size, "{scheduler}: {legs:?}");
            assert_ne!(legs[0].side, legs[1].side, "{scheduler}");
        }
    }
}

#[test]
fn shipped_seconds_are_decided_by_the_quotes_of_the_files() {
    let Some(data) = market_data() else { return };
    let prepared = prepare("spot_perpetual", &data);
    let run = prepared.run(&Catalog::built_in(), |_, _| ()).unwrap();
    let [net, gross] = by_edge(&prepared, &run.outcomes[0]);
    assert!(net.is_empty() && gross.len() > 10);
    let store = CandleStore::open(&data).unwrap();
    let [spot, perpetual] = ["binance", "binance_usdm"]
        .map(|venue| store.quotes(venue, &["BTC_USDT"], Check::Full).unwrap().unwrap().quotes);
    // The newest by a plain look at all of them.
    let newest = |quotes: &Quotes, at: Nanos| {
        let row = (0..quotes.time.len()).rfind(|row| quotes.time[*row] <= at).unwrap();
        (quotes.bid[row], quotes.ask[row])
    };
    for (at, Emitted { signal, .. }) in &gross {
        let ((bid, ask), (far_bid, far_ask)) = (newest(&spot, *at), newest(&perpetual, *at));
        let reasons = signal.reasons();
        let legs = reasons.legs.unwrap().map(|leg| leg.price.get());
        let (expected, name) = match reasons.side {
            LONG | "close_short_primary_long_secondary" => ([ask, far_bid], "long"),
            _ => ([bid, far_ask], "short"),
        };
        assert_eq!(legs, expected, "{name} at {at:?}");
        if reasons.side == SHORT {
            let reference = bid.max(ask).max(far_bid).max(far_ask);
            assert!((bid - far_ask) / reference >= 0.0004);
            assert_eq!(signal.number("spread"), Some(bid - far_ask));
        }
    }
    for source in &prepared.data.series {
        assert!(source.from_quotes);
    }
    assert_eq!(
        prepared.data.quotes.iter().map(|source| source.report.quotes).collect::<Vec<_>>(),
        [28_040, 66_089]
    );
}
