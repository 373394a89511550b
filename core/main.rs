//! The `hemiola` program.

use std::process::ExitCode;

use hemiola_systems::signals::catalog::Catalog;

fn main() -> ExitCode {
    hemiola::cli::run(&Catalog::built_in()).into()
}
