//! Whole runs against the hand-written loop that does the same: W1 and W3 of the open workloads, on a walk of
//! their kind.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hemiola::assembly::{Market, Options, assemble};
use hemiola::config::plan::Plan;
use hemiola::modes::backtest;
use hemiola_components::market::Bars;
use hemiola_components::schedule::Sizing;
use hemiola_components::units::Notional;
use hemiola_systems::signals::catalog::Catalog;
use support::{CASH, FEE};

mod support;

const FAST: usize = 20;
const SLOW: usize = 50;

/// The rule of W1 as a plain loop: one series, all in, running sums.
fn plain_w1(bars: &Bars) -> f64 {
    let (open, close) = (&bars.open, &bars.close);
    let (mut cash, mut quantity, mut long) = (CASH, 0.0, false);
    let (mut fast, mut slow) = (0.0, 0.0);
    let mut equity = Vec::with_capacity(close.len());
    for t in 0..close.len() {
        if long != (quantity > 0.0) {
            if long {
                (quantity, cash) = (cash / (open[t] * (1.0 + FEE)), 0.0);
            } else {
                (cash, quantity) = (quantity * open[t] * (1.0 - FEE), 0.0);
            }
        }
        fast += close[t];
        slow += close[t];
        if t >= FAST {
            fast -= close[t - FAST];
        }
        if t >= SLOW {
            slow -= close[t - SLOW];
        }
        long = t + 1 >= SLOW && fast / FAST as f64 > slow / SLOW as f64;
        equity.push(cash + quantity * close[t]);
    }
    black_box(&equity);
    cash + quantity * close[close.len() - 1]
}

fn world(plan: &Plan, market: &Market) -> f64 {
    let run = backtest::run(&[(plan, market)], &Catalog::built_in(), Options::default(), |_, _| ());
    run.expect("a sound plan").outcomes[0].account.equity.get()
}

fn w1(c: &mut Criterion) {
    let bars = support::walk(20_260_101, 1_000_000);
    let (plan, market) = support::account(&[Arc::clone(&bars)], FAST as f64, SLOW as f64, Sizing::AllIn);
    let (plain, ours) = (plain_w1(&bars), world(&plan, &market));
    assert!((ours / plain - 1.0).abs() < 1e-9, "the loop ends at {plain}, the world at {ours}");

    let mut group = c.benchmark_group("w1");
    group.throughput(Throughput::Elements(bars.len() as u64)).sample_size(10);
    group.bench_function("plain", |b| b.iter(|| plain_w1(&bars)));
    group.bench_function("world", |b| b.iter(|| world(&plan, &market)));
    group.bench_function("assembly", |b| {
        b.iter_batched(
            || (),
            |()| assemble(&[(&plan, &market)], &Catalog::built_in(), Options::default()),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn w3(c: &mut Criterion) {
    let series: Vec<Arc<Bars>> = (0..100).map(|symbol| support::walk(symbol, 20_000)).collect();
    let sizing = Sizing::Quote(Notional::new(10_000.0));
    let (plan, market) = support::account(&series, FAST as f64, SLOW as f64, sizing);
    let mut group = c.benchmark_group("w3");
    group.throughput(Throughput::Elements(2_000_000)).sample_size(10);
    group.bench_function("world", |b| b.iter(|| world(&plan, &market)));
    group.finish();
}

criterion_group!(benches, w1, w3);
criterion_main!(benches);
