//! One order against the candles of its instrument: what happens to it next, and when that is known.
//!
//! Only the venue reads ahead, and what it finds depends on the order and the candles alone, not on how far anybody
//! looked.

use hemiola_components::candles::Candles;
use hemiola_components::order::{Liquidity, OrderKind, OrderStatus, Side, TimeInForce};
use hemiola_components::portfolio::{BookLine, Filling, NextStep, RestingOrder};
use hemiola_components::risk::Rule;
use hemiola_components::time::Nanos;
use hemiola_components::units::{Price, Quantity};

use super::fill::quantity_at;

/// Candles that are looked at in one go.
const LOOK_AHEAD: usize = 1_000;

/// Notes on an order what happens to it next in the candles from [`RestingOrder::bar`] on; `end` is the last instant of
/// the run.
pub(crate) fn look_ahead(resting: &mut RestingOrder, line: &BookLine, liquidity: &Liquidity, end: Nanos) {
    let bars = &line.bars;
    let until = bars.len().min(resting.bar + LOOK_AHEAD);
    let deadline = resting.expires_at.min(end);
    for bar in resting.bar..until {
        let closes = bars.close_time(bar);
        if closes > deadline {
            return end_of(resting, end);
        }
        resting.bar = bar + 1;
        if bars.open_time(bar) < resting.working.order.at || closes <= resting.arrival {
            continue;
        }
        resting.after_gap |= bar > 0 && bars.open_time(bar) > bars.end_time(bar - 1);
        if !bars.traded(bar) {
            resting.after_gap = true;
            continue;
        }
        if let Some(step) = in_candle(resting, line, bar, liquidity) {
            (resting.next, resting.known_at) = (step, closes);
            return;
        }
        resting.arrived = true;
    }
    if until == bars.len() {
        return end_of(resting, end);
    }
    (resting.next, resting.known_at) = (NextStep::Look, bars.close_time(until - 1));
}

/// No candle is left in the order's time, or in the run's.
fn end_of(resting: &mut RestingOrder, end: Nanos) {
    (resting.next, resting.known_at) = if resting.expires_at <= end {
        (NextStep::Expire, resting.expires_at)
    } else {
        (NextStep::Outlast, end)
    };
}

/// The most base units that one order gets of candle `bar`.
pub(crate) fn available(line: &BookLine, bar: usize, liquidity: &Liquidity) -> Quantity {
    let share = liquidity.max_volume_share.get();
    match line.bars.volume.get(bar) {
        Some(volume) if share > 0.0 => Quantity::new(share * volume).cut_to(line.rules.step),
        _ => Quantity::new(f64::INFINITY),
    }
}

/// What a candle that traded does to an order that is in the market, if anything.
fn in_candle(resting: &RestingOrder, line: &BookLine, bar: usize, liquidity: &Liquidity) -> Option<NextStep> {
    let available = available(line, bar, liquidity);
    let candle = Candle::of(&line.bars, bar, resting);
    let order = &resting.working.order;
    let side = order.side;
    let taker = |price: f64| Some(price);
    let (taken_at, limit) = match order.kind {
        OrderKind::Market => (taker(candle.price), None),
        // The part that is filled has triggered it.
        OrderKind::Stop { .. } if resting.status == OrderStatus::PartiallyFilled => {
            (taker(candle.price), None)
        }
        OrderKind::Stop { trigger } => (candle.triggers(trigger.get(), side), None),
        OrderKind::Limit { price, .. } if resting.arrived => (None, Some(price)),
        OrderKind::Limit { price, .. } => {
            let is_marketable = !is_worse(candle.price, price.get(), side);
            (is_marketable.then_some(candle.price), Some(price))
        }
    };
    let filling = |price: f64, maker: bool| {
        let filling = Filling { bar, time: candle.time, price: Price::new(price), maker };
        NextStep::Fill(filling)
    };
    let on_arrival_only = match resting.working.time_in_force {
        TimeInForce::ImmediateOrCancel => Some(Rule::ImmediateOrCancel),
        TimeInForce::FillOrKill => Some(Rule::FillOrKill),
        TimeInForce::UntilFilled | TimeInForce::NextCandle => None,
    };
    if let Some(price) = taken_at {
        let enough = || quantity_at(resting.left, Price::new(price), line.rules.step) <= available;
        return match (order.kind, on_arrival_only) {
            (OrderKind::Limit { post_only: true, .. }, _) => Some(NextStep::Cancel(Rule::PostOnly)),
            (_, Some(rule @ Rule::FillOrKill)) if !enough() => Some(NextStep::Cancel(rule)),
            (_, Some(rule)) if available <= Quantity::ZERO => Some(NextStep::Cancel(rule)),
            _ => (available > Quantity::ZERO).then(|| filling(price, false)),
        };
    }
    let limit = limit?;
    if let Some(rule) = on_arrival_only {
        return Some(NextStep::Cancel(rule));
    }
    let is_filled = candle.trades_through(limit.get(), side) && available > Quantity::ZERO;
    is_filled.then(|| filling(limit.get(), true))
}

/// Whether `price` is worse than `limit` for an order of this side.
fn is_worse(price: f64, limit: f64, side: Side) -> bool {
    match side {
        Side::Buy => price > limit,
        Side::Sell => price < limit,
    }
}

/// A candle as an order meets it.
struct Candle<'a> {
    bars: &'a Candles,
    bar: usize,
    /// When the order meets it: its open, or the order's arrival after that.
    time: Nanos,
    /// The price it has then: its open; after that nobody knows, so as much of the way from the open to the worst price
    /// as of its time has passed.
    price: f64,
}

impl<'a> Candle<'a> {
    fn of(bars: &'a Candles, bar: usize, resting: &RestingOrder) -> Self {
        let (opens, open) = (bars.open_time(bar), bars.open[bar]);
        let late = (resting.arrival - opens).get();
        if late <= 0 {
            return Self { bars, bar, time: opens, price: open };
        }
        let worst = match resting.working.order.side {
            Side::Buy => bars.high[bar],
            Side::Sell => bars.low[bar],
        };
        let passed = late as f64 / (bars.close_time(bar) - opens).get() as f64;
        Self { bars, bar, time: resting.arrival, price: open + passed * (worst - open) }
    }

    /// The price at which a stop becomes a market order, if the candle trades there. When that was before the order's
    /// arrival or after it nobody knows, so it is taken to be after.
    fn triggers(&self, trigger: f64, side: Side) -> Option<f64> {
        match side {
            Side::Buy => (self.bars.high[self.bar] >= trigger).then_some(self.price.max(trigger)),
            Side::Sell => (self.bars.low[self.bar] <= trigger).then_some(self.price.min(trigger)),
        }
    }

    /// Whether the candle trades beyond a limit while the order rests at it. An order that arrives late has not been
    /// there for all of it, so it is not filled by that candle.
    fn trades_through(&self, limit: f64, side: Side) -> bool {
        self.time == self.bars.open_time(self.bar)
            && match side {
                Side::Buy => self.bars.low[self.bar] < limit,
                Side::Sell => self.bars.high[self.bar] > limit,
            }
    }
}

#[cfg(test)]
mod tests;
