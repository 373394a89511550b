//! `hemiola backtest --compare-policies`.

use std::path::{Path, PathBuf};

use hemiola_systems::signals::catalog::Catalog;
use serde_json::json;

use super::backtest::{Log, watched};
use super::{Format, print, print_json, say};
use crate::assembly::Notes;
use crate::exit::Failure;
use crate::job::{Job, Prepared, default_output};
use crate::memory::Memory;
use crate::results::Decisions;
use crate::results::compare::{self, Variant};
use crate::results::summary::Summary;

/// What a comparison writes, and where.
pub(super) struct Wanted<'a> {
    pub(super) policies: &'a [String],
    pub(super) output: Option<&'a Path>,
    pub(super) decisions: Log,
    pub(super) format: Format,
}

/// Runs a job under each policy, an account each in one world.
pub(super) fn run(job: &Job, wanted: &Wanted<'_>, memory: &Memory, catalog: &Catalog) -> Result<(), Failure> {
    let variant = |policy: &String| Job { capital_policy: Some(policy.clone()), ..job.clone() };
    let jobs: Vec<Job> = wanted.policies.iter().map(variant).collect();
    let prepared = Job::prepare_each(&jobs, memory, catalog, &mut |notice| say(notice))?;
    compare::check_labels(&prepared)?;
    let decisions = match prepared.first() {
        Some(first) => wanted.decisions.decisions(first)?,
        None => Decisions::None,
    };
    let (run, elapsed) = watched(|progress| Prepared::run_each(&prepared, catalog, progress));
    let run = run?;
    let notes = once(run.notes);
    let summaries: Vec<Summary> = prepared
        .iter()
        .zip(&run.outcomes)
        .map(|(prepared, outcome)| Summary::new(prepared, outcome, &notes, run.passes, elapsed))
        .collect();
    let mut said: Vec<&String> = Vec::new();
    for warning in summaries.iter().flat_map(Summary::warnings) {
        if !said.contains(&warning) {
            say(format_args!("warning: {warning}"));
            said.push(warning);
        }
    }
    let variants: Vec<Variant<'_>> = jobs
        .iter()
        .zip(&prepared)
        .zip(run.outcomes.iter().zip(&summaries))
        .map(|((job, prepared), (outcome, summary))| Variant { job, prepared, outcome, summary })
        .collect();
    let target = wanted.output.map_or_else(|| default_output(&compare::id(&prepared)), PathBuf::from);
    let folder = compare::write(&target, &variants, &decisions)?;
    if wanted.format == Format::Json {
        let mut document = compare::to_json(&variants);
        document["results"] = json!(folder);
        return print_json("comparison", if said.is_empty() { "ok" } else { "warning" }, document);
    }
    let synthetic = prepared.iter().any(|one| one.data.is_synthetic());
    let synthetic = if synthetic { " (synthetic candles: says nothing about markets)" } else { "" };
    print(&format!("{}results               {}{synthetic}\n", compare::to_text(&variants), target.display()))
}

/// What assembly learned, once: it learns the same of every account.
fn once(notes: Notes) -> Notes {
    fn distinct<T: PartialEq>(all: Vec<T>) -> Vec<T> {
        let mut distinct = Vec::new();
        for one in all {
            if !distinct.contains(&one) {
                distinct.push(one);
            }
        }
        distinct
    }
    Notes {
        short_warmups: distinct(notes.short_warmups),
        short_histories: distinct(notes.short_histories),
        stale_quotes: distinct(notes.stale_quotes),
        inexact_series: distinct(notes.inexact_series),
    }
}
