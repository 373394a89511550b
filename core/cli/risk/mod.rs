//! `hemiola risk`.

mod drill;
mod halt;
mod operator;
mod place;
mod reset;
mod restore;
mod state;

use clap::Subcommand;
use hemiola_systems::signals::catalog::Catalog;

use crate::exit::Failure;
use halt::Act;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the risk state of an environment or of a run; exit code 3 when a profile is in liquidation.
    State(state::Arguments),
    /// Halt trading by hand: only orders that reduce a position pass until it is resumed.
    Halt(halt::Arguments),
    /// Release a halt, and every limit that tripped.
    Resume(halt::Arguments),
    /// Put a backup in the place of a risk state.
    Restore(restore::Arguments),
    /// Delete a risk state, its latches and its backup.
    Reset(reset::Arguments),
    /// See the risk engine act in made-up markets; exit code 8 when it does not do what it has to.
    #[command(subcommand)]
    Drill(drill::Command),
}

pub(super) fn run(command: &Command, catalog: &Catalog) -> Result<(), Failure> {
    match command {
        Command::State(arguments) => state::run(arguments, catalog),
        Command::Halt(arguments) => halt::run(Act::Halt, arguments, catalog),
        Command::Resume(arguments) => halt::run(Act::Resume, arguments, catalog),
        Command::Restore(arguments) => restore::run(arguments, catalog),
        Command::Reset(arguments) => reset::run(arguments, catalog),
        Command::Drill(command) => drill::run(command),
    }
}
