//! `hemiola sched restore` and `hemiola sched reset`.

use std::path::PathBuf;

use clap::Args;
use hemiola_adapters::state;
use hemiola_systems::signals::catalog::Catalog;
use serde_json::json;

use super::place::Place;
use crate::cli::{Format, Output, print, print_json, report_failure};
use crate::exit::{Exit, Failure};
use crate::operator::rights::Right;

#[derive(Debug, Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    place: Place,
    /// The backup; the one of the last change by default.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Reset {
    #[command(flatten)]
    place: Place,
    /// Yes, the suspensions, the limits and the log are to be lost.
    #[arg(long)]
    confirm: bool,
    #[command(flatten)]
    output: Output,
}

pub(super) fn restore(arguments: &Restore, catalog: &Catalog) -> Result<(), Failure> {
    let perform = || {
        let session = arguments.place.open_named(catalog)?;
        session.require(Right::Write)?;
        let folder = &session.folder;
        let from = arguments.from.clone().unwrap_or_else(|| folder.backup());
        state::restore(folder, &from)?;
        match arguments.output.format() {
            Format::Json => print_json(
                "sched.restore",
                "ok",
                json!({ "environment": folder.environment(), "source": folder.database(), "from": from }),
            ),
            Format::Text => {
                print(&format!("{} holds what {} holds\n", folder.database().display(), from.display()))
            }
        }
    };
    report_failure("sched.restore", arguments.output.format(), perform())
}

pub(super) fn reset(arguments: &Reset, catalog: &Catalog) -> Result<(), Failure> {
    let perform = || {
        let session = arguments.place.open_named(catalog)?;
        session.require(Right::Write)?;
        let folder = &session.folder;
        let path = folder.path().display();
        if !arguments.confirm {
            let message = format!(
                "the suspensions, the limits and the log in {path} would be lost: say --confirm if that is meant"
            );
            return Err(Failure::new(Exit::Usage, message));
        }
        let removed = state::reset(folder)?;
        match arguments.output.format() {
            Format::Json => print_json(
                "sched.reset",
                "ok",
                json!({ "environment": folder.environment(), "folder": folder.path(), "removed": removed }),
            ),
            Format::Text => {
                let what =
                    if removed { "the operator state is deleted" } else { "there was no operator state" };
                print(&format!("{path}: {what}\n"))
            }
        }
    };
    report_failure("sched.reset", arguments.output.format(), perform())
}
