//! A made-up market for benchmarks.

use std::sync::Arc;

use hemiola_components::market::Bars;
use hemiola_components::time::{Interval, Nanos};

pub(crate) fn minute() -> Interval {
    "1m".parse().expect("an interval")
}

/// A seeded walk on a grid of 1/64 with a slow drift, `bars` candles of one minute.
pub(crate) fn walk(seed: u64, bars: usize) -> Arc<Bars> {
    let mut state = seed;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    let mut noise = move || uniform() + uniform() + uniform() + uniform();
    let grid = |price: f64| (price * 64.0).round() / 64.0;
    let (mut price, mut drift) = (20_000.0, 0.0);
    let mut columns = Bars::empty(minute().length());
    for bar in (0..).take(bars) {
        let open = grid(price * (1.0 + noise() * 1.5e-4));
        drift = 0.997 * drift + noise() * 1.1e-5;
        price *= 1.0 + drift + noise() * 1.0e-3 - 2.0e-5 * (price / 20_000.0 - 1.0);
        let close = grid(price);
        columns.open_time.push(Nanos::new(bar * minute().length().get()));
        columns.open.push(open);
        columns.high.push(open.max(close));
        columns.low.push(open.min(close));
        columns.close.push(close);
        columns.volume.push(1.0);
    }
    Arc::new(columns)
}
