//! The probability of backtest overfitting of ten thousand trials, from sums of 16 blocks: 12,870 combinations.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use hemiola_systems::selection::{BlockSums, Blocks, Overfitting};

const TRIALS: usize = 10_000;
const DAYS: usize = 730;

/// Splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014), to returns up to 2.5 %.
fn daily_return(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut bits = *state;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 - 0.5) / 20.0
}

fn selection(criterion: &mut Criterion) {
    let mut state = 1;
    let mut trial = || (0..DAYS).map(|_| daily_return(&mut state)).collect();
    let all: Vec<Vec<f64>> = (0..TRIALS).map(|_| trial()).collect();
    let sums = |all: &[Vec<f64>]| -> Vec<BlockSums> {
        all.iter().filter_map(|returns| BlockSums::of(returns, Blocks::default())).collect()
    };
    let trials = sums(&all);
    let mut group = criterion.benchmark_group("selection");
    group.sample_size(10);
    group.bench_function("10,000 trials: sums of 730 days", |bencher| {
        bencher.iter(|| black_box(sums(black_box(&all))));
    });
    group.bench_function("10,000 trials: overfitting", |bencher| {
        bencher.iter(|| black_box(Overfitting::of(black_box(&trials))));
    });
    group.finish();
}

criterion_group!(benches, selection);
criterion_main!(benches);
