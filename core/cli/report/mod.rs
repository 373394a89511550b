//! `hemiola report`: what sessions did lately.

mod entries;

use clap::Subcommand;
use hemiola_systems::signals::catalog::Catalog;

use crate::cycles::{Cycle, Evaluation};
use crate::exit::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The newest cycles of a session: what strategies wanted, and what became of it.
    Cycles(entries::Arguments),
    /// The newest evaluations of a session's risk gate.
    Evaluations(entries::Arguments),
}

pub(super) fn run(command: &Command, catalog: &Catalog) -> Result<(), Failure> {
    match command {
        Command::Cycles(arguments) => entries::run::<Cycle>(arguments, catalog),
        Command::Evaluations(arguments) => entries::run::<Evaluation>(arguments, catalog),
    }
}
