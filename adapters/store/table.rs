//! A Parquet file: its footer, its columns by name, its bytes' hash.

use std::cell::Cell;
use std::fs::File;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ParquetMetaData;

use super::SourceFile;
use super::bytes::{FileBytes, Small};
use super::error::StoreError;
use super::rows::Selection;

const BATCH_ROWS: usize = 1 << 17;

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
    bytes: FileBytes,
    metadata: ArrowReaderMetadata,
}

impl Table {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_as(path, Small::Read)
    }

    pub(super) fn open_as(path: &Path, small: Small) -> Result<Self, StoreError> {
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
        let bytes = FileBytes::of(file, status.len(), small);
        let bytes = bytes.map_err(|error| StoreError::io(path, "read", error))?;
        let metadata = guarded(path, || ArrowReaderMetadata::load(bytes.all(), ArrowReaderOptions::new()))?;
        if metadata.metadata().file_metadata().num_rows() <= 0 {
            return Err(StoreError::Empty { path: path.to_owned(), what: "no rows" });
        }
        Ok(Self { path: path.to_owned(), bytes, metadata })
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

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn bytes(&self) -> &FileBytes {
        &self.bytes
    }

    pub(super) fn parquet(&self) -> &ParquetMetaData {
        self.metadata.metadata()
    }

    /// Rows of the file, as its row groups count them.
    ///
    /// # Errors
    /// When a count is below zero or they do not add up.
    pub(super) fn rows(&self) -> Result<usize, StoreError> {
        let mut groups = self.parquet().row_groups().iter();
        let sum =
            groups.try_fold(0_usize, |sum, group| sum.checked_add(usize::try_from(group.num_rows()).ok()?));
        sum.ok_or_else(|| StoreError::corrupt(&self.path, "its row groups have impossible numbers of rows"))
    }

    /// What is noted of a file that was read: its bytes' hash, and its rows.
    pub(super) fn source(&self) -> Result<SourceFile, StoreError> {
        Ok(SourceFile { path: self.path.clone(), blake3: self.bytes.hash(), rows: self.rows()? })
    }

    /// Decodes columns that exist, batch by batch in file order; `each` gets them in the order of `columns`.
    pub(super) fn read(
        self,
        columns: &[&str],
        each: impl FnMut(&[&ArrayRef]),
    ) -> Result<SourceFile, StoreError> {
        self.batches(columns, &Selection::all(&self)?, each)?;
        self.source()
    }

    /// Decodes some rows of columns that exist, as [`Table::read`] does.
    pub(super) fn batches(
        &self,
        columns: &[&str],
        rows: &Selection,
        mut each: impl FnMut(&[&ArrayRef]),
    ) -> Result<(), StoreError> {
        let metadata = self.metadata.clone();
        let roots = columns.iter().filter_map(|column| metadata.schema().index_of(column).ok());
        let projection = ProjectionMask::roots(metadata.parquet_schema(), roots);
        let (groups, selection) = rows.for_batches(self);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.bytes.all().clone(), metadata)
            .with_projection(projection)
            .with_row_groups(groups)
            .with_row_selection(selection)
            .with_batch_size(BATCH_ROWS);
        let mut reader = self.guarded(|| builder.build())?;
        while let Some(batch) = self.guarded(|| reader.next().transpose())? {
            let columns: Vec<&ArrayRef> =
                columns.iter().filter_map(|column| batch.column_by_name(column)).collect();
            each(&columns);
        }
        Ok(())
    }

    /// Runs a step of the decoder over this file.
    pub(super) fn guarded<T, E: ToString>(
        &self,
        step: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, StoreError> {
        guarded(&self.path, step)
    }
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
