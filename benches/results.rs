//! What a run writes: the lines of `decisions.jsonl` and the Parquet tables of W1. Times are processor time. W1 of
//! `PEERS_DATA` if it is set, else a walk of its kind.

#![allow(missing_docs, reason = "criterion's macros make public items")]

#[path = "support/candles.rs"]
mod candles;

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hemiola::job::Job;
use hemiola::journal;
use hemiola::results::tables;
use hemiola_adapters::journal::{Chain, Head};
use hemiola_adapters::process::cpu_time;
use hemiola_systems::signals::catalog::Catalog;

/// Bytes of lines that gather before the results folder writes them.
const AT_ONCE: usize = 1 << 18;

fn results(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let job = Job {
        data: Some(candles::candles(folder.path())),
        interval: Some("1m".to_owned()),
        trust_data: true,
        ..Job::of(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/bench/w1.yaml"))
    };
    let catalog = Catalog::built_in();
    let prepared = job.prepare(&catalog, &mut |_| ()).expect("sound candles");
    let run = prepared.run(&catalog, |_, _| ()).expect("it runs");
    let outcome = &run.outcomes[0];

    let write = || {
        let mut chain = Chain::new(None, Head::default());
        let mut next = journal::lines(&prepared, outcome, None, &mut chain);
        let (mut text, mut lines, mut bytes) = (Vec::with_capacity(2 * AT_ONCE), 0, 0);
        while next(&mut text) {
            lines += 1;
            if text.len() >= AT_ONCE {
                bytes += black_box(&text).len();
                text.clear();
            }
        }
        (lines, (bytes + text.len()) as u64)
    };
    let write_tables = || {
        let all =
            tables::all(&prepared, outcome).map(|(_, table)| table.to_parquet().expect("a sound table"));
        all.iter().map(|bytes| bytes.len() as u64).sum::<u64>()
    };
    let mut group = criterion.benchmark_group("results");
    group.sample_size(20);
    let mut bench = |name: &str, throughput: Throughput, work: &dyn Fn()| {
        group.throughput(throughput);
        group.bench_function(name, |b| {
            b.iter_custom(|rounds| {
                let before = cpu_time();
                (0..rounds).for_each(|_| work());
                cpu_time().saturating_sub(before)
            });
        });
    };
    let (lines, bytes) = write();
    bench("decisions, lines", Throughput::Elements(lines), &|| _ = black_box(write()));
    bench("decisions, bytes", Throughput::Bytes(bytes), &|| _ = black_box(write()));
    bench("tables", Throughput::Bytes(write_tables()), &|| _ = black_box(write_tables()));
    group.finish();
}

criterion_group!(benches, results);
criterion_main!(benches);
