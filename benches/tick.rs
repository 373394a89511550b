//! The fixed cost of a tick: a world that looks at every candle and finds nothing to do.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hemiola::assembly::{Options, assemble};
use hemiola_components::market::Bars;
use hemiola_components::schedule::Sizing;
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::engine::ScanLimit;

mod support;

const BARS: usize = 100_000;

/// Prices that never move never cross.
fn flat() -> Arc<Bars> {
    let mut bars = Arc::unwrap_or_clone(support::walk(1, BARS));
    bars.close.fill(100.0);
    Arc::new(bars)
}

fn steady(c: &mut Criterion) {
    let mut group = c.benchmark_group("tick");
    group.throughput(Throughput::Elements(BARS as u64)).sample_size(20);
    let (plan, market) = support::account(&[flat()], 20, 50, Sizing::AllIn);
    let options = Options { scan: ScanLimit::Decisions(1), ..Options::default() };
    group.bench_function("steady", |b| {
        b.iter_batched(
            || assemble(&[(&plan, &market)], &Catalog::built_in(), options).expect("a sound plan").0,
            |mut runtime| {
                while runtime.step().expect("a sound world") {}
                runtime
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, steady);
criterion_main!(benches);
