//! The order of events: each portfolio asks for the least of its positions' next instants. A look along the whole
//! agenda, as the world does it, against a binary heap, by the number of positions.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use hemiola_components::time::Nanos;

const SIZES: [usize; 5] = [1, 10, 100, 1_000, 10_000];

/// Instants that positions wait until they are looked at again, different for each.
fn wait(slot: usize, round: i64) -> i64 {
    const WAITS: [i64; 8] = [3, 61, 17, 97, 41, 7, 83, 29];
    WAITS[slot % WAITS.len()] + (round * 37) % 11
}

fn linear(next: &mut [Nanos], round: &mut i64) {
    *round += 1;
    let now = next.iter().copied().fold(Nanos::NEVER, Nanos::min);
    for (slot, next) in next.iter_mut().enumerate().filter(|(_, next)| **next == now) {
        *next = now + Nanos::new(wait(slot, *round));
    }
}

fn heap(next: &mut BinaryHeap<Reverse<(Nanos, usize)>>, due: &mut Vec<usize>, round: &mut i64) {
    *round += 1;
    let Some(Reverse((now, _))) = next.peek().copied() else { return };
    while let Some(Reverse((at, slot))) = next.peek().copied()
        && at == now
    {
        next.pop();
        due.push(slot);
    }
    for slot in due.drain(..) {
        next.push(Reverse((now + Nanos::new(wait(slot, *round)), slot)));
    }
}

fn agenda(c: &mut Criterion) {
    let mut group = c.benchmark_group("agenda");
    group.sample_size(20);
    for size in SIZES {
        let start = (0..size).map(|slot| Nanos::new(wait(slot, 0)));
        group.bench_function(BenchmarkId::new("linear", size), |b| {
            let (mut next, mut round): (Vec<Nanos>, _) = (start.clone().collect(), 0);
            b.iter(|| linear(black_box(&mut next), &mut round));
        });
        group.bench_function(BenchmarkId::new("heap", size), |b| {
            let mut next: BinaryHeap<_> = start.clone().zip(0..).map(Reverse).collect();
            let (mut due, mut round) = (Vec::new(), 0);
            b.iter(|| heap(black_box(&mut next), &mut due, &mut round));
        });
    }
    group.finish();
}

criterion_group!(benches, agenda);
criterion_main!(benches);
