//! `hemiola config show`.

use std::path::PathBuf;

use clap::Args;
use hemiola_systems::signals::catalog::Catalog;
use serde_json::json;

use crate::cli::{DEFAULT_CONFIG, Format, Output, print, print_json, report_failure, say};
use crate::config;
use crate::exit::{Exit, Failure};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    config: PathBuf,
    /// One spelling of each key, defaults and presets filled in, all strategies and schedulers in one section each.
    #[arg(long)]
    resolved: bool,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    report_failure("config_show", arguments.output.format(), show(arguments, catalog))
}

fn show(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let config = config::load(&arguments.config, &catalog.specs())?;
    for warning in config.warnings() {
        say(warning);
    }
    let shown = if arguments.resolved { config.as_resolved() } else { config.as_written() };
    if arguments.output.format() == Format::Json {
        let status = if config.warnings().is_empty() { "ok" } else { "warning" };
        let body = json!({ "file": arguments.config, "resolved": arguments.resolved, "config": shown });
        return print_json("config_show", status, body);
    }
    let text = serde_saphyr::to_string(&shown)
        .map_err(|error| Failure::new(Exit::Operational, format!("cannot be written as YAML: {error}")))?;
    print(&text)
}
