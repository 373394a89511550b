//! Made-up markets for benchmarks.

use std::sync::Arc;

use hemiola_components::market::Bars;
use hemiola_components::time::{Interval, Nanos};

/// The interval of all of them.
///
/// # Panics
/// Never: the text is an interval.
#[must_use]
pub fn minute() -> Interval {
    "1m".parse().expect("`1m` is an interval")
}

/// A seeded walk on a grid of 1/64 with a slow drift: `bars` candles of one minute from the epoch on.
#[must_use]
pub fn walk(seed: u64, bars: usize) -> Arc<Bars> {
    let mut state = seed;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    let mut noise = move || uniform() + uniform() + uniform() + uniform();
    let grid = |price: f64| (price * 64.0).round() / 64.0;
    let (mut price, mut drift) = (20_000.0, 0.0);
    candles(bars, |_| {
        let open = grid(price * (1.0 + noise() * 1.5e-4));
        drift = 0.997 * drift + noise() * 1.1e-5;
        price *= 1.0 + drift + noise() * 1.0e-3 - 2.0e-5 * (price / 20_000.0 - 1.0);
        [open, grid(price)]
    })
}

/// A square wave: the close stays at 100 for `half` candles, at 101 for as many, and so on. Each candle opens where
/// it closes.
#[must_use]
pub fn square_wave(half: usize, bars: usize) -> Arc<Bars> {
    candles(bars, |bar| [if (bar / half).is_multiple_of(2) { 100.0 } else { 101.0 }; 2])
}

/// Candles of one minute with the given opening and closing prices.
fn candles(bars: usize, mut prices: impl FnMut(usize) -> [f64; 2]) -> Arc<Bars> {
    let minute = minute().length();
    let mut columns = Bars::empty(minute);
    for (bar, minutes) in (0..bars).zip(0..) {
        let [open, close] = prices(bar);
        columns.open_time.push(Nanos::new(minutes * minute.get()));
        columns.open.push(open);
        columns.high.push(open.max(close));
        columns.low.push(open.min(close));
        columns.close.push(close);
        columns.volume.push(1.0);
    }
    Arc::new(columns)
}
