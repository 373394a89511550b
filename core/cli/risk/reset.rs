//! `hemiola risk reset`.

use clap::Args;
use hemiola_adapters::risk_state;
use hemiola_systems::signals::catalog::Catalog;
use serde_json::json;

use super::place::Place;
use crate::cli::{Format, Output, print, print_json, report_failure};
use crate::exit::{Exit, Failure};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Yes, the latches and the history are to be lost.
    #[arg(long)]
    confirm: bool,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    report_failure("risk.reset", arguments.output.format(), reset(arguments, catalog))
}

fn reset(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let (_, folder) = arguments.place.find_named(catalog)?;
    let path = folder.path().display();
    if !arguments.confirm {
        let message = format!(
            "the latches and the history in {path} would be lost, and trading would start without them: say --confirm \
             if that is meant"
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let removed = risk_state::reset(&folder)?;
    if arguments.output.format() == Format::Json {
        let body =
            json!({ "environment": folder.environment(), "folder": folder.path(), "removed": removed });
        return print_json("risk.reset", "ok", body);
    }
    let what = if removed { "the risk state is deleted" } else { "there was no risk state" };
    print(&format!("{path}: {what}\n"))
}
