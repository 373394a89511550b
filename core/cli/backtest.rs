//! `hemiola backtest`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::compare::{self, Wanted};
use super::over::Over;
use super::{Format, Output, Selected, explain, print, print_json, report_failure, say, why};
use crate::clock::Stopwatch;
use crate::exit::{Exit, Failure};
use crate::job::{Job, Prepared, default_output};
use crate::memory::{Memory, half_of_available, parse_size};
use crate::modes::backtest::{Outcome, Run};
use crate::results::ledger::{Appended, RunLedger};
use crate::results::manifest::Manifest;
use crate::results::summary::Summary;
use crate::results::{self, Decisions, terminal};
use crate::sweep::variant::{Named, Variant};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    selected: Selected,
    #[command(flatten)]
    over: Over,
    /// Begin with the latches and halts of the environment's risk state, as paper and live do.
    #[arg(long)]
    risk_state: bool,
    /// Do what this operator log says, at its instants: one JSON object per line, such as `hemiola sched log` prints.
    #[arg(long, value_name = "FILE")]
    operator_log: Option<PathBuf>,
    /// Divide the capital by another policy than the scheduler's: its name, or the file it stands in.
    #[arg(long, value_name = "NAME|FILE", conflicts_with = "compare_policies")]
    capital_policy: Option<String>,
    /// Run the same under several capital policies at once, an account each, and say what they came to side by side.
    /// Names, and files whose names end in .yaml or .json.
    #[arg(long, value_name = "NAME|FILE,...", value_delimiter = ',', conflicts_with_all = ["ledger", "explain", "why"])]
    compare_policies: Vec<String>,
    /// Put a value in the place of the configuration's: `scheduler.capital_policy=risk_parity`, or with a strategy's or an
    /// engine's name one of its parameters: `trend.fast=20`. Once for each.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Run one variant of a sweep, named by the sweep's folder and the variant's number: all that decides its results is
    /// taken from there, and its digest must be the one that the sweep recorded.
    #[arg(
        long,
        value_name = "SWEEP#INDEX",
        value_parser = Named::read,
        conflicts_with_all = [
            "environment", "scheduler", "data", "interval", "trust_data", "from", "to", "skip_blocked", "risk_state",
            "operator_log", "capital_policy", "compare_policies", "set",
        ]
    )]
    variant: Option<Named>,
    /// Points of the equity curve.
    #[arg(long, value_enum, default_value = "events")]
    equity: Points,
    /// Which decisions are written: one line of decisions.jsonl each.
    #[arg(long, value_enum, default_value = "all")]
    decisions: Log,
    /// Folder of the results; data/reports/<run id> by default. It is replaced in one step.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Appends a row for every fill to the paper ledger in this folder, a file a day.
    #[arg(long, value_name = "DIR")]
    ledger: Option<PathBuf>,
    /// Memory for candles, such as 512MiB or 2GiB; half of what is available by default. Where they take more, they
    /// are in temporary files. The results are the same.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    memory_limit: Option<u64>,
    /// Folder of the temporary files, on a disk; the system's by default.
    #[arg(long, value_name = "DIR")]
    temp_dir: Option<PathBuf>,
    #[command(flatten)]
    output_format: Output,
    /// Say what a schedule's engine saw at its last decision at or before an instant, instead of writing results.
    #[arg(long, value_name = "SCHEDULE@TIME", conflicts_with_all = ["output", "equity", "decisions", "ledger"])]
    explain: Vec<String>,
    /// Follow the last decision about an instrument at or before an instant, of every schedule that trades it: candle,
    /// signal, weight, limit, gate, order, fills; instead of writing results.
    #[arg(long, value_name = "SYMBOL@TIME", conflicts_with_all = ["output", "equity", "decisions", "ledger", "explain"])]
    why: Vec<String>,
    /// Repeat the run of a manifest and compare; write nothing.
    #[arg(long, value_name = "MANIFEST", exclusive = true)]
    verify: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Points {
    /// After fills and at day closes.
    Events,
    /// At every candle of what is held.
    Bars,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Log {
    /// Every one.
    All,
    /// None, for runs whose decisions nobody reads; there is no decisions.jsonl then.
    None,
}

impl Log {
    /// The keys are loaded before anything is run.
    pub(super) fn decisions(self, prepared: &Prepared) -> Result<Decisions, Failure> {
        if self == Self::None {
            return Ok(Decisions::None);
        }
        Ok(Decisions::All(Box::new(prepared.signing()?)))
    }
}

impl Arguments {
    fn job(&self) -> Result<(Job, Option<String>), Failure> {
        let every_bar = self.equity == Points::Bars;
        if let Some(named) = &self.variant {
            let Variant { job, digest } = named.find()?;
            return Ok((Job { every_bar, ..job }, digest));
        }
        let job = Job {
            every_bar,
            risk_state: self.risk_state,
            operator_log: self.operator_log.clone(),
            capital_policy: self.capital_policy.clone(),
            set: self.set.clone(),
            ..self.over.job(&self.selected)
        };
        Ok((job, None))
    }

    fn memory(&self) -> Memory {
        Memory {
            limit: self.memory_limit.or_else(half_of_available),
            folder: self.temp_dir.clone().unwrap_or(Memory::default().folder),
        }
    }
}

pub(super) fn run(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let format = arguments.output_format.format();
    let is_comparison = !arguments.compare_policies.is_empty();
    report_failure(
        if is_comparison { "comparison" } else { "backtest" },
        format,
        start(arguments, catalog, format),
    )
}

fn start(arguments: &Arguments, catalog: &Catalog, format: Format) -> Result<(), Failure> {
    if let Some(path) = &arguments.verify {
        return verify(path, &arguments.memory(), catalog);
    }
    let (job, recorded) = arguments.job()?;
    let memory = arguments.memory();
    if !arguments.explain.is_empty() {
        return explain::run(&job, &memory, &arguments.explain, catalog, format);
    }
    if !arguments.why.is_empty() {
        return why::run(&job, &memory, &arguments.why, catalog, format);
    }
    if !arguments.compare_policies.is_empty() {
        let wanted = Wanted {
            policies: &arguments.compare_policies,
            output: arguments.output.as_deref(),
            decisions: arguments.decisions,
            format,
        };
        return compare::run(&job, &wanted, &memory, catalog);
    }
    backtest(arguments, &job, recorded.as_deref(), catalog)
}

fn backtest(
    arguments: &Arguments,
    job: &Job,
    recorded: Option<&str>,
    catalog: &Catalog,
) -> Result<(), Failure> {
    let prepared = prepare(job, &arguments.memory(), catalog)?;
    let decisions = arguments.decisions.decisions(&prepared)?;
    let ledger = arguments.ledger.as_deref().map(|folder| RunLedger::open(folder, &prepared)).transpose()?;
    let (run, outcome, elapsed_seconds) = execute(&prepared, catalog)?;
    let summary = Summary::new(&prepared, &outcome, &run.notes, run.passes, elapsed_seconds);
    for warning in summary.warnings() {
        say(format_args!("warning: {warning}"));
    }
    let target = arguments.output.clone().unwrap_or_else(|| default_output(&prepared.run_id));
    let folder = results::write(&target, job, &prepared, &outcome, &summary, &decisions)?;
    if let Some(recorded) = recorded.filter(|recorded| *recorded != outcome.digest) {
        let message = format!(
            "{}: the digest is {}, and the sweep recorded {recorded}: its data, configuration or version were others",
            folder.display(),
            outcome.digest
        );
        return Err(Failure::new(Exit::Verification, message));
    }
    let appended = ledger.map(|ledger| ledger.append(&outcome)).transpose()?;
    if arguments.output_format.format() == Format::Json {
        let mut document = summary.to_json();
        document["results"] = json!(folder);
        document["ledger"] = json!(appended.as_ref().map(ledger_document));
        let status = if summary.warnings().is_empty() { "ok" } else { "warning" };
        return print_json("backtest", status, document);
    }
    let synthetic =
        if prepared.data.is_synthetic() { " (synthetic candles: says nothing about markets)" } else { "" };
    print(&format!(
        "{}results               {}{synthetic}\n{}digest                {}\n",
        terminal::render(&summary),
        target.display(),
        appended.as_ref().map(ledger_line).unwrap_or_default(),
        outcome.digest
    ))
}

fn ledger_line(Appended { folder, rows, torn, deleted }: &Appended) -> String {
    let mut line = format!("ledger                {}: {rows} rows", folder.display());
    for torn in torn {
        write!(line, "; {} torn bytes moved to {}", torn.bytes, torn.to.display())
            .expect("a String takes all text");
    }
    if !deleted.is_empty() {
        write!(line, "; {} files older than are kept deleted", deleted.len())
            .expect("a String takes all text");
    }
    line + "\n"
}

fn ledger_document(Appended { folder, rows, torn, deleted }: &Appended) -> Value {
    let torn = torn.iter().map(|torn| json!({ "from": torn.from, "to": torn.to, "bytes": torn.bytes }));
    json!({ "folder": folder, "rows": rows, "torn": torn.collect::<Vec<_>>(), "deleted": deleted })
}

fn prepare(job: &Job, memory: &Memory, catalog: &Catalog) -> Result<Prepared, Failure> {
    job.prepare_within(memory, catalog, &mut |notice| say(notice))
}

fn execute(prepared: &Prepared, catalog: &Catalog) -> Result<(Run, Outcome, f64), Failure> {
    let (run, elapsed_seconds) = watched(|progress| prepared.run(catalog, progress));
    let mut run = run?;
    let outcome = run.outcomes.pop().expect("one plan, one outcome");
    Ok((run, outcome, elapsed_seconds))
}

/// Runs with a progress bar, which shows only on a terminal, and says how many seconds it took.
pub(super) fn watched<T>(run: impl FnOnce(&mut dyn FnMut(Nanos, Nanos)) -> T) -> (T, f64) {
    const STEPS: u64 = 1_000;
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {eta} left");
    let bar = ProgressBar::new(STEPS).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut first = None;
    let stopwatch = Stopwatch::start();
    let ended = run(&mut |now: Nanos, end: Nanos| {
        let start = *first.get_or_insert(now);
        let share = (now - start).get() as f64 / (end - start).get().max(1) as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to STEPS")]
        bar.set_position((share * STEPS as f64) as u64);
    });
    bar.finish_and_clear();
    (ended, stopwatch.elapsed().as_secs_f64())
}

fn verify(path: &Path, memory: &Memory, catalog: &Catalog) -> Result<(), Failure> {
    let manifest = Manifest::read(path)?;
    let differences = repeat(&manifest, memory, catalog)?;
    if differences.is_empty() {
        return print(&format!("verified: {}\ndigest    {}\n", path.display(), manifest.digest));
    }
    let message = format!("{}: the run does not repeat:\n  {}", path.display(), differences.join("\n  "));
    Err(Failure::new(Exit::Verification, message))
}

/// Runs a manifest's job again and says what differs. Without all of its inputs it is not run, so that nothing is
/// made up in their place.
fn repeat(manifest: &Manifest, memory: &Memory, catalog: &Catalog) -> Result<Vec<String>, Failure> {
    if manifest.inputs().any(|path| !path.exists()) {
        return Ok(manifest.changed_inputs());
    }
    let prepared = match prepare(&manifest.job, memory, catalog) {
        Ok(prepared) => prepared,
        Err(failure) => {
            let mut changed = manifest.changed_inputs();
            if changed.is_empty() {
                return Err(failure);
            }
            changed.push(failure.message);
            return Ok(changed);
        }
    };
    let (_, outcome, _) = execute(&prepared, catalog)?;
    Ok(manifest.differences(&prepared, &outcome))
}
