//! `hemiola journal export`.

mod columns;
mod rows;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hemiola_adapters::journal::{Field, canonical};
use hemiola_adapters::results::write_file;
use hemiola_components::time::Nanos;
use serde_json::{Map, Value};

use self::columns::Columns;
use self::rows::Rows;
use super::filter::Filters;
use super::read::{find, hint, lines};
use super::record::Record;
use super::said;
use crate::cli::print;
use crate::exit::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// A journal, a folder of its files, or - for standard input; .gz and .zst are read too.
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// The kind of table.
    #[arg(long, value_enum, default_value = "parquet")]
    format: Kind,
    /// The file to write; it appears whole or not at all.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    filters: Filters,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Typed columns.
    Parquet,
    /// Text, with a line of names.
    Csv,
}

/// The text columns that every record has, and where the ids of single decisions are among the others.
const ALWAYS: [&str; 4] = ["event", "environment", "portfolio", "risk_profile"];

/// Fields that are numbers.
const NUMBERS: [Field; 4] = [Field::Quantity, Field::Price, Field::Confidence, Field::LatencyMs];

/// What is no metadata: evidence for a verifier, which an export is none of.
const EVIDENCE: [&str; 3] = ["seq", "prev", "signature"];

/// A record as a row.
struct Row<'r> {
    position: u64,
    seq: Option<u64>,
    time: Nanos,
    record: &'r Record,
    metadata: String,
}

/// Takes rows.
trait Sink {
    fn add(&mut self, row: &Row<'_>) -> Result<(), Failure>;
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let output = said(arguments.output.as_deref(), "--output FILE: the table to write")?;
    let files = find(arguments.path.as_deref())?;
    if files.iter().any(|file| is_same(file, output)) {
        let message = format!("--output: {} is the journal itself", output.display());
        return Err(Failure::new(Exit::Usage, message));
    }
    let count = match arguments.format {
        Kind::Parquet => {
            let mut columns = Columns::default();
            let count = rows_of(&files, arguments, &mut columns)?;
            write_file(output, &columns.finish()?)?;
            count
        }
        Kind::Csv => {
            let mut rows = Rows::begin(output)?;
            let count = rows_of(&files, arguments, &mut rows)?;
            rows.finish()?;
            count
        }
    };
    hint();
    print(&format!("{}: {count} records\n", output.display()))
}

fn is_same(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).is_ok_and(|one| fs::canonicalize(other).is_ok_and(|other| one == other))
}

/// Hands over the records that are meant; the first line that is none ends it.
fn rows_of(files: &[PathBuf], arguments: &Arguments, sink: &mut dyn Sink) -> Result<u64, Failure> {
    let mut filter = arguments.filters.read()?;
    let (mut position, mut count) = (0, 0);
    for file in files {
        lines(file, |line| {
            let wrong = |why: String| {
                let place = format!("{}:{}", file.display(), line.number);
                let message = format!("{place}: {why}; nothing was written: run `hemiola journal verify`");
                Failure::new(Exit::Verification, message)
            };
            let record = Record::read(line.bytes).map_err(wrong)?;
            if filter.takes(&record).map_err(wrong)? {
                sink.add(&row(&record, position).map_err(wrong)?)?;
                count += 1;
            }
            position += 1;
            Ok(())
        })?;
    }
    filter.say_unknown();
    Ok(count)
}

fn row(record: &Record, position: u64) -> Result<Row<'_>, String> {
    for field in NUMBERS {
        number(record, field)?;
    }
    let is_standard = |name: &str| {
        name == "timestamp"
            || ALWAYS.contains(&name)
            || EVIDENCE.contains(&name)
            || Field::ALL.iter().any(|field| field.name() == name)
    };
    let metadata = record.0.iter().filter(|(name, _)| !is_standard(name));
    let metadata: Map<String, Value> = metadata.map(|(name, value)| (name.clone(), value.clone())).collect();
    let metadata = canonical::nested(&Value::Object(metadata));
    Ok(Row { position, seq: record.seq()?, time: record.time()?, record, metadata })
}

/// A field's number, NaN where there is none.
fn number(record: &Record, field: Field) -> Result<f64, String> {
    let Some(text) = record.get(field.name()) else { return Ok(f64::NAN) };
    text.parse()
        .map_err(|_| format!("`{}` is `{}`, which is no number", field.name(), super::record::plain(&text)))
}
