//! Records as lines of CSV, written as they are read.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use hemiola_adapters::journal::Field;
use tempfile::NamedTempFile;

use super::{ALWAYS, Row, Sink};
use crate::exit::{Exit, Failure};

/// A file that takes the place of `output` once it is complete.
pub(super) struct Rows {
    writer: csv::Writer<BufWriter<NamedTempFile>>,
    output: PathBuf,
}

impl Rows {
    pub(super) fn begin(output: &Path) -> Result<Self, Failure> {
        let folder =
            output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let begin = || {
            std::fs::create_dir_all(folder)?;
            NamedTempFile::new_in(folder)
        };
        let file = begin().map_err(|error| cannot_write(output, error))?;
        let mut rows =
            Self { writer: csv::Writer::from_writer(BufWriter::new(file)), output: output.to_owned() };
        let names = ["position", "seq", "timestamp"].into_iter().chain(ALWAYS);
        let names = names.chain(Field::ALL.iter().map(|field| field.name())).chain(["metadata"]);
        rows.writer.write_record(names).map_err(|error| cannot_write(output, error))?;
        Ok(rows)
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
        let failed = |error: &dyn Display| cannot_write(&self.output, error);
        let buffer = self.writer.into_inner().map_err(|error| failed(&error))?;
        let file = buffer.into_inner().map_err(|error| failed(&error))?;
        file.as_file().sync_all().map_err(|error| failed(&error))?;
        file.persist(&self.output).map_err(|error| failed(&error.error))?;
        Ok(())
    }
}

impl Sink for Rows {
    fn add(&mut self, row: &Row<'_>) -> Result<(), Failure> {
        let Row { position, seq, record, metadata, .. } = row;
        let text = |name: &str| record.get(name).unwrap_or_default();
        let place =
            [position.to_string(), seq.map(|seq| seq.to_string()).unwrap_or_default()].map(Cow::Owned);
        let always = ["timestamp"].into_iter().chain(ALWAYS).map(text);
        let fields = Field::ALL.iter().map(|field| text(field.name()));
        let cells = place.into_iter().chain(always).chain(fields).chain([Cow::Borrowed(metadata.as_str())]);
        let cells = cells.map(|cell| cell.into_owned().into_bytes());
        self.writer.write_record(cells).map_err(|error| cannot_write(&self.output, error))
    }
}

fn cannot_write(output: &Path, error: impl Display) -> Failure {
    Failure::new(Exit::Operational, format!("cannot write {}: {error}", output.display()))
}
