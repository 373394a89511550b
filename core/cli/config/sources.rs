//! `hemiola config sources`.

use clap::Args;

use crate::cli::sources::{Process, of_all_commands, report};
use crate::cli::{Output, report_failure};
use crate::exit::Failure;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let format = arguments.output.format();
    let ended = of_all_commands(&Process).and_then(|sources| report::all(&sources, format));
    report_failure("config_sources", format, ended)
}
