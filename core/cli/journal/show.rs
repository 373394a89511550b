//! `hemiola journal show`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use hemiola_adapters::journal::Field;
use serde_json::{Value, json};

use super::filter::Filters;
use super::read::{Damage, Place, find, hint, records};
use super::record::{Record, plain, text};
use super::said;
use crate::cli::sched::{Name, name};
use crate::cli::{Format, Output, print, print_json, report_failure};
use crate::exit::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// A record's number (`seq`; its place among all records where there is none), or the id of an order or a signal.
    #[arg(value_name = "SEQ|ORDER_ID|SIGNAL_ID", value_parser = name)]
    which: Option<Name>,
    /// A journal, a folder of its files, or - for standard input; .gz and .zst are read too.
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    report_failure("journal.show", arguments.output.format(), show(arguments))
}

fn show(arguments: &Arguments) -> Result<(), Failure> {
    let Name(which) = said(arguments.which.as_ref(), "SEQ, ORDER_ID or SIGNAL_ID, and PATH")?;
    let seq: Option<u64> = which.parse().ok();
    let mut filter = arguments.filters.read()?;
    let files = find(arguments.path.as_deref())?;
    let mut damage = Damage::default();
    let (mut texts, mut documents, mut count) = (Vec::new(), Vec::new(), 0);
    records(&files, &mut damage, |record, place| {
        count = place.position + 1;
        let is = |field: &str| record.get(field).is_some_and(|id| id == *which);
        let is_meant = match seq {
            Some(seq) => record.seq()?.unwrap_or(place.position) == seq,
            None => is("order_id") || is("signal_id"),
        };
        if is_meant && filter.takes(record)? {
            match arguments.output.format() {
                Format::Text => texts.push(in_full(record, place)),
                Format::Json => {
                    documents.push(json!({ "file": place.file, "line": place.line, "record": record.0 }));
                }
            }
        }
        Ok(())
    })?;
    if texts.is_empty() && documents.is_empty() {
        let what = match seq {
            Some(seq) => format!("the number {seq}; it has {count} records, from 0 on"),
            None => format!("the order or signal `{}`; `hemiola journal tail` shows records", plain(which)),
        };
        damage.ended()?;
        return Err(Failure::new(Exit::Usage, format!("no record of the journal that is meant has {what}")));
    }
    match arguments.output.format() {
        Format::Text => print(&texts.join("\n"))?,
        Format::Json => print_json("journal.show", "ok", json!({ "records": documents }))?,
    }
    hint();
    damage.ended()
}

/// Fields in the order that records are described in, then the others by name.
fn in_full(record: &Record, place: Place<'_>) -> String {
    let first = ["event", "timestamp", "seq", "environment", "portfolio", "risk_profile"];
    let order: Vec<&str> = first.into_iter().chain(Field::ALL.iter().map(|field| field.name())).collect();
    let others =
        record.0.keys().map(String::as_str).filter(|name| !order.contains(name) && *name != "signature");
    let names = order.iter().copied().filter(|name| record.0.contains_key(*name)).chain(others);
    let mut rows: Vec<(String, String)> =
        names.map(|name| (plain(name), plain(&record.get(name).unwrap_or_default()))).collect();
    match record.0.get("signature") {
        Some(Value::Object(signature)) => {
            let parts = signature.iter().map(|(name, value)| (format!("signature.{name}"), text(value)));
            rows.extend(parts.map(|(name, value)| (plain(&name), plain(&value))));
        }
        other => rows.extend(other.map(|value| ("signature".to_owned(), plain(&text(value))))),
    }
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let mut full = format!("{}:{}\n", place.file.display(), place.line);
    for (name, value) in rows {
        _ = writeln!(full, "  {name:width$}  {value}");
    }
    full
}
