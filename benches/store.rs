//! How candles are best stored: size, writing and reading of encodings of prices and volumes. The candles are
//! `binance/BTC_USDT/5m.parquet` of `HEMIOLA_MARKET_DATA` if it is set, else a walk.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Decimal64Array, Float64Array, RecordBatch, TimestampMillisecondArray};
use criterion::{Criterion, criterion_group, criterion_main};
use hemiola::bench::walk::walk;
use hemiola_adapters::store::{Check, load_file};
use hemiola_components::market::Bars;
use hemiola_components::time::Interval;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};

struct Kind {
    name: &'static str,
    /// Decimals, where prices and volumes are whole numbers of the last one.
    decimals: Option<i8>,
    /// `None`: a dictionary.
    encoding: Option<Encoding>,
    codec: Compression,
}

fn kinds() -> Vec<Kind> {
    let zstd = |level| Compression::ZSTD(ZstdLevel::try_new(level).expect("a level of zstd"));
    let kind = |name, decimals, encoding, codec| Kind { name, decimals, encoding, codec };
    let delta = Some(Encoding::DELTA_BINARY_PACKED);
    vec![
        kind("f64, dictionary, snappy", None, None, Compression::SNAPPY),
        kind("f64, plain, lz4_raw", None, Some(Encoding::PLAIN), Compression::LZ4_RAW),
        kind("f64, byte-stream-split, zstd1", None, Some(Encoding::BYTE_STREAM_SPLIT), zstd(1)),
        kind("decimal, delta, lz4_raw", Some(8), delta, Compression::LZ4_RAW),
        kind("decimal, delta, none", Some(8), delta, Compression::UNCOMPRESSED),
        kind("decimal, delta, zstd3", Some(8), delta, zstd(3)),
    ]
}

fn candles() -> Bars {
    let (path, length) = match env::var_os("HEMIOLA_MARKET_DATA") {
        Some(data) => (Path::new(&data).join("binance/BTC_USDT/5m.parquet"), "5m"),
        None => return Bars::clone(&walk(1, 1_000_000)),
    };
    load_file(&path, interval(length), Check::Full).expect("sound candles").remove(0).1.bars
}

fn interval(text: &str) -> Interval {
    text.parse().expect("an interval")
}

fn write(path: &Path, bars: &Bars, kind: &Kind) {
    let numbers = |column: &[f64]| -> ArrayRef {
        let Some(decimals) = kind.decimals else { return Arc::new(Float64Array::from(column.to_vec())) };
        let one = (0..decimals).fold(1.0, |one, _| one * 10.0);
        #[expect(clippy::cast_possible_truncation, reason = "prices and volumes are far below 10^10")]
        let counts = column.iter().map(|value| Some((value * one).round() as i64));
        let counts: Decimal64Array = counts.collect();
        Arc::new(counts.with_precision_and_scale(18, decimals).expect("eighteen digits"))
    };
    let times = TimestampMillisecondArray::from_iter_values(bars.open_time.iter().map(|time| time.millis()));
    let columns: [(&str, ArrayRef); 6] = [
        ("open_time", Arc::new(times.with_timezone_utc())),
        ("open", numbers(&bars.open)),
        ("high", numbers(&bars.high)),
        ("low", numbers(&bars.low)),
        ("close", numbers(&bars.close)),
        ("volume", numbers(&bars.volume)),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let mut properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_dictionary_enabled(kind.encoding.is_none())
        .set_compression(kind.codec);
    if let Some(encoding) = kind.encoding {
        for column in ["open", "high", "low", "close", "volume"] {
            properties = properties.set_column_encoding(column.into(), encoding);
        }
        properties = properties.set_column_encoding("open_time".into(), Encoding::DELTA_BINARY_PACKED);
    }
    let file = File::create(path).expect("a file can be made");
    let mut writer =
        ArrowWriter::try_new(file, batch.schema(), Some(properties.build())).expect("a sound schema");
    writer.write(&batch).expect("it can be written");
    writer.close().expect("it can be written");
}

fn store(criterion: &mut Criterion) {
    let bars = candles();
    let length = bars.close_time(0) - bars.open_time[0];
    let interval = interval(if length.get() == 60_000_000_000 { "1m" } else { "5m" });
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("candles.parquet");
    let mut group = criterion.benchmark_group("store");
    group.sample_size(10);
    for kind in kinds() {
        write(&path, &bars, &kind);
        let read = load_file(&path, interval, Check::Trusted).expect("sound candles").remove(0).1.bars;
        let is_same = read == bars;
        let bytes = fs::metadata(&path).expect("it was written").len();
        let per_candle = bytes as f64 / bars.len() as f64;
        println!("{}: {bytes} bytes, {per_candle:.2} a candle, the same numbers: {is_same}", kind.name);
        group.bench_function(format!("write: {}", kind.name), |b| b.iter(|| write(&path, &bars, &kind)));
        group.bench_function(format!("read: {}", kind.name), |b| {
            b.iter(|| load_file(&path, interval, Check::Trusted).expect("sound candles"));
        });
    }
    group.finish();
}

criterion_group!(benches, store);
criterion_main!(benches);
