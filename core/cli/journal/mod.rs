//! `hemiola journal`.

mod export;
mod filter;
mod follow;
mod incident;
mod keygen;
mod read;
mod record;
mod show;
mod stats;
mod tail;
mod verify;

use clap::Subcommand;
use hemiola_systems::signals::catalog::Catalog;

use crate::exit::{Exit, Failure};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Prove that nobody touched a decision journal, or name what was done to it: exit codes 80 to 89.
    Verify(Box<verify::Arguments>),
    /// Print the last records, a line each, and wait for more if asked to.
    Tail(tail::Arguments),
    /// Count records by event, schedule and rule.
    Stats(stats::Arguments),
    /// Print a record, or all records of an order or a signal, in full.
    Show(show::Arguments),
    /// Write records as a table: Parquet or CSV.
    Export(export::Arguments),
    /// Append a signed note of an operator to the journal of an environment.
    Incident(incident::Arguments),
    /// Make the keys that sign a journal and its checkpoints.
    Keygen(keygen::Arguments),
}

pub(super) fn run(command: &Command, catalog: &Catalog) -> Result<(), Failure> {
    match command {
        Command::Verify(arguments) => verify::run(arguments),
        Command::Tail(arguments) => tail::run(arguments),
        Command::Stats(arguments) => stats::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Incident(arguments) => incident::run(arguments, catalog),
        Command::Keygen(arguments) => keygen::run(arguments),
    }
}

fn said<T>(argument: Option<T>, what: &str) -> Result<T, Failure> {
    argument.ok_or_else(|| Failure::new(Exit::Usage, format!("say {what}")))
}
