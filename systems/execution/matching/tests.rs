//! One order against a few candles of ten nanoseconds.

use std::sync::Arc;

use bevy_ecs::prelude::Entity;
use hemiola_components::id::{InstrumentIndex, PortfolioIndex, ScheduleIndex};
use hemiola_components::market::{Bars, TradingRules};
use hemiola_components::order::{Order, OrderSize, Origin, WorkingOrder};
use hemiola_components::units::{Notional, Ratio};

use super::*;

/// Open, high, low, close, volume.
type Row = (f64, f64, f64, f64, f64);

fn line(rows: &[Row]) -> BookLine {
    let mut bars = Bars::empty(Nanos::new(10));
    bars.open_time = (0..).zip(rows).map(|(bar, _)| Nanos::new(bar * 10)).collect();
    bars.open = rows.iter().map(|row| row.0).collect();
    bars.high = rows.iter().map(|row| row.1).collect();
    bars.low = rows.iter().map(|row| row.2).collect();
    bars.close = rows.iter().map(|row| row.3).collect();
    bars.volume = rows.iter().map(|row| row.4).collect();
    BookLine::new(hemiola_components::candles::Candles::new(Arc::new(bars)), TradingRules::default())
}

const CALM: Row = (100.0, 104.0, 96.0, 102.0, 40.0);
const FALL: Row = (100.0, 101.0, 90.0, 92.0, 40.0);
const DEAD: Row = (100.0, 100.0, 100.0, 100.0, 0.0);

/// An order of 8 decided at the first candle's close.
fn order(side: Side, kind: OrderKind) -> RestingOrder {
    let order = Order {
        schedule: ScheduleIndex::new(0),
        instrument: InstrumentIndex::new(0),
        at: Nanos::new(10),
        ordinal: 0,
        origin: Origin::Engine,
        side,
        size: OrderSize::Base(Quantity::new(8.0)),
        kind,
        reference: Price::new(102.0),
        protection: None,
    };
    let working = WorkingOrder {
        order,
        portfolio: PortfolioIndex::new(0),
        position: Entity::PLACEHOLDER,
        decider: Entity::PLACEHOLDER,
        risk_profile: 0,
        part: 1.0,
        reserved: Notional::ZERO,
        exposure: Quantity::ZERO,
        opens: false,
        time_in_force: TimeInForce::UntilFilled,
        good_for: Nanos::NEVER,
    };
    RestingOrder {
        working,
        status: OrderStatus::Open,
        left: order.size,
        arrival: order.at,
        expires_at: Nanos::NEVER,
        arrived: false,
        after_gap: false,
        bar: 1,
        next: NextStep::Look,
        known_at: Nanos::ZERO,
    }
}

fn limit(price: f64) -> OrderKind {
    OrderKind::Limit { price: Price::new(price), post_only: false }
}

fn stop(trigger: f64) -> OrderKind {
    OrderKind::Stop { trigger: Price::new(trigger) }
}

fn look(mut resting: RestingOrder, rows: &[Row], share: f64) -> RestingOrder {
    let liquidity = Liquidity { max_volume_share: Ratio::new(share), ..Liquidity::default() };
    look_ahead(&mut resting, &line(rows), &liquidity, Nanos::new(1_000_000));
    resting
}

fn taken(bar: usize, price: f64) -> NextStep {
    let time = Nanos::new(10 * i64::try_from(bar).unwrap());
    NextStep::Fill(Filling { bar, time, price: Price::new(price), maker: false })
}

fn made(bar: usize, price: f64) -> NextStep {
    let NextStep::Fill(filling) = taken(bar, price) else { unreachable!() };
    NextStep::Fill(Filling { maker: true, ..filling })
}

#[test]
fn a_market_order_takes_the_next_candle_that_traded() {
    let next = look(order(Side::Buy, OrderKind::Market), &[CALM, DEAD, CALM], 0.0);
    assert_eq!((next.next, next.known_at, next.after_gap), (taken(2, 100.0), Nanos::new(30), true));
    let next = look(order(Side::Buy, OrderKind::Market), &[CALM, CALM], 0.0);
    assert_eq!((next.next, next.after_gap), (taken(1, 100.0), false));
}

#[test]
fn who_comes_late_gets_as_much_of_the_worst_price_as_has_passed() {
    for side in [Side::Buy, Side::Sell] {
        let mut late = order(side, OrderKind::Market);
        late.arrival = Nanos::new(12);
        let expected = 100.0 + 0.2 * (side.sign() * 4.0);
        let NextStep::Fill(filling) = look(late, &[CALM, CALM], 0.0).next else { panic!("a fill") };
        assert_eq!((filling.price.get(), filling.time), (expected, Nanos::new(12)));
        late.arrival = Nanos::new(20);
        assert_eq!(look(late, &[CALM, CALM, CALM], 0.0).next, taken(2, 100.0), "after the candle is over");
    }
}

#[test]
fn a_limit_is_taken_on_arrival_or_rests_until_the_market_trades_through() {
    assert_eq!(look(order(Side::Buy, limit(100.0)), &[CALM, CALM], 0.0).next, taken(1, 100.0));
    assert_eq!(look(order(Side::Buy, limit(97.0)), &[CALM, CALM], 0.0).next, made(1, 97.0));
    let touched = look(order(Side::Buy, limit(96.0)), &[CALM, CALM, FALL], 0.0);
    assert_eq!(touched.next, made(2, 96.0), "a touch is no fill");
    assert_eq!(look(order(Side::Sell, limit(103.0)), &[CALM, FALL, CALM], 0.0).next, made(2, 103.0));
    assert_eq!(look(order(Side::Sell, limit(99.0)), &[CALM, CALM], 0.0).next, taken(1, 100.0));
    let gap = (80.0, 82.0, 79.0, 80.0, 40.0);
    assert_eq!(look(order(Side::Buy, limit(95.0)), &[CALM, CALM, gap], 0.0).next, made(2, 95.0), "no better");
    let mut late = order(Side::Buy, limit(97.0));
    late.arrival = Nanos::new(15);
    assert_eq!(look(late, &[CALM, CALM, CALM], 0.0).next, made(2, 97.0), "the low may have been before");
}

#[test]
fn terms_that_cannot_be_kept_cancel_the_order() {
    let with = |kind, time_in_force, share| {
        let mut order = order(Side::Buy, kind);
        order.working.time_in_force = time_in_force;
        look(order, &[CALM, CALM, CALM], share).next
    };
    let post_only = |price| OrderKind::Limit { price: Price::new(price), post_only: true };
    assert_eq!(with(post_only(100.0), TimeInForce::UntilFilled, 0.0), NextStep::Cancel(Rule::PostOnly));
    assert_eq!(with(post_only(99.0), TimeInForce::UntilFilled, 0.0), made(1, 99.0));
    let [ioc, fok] = [TimeInForce::ImmediateOrCancel, TimeInForce::FillOrKill];
    assert_eq!(with(limit(99.0), ioc, 0.0), NextStep::Cancel(Rule::ImmediateOrCancel));
    assert_eq!(with(limit(100.0), ioc, 0.1), taken(1, 100.0));
    assert_eq!(with(limit(99.0), fok, 0.0), NextStep::Cancel(Rule::FillOrKill));
    assert_eq!(with(OrderKind::Market, fok, 0.1), NextStep::Cancel(Rule::FillOrKill), "4 of 8");
    assert_eq!(with(OrderKind::Market, fok, 0.2), taken(1, 100.0));
}

#[test]
fn a_stop_becomes_a_market_order_where_it_is_triggered() {
    assert_eq!(look(order(Side::Buy, stop(104.0)), &[CALM, CALM], 0.0).next, taken(1, 104.0));
    assert_eq!(look(order(Side::Buy, stop(99.0)), &[CALM, CALM], 0.0).next, taken(1, 100.0));
    assert_eq!(look(order(Side::Sell, stop(91.0)), &[CALM, CALM, FALL], 0.0).next, taken(2, 91.0));
    assert_eq!(look(order(Side::Sell, stop(101.0)), &[CALM, CALM], 0.0).next, taken(1, 100.0));
    let mut triggered = order(Side::Buy, stop(104.0));
    (triggered.status, triggered.arrived) = (OrderStatus::PartiallyFilled, true);
    assert_eq!(look(triggered, &[CALM, FALL], 0.0).next, taken(1, 100.0), "it goes on as a market order");
}

#[test]
fn time_runs_out_for_the_order_or_for_the_run() {
    let mut short = order(Side::Buy, limit(50.0));
    short.expires_at = Nanos::new(25);
    let next = look(short, &[CALM; 5], 0.0);
    assert_eq!((next.next, next.known_at), (NextStep::Expire, Nanos::new(25)));
    let next = look(order(Side::Buy, limit(50.0)), &[CALM; 5], 0.0);
    assert_eq!((next.next, next.known_at), (NextStep::Outlast, Nanos::new(1_000_000)));
}

#[test]
fn the_venue_looks_ahead_a_while_and_goes_on_where_it_stopped() {
    let mut rows = vec![CALM; 2_500];
    rows.push(FALL);
    let mut resting = order(Side::Buy, limit(95.0));
    let mut looks = 0;
    loop {
        resting = look(resting, &rows, 0.0);
        if resting.next != NextStep::Look {
            break;
        }
        looks += 1;
        assert_eq!(resting.known_at, Nanos::new((1 + looks * 1_000) * 10));
    }
    assert_eq!((resting.next, looks), (made(2_500, 95.0), 2));
}
