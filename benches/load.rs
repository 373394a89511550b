//! Candles from a Parquet file: what is read of them, how they are checked, what the file is hashed with; beside a bare
//! decode of the same columns into record batches. Times are processor time. W1 of `PEERS_DATA` if it is set, else a walk of its kind.

#![allow(missing_docs, reason = "criterion's macros make public items")]

#[path = "support/candles.rs"]
mod candles;

use std::env;
use std::fs;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use hemiola::bench::walk::minute;
use hemiola_adapters::bare;
use hemiola_adapters::process::cpu_time;
use hemiola_adapters::store::{Check, Demand, OpenFile, Scratch, load_file};
use hemiola_systems::indicators::tick_sums::{tick_sums, tick_sums_in};
use sha2::{Digest as _, Sha256};

fn load(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = candles::candles(folder.path());
    let read = |demand: Demand| load_file(&path, minute(), demand).expect("sound candles");
    let scratch = Scratch::new(env::temp_dir());
    let prices = Demand { high_low: false, volume: false, ..Demand::from(Check::Trusted) };
    let mut group = criterion.benchmark_group("load");
    group.sample_size(20);
    let mut bench = |name: &str, work: &dyn Fn()| {
        group.bench_function(name, |b| {
            b.iter_custom(|rounds| {
                let before = cpu_time();
                (0..rounds).for_each(|_| work());
                cpu_time().saturating_sub(before)
            });
        });
    };
    bench("bare, three columns", &|| {
        bare::decode(&path, &["ts", "open", "close"]).expect("sound columns");
    });
    bench("trusted, three columns", &|| drop(read(prices)));
    bench("trusted, three columns, two threads", &|| drop(read(Demand { threads: 2, ..prices })));
    bench("trusted, three columns, with tick sums", &|| {
        let series = read(prices);
        black_box(tick_sums(&series[0].1.bars.close, 0.0));
    });
    let spilled = |demand: Demand| {
        let file = OpenFile::open(&path, &demand).expect("sound candles");
        file.load(minute(), &demand, Some(&scratch)).expect("room for temporary files")
    };
    bench("trusted, three columns, with tick sums, in temporary files", &|| {
        let series = spilled(prices);
        let sums = tick_sums_in(&series[0].1.bars.close, 0.0, |_| scratch.column());
        drop(black_box(sums.expect("room for temporary files")));
    });
    bench("bare, six columns", &|| {
        bare::decode(&path, &["ts", "open", "high", "low", "close", "volume"]).expect("sound columns");
    });
    bench("checked, six columns", &|| drop(read(Demand::from(Check::Full))));
    bench("checked, six columns, in temporary files", &|| drop(spilled(Demand::from(Check::Full))));
    let bytes = fs::read(&path).expect("the file is there");
    bench("SHA-256", &|| {
        black_box(Sha256::digest(&bytes));
    });
    bench("BLAKE3", &|| {
        black_box(blake3::hash(&bytes));
    });
    let closes = read(prices).remove(0).1.bars.close;
    bench("tick sums", &|| drop(black_box(tick_sums(&closes, 0.0))));
    group.finish();
}

criterion_group!(benches, load);
criterion_main!(benches);
