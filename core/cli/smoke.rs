//! `hemiola smoke`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Subcommand};
use hemiola_systems::signals::catalog::Catalog;
use serde_json::json;

use super::{DEFAULT_CONFIG, Format, print_json, report_failure, say};
use crate::exit::{Exit, Failure};
use crate::job::Job;
use crate::smoke;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run every schedule of a demo environment alone for a few cycles after its warm-up, and say what it emitted: one
    /// JSON document.
    Demo(Demo),
}

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    config: PathBuf,
    /// The environment; it must be a demo.
    #[arg(long, value_name = "NAME", default_value = "demo")]
    environment: String,
    /// The scheduler; the first of the file by default.
    #[arg(long, value_name = "NAME")]
    scheduler: Option<String>,
    /// A candle store; the environment's by default, with made-up candles when there is none yet.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How often each schedule is due after its warm-up.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    cycles: usize,
}

const COMMAND: &str = "smoke.demo";

pub(super) fn run(command: &Command, catalog: &Catalog) -> Result<(), Failure> {
    let Command::Demo(demo) = command;
    let smoked = match smoke(demo, catalog) {
        Ok(smoked) => smoked,
        Err(failure) => return report_failure(COMMAND, Format::Json, Err(failure)),
    };
    let failed: BTreeMap<&str, &str> =
        smoked.iter().filter_map(|one| Some((one.schedule.as_str(), one.failure.as_deref()?))).collect();
    for one in smoked.iter().filter(|one| one.failure.is_none() && one.cycles < demo.cycles) {
        say(format_args!(
            "warning: schedule `{}` was due {} times, then its candles ended",
            one.schedule, one.cycles
        ));
    }
    let telemetry: BTreeMap<_, _> = smoked.iter().map(|one| (&one.schedule, &one.telemetry)).collect();
    let emitted: BTreeMap<_, _> = smoked.iter().map(|one| (&one.schedule, one.emitted)).collect();
    let body = json!({
        "cycles": demo.cycles,
        "telemetry": telemetry,
        "emitted_signals": emitted,
        "failed": failed,
    });
    print_json(COMMAND, if failed.is_empty() { "ok" } else { "error" }, body)?;
    if failed.is_empty() {
        return Ok(());
    }
    let told: Vec<String> =
        failed.iter().map(|(schedule, why)| format!("schedule `{schedule}`: {why}")).collect();
    Err(Failure::new(Exit::Verification, format!("the smoke test failed: {}", told.join("; "))))
}

fn smoke(demo: &Demo, catalog: &Catalog) -> Result<Vec<smoke::Smoked>, Failure> {
    let job = Job {
        environment: Some(demo.environment.clone()),
        scheduler: demo.scheduler.clone(),
        data: demo.data.clone(),
        ..Job::of(&demo.config)
    };
    if !job.plan(catalog)?.is_demo {
        let message = format!(
            "--environment: `{}` is no demo: name an environment with `environment: demo`; a smoke test never touches \
             another one",
            demo.environment
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let prepared = job.prepare(catalog, &mut |notice| say(notice))?;
    smoke::run(&prepared.plan, &prepared.data.market, catalog, demo.cycles)
}
