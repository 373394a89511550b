//! `hemiola config`.

mod engines;
mod profiles;
mod schema;
mod show;
mod sources;
mod validate;

use clap::Subcommand;
use hemiola_systems::signals::catalog::Catalog;

use crate::exit::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say everything that is wrong with a configuration, with file, line and column.
    Validate(validate::Arguments),
    /// Print a configuration; secrets are masked.
    Show(show::Arguments),
    /// List the risk profiles, and the environments that use them.
    Profiles(profiles::Arguments),
    /// List the engines that may be used, with their parameters.
    Engines(engines::Arguments),
    /// List the environment variables of every command, and what they say now.
    Sources(sources::Arguments),
    /// Print the JSON Schema of a configuration, for editors.
    Schema,
    /// Print the reference of every key, in Markdown.
    Reference,
}

pub(super) fn run(command: &Command, catalog: &Catalog) -> Result<(), Failure> {
    match command {
        Command::Validate(arguments) => validate::run(arguments, catalog),
        Command::Show(arguments) => show::run(arguments, catalog),
        Command::Profiles(arguments) => profiles::run(arguments, catalog),
        Command::Engines(arguments) => engines::run(arguments, catalog),
        Command::Sources(arguments) => sources::run(arguments),
        Command::Schema => schema::schema(catalog),
        Command::Reference => schema::reference(),
    }
}
