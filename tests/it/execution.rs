//! Fills, sizes, costs, limits and the day's roll, by hand-computed examples.

use std::collections::BTreeMap;

use hemiola::assembly::{Options, Window};
use hemiola_components::capital::{Policy, PolicyKind};
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{Costs, FillModel, Origin, Side};
use hemiola_components::port::EquityCurve;
use hemiola_components::risk::RiskProfile;
use hemiola_components::schedule::{Cadence, Sizing};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Quantity, Ratio};

use hemiola::price_line::price_line;
use proptest::prelude::*;

use crate::support::random::{RandomWorld, world};
use crate::support::*;

/// One instrument, `sma_cross` 1 over 2: long after a rise, flat after a fall.
fn momentum(
    prices: &[(f64, f64)],
    sizing: Sizing,
) -> (hemiola::config::plan::Plan, hemiola::assembly::Market) {
    let mut schedule = schedule("a", 0, &[0]);
    schedule.sizing = sizing;
    let plan = plan(&["A"], vec![sma("s", 1.0, 2.0)], vec![schedule]);
    let market = market(&plan, &[minutes(prices)]);
    (plan, market)
}

const RISE_AND_FALL: [(f64, f64); 5] = [(10.0, 10.0), (10.0, 12.0), (16.0, 20.0), (20.0, 15.0), (8.0, 9.0)];

#[test]
fn what_a_fill_at_once_costs_is_in_the_marks_of_its_own_instant() {
    let (mut plan, market) = momentum(&[(10.0, 10.0), (10.0, 12.0)], Sizing::Quote(Notional::new(600.0)));
    plan.fill_model = FillModel::Instant;
    plan.costs.taker_fee = Ratio::new(0.01);
    for curve in [EquityCurve::Events, EquityCurve::EveryBar] {
        let outcome = run_with(&plan, &market, Options { curve, ..Options::default() });
        assert_eq!(fills(&outcome).len(), 1, "bought at the last close, 50 at 12");
        assert_eq!((outcome.account.equity.get(), outcome.account.max_drawdown), (994.0, 0.006));
        let last = outcome.equity.last().unwrap();
        assert_eq!((last.equity, last.cash, last.drawdown), (994.0, 394.0, 0.006));
    }
}

#[test]
fn a_decision_at_the_close_fills_at_the_next_open() {
    let (plan, market) = momentum(&RISE_AND_FALL, Sizing::AllIn);
    let outcome = run(&plan, &market);
    let fills = fills(&outcome);
    assert_eq!(fills.len(), 2);
    assert_eq!(
        (fills[0].order.side, fills[0].price.get(), fills[0].quantity.get()),
        (Side::Buy, 16.0, 1_000.0 / 16.0)
    );
    assert_eq!(fills[0].time, Nanos::new(2 * MINUTE), "the open time of the third candle");
    assert_eq!(fills[0].order.at, Nanos::new(2 * MINUTE), "the close of the second");
    assert_eq!((fills[1].order.side, fills[1].price.get()), (Side::Sell, 8.0));
    assert_eq!(outcome.account.cash.get(), 500.0);
    assert_eq!(outcome.account.max_drawdown, (1_250.0 - 500.0) / 1_250.0, "from the close at 20");
}

#[test]
fn costs_are_paid_on_both_sides() {
    let (mut plan, market) = momentum(&RISE_AND_FALL, Sizing::Quote(Notional::new(160.0)));
    plan.costs = Costs { taker_fee: Ratio::new(0.01), slippage: Ratio::new(0.25), ..Costs::default() };
    let outcome = run(&plan, &market);
    let fills = fills(&outcome);
    assert_eq!((fills[0].price.get(), fills[0].quantity.get(), fills[0].fee.get()), (20.0, 8.0, 1.6));
    assert_eq!((fills[1].price.get(), fills[1].quantity.get(), fills[1].fee.get()), (6.0, 8.0, 0.48));
    assert!((outcome.account.cash.get() - (1_000.0 - 160.0 * 1.01 + 48.0 * 0.99)).abs() < 1e-12);
    assert_eq!(outcome.holdings[0].realised.get(), 8.0 * (6.0 - 20.0));
    assert_eq!(outcome.holdings[0].fees.get(), 1.6 + 0.48);
}

#[test]
fn candles_without_volume_do_not_fill() {
    let (plan, mut market) = momentum(&[], Sizing::AllIn);
    let candles = [
        (0, 10.0, 10.0, 1.0),
        (1, 10.0, 12.0, 1.0),
        (2, 13.0, 13.0, 0.0),
        (3, 14.0, 15.0, 1.0),
        (4, 15.0, 16.0, 1.0),
    ];
    market.series[0].insert(interval("1m"), bars(interval("1m"), &candles));
    let fills = fills(&run(&plan, &market));
    assert_eq!((fills[0].price.get(), fills[0].after_gap), (14.0, true));
}

#[test]
fn after_a_gap_an_order_fills_at_the_first_candle_and_says_so() {
    let (plan, mut market) = momentum(&[], Sizing::AllIn);
    let candles = [(0, 10.0, 10.0, 1.0), (1, 10.0, 12.0, 1.0), (9, 14.0, 15.0, 1.0), (10, 15.0, 16.0, 1.0)];
    market.series[0].insert(interval("1m"), bars(interval("1m"), &candles));
    let fills = fills(&run(&plan, &market));
    assert_eq!((fills[0].price.get(), fills[0].time.get(), fills[0].after_gap), (14.0, 9 * MINUTE, true));
}

#[test]
fn an_order_on_the_last_candle_stays_unfilled_and_is_counted() {
    let (plan, market) = momentum(&[(10.0, 10.0), (10.0, 12.0)], Sizing::AllIn);
    let outcome = run(&plan, &market);
    assert_eq!(fills(&outcome), []);
    let telemetry = outcome.telemetry[0];
    assert_eq!((telemetry.signals, telemetry.orders, telemetry.fills, telemetry.unfilled), (1, 1, 0, 1));
    assert!(matches!(outcome.records.last(), Some(Record { event: Event::Unfilled(_), .. })));
}

#[test]
fn a_fill_that_cash_cannot_cover_is_clipped_and_flagged() {
    let (plan, market) = momentum(&RISE_AND_FALL, Sizing::Quote(Notional::new(900.0)));
    let full = fills(&run(&plan, &market))[0];
    assert!(!full.clipped && (full.quantity.get() - 900.0 / 16.0).abs() < 1e-12);
    // Sized at the mark of 12, filled at 16: a third more than there is.
    let (mut plan, market) = momentum(&RISE_AND_FALL, Sizing::Weight);
    plan.costs = Costs::default();
    let clipped = fills(&run(&plan, &market))[0];
    assert!(clipped.clipped);
    assert_eq!(clipped.quantity.get(), 1_000.0 / 16.0);
}

#[test]
fn a_step_cuts_the_quantity_at_the_fill() {
    let (mut plan, market) = momentum(&RISE_AND_FALL, Sizing::AllIn);
    plan.instruments[0].rules.step = Quantity::new(5.0);
    let outcome = run(&plan, &market);
    assert_eq!(fills(&outcome)[0].quantity.get(), 60.0);
    assert_eq!(outcome.account.cash.get(), 1_000.0 - 60.0 * 16.0 + 60.0 * 8.0);
}

#[test]
fn a_limit_makes_an_order_as_small_as_it_has_to_be_and_says_why() {
    let outcome = |change: fn(&mut RiskProfile), sizing: Sizing| {
        let (mut plan, market) = momentum(&RISE_AND_FALL[..3], sizing);
        change(&mut plan.risk_profiles[0]);
        run(&plan, &market)
    };
    let quote = |amount| Sizing::Quote(Notional::new(amount));
    let refused = outcome(|p| p.max_positions = 0, quote(100.0));
    assert_eq!(refusals(&refused)[0], ("max_positions", 1.0, 0.0));
    for (change, amount, expected) in [
        (
            (|p| p.max_position = Ratio::new(0.5)) as fn(&mut RiskProfile),
            600.0,
            ("instrument_exposure", 600.0, 500.0),
        ),
        (|p| p.max_leverage = 0.25, 600.0, ("leverage", 600.0, 250.0)),
        (|_| (), 1_001.0, ("insufficient_margin", 1_001.0, 1_000.0)),
    ] {
        let outcome = outcome(change, quote(amount));
        let (_, value, limit) = expected;
        assert_eq!(adjustments(&outcome), [(expected, limit / 12.0)], "{value} at a mark of 12");
        let affordable: f64 = 1_000.0 / 16.0;
        assert_eq!(fills(&outcome)[0].quantity.get(), affordable.min(limit / 12.0), "at the next open of 16");
        assert_eq!(refusals(&outcome), []);
    }
}

#[test]
fn venue_rules_refuse_dust() {
    let (mut plan, market) = momentum(&RISE_AND_FALL[..3], Sizing::Quote(Notional::new(9.0)));
    plan.instruments[0].rules.min_notional = Notional::new(10.0);
    assert_eq!(refusals(&run(&plan, &market))[0], ("min_notional", 9.0, 10.0));
    let (mut plan, market) = momentum(&RISE_AND_FALL[..3], Sizing::Weight);
    plan.instruments[0].rules.step = Quantity::new(100.0);
    assert_eq!(refusals(&run(&plan, &market))[0], ("order_step", 1_000.0 / 12.0, 100.0));
}

#[test]
fn a_refused_entry_is_asked_for_again_while_the_level_holds() {
    let prices = [(10.0, 10.0), (10.0, 12.0), (12.0, 13.0), (13.0, 14.0), (14.0, 9.0), (9.0, 8.0)];
    let (mut plan, market) = momentum(&prices, Sizing::AllIn);
    plan.risk_profiles[0].max_positions = 0;
    let outcome = run(&plan, &market);
    assert_eq!((outcome.telemetry[0].signals, outcome.telemetry[0].refusals), (3, 3));
}

#[test]
fn two_entries_of_one_instant_cannot_both_use_the_same_cash_or_place() {
    let mut plan =
        plan(&["A"], vec![sma("s", 1.0, 2.0)], vec![schedule("a", 0, &[0]), schedule("b", 0, &[0])]);
    for schedule in &mut plan.schedules {
        schedule.sizing = Sizing::Quote(Notional::new(600.0));
    }
    let market = market(&plan, &[minutes(&RISE_AND_FALL[..3])]);
    let left = (("insufficient_margin", 600.0, 400.0), 400.0 / 12.0);
    assert_eq!(adjustments(&run(&plan, &market)), [left], "of 1,000");
    plan.risk_profiles[0].max_position = Ratio::new(0.75);
    plan.risk_profiles[0].max_leverage = 2.0;
    let left = (("instrument_exposure", 1_200.0, 750.0), 150.0 / 12.0);
    assert_eq!(adjustments(&run(&plan, &market)), [left]);
    plan.risk_profiles[0].max_positions = 1;
    assert_eq!(refusals(&run(&plan, &market))[0], ("max_positions", 2.0, 1.0));
}

#[test]
fn a_ledger_per_schedule_and_the_book_their_sum() {
    let mut plan = plan(
        &["A"],
        vec![sma("fast", 1.0, 2.0), sma("slow", 1.0, 3.0)],
        vec![schedule("a", 0, &[0]), schedule("b", 1, &[0])],
    );
    for schedule in &mut plan.schedules {
        schedule.sizing = Sizing::Quote(Notional::new(100.0));
    }
    let prices =
        [(10.0, 10.0), (10.0, 12.0), (20.0, 22.0), (25.0, 24.0), (24.0, 20.0), (40.0, 50.0), (50.0, 50.0)];
    let market = market(&plan, &[minutes(&prices)]);
    let outcome = run(&plan, &market);
    let order: Vec<(usize, &str, f64)> = fills(&outcome)
        .iter()
        .map(|f| (f.order.schedule.get(), f.order.side.name(), f.price.get()))
        .collect();
    assert_eq!(
        order,
        [
            (0, "buy", 20.0),
            (1, "buy", 25.0),
            (0, "sell", 40.0),
            (1, "sell", 40.0),
            (0, "buy", 50.0),
            (1, "buy", 50.0)
        ]
    );
    assert_eq!(outcome.holdings[0].realised.get(), 5.0 * 20.0);
    assert_eq!(outcome.holdings[1].realised.get(), 4.0 * 15.0);
    let held: f64 = outcome.holdings.iter().map(|holding| holding.quantity.get()).sum();
    assert_eq!(outcome.account.equity.get(), outcome.account.cash.get() + held * 50.0);
}

#[test]
fn targets_go_long_short_and_flat_and_the_newest_wins() {
    let plan = plan(&["A"], vec![external("x")], vec![schedule("a", 0, &[0])]);
    let prices: Vec<(f64, f64)> = (0..8).map(|_| (10.0, 10.0)).collect();
    let mut market = market(&plan, &[minutes(&prices)]);
    market.targets[0].insert("venue:A".into(), targets(&[(1, 0.5), (3, 0.9), (4, -0.5), (6, 0.0)]));
    let outcome = run(&plan, &market);
    let traded: Vec<(i64, f64)> = fills(&outcome)
        .iter()
        .map(|f| (f.time.get() / MINUTE, f.order.side.sign() * f.quantity.get()))
        .collect();
    // The target of minute 3 is in the market when that of minute 4 arrives: it waits for the fill.
    assert_eq!(traded, [(1, 50.0), (3, 40.0), (4, -140.0), (6, 50.0)]);
    assert_eq!(outcome.account.cash.get(), 1_000.0);
}

#[test]
fn a_schedule_without_a_share_may_leave_but_not_enter() {
    let mut plan = plan(
        &["A"],
        vec![external("x"), sma("s", 1.0, 2.0)],
        vec![schedule("a", 0, &[0]), schedule("b", 1, &[0])],
    );
    plan.capital_policy = Policy::of(PolicyKind::FixedWeight([("b".to_owned(), 1.0)].into()));
    let prices: Vec<(f64, f64)> = (0..6).map(|_| (10.0, 10.0)).collect();
    let mut market = market(&plan, &[minutes(&prices)]);
    market.targets[0].insert("venue:A".into(), targets(&[(1, 0.0), (3, 0.5)]));
    let outcome = run(&plan, &market);
    assert_eq!(outcome.telemetry[0].unchanged, 1, "the way out is open, and there is nothing to leave");
    assert_eq!(refusals(&outcome), [("allocator_weight", 0.0, 0.0)]);
}

#[test]
fn a_short_is_covered_by_as_much_again() {
    let plan = plan(&["A", "B"], vec![external("x")], vec![schedule("a", 0, &[0, 1])]);
    let prices: Vec<(f64, f64)> = (0..6).map(|_| (10.0, 10.0)).collect();
    let mut market = market(&plan, &[minutes(&prices), minutes(&prices)]);
    market.targets[0].insert("venue:A".into(), targets(&[(1, -1.0)]));
    market.targets[0].insert("venue:B".into(), targets(&[(3, 1.5)]));
    let outcome = run(&plan, &market);
    assert_eq!(outcome.holdings[0].quantity.get(), -50.0);
    let left = (("insufficient_margin", 750.0, 500.0), 50.0);
    assert_eq!(adjustments(&outcome), [left], "1,500 in cash, twice 500 held");
}

#[test]
fn days_close_on_the_last_marks_once_per_gap() {
    let day = 24 * 60;
    let candles: Vec<Candle> = [day - 2, day - 1, day, 3 * day + 5, 4 * day]
        .iter()
        .map(|m| (*m, 10.0, 10.0 + *m as f64 / 1_000.0, 1.0))
        .collect();
    let plan = plan(&["A"], vec![sma("s", 1.0, 2.0)], vec![schedule("a", 0, &[0])]);
    let market = market(&plan, &[bars(interval("1m"), &candles)]);
    let outcome = run_with(&plan, &market, Options { curve: EquityCurve::Events, ..Options::default() });
    let closes: Vec<i64> = outcome
        .records
        .iter()
        .filter(|r| matches!(r.event, Event::DayClose { .. }))
        .map(|r| r.at.get() / MINUTE)
        .collect();
    assert_eq!(closes, [day, 2 * day, 4 * day], "the midnights in the gap are passed over");
}

#[test]
fn a_window_warms_up_on_the_candles_before_it() {
    let prices: Vec<(f64, f64)> = (0..20).map(|i| (f64::from(10 + i), f64::from(11 + i))).collect();
    let mut plan = plan(&["A"], vec![sma("s", 2.0, 5.0)], vec![schedule("a", 0, &[0])]);
    let series = minutes(&prices);
    let market = market(&plan, &[series]);
    let first_fill = |plan: &hemiola::config::plan::Plan, from: Option<i64>| {
        let window = Window { from: from.map(|minute| Nanos::new(minute * MINUTE)), to: None };
        let outcome = run_with(plan, &market, Options { window, ..Options::default() });
        fills(&outcome)[0].time.get() / MINUTE
    };
    assert_eq!(first_fill(&plan, None), 5, "five closes, then the next open");
    assert_eq!(first_fill(&plan, Some(10)), 15, "cold at minute 10");
    plan.schedules[0].warmup_bars = 4;
    assert_eq!(first_fill(&plan, Some(10)), 11, "warm at minute 10");
    assert_eq!(first_fill(&plan, None), 5, "the first four are the warm-up");
}

#[test]
fn a_daily_cadence_decides_on_the_newest_closed_candle() {
    let day = 24 * 60;
    let candles: Vec<Candle> =
        (0..3 * day).map(|m| (m, 10.0 + (m % day) as f64, 10.0 + (m % day) as f64, 1.0)).collect();
    let mut plan = plan(&["A"], vec![sma("s", 1.0, 2.0)], vec![schedule("a", 0, &[0])]);
    plan.schedules[0].cadence = Cadence { every: Nanos::DAY, offset: Nanos::new(30 * MINUTE) };
    let market = market(&plan, &[bars(interval("1m"), &candles)]);
    let outcome = run(&plan, &market);
    let signals: Vec<i64> = outcome
        .records
        .iter()
        .filter(|r| matches!(r.event, Event::Signal(_)))
        .map(|r| r.at.get() / MINUTE)
        .collect();
    assert_eq!(signals, [30], "half past midnight, once: from then on it is long");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Cash, positions and fees account for each other: what the ledgers say is what the account has.
    #[test]
    fn money_is_conserved_and_limits_hold(RandomWorld { plan, market } in world()) {
        let outcome = run(&plan, &market);
        let close = |instrument: usize| {
            let series = price_line(&market.series[instrument]);
            series.close[series.len() - 1]
        };
        let positions: Vec<usize> = plan.schedules.iter().flat_map(|schedule| schedule.instruments.clone()).collect();
        let mut earned = 0.0;
        for (holding, instrument) in outcome.holdings.iter().zip(positions) {
            let open = holding.quantity.get() * (close(instrument) - holding.average_price.get());
            earned += holding.realised.get() + open - holding.fees.get() - holding.borrow.get();
        }
        let equity = outcome.account.equity.get();
        let scale = equity.abs().max(1_000.0);
        prop_assert!((1_000.0 + earned - equity).abs() <= 1e-9 * scale, "{} against {equity}", 1_000.0 + earned);
        prop_assert!(outcome.account.cash.get() >= -1e-9 * scale);
        prop_assert!(outcome.account.reserved.get().abs() <= 1e-9 * scale || outcome.telemetry.iter().any(|t| t.unfilled > 0));
        for (index, profile) in plan.risk_profiles.iter().enumerate() {
            let schedules = plan.schedules.iter().flat_map(|schedule| vec![schedule.risk_profile; schedule.instruments.len()]);
            let open = outcome.holdings.iter().zip(schedules).filter(|(held, p)| *p == index && held.quantity.get() != 0.0);
            prop_assert!(open.count() <= profile.max_positions as usize);
        }
        let mut closings: BTreeMap<&str, u64> = BTreeMap::new();
        for record in &outcome.records {
            if let Event::Order(order) = &record.event && order.origin != Origin::Engine {
                *closings.entry(&plan.schedules[order.schedule.get()].name).or_default() += 1;
            }
        }
        for (counts, schedule) in outcome.telemetry.iter().zip(&plan.schedules) {
            let given_up = [
                "cash",
                "other_leg",
                "expired",
                "non_positive_quantity",
                "post_only",
                "immediate_or_cancel",
                "fill_or_kill",
                "canceled",
            ];
            let clipped_away = refusals(&outcome).iter().filter(|refusal| given_up.contains(&refusal.0)).count() as u64;
            let legs = if schedule.pairs.is_empty() { 1 } else { 2 };
            let closed = closings.get(schedule.name.as_str()).copied().unwrap_or_default();
            prop_assert!(legs * counts.signals + closed >= counts.orders, "{}", &schedule.name);
            prop_assert!(counts.orders - counts.fills - counts.unfilled <= clipped_away);
        }
    }
}
