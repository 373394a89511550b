//! Candles from a Parquet file: what is read of them, how they are checked, what the file is hashed with; beside a bare
//! decode of the same columns into record batches. Times are processor time. W1 of `PEERS_DATA` if it is set, else a walk of its kind.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::env;
use std::fs::{self, File};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use criterion::{Criterion, criterion_group, criterion_main};
use hemiola::bench::walk::{minute, walk};
use hemiola_adapters::process::cpu_time;
use hemiola_adapters::store::{Check, Demand, OpenFile, Scratch, load_file};
use hemiola_systems::indicators::tick_sums::{tick_sums, tick_sums_in};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use sha2::{Digest as _, Sha256};

const BATCH: usize = 1 << 17;

fn candles(folder: &Path) -> PathBuf {
    if let Some(data) = env::var_os("PEERS_DATA") {
        return Path::new(&data).join("w1.parquet");
    }
    let bars = walk(1, 1_000_000);
    let numbers = |column: &[f64]| Arc::new(Float64Array::from(column.to_vec())) as ArrayRef;
    let times = Int64Array::from_iter_values(bars.open_time.iter().map(|time| time.get()));
    let columns: [(&str, ArrayRef); 6] = [
        ("ts", Arc::new(times)),
        ("open", numbers(&bars.open)),
        ("high", numbers(&bars.high)),
        ("low", numbers(&bars.low)),
        ("close", numbers(&bars.close)),
        ("volume", numbers(&bars.volume)),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let path = folder.join("walk.parquet");
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let file = File::create(&path).expect("a file can be made");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a sound schema");
    writer.write(&batch).expect("it can be written");
    writer.close().expect("it can be written");
    path
}

/// The record batches of some columns, each looked at and dropped.
fn bare(path: &Path, columns: &[&str]) -> usize {
    let file = File::open(path).expect("the file is there");
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let reader = builder.with_projection(mask).with_batch_size(BATCH).build().expect("sound columns");
    reader.map(|batch| black_box(batch.expect("a sound batch")).num_rows()).sum()
}

fn load(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = candles(folder.path());
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
        bare(&path, &["ts", "open", "close"]);
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
        bare(&path, &["ts", "open", "high", "low", "close", "volume"]);
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
