//! Orders at a realistic venue: limits, stops, parts, latency, borrowing; by hand-computed examples and by properties.

use std::collections::BTreeMap;
use std::sync::Arc;

use hemiola::assembly::Market;
use hemiola::config::plan::Plan;
use hemiola::price_line::price_line;
use hemiola_components::journal::Event;
use hemiola_components::market::Bars;
use hemiola_components::order::{
    EntryKind, EntryOrder, FillModel, Maintenance, OrderKind, OrderSize, OrderStatus, Origin, Side,
    TimeInForce,
};
use hemiola_components::schedule::Sizing;
use hemiola_components::time::Nanos;
use hemiola_components::units::{Quantity, Ratio};
use proptest::prelude::*;

use crate::support::random::{RandomWorld, world};
use crate::support::*;

/// Open, high, low, close, volume.
type Row = (f64, f64, f64, f64, f64);

const CALM: Row = (100.0, 104.0, 96.0, 100.0, 40.0);
const FALL: Row = (100.0, 101.0, 90.0, 100.0, 40.0);

fn minute_bars(rows: &[Row]) -> Arc<Bars> {
    let mut bars = Bars::clone(&minutes(&rows.iter().map(|row| (row.0, row.3)).collect::<Vec<_>>()));
    bars.high = rows.iter().map(|row| row.1).collect();
    bars.low = rows.iter().map(|row| row.2).collect();
    bars.volume = rows.iter().map(|row| row.4).collect();
    Arc::new(bars)
}

/// Eight units are wanted from the first close on, and none from the close after `exit` candles; an order gets a tenth of
/// the volume.
fn eight(rows: &[Row], exit: i64, entry_order: EntryOrder) -> (Plan, Market) {
    let mut schedule = schedule("a", 0, &[0]);
    (schedule.sizing, schedule.entry_order) = (Sizing::Base(Quantity::new(8.0)), entry_order);
    let mut plan = plan(&["A"], vec![external("x")], vec![schedule]);
    plan.fill_model = FillModel::Realistic;
    plan.liquidity.max_volume_share = Ratio::new(0.1);
    plan.instruments[0].rules.tick = 0.5;
    let mut market = market(&plan, &[minute_bars(rows)]);
    market.targets[0].insert("venue:A".into(), targets(&[(1, 1.0), (exit, 0.0)]));
    (plan, market)
}

fn entry(kind: EntryKind, offset: f64, time_in_force: TimeInForce) -> EntryOrder {
    EntryOrder { kind, offset: Ratio::new(offset), time_in_force, ..EntryOrder::default() }
}

const LIMIT: EntryKind = EntryKind::Limit { post_only: false };

/// Minute, signed quantity, price, maker, status.
fn traded(plan: &Plan, market: &Market) -> Vec<(i64, f64, f64, bool, OrderStatus)> {
    let outcome = run(plan, market);
    assert_eq!(outcome.account.reserved.get(), 0.0, "nothing is set aside any more");
    let signed = |fill: &hemiola_components::order::Fill| fill.order.side.sign() * fill.quantity.get();
    fills(&outcome)
        .iter()
        .map(|fill| (fill.time.get() / MINUTE, signed(fill), fill.price.get(), fill.maker, fill.status))
        .collect()
}

#[test]
fn a_limit_rests_and_is_filled_in_parts_as_a_maker() {
    let (mut plan, market) =
        eight(&[CALM, CALM, CALM, FALL, CALM, CALM], 5, entry(LIMIT, 0.05, TimeInForce::UntilFilled));
    plan.costs.taker_fee = Ratio::new(0.01);
    plan.costs.maker_fee = Ratio::new(0.005);
    plan.liquidity.max_volume_share = Ratio::new(0.2);
    assert_eq!(
        traded(&plan, &market),
        [(3, 8.0, 95.0, true, OrderStatus::Filled), (5, -8.0, 100.0, false, OrderStatus::Filled)]
    );
    plan.liquidity.max_volume_share = Ratio::new(0.1);
    let (part, whole) = (OrderStatus::PartiallyFilled, OrderStatus::Filled);
    let rows = [CALM, FALL, CALM, FALL, CALM, CALM, CALM];
    let market = Market { series: vec![BTreeMap::from([(interval("1m"), minute_bars(&rows))])], ..market };
    let expected = [
        (1, 4.0, 95.0, true, part),
        (3, 4.0, 95.0, true, whole),
        (5, -4.0, 100.0, false, part),
        (6, -4.0, 100.0, false, whole),
    ];
    assert_eq!(traded(&plan, &market), expected);
    let outcome = run(&plan, &market);
    assert_eq!(outcome.holdings[0].fees.get(), 8.0 * 95.0 * 0.005 + 8.0 * 100.0 * 0.01);
    let counts = outcome.telemetry[0];
    assert_eq!((counts.orders, counts.fills, counts.refusals), (2, 2, 0));
}

#[test]
fn what_cannot_be_filled_on_arrival_is_canceled_and_said() {
    let rows = [CALM; 7];
    let with = |kind, offset, time_in_force| {
        let (plan, market) = eight(&rows, 4, entry(kind, offset, time_in_force));
        (traded(&plan, &market), refusals(&run(&plan, &market)))
    };
    let (part, whole) = (OrderStatus::PartiallyFilled, OrderStatus::Filled);
    let (fills, refused) = with(LIMIT, 0.0, TimeInForce::ImmediateOrCancel);
    assert_eq!(fills, [(1, 4.0, 100.0, false, part), (4, -4.0, 100.0, false, whole)], "half of it, and back");
    assert_eq!(refused, [("immediate_or_cancel", 0.5, 1.0)]);
    let (fills, refused) = with(EntryKind::Market, 0.0, TimeInForce::FillOrKill);
    assert_eq!((fills, refused), (vec![], vec![("fill_or_kill", 0.0, 1.0)]));
    let (fills, refused) = with(EntryKind::Limit { post_only: true }, 0.0, TimeInForce::UntilFilled);
    assert_eq!((fills, refused), (vec![], vec![("post_only", 0.0, 1.0)]));
}

#[test]
fn an_order_whose_time_is_up_leaves_what_it_got() {
    let good_for = Nanos::new(2 * MINUTE);
    let order = EntryOrder { good_for, ..entry(LIMIT, 0.05, TimeInForce::UntilFilled) };
    let (plan, market) = eight(&[CALM, FALL, CALM, FALL, CALM, CALM], 4, order);
    let (part, whole) = (OrderStatus::PartiallyFilled, OrderStatus::Filled);
    assert_eq!(traded(&plan, &market), [(1, 4.0, 95.0, true, part), (4, -4.0, 100.0, false, whole)]);
    assert_eq!(refusals(&run(&plan, &market)), [("expired", 120.0, 120.0)]);
}

#[test]
fn a_stop_enters_where_the_market_passes_it_and_pays_for_its_size() {
    let rise = (101.0, 110.0, 100.0, 105.0, 64.0);
    let (mut plan, market) =
        eight(&[CALM, CALM, rise, CALM, CALM], 9, entry(EntryKind::Stop, 0.05, TimeInForce::UntilFilled));
    plan.liquidity.max_volume_share = Ratio::ZERO;
    plan.costs.slippage = Ratio::new(0.125);
    plan.costs.impact = Ratio::new(0.0625);
    let price = 105.0 * (1.0 + 0.125 + 0.0625 * (8.0_f64 / 64.0).sqrt());
    assert_eq!(traded(&plan, &market), [(2, 8.0, price, false, OrderStatus::Filled)]);
    assert_eq!(run(&plan, &market).holdings[0].slippage.get(), (price - 105.0) * 8.0);
}

#[test]
fn latency_makes_an_order_meet_the_candle_later_and_worse() {
    let (mut plan, market) = eight(&[CALM, CALM, CALM], 9, EntryOrder::default());
    plan.liquidity.max_volume_share = Ratio::ZERO;
    plan.liquidity.latency = Nanos::new(MINUTE / 4);
    let fill = fills(&run(&plan, &market))[0];
    assert_eq!(
        (fill.time.get(), fill.price.get()),
        (MINUTE + MINUTE / 4, 101.0),
        "a quarter of the way to 104"
    );
}

#[test]
fn a_short_pays_for_what_it_borrows_at_midnight_and_when_it_is_covered() {
    let day = 24 * 60;
    let candles: Vec<Candle> = (day - 4..day + 6).map(|minute| (minute, 100.0, 100.0, 1.0)).collect();
    let mut one = schedule("a", 0, &[0]);
    one.sizing = Sizing::Base(Quantity::new(2.0));
    let mut plan = plan(&["A"], vec![external("x")], vec![one]);
    plan.margin.borrow_rate = Ratio::new(0.365);
    let mut market = market(&plan, &[bars(interval("1m"), &candles)]);
    market.targets[0].insert("venue:A".into(), targets(&[(day - 2, -1.0), (day + 3, 0.0)]));
    let outcome = run(&plan, &market);
    let minute = 200.0 * 0.365 / (365.0 * 24.0 * 60.0);
    let paid: Vec<(i64, f64)> = outcome
        .records
        .iter()
        .filter_map(|record| match record.event {
            Event::Borrow { amount, .. } => Some((record.at.get() / MINUTE - day, amount.get() / minute)),
            _ => None,
        })
        .collect();
    assert_eq!(paid.len(), 2);
    for ((at, minutes), (expected_at, expected)) in paid.into_iter().zip([(0, 2.0), (4, 3.0)]) {
        assert!(at == expected_at && (minutes - expected).abs() < 1e-9, "{at} {minutes}");
    }
    assert!((outcome.holdings[0].borrow.get() - 5.0 * minute).abs() < 1e-12);
    assert!((outcome.account.cash.get() + 5.0 * minute - 1_000.0).abs() < 1e-9);
    assert_eq!(outcome.account.margin.get(), 0.0);
}

#[test]
fn a_short_locks_its_margin_while_it_is_open() {
    let mut one = schedule("a", 0, &[0]);
    one.sizing = Sizing::Base(Quantity::new(2.0));
    let mut plan = plan(&["A"], vec![external("x")], vec![one]);
    plan.margin.leverage = 4.0;
    let mut market = market(&plan, &[minutes(&[(100.0, 100.0); 6])]);
    market.targets[0].insert("venue:A".into(), targets(&[(1, -1.0)]));
    let outcome = run(&plan, &market);
    assert_eq!((outcome.account.cash.get(), outcome.account.margin.get()), (1_200.0, 50.0));
    assert_eq!(outcome.holdings[0].margin.get(), 50.0);
}

#[test]
fn a_venue_that_fills_at_once_closes_a_short_whose_margin_is_used_up_after_its_next_fill() {
    let mut one = schedule("a", 0, &[0]);
    one.sizing = Sizing::Base(Quantity::new(2.0));
    let mut plan = plan(&["A"], vec![external("x")], vec![one]);
    plan.fill_model = FillModel::Instant;
    plan.margin.leverage = 4.0;
    plan.margin.maintenance = Maintenance::ByProfile;
    let mut market =
        market(&plan, &[minutes(&[(100.0, 100.0), (120.0, 120.0), (120.0, 120.0), (120.0, 120.0)])]);
    market.targets[0].insert("venue:A".into(), targets(&[(1, -0.5), (3, -0.75)]));
    let outcome = run(&plan, &market);
    let closed = fills(&outcome)[2];
    assert_eq!((closed.order.origin, closed.price.get(), closed.quantity.get()), (Origin::Venue, 120.0, 1.5));
    assert_eq!(
        outcome.account.cash.get(),
        1_000.0 + 100.0 + 60.0 - 180.0,
        "40 of margin do not carry a loss of 20 at 0.25 of 180"
    );
    assert_eq!((outcome.account.margin.get(), outcome.holdings[0].quantity.get()), (0.0, 0.0));
    assert_eq!((outcome.telemetry[0].orders, outcome.telemetry[0].fills), (3, 3), "one of them the venue's");
}

/// What was filled of each order, and how much of it that is.
fn check_fills(plan: &Plan, market: &Market) -> Result<(), TestCaseError> {
    let lines: Vec<Arc<Bars>> = market.series.iter().map(price_line).collect();
    let mut filled: BTreeMap<(usize, usize, i64, u32), f64> = BTreeMap::new();
    for fill in fills(&run(plan, market)) {
        let order = fill.order;
        let (price, quantity, sign) = (fill.price.get(), fill.quantity.get(), order.side.sign());
        if let OrderKind::Limit { price: limit, .. } = order.kind {
            prop_assert!(sign * (price - limit.get()) <= 0.0, "{fill:?}");
            prop_assert!(!fill.maker || price == limit.get(), "{fill:?}");
        }
        prop_assert!(fill.slippage.get() >= 0.0 && fill.time >= order.at, "{fill:?}");
        let share = plan.liquidity.max_volume_share.get();
        let line = &lines[order.instrument.get()];
        let bar = (0..line.len()).find(|bar| line.close_time(*bar) > fill.time).unwrap();
        prop_assert!(line.traded(bar));
        let whole = plan.schedules[order.schedule.get()].entry_order.time_in_force == TimeInForce::FillOrKill;
        if share > 0.0 && !whole {
            prop_assert!(quantity <= share * line.volume[bar] * (1.0 + 1e-9), "{fill:?}");
        }
        let id = (order.schedule.get(), order.instrument.get(), order.at.get(), order.ordinal);
        let gross = 1.0 + plan.costs.fee(fill.maker).get();
        let (part, size) = match order.size {
            OrderSize::Base(size) => (quantity, size.get()),
            OrderSize::Quote(size) => (quantity * price, size.get()),
            OrderSize::Spend(size) => (quantity * price * gross, size.get()),
        };
        let total = filled.entry(id).or_default();
        *total += part;
        prop_assert!(*total <= size * (1.0 + 1e-9), "{fill:?}");
        let is_all = fill.status == OrderStatus::Filled;
        if let (OrderSize::Base(_), true, false) = (order.size, is_all, fill.clipped) {
            prop_assert!((*total - size).abs() <= 1e-9 * size, "parts of {size} add up to {total}");
        }
        prop_assert!(order.side == Side::Buy || !fill.clipped);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A limit is never filled worse, parts add up to the order and never to more, nobody gets more of a candle than its
    /// share.
    #[test]
    fn fills_keep_to_their_orders_and_to_their_candles(RandomWorld { mut plan, market } in world()) {
        if plan.fill_model == FillModel::Instant {
            plan.fill_model = FillModel::NextOpen;
        }
        check_fills(&plan, &market)?;
    }
}
