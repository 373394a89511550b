//! Whole runs against the hand-written loop that does the same: W1 and W3 of the open workloads, from the files in
//! `PEERS_DATA` where it is set, else on walks of their kind.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hemiola::assembly::{Market, Options, assemble};
use hemiola::config::plan::Plan;
use hemiola::modes::backtest;
use hemiola_adapters::store::{Check, load_file};
use hemiola_components::market::Bars;
use hemiola_components::schedule::Sizing;
use hemiola_components::units::Notional;
use hemiola_systems::signals::catalog::Catalog;
use support::{CASH, FEE};

mod support;

const FAST: usize = 20;
const SLOW: usize = 50;
const AMOUNT: f64 = 10_000.0;

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

/// The rule of W3 as a plain loop: a fixed amount per symbol out of one account, columns turned time-major first.
struct TimeMajor {
    symbols: usize,
    open: Vec<f64>,
    close: Vec<f64>,
}

impl TimeMajor {
    fn of(series: &[Arc<Bars>]) -> Self {
        let rows = |column: fn(&Bars) -> &[f64]| {
            (0..series[0].len()).flat_map(|bar| series.iter().map(move |bars| column(bars)[bar])).collect()
        };
        Self { symbols: series.len(), open: rows(|bars| &bars.open), close: rows(|bars| &bars.close) }
    }
}

#[derive(Clone, Copy, Default)]
struct Symbol {
    fast: f64,
    slow: f64,
    quantity: f64,
    long: bool,
}

fn plain_w3(columns: &TimeMajor) -> f64 {
    let TimeMajor { symbols, open, close } = columns;
    let mut cash = CASH;
    let mut state = vec![Symbol::default(); *symbols];
    let mut equity = Vec::with_capacity(close.len() / symbols);
    for (t, (opens, closes)) in open.chunks(*symbols).zip(close.chunks(*symbols)).enumerate() {
        for (symbol, price) in state.iter_mut().zip(opens) {
            if symbol.long && symbol.quantity == 0.0 && cash > 0.0 {
                let spent = cash.min(AMOUNT * (1.0 + FEE));
                symbol.quantity = spent / (price * (1.0 + FEE));
                cash -= spent;
            } else if !symbol.long && symbol.quantity > 0.0 {
                cash += symbol.quantity * price * (1.0 - FEE);
                symbol.quantity = 0.0;
            }
        }
        let mut value = cash;
        for (index, (symbol, price)) in state.iter_mut().zip(closes).enumerate() {
            symbol.fast += price;
            symbol.slow += price;
            if t >= FAST {
                symbol.fast -= close[(t - FAST) * symbols + index];
            }
            if t >= SLOW {
                symbol.slow -= close[(t - SLOW) * symbols + index];
            }
            symbol.long = t + 1 >= SLOW && symbol.fast / FAST as f64 > symbol.slow / SLOW as f64;
            value += symbol.quantity * price;
        }
        equity.push(value);
    }
    equity.last().copied().unwrap_or(cash)
}

fn world(plan: &Plan, market: &Market) -> f64 {
    let run = backtest::run(&[(plan, market)], &Catalog::built_in(), Options::default(), |_, _| ());
    run.expect("a sound plan").outcomes[0].account.equity.get()
}

/// The workload's candles, by symbol.
fn workload(file: &str, otherwise: impl FnOnce() -> Vec<Arc<Bars>>) -> Vec<Arc<Bars>> {
    let Some(folder) = std::env::var_os("PEERS_DATA") else { return otherwise() };
    let path = std::path::Path::new(&folder).join(file);
    let series = load_file(&path, support::minute(), Check::Trusted).expect("PEERS_DATA holds the workloads");
    series.into_iter().map(|(_, series)| Arc::new(series.bars)).collect()
}

fn w1(c: &mut Criterion) {
    let bars = workload("w1.parquet", || vec![support::walk(20_260_101, 1_000_000)]).remove(0);
    let (plan, market) = support::account(&[Arc::clone(&bars)], FAST as f64, SLOW as f64, Sizing::AllIn);
    let (plain, ours) = (plain_w1(&bars), world(&plan, &market));
    assert!((ours / plain - 1.0).abs() < 1e-9, "the loop ends at {plain}, the world at {ours}");

    let mut group = c.benchmark_group("w1");
    group.throughput(Throughput::Elements(bars.len() as u64)).sample_size(10);
    group.bench_function("plain", |b| b.iter(|| plain_w1(&bars)));
    group.bench_function("world", |b| b.iter(|| world(&plan, &market)));
    group.bench_function("assembly", |b| {
        b.iter(|| assemble(&[(&plan, &market)], &Catalog::built_in(), Options::default()));
    });
    group.bench_function("passes", |b| {
        b.iter_batched(
            || {
                assemble(&[(&plan, &market)], &Catalog::built_in(), Options::default())
                    .expect("a sound plan")
                    .0
            },
            |mut runtime| {
                while runtime.step() {
                    runtime.outbox().records.clear();
                }
                runtime
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn w3(c: &mut Criterion) {
    let series = workload("w3.parquet", || (0..100).map(|symbol| support::walk(symbol, 20_000)).collect());
    let sizing = Sizing::Quote(Notional::new(AMOUNT));
    let (plan, market) = support::account(&series, FAST as f64, SLOW as f64, sizing);
    let columns = TimeMajor::of(&series);
    let (plain, ours) = (plain_w3(&columns), world(&plan, &market));
    assert!((ours / plain - 1.0).abs() < 1e-9, "the loop ends at {plain}, the world at {ours}");

    let mut group = c.benchmark_group("w3");
    group.throughput(Throughput::Elements(2_000_000)).sample_size(10);
    group.bench_function("plain", |b| b.iter(|| plain_w3(&columns)));
    group.bench_function("world", |b| b.iter(|| world(&plan, &market)));
    group.finish();
}

criterion_group!(benches, w1, w3);
criterion_main!(benches);
