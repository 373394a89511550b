//! `hemiola config profiles`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use hemiola_systems::signals::catalog::Catalog;
use serde_json::json;

use crate::cli::{DEFAULT_CONFIG, Format, Output, print, print_json, report_failure, say, unknown};
use crate::config;
use crate::config::profiles::Profile;
use crate::exit::Failure;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    config: PathBuf,
    /// Say which profile this environment has.
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    report_failure("config_profiles", arguments.output.format(), profiles(arguments, catalog))
}

fn profiles(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let config = config::load(&arguments.config, &catalog.specs())?;
    for warning in config.warnings() {
        say(warning);
    }
    let profiles = config.profiles();
    let environments = config.environment_names();
    let profile = match arguments.environment.as_deref() {
        Some(name) => Some(
            config
                .profile_of(name)
                .ok_or_else(|| unknown("--environment", "environment", name, &environments))?,
        ),
        None => None,
    };
    if arguments.output.format() == Format::Json {
        let status = if config.warnings().is_empty() { "ok" } else { "warning" };
        let names: Vec<_> = profiles.iter().map(|profile| profile.name).collect();
        let body = json!({
            "environment": arguments.environment,
            "environment_found": profile.is_some(),
            "environment_profile": profile,
            "available_profiles": names,
            "environments": environments,
            "profiles": profiles,
        });
        return print_json("config_profiles", status, body);
    }
    let mut text = table(&profiles);
    if let (Some(environment), Some(profile)) = (&arguments.environment, profile) {
        writeln!(text, "environment {environment}: {profile}").expect("a text takes everything");
    }
    print(&text)
}

/// A profile is a column, a limit a row.
fn table(profiles: &[Profile<'_>]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    let row = |name: &str, of: &dyn Fn(&Profile<'_>) -> String| {
        std::iter::once(name.to_owned()).chain(profiles.iter().map(of)).collect::<Vec<_>>()
    };
    table.set_header(row("", &|profile| profile.name.to_owned()));
    table.add_row(row("classification", &|profile| profile.classification.to_owned()));
    table.add_row(row("environments", &|profile| profile.associated_environments.join(", ")));
    let mut names: Vec<&str> = profiles.iter().flat_map(|profile| profile.limits.keys().copied()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        table.add_row(row(name, &|profile| {
            profile.limits.get(name).map_or("off".to_owned(), ToString::to_string)
        }));
    }
    format!("{table}\n")
}
