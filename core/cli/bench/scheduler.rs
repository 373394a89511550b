//! `hemiola bench scheduler`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use hemiola_adapters::results::write_file;

use crate::bench::budget::Status;
use crate::bench::load::{self, Load};
use crate::bench::load_report::{Limits, LoadReport};
use crate::cli::{Format, Output, document, print, print_json, report_failure, say};
use crate::exit::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// How many ticks.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = at_most(100_000))]
    iterations: usize,
    /// How many schedules, each due at every tick.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = at_most(10_000))]
    schedules: usize,
    /// How many signals of each schedule at every tick, each in an instrument of its own.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = at_most(100))]
    signals: usize,
    /// How far apart ticks are planned, milliseconds; with 0 each begins when the last has ended.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 10)]
    period_ms: u32,
    /// Most milliseconds of a tick.
    #[arg(long, value_name = "MILLISECONDS", default_value = "250", value_parser = budget)]
    latency_budget: f64,
    /// Most processor time, per cent of one processor. Without a period it is told and not judged.
    #[arg(long, value_name = "PERCENT", default_value = "70", value_parser = budget)]
    cpu_budget: f64,
    /// Most memory, MiB.
    #[arg(long, value_name = "MIB", default_value = "3072", value_parser = budget)]
    memory_budget: f64,
    /// Most that is read from storage, MiB a second.
    #[arg(long, value_name = "MIB", default_value = "120", value_parser = budget)]
    read_budget: f64,
    /// Most that is written to storage, MiB a second.
    #[arg(long, value_name = "MIB", default_value = "80", value_parser = budget)]
    write_budget: f64,
    /// Write the document of --format json into this file as well.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "MILLISECONDS")]
    latency_ms: Option<String>,
    #[command(flatten)]
    output_format: Output,
}

/// From 1 on.
fn at_most(most: u64) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=most)
}

fn budget(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 1.0);
    number.ok_or_else(|| "expected a number that is at least 1".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let format = arguments.output_format.format();
    let report = match measure(arguments) {
        Ok(report) => report,
        Err(failure) => return report_failure(COMMAND, format, Err(failure)),
    };
    let status = report.status();
    match format {
        Format::Text => print(&report.to_text())?,
        Format::Json => print_json(COMMAND, status.name(), report.to_json())?,
    }
    match status {
        Status::Error => {
            let message = format!("over budget: {}", report.exceeded());
            Err(Failure::new(Exit::Verification, message))
        }
        Status::Warning => {
            say("warning: a budget is nearly used up");
            Ok(())
        }
        Status::Ok => Ok(()),
    }
}

const COMMAND: &str = "bench.scheduler";

fn measure(arguments: &Arguments) -> Result<LoadReport, Failure> {
    if arguments.latency_ms.is_some() {
        let message = "--latency-ms: latencies are measured here, never made up, and a tick waits for nobody; say how \
                       far apart ticks are planned with --period-ms, and what a tick may take with --latency-budget";
        return Err(Failure::new(Exit::Usage, message));
    }
    let load = Load {
        iterations: arguments.iterations,
        schedules: arguments.schedules,
        signals: arguments.signals,
        period: Duration::from_millis(arguments.period_ms.into()),
    };
    let limits = Limits {
        latency: arguments.latency_budget,
        cpu: arguments.cpu_budget,
        memory: arguments.memory_budget,
        read: arguments.read_budget,
        write: arguments.write_budget,
    };
    let report = LoadReport::new(load, limits, load::run(load)?);
    if let Some(path) = &arguments.output {
        let document = document(COMMAND, report.status().name(), report.to_json());
        write_file(path, format!("{document:#}\n").as_bytes())?;
    }
    Ok(report)
}
