//! The order of events: each portfolio asks for the least of its positions' next instants. A look along the whole
//! agenda, as the world does it, against a binary heap, by the number of positions.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use hemiola_components::time::Nanos;

const SIZES: [usize; 5] = [1, 10, 100, 1_000, 10_000];

/// How many different waits there are: positions that share a grid are due together, others hardly ever.
const SPREADS: [(&str, usize); 2] = [("together", 7), ("apart", 100_003)];

/// What a position waits until it is looked at again.
fn wait(slot: usize, round: usize, spread: usize) -> Nanos {
    let wait = 1 + (slot * 7_919 + round * 104_729) % spread;
    Nanos::new(i64::try_from(wait).unwrap_or(1))
}

fn linear(next: &mut [Nanos], round: &mut usize, spread: usize) {
    *round += 1;
    let now = next.iter().copied().fold(Nanos::NEVER, Nanos::min);
    for (slot, next) in next.iter_mut().enumerate().filter(|(_, next)| **next == now) {
        *next = now + wait(slot, *round, spread);
    }
}

type Heap = BinaryHeap<Reverse<(Nanos, usize)>>;

fn heap(next: &mut Heap, due: &mut Vec<usize>, round: &mut usize, spread: usize) {
    *round += 1;
    let Some(Reverse((now, _))) = next.peek().copied() else { return };
    while let Some(Reverse((at, slot))) = next.peek().copied()
        && at == now
    {
        next.pop();
        due.push(slot);
    }
    for slot in due.drain(..) {
        next.push(Reverse((now + wait(slot, *round, spread), slot)));
    }
}

fn agenda(c: &mut Criterion) {
    let mut group = c.benchmark_group("agenda");
    group.sample_size(20);
    for ((name, spread), size) in SPREADS.into_iter().flat_map(|one| SIZES.map(|size| (one, size))) {
        let start = (0..size).map(|slot| wait(slot, 0, spread));
        group.bench_function(BenchmarkId::new(format!("linear, {name}"), size), |b| {
            let (mut next, mut round): (Vec<Nanos>, _) = (start.clone().collect(), 0);
            b.iter(|| linear(black_box(&mut next), &mut round, spread));
        });
        group.bench_function(BenchmarkId::new(format!("heap, {name}"), size), |b| {
            let mut next: Heap = start.clone().zip(0..).map(Reverse).collect();
            let (mut due, mut round) = (Vec::new(), 0);
            b.iter(|| heap(black_box(&mut next), &mut due, &mut round, spread));
        });
    }
    group.finish();
}

criterion_group!(benches, agenda);
criterion_main!(benches);
