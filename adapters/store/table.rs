//! A Parquet file: its footer, its columns by name, its bytes' hash.

use std::cell::Cell;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::reader::ChunkReader;
use sha2::{Digest as _, Sha256};

use super::SourceFile;
use super::error::StoreError;

const BATCH_ROWS: usize = 1 << 17;

/// Files up to this many bytes are read at once: page by page they cost a system call for each.
const SMALL: u64 = 1 << 22;

thread_local! {
    /// Whether this thread is in a step of the decoder.
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

static SILENCE: Once = Once::new();

/// A failed assertion of the decoder becomes an error with the file's name; a trace of it on stderr would only be in
/// the way. Panics of anything else are reported as before.
fn silence_the_decoder() {
    let report = take_hook();
    set_hook(Box::new(move |panic| {
        if !DECODING.get() {
            report(panic);
        }
    }));
}

/// A Parquet file that has been opened and has at least one row.
pub(crate) struct Table {
    path: PathBuf,
    file: File,
    bytes: u64,
    metadata: ArrowReaderMetadata,
}

impl Table {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(|error| match error.kind() {
            ErrorKind::IsADirectory => StoreError::Folder { path: path.to_owned() },
            _ => StoreError::io(path, "open", error),
        })?;
        let status = file.metadata().map_err(|error| StoreError::io(path, "open", error))?;
        if status.is_dir() {
            return Err(StoreError::Folder { path: path.to_owned() });
        }
        if status.len() == 0 {
            return Err(StoreError::Empty { path: path.to_owned(), what: "no bytes" });
        }
        let metadata = guarded(path, || ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()))?;
        if metadata.metadata().file_metadata().num_rows() <= 0 {
            return Err(StoreError::Empty { path: path.to_owned(), what: "no rows" });
        }
        Ok(Self { path: path.to_owned(), file, bytes: status.len(), metadata })
    }

    /// Whether the footer says that the rows are made up.
    pub(crate) fn is_synthetic(&self) -> bool {
        let entries = self.metadata.metadata().file_metadata().key_value_metadata();
        entries.is_some_and(|all| {
            all.iter().any(|e| e.key == "source" && e.value.as_deref() == Some("synthetic"))
        })
    }

    pub(super) fn column_type(&self, column: &str) -> Option<&DataType> {
        self.metadata.schema().column_with_name(column).map(|(_, field)| field.data_type())
    }

    pub(super) fn missing(&self, column: &'static str) -> StoreError {
        let names: Vec<String> =
            self.metadata.schema().fields().iter().map(|field| format!("`{}`", field.name())).collect();
        StoreError::MissingColumn { path: self.path.clone(), column, found: names.join(", ") }
    }

    /// The column's type, when `accepts` agrees with it.
    pub(super) fn require(
        &self,
        column: &'static str,
        expected: &'static str,
        accepts: impl Fn(&DataType) -> bool,
    ) -> Result<&DataType, StoreError> {
        let found = self.column_type(column).ok_or_else(|| self.missing(column))?;
        if accepts(found) {
            return Ok(found);
        }
        Err(StoreError::WrongType { path: self.path.clone(), column, found: found.to_string(), expected })
    }

    /// Has a text column decoded as a dictionary, so that each symbol is looked at once per batch.
    pub(super) fn read_as_dictionary(&mut self, column: &str) -> Result<(), StoreError> {
        let text = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let fields: Vec<Field> = self
            .metadata
            .schema()
            .fields()
            .iter()
            .map(|field| {
                let field = field.as_ref().clone();
                if field.name() == column { field.with_data_type(text.clone()) } else { field }
            })
            .collect();
        let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
        self.metadata = ArrowReaderMetadata::try_new(Arc::clone(self.metadata.metadata()), options)
            .map_err(|error| StoreError::corrupt(&self.path, error))?;
        Ok(())
    }

    /// The number of rows to make room for: what the footer says, but a damaged one may say anything.
    pub(super) fn expected_rows(&self) -> usize {
        let rows = u64::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
        usize::try_from(rows.min(self.bytes)).unwrap_or(0)
    }

    /// Decodes columns that exist, batch by batch in file order; `each` gets them in the order of `columns`.
    pub(super) fn read(
        mut self,
        columns: &[&str],
        mut each: impl FnMut(&[&ArrayRef]),
    ) -> Result<SourceFile, StoreError> {
        if self.bytes > SMALL {
            let sha256 = self.hash()?;
            let rows = decode(&self.path, self.file, self.metadata, columns, &mut each)?;
            return Ok(SourceFile { path: self.path, sha256, rows });
        }
        let mut bytes = Vec::new();
        self.file
            .rewind()
            .and_then(|()| self.file.read_to_end(&mut bytes))
            .map_err(|error| StoreError::io(&self.path, "read", error))?;
        let sha256 = HEXLOWER.encode(&Sha256::digest(&bytes));
        let rows = decode(&self.path, Bytes::from(bytes), self.metadata, columns, &mut each)?;
        Ok(SourceFile { path: self.path, sha256, rows })
    }

    fn hash(&mut self) -> Result<String, StoreError> {
        let mut hasher = Sha256::new();
        let mut block = vec![0; 1 << 16];
        let mut read = |file: &mut File| -> std::io::Result<()> {
            file.rewind()?;
            loop {
                match file.read(&mut block)? {
                    0 => return Ok(()),
                    count => hasher.update(&block[..count]),
                }
            }
        };
        read(&mut self.file).map_err(|error| StoreError::io(&self.path, "read", error))?;
        Ok(HEXLOWER.encode(&hasher.finalize()))
    }
}

/// Hands out the columns batch by batch, and returns the number of rows.
fn decode<T: ChunkReader + 'static>(
    path: &Path,
    input: T,
    metadata: ArrowReaderMetadata,
    columns: &[&str],
    each: &mut impl FnMut(&[&ArrayRef]),
) -> Result<usize, StoreError> {
    let roots = columns.iter().filter_map(|column| metadata.schema().index_of(column).ok());
    let projection = ProjectionMask::roots(metadata.parquet_schema(), roots);
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(input, metadata)
        .with_projection(projection)
        .with_batch_size(BATCH_ROWS);
    let mut reader = guarded(path, || builder.build())?;
    let mut rows = 0;
    while let Some(batch) = guarded(path, || reader.next().transpose())? {
        rows += batch.num_rows();
        let columns: Vec<&ArrayRef> =
            columns.iter().filter_map(|column| batch.column_by_name(column)).collect();
        each(&columns);
    }
    Ok(rows)
}

/// Runs a step of the decoder, which reports some damage by an error and some by a failed assertion.
fn guarded<T, E: ToString>(path: &Path, step: impl FnOnce() -> Result<T, E>) -> Result<T, StoreError> {
    SILENCE.call_once(silence_the_decoder);
    let before = DECODING.replace(true);
    let ended = catch_unwind(AssertUnwindSafe(step));
    DECODING.set(before);
    match ended {
        Ok(result) => result.map_err(|error| StoreError::corrupt(path, error)),
        Err(_) => Err(StoreError::corrupt(path, "its contents contradict each other")),
    }
}
