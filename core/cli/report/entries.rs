//! `hemiola report cycles` and `hemiola report evaluations`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hemiola_adapters::results::{Column, Table, write_file};
use hemiola_systems::signals::catalog::Catalog;
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::sched::place::{Place, read_instant};
use crate::cli::{Format, print, print_json, report_failure};
use crate::cycles::{
    self, Cycle, Entry as _, Evaluation, Filters, Kind, Limits, Read, Spread, Summary, counts, cycle_table,
    evaluation_table,
};
use crate::exit::{Exit, Failure};
use crate::instant;
use crate::results::terminal;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The session, by its folder; by default that of the environment and its scheduler.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["environment", "scheduler"])]
    session: Option<PathBuf>,
    /// Only what ended at this instant or later.
    #[arg(long, value_name = "INSTANT")]
    since: Option<String>,
    /// Only what ended before this instant.
    #[arg(long, value_name = "INSTANT")]
    until: Option<String>,
    /// Of those, so many of the newest.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// The newest first.
    #[arg(long)]
    reverse: bool,
    /// What it is written as.
    #[arg(long, value_enum, default_value = "text")]
    format: Kinds,
    /// The same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// The file of a table; it appears whole or not at all.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kinds {
    /// For people.
    Text,
    /// One JSON document: summary and entries.
    Json,
    /// A table as text, on stdout or in a file.
    Csv,
    /// A table in a file.
    Parquet,
}

/// Entries that can be reported.
pub(super) trait Reported: Kind + Serialize {
    /// What the document is called.
    const COMMAND: &'static str;
    /// What is said of all.
    fn summary(entries: &[Self]) -> Value;
    /// The same for people.
    fn text(entries: &[Self]) -> String;
    fn table(entries: &[Self]) -> Table;
}

pub(super) fn run<T: Reported>(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let format = if arguments.format() == Kinds::Json { Format::Json } else { Format::Text };
    report_failure(T::COMMAND, format, report::<T>(arguments, catalog))
}

impl Arguments {
    fn format(&self) -> Kinds {
        if self.json { Kinds::Json } else { self.format }
    }

    fn folder(&self, catalog: &Catalog) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.session {
            return Ok(folder.clone());
        }
        let session = self.place.open(catalog)?;
        Ok(session.folder.path().join("paper").join(&session.plan.scheduler))
    }
}

fn report<T: Reported>(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let format = arguments.format();
    if arguments.output.is_some() && matches!(format, Kinds::Text | Kinds::Json) {
        return Err(Failure::new(Exit::Usage, "--output goes with --format csv or parquet"));
    }
    if arguments.output.is_none() && format == Kinds::Parquet {
        return Err(Failure::new(Exit::Usage, "--output FILE: where the Parquet file is to be"));
    }
    let filters = Filters {
        since: read_instant("--since", arguments.since.as_deref())?,
        until: read_instant("--until", arguments.until.as_deref())?,
        limit: arguments.limit,
    };
    let folder = arguments.folder(catalog)?;
    let Read { limits, entries } = cycles::read::<T>(&folder, arguments.place.now()?)?;
    let mut entries = filters.take(entries);
    let summary = T::summary(&entries);
    let text = matches!(format, Kinds::Text).then(|| T::text(&entries));
    if arguments.reverse {
        entries.reverse();
    }
    match (format, &arguments.output) {
        (Kinds::Json, _) => print_json(
            T::COMMAND,
            "ok",
            json!({
                "session": folder,
                "filters": filters,
                "config": config(limits),
                "summary": summary,
                "entries": entries,
            }),
        ),
        (Kinds::Csv, None) => print(&csv(&T::table(&entries))?),
        (Kinds::Csv, Some(output)) => written(output, csv(&T::table(&entries))?.as_bytes(), entries.len()),
        (Kinds::Parquet, output) => {
            let output = output.as_deref().expect("a Parquet file has a place");
            let failed = |error| Failure::new(Exit::Operational, format!("{}: {error}", output.display()));
            let bytes = T::table(&entries).to_parquet().map_err(failed)?;
            written(output, &bytes, entries.len())
        }
        (Kinds::Text, _) => print(&format!("{}\n{}", folder.display(), text.unwrap_or_default())),
    }
}

fn written(output: &Path, bytes: &[u8], rows: usize) -> Result<(), Failure> {
    write_file(output, bytes)?;
    print(&format!("{}: {rows} rows\n", output.display()))
}

/// How much is kept; -1 is all, and no age is any.
fn config(limits: Limits) -> Value {
    let limit = limits.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
    json!({ "limit": limit, "ttl": limits.ttl })
}

/// A table as CSV, with a line of names; what is no number is empty.
fn csv(table: &Table) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: &dyn std::fmt::Display| Failure::new(Exit::Operational, format!("CSV: {error}"));
    writer
        .write_record(table.columns.iter().map(|(name, _)| name.as_ref()))
        .map_err(|error| failed(&error))?;
    let columns: Vec<Vec<String>> = table.columns.iter().map(|(_, column)| cells(column)).collect();
    for row in 0..columns.first().map_or(0, Vec::len) {
        writer.write_record(columns.iter().map(|column| &column[row])).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

fn cells(column: &Column) -> Vec<String> {
    match column {
        Column::Time(values) => values.iter().map(|time| instant::text(*time)).collect(),
        Column::Float(values) => {
            let cell = |value: &f64| if value.is_nan() { String::new() } else { value.to_string() };
            values.iter().map(cell).collect()
        }
        Column::Integer(values) => values.iter().map(ToString::to_string).collect(),
        Column::Flag(values) => values.iter().map(ToString::to_string).collect(),
        Column::Text(values) => values.iter().map(str::to_owned).collect(),
        Column::Label { values, names } => {
            values.iter().map(|label| names[*label as usize].clone()).collect()
        }
    }
}

impl Reported for Cycle {
    const COMMAND: &'static str = "report-cycles";

    fn summary(entries: &[Self]) -> Value {
        json!(Summary::of(entries))
    }

    fn text(entries: &[Self]) -> String {
        let summary = Summary::of(entries);
        let mut text = String::new();
        let range = |first: Option<u64>, last: Option<u64>| match (first, last) {
            (Some(first), Some(last)) => format!(", numbers {first} to {last}"),
            _ => String::new(),
        };
        _ = writeln!(
            text,
            "{} cycles{}",
            summary.total,
            range(summary.first_sequence, summary.last_sequence)
        );
        let mut table = terminal::table(&["a cycle", "total", "average", "least", "most"], 1);
        for (name, spread, digits) in [
            ("signals", summary.signals, 0),
            ("orders", summary.orders, 0),
            ("results", summary.results, 0),
            ("duration, ms", times(summary.duration, 1e3), 3),
        ] {
            let Spread { total, average, min, max } = spread;
            let figure = |value: f64| format!("{value:.digits$}");
            table.add_row([
                name.to_owned(),
                figure(total),
                format!("{average:.3}"),
                figure(min),
                figure(max),
            ]);
        }
        _ = writeln!(text, "{table}");
        text += &counted("signals", &summary.signals_by_side);
        text += &counted("results", &summary.status_counts);
        if let Some(last) = entries.last() {
            _ = writeln!(text, "last one ended at {}", instant::text(last.finished_at()));
        }
        text
    }

    fn table(entries: &[Self]) -> Table {
        cycle_table(entries)
    }
}

/// A line of what was counted; nothing when that is nothing.
fn counted(what: &str, counts: &BTreeMap<String, usize>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    format!("{what}: {}\n", counts.join(", "))
}

fn times(Spread { total, average, min, max }: Spread, factor: f64) -> Spread {
    Spread { total: total * factor, average: average * factor, min: min * factor, max: max * factor }
}

impl Reported for Evaluation {
    const COMMAND: &'static str = "report-evaluations";

    fn summary(entries: &[Self]) -> Value {
        let bounds = |entry: Option<&Self>| entry.map(|entry| (entry.sequence, instant::text(entry.time())));
        json!({
            "total": entries.len(),
            "verdicts": counts(entries.iter().map(|entry| entry.verdict.name())),
            "rules": counts(entries.iter().filter_map(|entry| entry.rule.as_deref())),
            "first": bounds(entries.first()),
            "last": bounds(entries.last()),
        })
    }

    fn text(entries: &[Self]) -> String {
        let mut text = format!("{} evaluations\n", entries.len());
        let verdicts = counts(entries.iter().map(|entry| entry.verdict.name()));
        let rules = counts(entries.iter().filter_map(|entry| entry.rule.as_deref()));
        text += &counted("verdicts", &verdicts);
        text += &counted("rules", &rules);
        if let Some(last) = entries.last() {
            _ = writeln!(text, "last one at {}", instant::text(last.time()));
        }
        text
    }

    fn table(entries: &[Self]) -> Table {
        evaluation_table(entries)
    }
}
