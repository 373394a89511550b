//! A file of candles: W1 of `PEERS_DATA` if it is set, else a walk of its kind.

use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use hemiola::bench::walk::walk;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

/// Its path; one that is made lies in `folder`.
pub(crate) fn candles(folder: &Path) -> PathBuf {
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
