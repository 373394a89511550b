//! The least that reading a Parquet file costs: the yardstick of benchmarks that begin with a file.

use std::fs::File;
use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use thiserror::Error;

/// Rows that are decoded at once.
const BATCH: usize = 1 << 17;

/// Why a file cannot be decoded.
#[derive(Debug, Error)]
#[error("cannot decode {path}: {source}", path = path.display())]
pub struct BareError {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub source: ParquetError,
}

/// Decodes some columns of a file into record batches on this thread, looks at each and drops it. Gives the number of
/// rows. Names that the file does not have are passed over.
///
/// # Errors
/// When the file is not there, or no Parquet file.
pub fn decode(path: &Path, columns: &[&str]) -> Result<usize, BareError> {
    rows(path, columns).map_err(|source| BareError { path: path.to_owned(), source })
}

fn rows(path: &Path, columns: &[&str]) -> Result<usize, ParquetError> {
    let file = File::open(path).map_err(|error: io::Error| ParquetError::External(Box::new(error)))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let mut rows = 0;
    for batch in builder.with_projection(mask).with_batch_size(BATCH).build()? {
        rows += black_box(batch?).num_rows();
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use hemiola_components::time::Nanos;

    use super::*;
    use crate::results::{Column, Table};

    #[test]
    fn all_rows_are_decoded_and_a_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("times.parquet");
        assert!(decode(&path, &["time"]).unwrap_err().to_string().contains("times.parquet"));
        let times = Column::Time((0..).map(Nanos::new).take(BATCH + 5).collect());
        let table = Table::new(vec![("time", times)], Vec::new());
        fs::write(&path, table.to_parquet().unwrap()).unwrap();
        assert_eq!(decode(&path, &["time"]).unwrap(), BATCH + 5);
    }
}
