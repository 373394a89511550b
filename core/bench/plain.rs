//! The workloads as hand-written loops: what the same result costs without a world, a gate, records or a ledger.
//!
//! They keep what the independent loops of the open workloads keep: every fill and every point of the equity curve,
//! except where said otherwise.

use std::hint::black_box;
use std::sync::Arc;

use hemiola_components::market::Bars;

use super::account::{CASH, Crossing, FEE};

/// What a run of an account comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ending {
    /// Buys and sells.
    pub fills: u64,
    /// Cash and the marked position.
    pub equity: f64,
}

struct Fill {
    bar: usize,
    price: f64,
    quantity: f64,
}

/// One series, all in or out, running sums.
#[must_use]
pub fn all_in(bars: &Bars, crossing: &Crossing) -> Ending {
    let (open, close) = (&bars.open, &bars.close);
    let (fast, slow) = (crossing.fast as usize, crossing.slow as usize);
    let (mut cash, mut quantity, mut long) = (CASH, 0.0, false);
    let (mut fast_sum, mut slow_sum) = (0.0, 0.0);
    let (mut fills, mut equity) = (Vec::new(), Vec::with_capacity(close.len()));
    for bar in 0..close.len() {
        if long != (quantity > 0.0) {
            let price = open[bar];
            let traded = if long { cash / (price * (1.0 + FEE)) } else { quantity };
            fills.push(Fill { bar, price, quantity: traded });
            if long {
                (quantity, cash) = (traded, 0.0);
            } else {
                (cash, quantity) = (quantity * price * (1.0 - FEE), 0.0);
            }
        }
        fast_sum += close[bar];
        slow_sum += close[bar];
        if bar >= fast {
            fast_sum -= close[bar - fast];
        }
        if bar >= slow {
            slow_sum -= close[bar - slow];
        }
        long = bar + 1 >= slow && fast_sum / fast as f64 > slow_sum / slow as f64;
        equity.push(cash + quantity * close[bar]);
    }
    let kept: f64 = fills.iter().map(|fill| fill.price + fill.quantity + fill.bar as f64).sum();
    black_box((kept, &equity));
    Ending { fills: fills.len() as u64, equity: equity.last().copied().unwrap_or(cash) }
}

/// The same for many pairs of windows, one after the other; keeps final equity and the number of fills only.
#[must_use]
pub fn all_in_each(bars: &Bars, crossings: &[Crossing]) -> Vec<Ending> {
    crossings.iter().map(|crossing| all_in_ending(bars, crossing)).collect()
}

fn all_in_ending(bars: &Bars, crossing: &Crossing) -> Ending {
    let (open, close) = (&bars.open[..], &bars.close[..]);
    let (fast, slow) = (crossing.fast as usize, crossing.slow as usize);
    let last = close.len() - 1;
    if last < slow {
        return Ending { fills: 0, equity: CASH };
    }
    let (mut cash, mut quantity, mut fills, mut holds) = (CASH, 0.0, 0, false);
    let mut slow_sum: f64 = close[..slow - 1].iter().sum();
    let mut fast_sum: f64 = close[slow - fast..slow - 1].iter().sum();
    let (fast_count, slow_count) = (fast as f64, slow as f64);
    let leaving = close[slow - fast..].iter().zip(close);
    let candles = close[slow - 1..last].iter().zip(leaving).zip(&open[slow..]);
    for ((entering, (leaves_fast, leaves_slow)), &price) in candles {
        fast_sum += entering;
        slow_sum += entering;
        let long = fast_sum * slow_count > slow_sum * fast_count;
        fast_sum -= leaves_fast;
        slow_sum -= leaves_slow;
        if long != holds {
            if long {
                (quantity, cash) = (cash / (price * (1.0 + FEE)), 0.0);
            } else {
                (cash, quantity) = (quantity * price * (1.0 - FEE), 0.0);
            }
            holds = long;
            fills += 1;
        }
    }
    Ending { fills, equity: cash + quantity * close[last] }
}

/// Columns of many series, an instant a row.
#[derive(Clone, Debug)]
pub struct TimeMajor {
    symbols: usize,
    open: Vec<f64>,
    close: Vec<f64>,
}

impl TimeMajor {
    /// Of series of the same length.
    #[must_use]
    pub fn of(series: &[Arc<Bars>]) -> Self {
        let rows = |column: fn(&Bars) -> &[f64]| {
            (0..series[0].len()).flat_map(|bar| series.iter().map(move |bars| column(bars)[bar])).collect()
        };
        Self { symbols: series.len(), open: rows(|bars| &bars.open), close: rows(|bars| &bars.close) }
    }

    fn rows(&self) -> impl Iterator<Item = (usize, (&[f64], &[f64]))> {
        self.open.chunks(self.symbols).zip(self.close.chunks(self.symbols)).enumerate()
    }
}

#[derive(Clone, Copy, Default)]
struct Slot {
    fast_sum: f64,
    slow_sum: f64,
    quantity: f64,
    ordered: f64,
    long: bool,
}

impl Slot {
    /// Takes in the close of candle `bar` of column `symbol`.
    #[inline]
    fn take(&mut self, columns: &TimeMajor, (bar, symbol): (usize, usize), fast: usize, slow: usize) {
        let close = |bar: usize| columns.close[bar * columns.symbols + symbol];
        self.fast_sum += close(bar);
        self.slow_sum += close(bar);
        if bar >= fast {
            self.fast_sum -= close(bar - fast);
        }
        if bar >= slow {
            self.slow_sum -= close(bar - slow);
        }
        self.long = bar + 1 >= slow && self.fast_sum / fast as f64 > self.slow_sum / slow as f64;
    }
}

/// One account over many series, a fixed amount in each.
#[must_use]
pub fn fixed_amount(columns: &TimeMajor, crossing: &Crossing, amount: f64) -> Ending {
    let (fast, slow) = (crossing.fast as usize, crossing.slow as usize);
    let mut cash = CASH;
    let mut slots = vec![Slot::default(); columns.symbols];
    let (mut fills, mut equity) = (Vec::new(), Vec::with_capacity(columns.close.len() / columns.symbols));
    for (bar, (opens, closes)) in columns.rows() {
        for (slot, &price) in slots.iter_mut().zip(opens) {
            if slot.long && slot.quantity == 0.0 && cash > 0.0 {
                let spent = cash.min(amount * (1.0 + FEE));
                slot.quantity = spent / (price * (1.0 + FEE));
                cash -= spent;
                fills.push(Fill { bar, price, quantity: slot.quantity });
            } else if !slot.long && slot.quantity > 0.0 {
                cash += slot.quantity * price * (1.0 - FEE);
                fills.push(Fill { bar, price, quantity: slot.quantity });
                slot.quantity = 0.0;
            }
        }
        let mut value = cash;
        for (symbol, (slot, price)) in slots.iter_mut().zip(closes).enumerate() {
            slot.take(columns, (bar, symbol), fast, slow);
            value += slot.quantity * price;
        }
        equity.push(value);
    }
    let kept: f64 = fills.iter().map(|fill| fill.price + fill.quantity + fill.bar as f64).sum();
    black_box(kept);
    Ending { fills: fills.len() as u64, equity: equity.last().copied().unwrap_or(cash) }
}

/// One account divided equally between many strategies, each in one series. An entry is sized by the equity at its
/// decision; one that free cash does not cover is not made, and tried again while the strategy is still long.
#[must_use]
pub fn divided(columns: &TimeMajor, crossings: &[Crossing]) -> Ending {
    const TOLERANCE: f64 = 1e-9;
    let mut cash = CASH;
    let mut slots = vec![Slot::default(); crossings.len()];
    let mut net = vec![0.0; columns.symbols];
    let (mut fills, mut equity) = (0, CASH);
    let last = columns.close.len() / columns.symbols - 1;
    for (bar, (opens, closes)) in columns.rows() {
        for (slot, crossing) in slots.iter_mut().zip(crossings).filter(|(slot, _)| slot.ordered != 0.0) {
            let symbol = crossing.series[0];
            if slot.ordered > 0.0 {
                let affordable = cash / (opens[symbol] * (1.0 + FEE));
                slot.ordered = slot.ordered.min(affordable);
                cash -= slot.ordered * opens[symbol] * (1.0 + FEE);
            } else {
                cash -= slot.ordered * opens[symbol] * (1.0 - FEE);
            }
            slot.quantity += slot.ordered;
            net[symbol] += slot.ordered;
            slot.ordered = 0.0;
            fills += 1;
        }
        equity = cash + net.iter().zip(closes).map(|(net, close)| net * close).sum::<f64>();
        let mut free = cash;
        for (slot, crossing) in slots.iter_mut().zip(crossings) {
            let (symbol, fast, slow) = (crossing.series[0], crossing.fast as usize, crossing.slow as usize);
            slot.take(columns, (bar, symbol), fast, slow);
            if bar == last || slot.long == (slot.quantity > 0.0) {
                continue;
            }
            if !slot.long {
                slot.ordered = -slot.quantity;
                continue;
            }
            let unit = closes[symbol] * (1.0 + FEE);
            let quantity = equity / crossings.len() as f64 / unit;
            if quantity * unit <= free * (1.0 + TOLERANCE) {
                slot.ordered = quantity;
                free -= quantity * unit;
            }
        }
    }
    Ending { fills, equity }
}
