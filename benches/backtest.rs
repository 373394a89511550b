//! The parts of a whole run: assembly and passes, on a walk of the kind of W1. Whole workloads against hand-written
//! loops are `hemiola bench run`.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hemiola::assembly::{Options, assemble};
use hemiola_components::schedule::Sizing;
use hemiola_systems::signals::catalog::Catalog;

mod support;

const CANDLES: usize = 1_000_000;

fn parts(c: &mut Criterion) {
    let (plan, market) = support::account(&[support::walk(1, CANDLES)], 20, 50, Sizing::AllIn);
    let build = || assemble(&[(&plan, &market)], &Catalog::built_in(), Options::default());
    let mut group = c.benchmark_group("backtest");
    group.throughput(Throughput::Elements(CANDLES as u64)).sample_size(10);
    group.bench_function("assembly", |b| b.iter(build));
    group.bench_function("passes", |b| {
        b.iter_batched(
            || build().expect("a sound plan").0,
            |mut runtime| {
                while runtime.step().expect("a sound world") {
                    runtime.outbox().records.drain();
                }
                runtime
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, parts);
criterion_main!(benches);
