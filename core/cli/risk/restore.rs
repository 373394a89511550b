//! `hemiola risk restore`.

use std::path::PathBuf;

use clap::Args;
use hemiola_adapters::risk_state;
use hemiola_systems::signals::catalog::Catalog;
use serde_json::json;

use super::place::Place;
use crate::cli::{Format, Output, print, print_json, report_failure};
use crate::exit::Failure;
use crate::instant;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The backup; the one of the last save by default.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    report_failure("risk.restore", arguments.output.format(), restore(arguments, catalog))
}

fn restore(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let (_, folder) = arguments.place.find_named(catalog)?;
    let from = arguments.from.clone().unwrap_or_else(|| folder.backup());
    let states = risk_state::restore(&folder, &from)?;
    let profiles = states.records.values();
    if arguments.output.format() == Format::Json {
        let restored = profiles.map(|record| {
            json!({
                "profile": record.profile,
                "as_of": instant::text(record.as_of),
                "force_liquidation": record.is_liquidating(),
            })
        });
        let body = json!({
            "environment": folder.environment(),
            "source": folder.database(),
            "from": from,
            "restored": restored.collect::<Vec<_>>(),
        });
        return print_json("risk.restore", "ok", body);
    }
    let lines = profiles.map(|record| {
        let condition = if record.is_liquidating() { "in liquidation" } else { "open" };
        format!("{}: restored as of {}, {condition}\n", record.profile, instant::text(record.as_of))
    });
    let source = format!("{} holds what {} holds\n", folder.database().display(), from.display());
    print(&(lines.collect::<String>() + &source))
}
