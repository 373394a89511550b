//! What `--explain-sources` and `config sources` print.

use std::path::{Path, PathBuf};

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use hemiola_systems::signals::catalog::Catalog;
use serde_json::{Map, Value, json};

use super::{Override, Reason, Source, Sourced, Sources};
use crate::cli::{Format, print, print_json};
use crate::config::{self, Config};
use crate::exit::Failure;

/// Options that the configuration answers when nobody else does, and how.
const ANSWERED: [(&str, Answer); 4] = [
    ("environment", |config, _| config.environment_names().first().map(ToString::to_string)),
    ("scheduler", |config, _| config.scheduler_names().first().map(ToString::to_string)),
    ("data", |config, environment| {
        config.data_cache_path(environment).map(|path| path.display().to_string())
    }),
    ("output", |config, environment| {
        config.data_cache_path(environment).map(|path| path.display().to_string())
    }),
];

/// The value in a configuration, for the environment that was asked for.
type Answer = fn(&Config, Option<&str>) -> Option<String>;

/// Says where the value of each option comes from.
pub(in crate::cli) fn explain(mut sources: Sources, catalog: &Catalog) -> Result<(), Failure> {
    let format = sources.format();
    sources.ask_configuration(catalog);
    match format {
        Format::Json => print_json("sources", "ok", document(&sources)),
        Format::Text => print(&text(&sources)),
    }
}

/// The same for all commands.
pub(in crate::cli) fn all(sources: &[Sources], format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => {
            let commands: Vec<_> = sources.iter().map(document).collect();
            print_json("config_sources", "ok", json!({ "commands": commands }))
        }
        Format::Text => print(&sources.iter().map(text).collect::<Vec<_>>().join("\n")),
    }
}

impl Sources {
    fn value(&self, option: &str) -> Option<&str> {
        self.options.iter().find(|one| one.option == option)?.value.as_deref()
    }

    fn format(&self) -> Format {
        let is_json = self.value("format") == Some("json") || self.value("json") == Some("true");
        if is_json { Format::Json } else { Format::Text }
    }

    /// Fills in what the configuration says. One that cannot be read answers nothing: the command will say why.
    fn ask_configuration(&mut self, catalog: &Catalog) {
        let Some(path) = self.value("config").map(PathBuf::from) else { return };
        let Ok(config) = config::load(Path::new(&path), &catalog.specs()) else { return };
        let environment = self.value("environment").map(ToOwned::to_owned);
        let is_seed = self.command == "data seed";
        for sourced in self.options.iter_mut().filter(|one| one.value.is_none()) {
            let answer = ANSWERED.iter().find(|(option, _)| *option == sourced.option);
            // A backtest's results have a place of their own.
            let Some((_, answer)) = answer.filter(|_| is_seed || sourced.option != "output") else {
                continue;
            };
            sourced.value = answer(&config, environment.as_deref());
            if sourced.value.is_some() && sourced.source == Source::Default {
                sourced.source = Source::CoreConfig;
            }
        }
    }

    /// Variables that are set and do not count, a line each.
    pub(in crate::cli) fn notes(&self) -> impl Iterator<Item = String> {
        self.overrides.iter().filter_map(|entry| {
            let Override { option, variable, .. } = entry;
            match entry.reason? {
                Reason::CliOverride => {
                    Some(format!("note: {variable} is set and not used: the command line goes before it"))
                }
                Reason::EmptyValue => {
                    Some(format!("note: {variable} is empty and not used: --{option} takes no empty value"))
                }
            }
        })
    }
}

fn document(sources: &Sources) -> Value {
    let map = |of: fn(&Sourced) -> Value| -> Map<String, Value> {
        sources.options.iter().map(|one| (one.option.clone(), of(one))).collect()
    };
    json!({
        "command": sources.command,
        "environment_overrides": { "entries": sources.overrides },
        "parameter_sources": map(|one| json!(one.source)),
        "values": map(|one| json!(one.value)),
        "variables": map(|one| json!(one.variable)),
    })
}

fn text(sources: &Sources) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["option", "value", "source", "variable"]);
    for one in &sources.options {
        let source = match one.source {
            Source::Default => "default",
            Source::Cli => "command line",
            Source::Env => "variable",
            Source::EnvDisabled => "cleared by variable",
            Source::CoreConfig => "configuration",
        };
        table.add_row([
            format!("--{}", one.option),
            one.value.clone().unwrap_or_default(),
            source.to_owned(),
            one.variable.clone(),
        ]);
    }
    let lines =
        [format!("hemiola {}", sources.command), table.to_string()].into_iter().chain(sources.notes());
    lines.collect::<Vec<_>>().join("\n") + "\n"
}
