//! `hemiola journal stats`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::filter::Filters;
use super::read::{Damage, find, hint, records};
use super::record::{Record, plain};
use crate::cli::{Format, Output, print, print_json, report_failure};
use crate::exit::Failure;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// A journal, a folder of its files, or - for standard input; .gz and .zst are read too.
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    output: Output,
}

type Counts = BTreeMap<String, u64>;

/// What was counted.
#[derive(Debug, Default)]
struct Stats {
    records: u64,
    sessions: u64,
    first: Option<String>,
    last: Option<String>,
    events: Counts,
    schedules: Counts,
    refusals: Counts,
    /// By algorithm and key.
    signatures: Counts,
    files: Vec<(PathBuf, Option<u64>, u64)>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    report_failure("journal.stats", arguments.output.format(), stats(arguments))
}

fn stats(arguments: &Arguments) -> Result<(), Failure> {
    let mut filter = arguments.filters.read()?;
    let files = find(arguments.path.as_deref())?;
    let bytes = |file: &PathBuf| fs::metadata(file).ok().map(|metadata| metadata.len());
    let mut stats = Stats {
        files: files.iter().map(|file| (file.clone(), bytes(file), 0)).collect(),
        ..Stats::default()
    };
    let mut damage = Damage::default();
    records(&files, &mut damage, |record, place| {
        if filter.takes(record)? {
            stats.count(record);
            stats.files[place.index].2 += 1;
        }
        Ok(())
    })?;
    hint();
    filter.say_unknown();
    damage.ended()?;
    match arguments.output.format() {
        Format::Text => print(&stats.text()),
        Format::Json => print_json("journal.stats", "ok", stats.document()),
    }
}

impl Stats {
    fn count(&mut self, record: &Record) {
        fn add(counts: &mut Counts, name: &str) {
            match counts.get_mut(name) {
                Some(count) => *count += 1,
                None => _ = counts.insert(name.to_owned(), 1),
            }
        }
        self.records += 1;
        let event = record.event();
        self.sessions += u64::from(event == "journal_opened");
        add(&mut self.events, &event);
        record.get("schedule").into_iter().for_each(|schedule| add(&mut self.schedules, &schedule));
        if event == "risk_rejected" {
            add(&mut self.refusals, &record.get("rule").unwrap_or_default());
        }
        let signature = record.0.get("signature").map_or_else(
            || "none".to_owned(),
            |signature| {
                let algorithm = signature["algorithm"].as_str().unwrap_or("unknown");
                match signature["key_id"].as_str() {
                    Some(key) => format!("{algorithm} {key}"),
                    None => algorithm.to_owned(),
                }
            },
        );
        add(&mut self.signatures, &signature);
        if let Some(time) = record.get("timestamp") {
            if self.first.as_deref().is_none_or(|first| *time < *first) {
                self.first = Some(time.to_string());
            }
            if self.last.as_deref().is_none_or(|last| *time > *last) {
                self.last = Some(time.into_owned());
            }
        }
    }

    fn text(&self) -> String {
        let bytes: u64 = self.files.iter().filter_map(|(_, bytes, _)| *bytes).sum();
        let time = |time: &Option<String>| time.as_deref().map_or_else(|| "-".to_owned(), plain);
        let mut text = format!(
            "files     {} of {bytes} bytes\nrecords   {}\nfirst     {}\nlast      {}\nsessions  {}\n",
            self.files.len(),
            self.records,
            time(&self.first),
            time(&self.last),
            self.sessions,
        );
        let groups = [
            ("by event", &self.events),
            ("by schedule", &self.schedules),
            ("refused by rule", &self.refusals),
            ("signed by", &self.signatures),
        ];
        for (title, counts) in groups.into_iter().filter(|(_, counts)| !counts.is_empty()) {
            _ = writeln!(text, "\n{title}");
            let width = counts.keys().map(|name| plain(name).chars().count()).max().unwrap_or_default();
            for (name, count) in counts {
                _ = writeln!(text, "  {:width$}  {count}", plain(name));
            }
        }
        text
    }

    fn document(&self) -> serde_json::Value {
        let files = self
            .files
            .iter()
            .map(|(file, bytes, records)| json!({ "path": file, "bytes": bytes, "records": records }));
        json!({
            "records": self.records,
            "sessions": self.sessions,
            "first": self.first,
            "last": self.last,
            "events": self.events,
            "schedules": self.schedules,
            "refusals": self.refusals,
            "signatures": self.signatures,
            "files": files.collect::<Vec<_>>(),
        })
    }
}
