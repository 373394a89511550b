//! The `hemiola` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    hemiola::cli::main().into()
}
