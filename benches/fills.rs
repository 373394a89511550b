//! What a fill costs, however many there are: orders of one base unit, each filled at once or in four parts.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hemiola::assembly::{Market, Options, assemble};
use hemiola::bench::walk::square_wave;
use hemiola::config::plan::Plan;
use hemiola::modes::backtest::{Keep, finish, run};
use hemiola_components::journal::Event;
use hemiola_components::order::{Costs, FillModel};
use hemiola_components::schedule::Sizing;
use hemiola_components::units::{Quantity, Ratio};
use hemiola_systems::signals::catalog::Catalog;

mod support;

const FILLS: [usize; 4] = [250, 1_000, 4_000, 16_000];

/// Candles from one crossing to the next; the first half wave fills the slow window.
const HALF: usize = 64;

/// A believable venue that fills `fills` times, each order in so many parts.
fn world(fills: usize, parts: usize) -> (Plan, Market) {
    let mut bars = square_wave(HALF, HALF * (fills / parts + 1));
    Arc::make_mut(&mut bars).volume.fill(1.0);
    let (mut plan, market) = support::account(&[bars], 2, 32, Sizing::Base(Quantity::new(1.0)));
    plan.fill_model = FillModel::Realistic;
    plan.costs = Costs { impact: Ratio::new(0.001), slippage: Ratio::new(0.0001), ..plan.costs };
    plan.liquidity.max_volume_share = Ratio::new(1.0 / parts as f64);
    (plan, market)
}

/// Counts the fills, so that a bench of something else is noticed.
fn count(plan: &Plan, market: &Market) -> usize {
    let run = run(&[(plan, market)], &Catalog::built_in(), Options::default(), |_, _| ());
    let records = &run.expect("a sound plan").outcomes[0].records;
    records.iter().filter(|record| matches!(record.event, Event::Fill { .. })).count()
}

fn fills(c: &mut Criterion) {
    let mut group = c.benchmark_group("fills");
    group.sample_size(20);
    for (name, parts) in [("whole", 1), ("in four parts", 4)] {
        for fills in FILLS {
            let (plan, market) = world(fills, parts);
            assert_eq!(count(&plan, &market), fills / parts * parts);
            group.throughput(Throughput::Elements(fills as u64));
            group.bench_function(format!("{fills} {name}"), |b| {
                let plans = [(&plan, &market)];
                b.iter_batched(
                    || assemble(&plans, &Catalog::built_in(), Options::default()).expect("a sound plan").0,
                    |runtime| finish(&plans, runtime, Keep::Records, |_, _| ()).expect("a sound world"),
                    BatchSize::LargeInput,
                );
            });
        }
    }
    group.finish();
}

criterion_group!(benches, fills);
criterion_main!(benches);
