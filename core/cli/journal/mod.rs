//! `hemiola journal`.

mod verify;

use clap::Subcommand;

use crate::exit::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Prove that nobody touched a decision journal, or name what was done to it: exit codes 80 to 89.
    Verify(Box<verify::Arguments>),
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Verify(arguments) => verify::run(arguments),
    }
}
