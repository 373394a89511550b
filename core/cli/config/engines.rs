//! `hemiola config engines`.

use std::path::{Path, PathBuf};

use clap::Args;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use hemiola_components::strategy::{EngineSpec, ParameterDefault, ParameterKind, ParameterSpec, Preset};
use hemiola_systems::signals::capability::AllowAll;
use hemiola_systems::signals::catalog::Catalog;
use serde_json::{Map, Value, json};

use crate::cli::{DEFAULT_CONFIG, Format, Output, print, print_json, report_failure, say};
use crate::config;
use crate::exit::Failure;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The configuration whose capabilities count; config/core.yaml by default, if there is one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    report_failure("config_engines", arguments.output.format(), engines(arguments, catalog))
}

fn engines(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let (specs, warnings) = allowed(arguments.config.as_deref(), catalog)?;
    for warning in &warnings {
        say(format_args!("warning: {warning}"));
    }
    if arguments.output.format() == Format::Json {
        let status = if warnings.is_empty() { "ok" } else { "warning" };
        let engines: Vec<Value> = specs.iter().map(document).collect();
        return print_json("config_engines", status, json!({ "engines": engines, "warnings": warnings }));
    }
    print(&specs.iter().map(text).collect::<Vec<_>>().join("\n"))
}

/// The engines that may be used, and what is probably not meant.
fn allowed(config: Option<&Path>, catalog: &Catalog) -> Result<(Vec<EngineSpec>, Vec<String>), Failure> {
    let default = Path::new(DEFAULT_CONFIG);
    let Some(path) = config.or_else(|| default.exists().then_some(default)) else {
        return Ok((catalog.list(&AllowAll), Vec::new()));
    };
    let config = config::load(path, &catalog.specs())?;
    let capabilities = config.capabilities(&catalog.specs())?;
    let doubts = capabilities.iter().flat_map(|file| &file.warnings);
    let warnings = config.warnings().iter().chain(doubts).map(ToString::to_string).collect();
    let specs = match &capabilities {
        Some(file) => catalog.list(&file.granted),
        None => catalog.list(&AllowAll),
    };
    Ok((specs, warnings))
}

/// An engine for people; each preset is a column.
fn text(spec: &EngineSpec) -> String {
    let known = spec.classification;
    let only = spec.interval.map_or(String::new(), |interval| format!(", candles of {interval} only"));
    let text = format!(
        "{}  tier {}, capability {}, tags {}{only}\n{}\n",
        spec.name,
        known.license_tier.name(),
        known.capability,
        known.tags.join(", "),
        spec.summary
    );
    if spec.parameters.is_empty() {
        return text;
    }
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    let presets = || spec.presets.iter();
    let mut header = vec!["parameter", "range", "default"];
    header.extend(presets().map(|preset| preset.name));
    header.push("meaning");
    table.set_header(header);
    for parameter in spec.parameters {
        let default = match parameter.default {
            ParameterDefault::Required => "required".to_owned(),
            ParameterDefault::Number(value) => value.to_string(),
            ParameterDefault::Text(word) => word.to_owned(),
        };
        let mut row = vec![parameter.name.to_owned(), range(parameter.kind), default];
        row.extend(
            presets().map(|preset| value_of(preset, parameter).map_or(String::new(), |v| v.to_string())),
        );
        row.push(parameter.summary.to_owned());
        table.add_row(row);
    }
    format!("{text}{table}\n")
}

fn value_of(preset: &Preset, parameter: &ParameterSpec) -> Option<f64> {
    preset.values.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| *value)
}

fn range(kind: ParameterKind) -> String {
    match kind {
        ParameterKind::Count { min, max } => format!("{min} to {max}, whole"),
        ParameterKind::Number { min, max } => format!("{min} to {max}"),
        ParameterKind::Positive { max } => format!("above 0, to {max}"),
        ParameterKind::Choice(words) => words.join(" | "),
        ParameterKind::Venue => "a venue".to_owned(),
        ParameterKind::TargetsFile => "a file".to_owned(),
    }
}

/// An engine for programs.
fn document(spec: &EngineSpec) -> Value {
    let known = spec.classification;
    let preset = |preset: &Preset| {
        let values = preset.values.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
        (preset.name.to_owned(), Value::Object(values.collect()))
    };
    json!({
        "name": spec.name,
        "summary": spec.summary,
        "license_tier": known.license_tier.name(),
        "capability": known.capability,
        "tags": known.tags,
        "risk_classes": known.risk_classes,
        "required_data": known.required_data,
        "interval": spec.interval,
        "parameters": spec.parameters.iter().map(parameter_document).collect::<Vec<_>>(),
        "presets": spec.presets.iter().map(preset).collect::<Map<_, _>>(),
    })
}

fn parameter_document(parameter: &ParameterSpec) -> Value {
    let mut document = match parameter.kind {
        ParameterKind::Count { min, max } => json!({ "kind": "count", "min": min, "max": max }),
        ParameterKind::Number { min, max } => json!({ "kind": "number", "min": min, "max": max }),
        ParameterKind::Positive { max } => json!({ "kind": "positive", "max": max }),
        ParameterKind::Choice(words) => json!({ "kind": "choice", "words": words }),
        ParameterKind::Venue => json!({ "kind": "venue" }),
        ParameterKind::TargetsFile => json!({ "kind": "targets_file" }),
    };
    document["name"] = json!(parameter.name);
    document["summary"] = json!(parameter.summary);
    document["default"] = match parameter.default {
        ParameterDefault::Required => Value::Null,
        ParameterDefault::Number(value) => json!(value),
        ParameterDefault::Text(word) => json!(word),
    };
    document
}
