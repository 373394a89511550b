//! `hemiola sched log`.

use clap::Args;
use hemiola_systems::signals::catalog::Catalog;
use serde_json::json;

use super::place::Place;
use crate::cli::{Format, Output, print, print_json, report_failure};
use crate::exit::Failure;
use crate::operator::rights::Right;
use crate::operator::show::operator_log;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    report_failure("sched.log", arguments.output.format(), log(arguments, catalog))
}

fn log(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let session = arguments.place.open(catalog)?;
    session.require(Right::Read)?;
    let events = session.events()?;
    match arguments.output.format() {
        Format::Text => print(&operator_log(&events)),
        Format::Json => {
            let body = json!({
                "environment": session.plan.environment,
                "scheduler": session.plan.scheduler,
                "source": session.folder.database(),
                "events": events,
            });
            print_json("sched.log", "ok", body)
        }
    }
}
