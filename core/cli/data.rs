//! `hemiola data`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;

use super::{Selected, print};
use crate::config::{self, Selection};
use crate::demo::{self, Range};
use crate::exit::{Exit, Failure};
use crate::instant;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write made-up candles for every series the scheduler reads. The same seed gives the same candles, and a
    /// longer range keeps those of a shorter one.
    Seed(SeedArguments),
}

#[derive(Debug, Args)]
pub(super) struct SeedArguments {
    #[command(flatten)]
    selected: Selected,
    /// How many days.
    #[arg(long, value_name = "N", default_value_t = 730, value_parser = clap::value_parser!(u16).range(1..))]
    days: u16,
    /// The first day.
    #[arg(long, value_name = "DATE", default_value = "2024-01-01")]
    start_date: String,
    /// Another seed is another history.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The candle store to write; the environment's by default.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Say nothing.
    #[arg(long)]
    quiet: bool,
}

pub(super) fn run(command: &Command, catalog: &Catalog) -> Result<(), Failure> {
    let Command::Seed(arguments) = command;
    let selected = &arguments.selected;
    let config = config::load(&selected.config, &catalog.specs())?;
    let plan = config.plan(&Selection {
        environment: selected.environment.clone(),
        scheduler: selected.scheduler.clone(),
        ..Selection::default()
    })?;
    let from = instant::parse(&arguments.start_date)
        .map_err(|error| Failure::new(Exit::Usage, format!("--start-date: {error}")))?;
    let length = Nanos::new(i64::from(arguments.days) * Nanos::DAY.get());
    let to = from.get().checked_add(length.get()).map(Nanos::new).ok_or_else(|| {
        let message = format!(
            "--days: {} days from {} on is later than the year 2261",
            arguments.days, arguments.start_date
        );
        Failure::new(Exit::Usage, message)
    })?;
    let range = Range { from, to, seed: arguments.seed };
    let root = arguments.output.as_ref().unwrap_or(&plan.data_root);
    let lines = demo::seed(&plan, root, range)?;
    if arguments.quiet { Ok(()) } else { print(&(lines.join("\n") + "\n")) }
}
