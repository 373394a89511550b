//! `strategies.<name>`.

use std::ops::Bound;

use hemiola_components::strategy::{
    Classification, EngineSpec, ParameterDefault, ParameterError, ParameterKind, ParameterSpec,
    ParameterValue, Parameters,
};

use super::Context;
use crate::config::decode::{Field, Section};
use crate::config::definition::{Additions, Definition};
use crate::config::problem::quoted;
use crate::config::tree::joined;

/// An engine with its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Strategy {
    pub(crate) name: String,
    pub(crate) engine: String,
    pub(crate) parameters: Parameters,
    pub(crate) definition: Definition,
    /// For schedules that name none.
    pub(crate) risk_profile: Option<String>,
    /// The only interval that its engine reads.
    pub(crate) interval: Option<&'static str>,
    /// The first and the second venue, when its engine trades one against the other.
    pub(crate) venues: Option<[String; 2]>,
}

impl Strategy {
    pub(super) fn decode(field: &Field<'_>, context: &Context<'_>) -> Self {
        let mut strategy = Self {
            name: field.name.to_owned(),
            engine: String::new(),
            parameters: Parameters::default(),
            definition: Definition::new(&Classification::CUSTOM, Additions::default()),
            risk_profile: None,
            interval: None,
            venues: None,
        };
        let Some(mut section) = field.section() else { return strategy };
        let engines: Vec<_> = context.engines.iter().map(|engine| engine.name).collect();
        let engine = section.required("engine").and_then(|f| f.reference_in_any_case("engine", &engines));
        let spec = context.engines.iter().find(|spec| Some(spec.name) == engine);
        let preset = section.optional("preset");
        let parameters = section.optional("parameters");
        if let Some(spec) = spec {
            spec.name.clone_into(&mut strategy.engine);
            let preset = preset.map(|f| decode_preset(&f, spec)).unwrap_or_default();
            strategy.parameters = decode_parameters(field, parameters.as_ref(), preset, spec, context);
            strategy.interval = spec.interval;
            if spec.trades_pairs {
                let venue = |name| strategy.parameters.text(name).unwrap_or_default().to_owned();
                strategy.venues = Some(["primary_exchange", "secondary_exchange"].map(venue));
            }
        } else {
            preset.map(|f| f.text());
            parameters.map(|f| f.section());
        }
        strategy.definition = decode_definition(&mut section, spec);
        let profile = section.optional("risk_profile");
        strategy.risk_profile =
            profile.and_then(|f| f.reference("risk profile", &context.risk_profiles)).map(ToOwned::to_owned);
        section.close();
        strategy
    }
}

/// The values that the preset sets.
fn decode_preset(field: &Field<'_>, engine: &EngineSpec) -> &'static [(&'static str, f64)] {
    let presets: Vec<_> = engine.presets.iter().map(|preset| preset.name).collect();
    let name = field.reference(&format!("{} preset", engine.name), &presets);
    let preset = engine.presets.iter().find(|preset| Some(preset.name) == name);
    preset.map_or(&[], |preset| preset.values)
}

/// The strategy's place in the catalogue.
fn decode_definition(section: &mut Section<'_>, engine: Option<&EngineSpec>) -> Definition {
    if let Some(field) = section.optional("capability") {
        check_same(&field, engine, |known| known.capability);
    }
    if let Some(field) = section.optional("license_tier") {
        check_same(&field, engine, |known| known.license_tier.name());
    }
    let mut texts = |name| section.optional(name).map(|field| field.texts()).unwrap_or_default();
    let mut additions = Additions {
        tags: texts("tags"),
        risk_classes: texts("risk_classes"),
        required_data: texts("required_data"),
        risk_hooks: texts("risk_hooks"),
        ..Additions::default()
    };
    let metadata = section.optional("metadata").filter(|field| field.section().is_some());
    for entry in metadata.iter().flat_map(Field::entries) {
        additions.metadata.extend(entry.scalar().map(|value| (entry.name.to_owned(), value)));
    }
    Definition::new(engine.map_or(&Classification::CUSTOM, |spec| &spec.classification), additions)
}

/// Repeats what the engine says of itself, or is an error.
fn check_same(field: &Field<'_>, engine: Option<&EngineSpec>, of: fn(&Classification) -> &'static str) {
    let (Some(found), Some(engine)) = (field.text(), engine) else { return };
    let expected = of(&engine.classification);
    if found != expected {
        let message = format!(
            "the strategy says {} and the engine `{}` has `{expected}`: write that, or remove the key",
            quoted(found),
            engine.name
        );
        field.error("mismatch", message);
    }
}

/// The engine's parameters, complete: what is written goes before the preset, and that before the defaults.
fn decode_parameters(
    strategy: &Field<'_>,
    field: Option<&Field<'_>>,
    preset: &[(&str, f64)],
    engine: &EngineSpec,
    context: &Context<'_>,
) -> Parameters {
    let mut parameters = Parameters::default();
    let mut complete = true;
    let mut section = match field.map(Field::section) {
        Some(Some(section)) => Some(section),
        Some(None) => return parameters,
        None => None,
    };
    for spec in engine.parameters {
        let value = match section.as_mut().and_then(|section| section.optional(spec.name)) {
            Some(field) => decode_parameter(&field, spec, context),
            None => preset_value(preset, spec).or_else(|| default_value(spec.default)).or_else(|| {
                let mut place = field.unwrap_or(strategy).key_place();
                if field.is_none() {
                    place.path = joined(&place.path, "parameters");
                }
                place.path = joined(&place.path, spec.name);
                let message = format!("the engine `{}` requires it: {}", engine.name, spec.summary);
                strategy.problems.error(&place, "missing_key", message);
                None
            }),
        };
        complete &= value.is_some();
        parameters.0.extend(value.map(|value| (spec.name.to_owned(), value)));
    }
    let place = |error: &ParameterError| {
        let named = field.iter().flat_map(|f| f.entries()).find(|entry| entry.name == error.name);
        match (named, field) {
            (Some(named), _) => named.place(),
            (None, Some(field)) => field.place(),
            (None, None) => strategy.key_place(),
        }
    };
    if complete {
        if let Err(error) = (engine.check)(&parameters) {
            strategy.problems.error(&place(&error), "invalid_parameters", error.to_string());
        } else if let Some(doubt) = (engine.doubt)(&parameters) {
            strategy.problems.warning(&place(&doubt), "doubtful_parameter", doubt.to_string());
        }
    }
    if let Some(section) = section {
        section.close();
    }
    parameters
}

fn preset_value(preset: &[(&str, f64)], spec: &ParameterSpec) -> Option<ParameterValue> {
    let (_, value) = preset.iter().find(|(name, _)| *name == spec.name)?;
    Some(ParameterValue::Number(*value))
}

fn default_value(default: ParameterDefault) -> Option<ParameterValue> {
    match default {
        ParameterDefault::Required => None,
        ParameterDefault::Number(value) => Some(ParameterValue::Number(value)),
        ParameterDefault::Text(text) => Some(ParameterValue::Text(text.to_owned())),
    }
}

fn decode_parameter(
    field: &Field<'_>,
    spec: &ParameterSpec,
    context: &Context<'_>,
) -> Option<ParameterValue> {
    match spec.kind {
        ParameterKind::Count { min, max } => {
            field.count(min..=max).map(|count| ParameterValue::Number(count.into()))
        }
        ParameterKind::Number { min, max } => field.number(min..=max).map(ParameterValue::Number),
        ParameterKind::Positive { max } => {
            field.number((Bound::Excluded(0.0), Bound::Included(max))).map(ParameterValue::Number)
        }
        ParameterKind::Choice(words) => field.word(words).map(|word| ParameterValue::Text(word.to_owned())),
        ParameterKind::Venue => field.text().map(|venue| ParameterValue::Text(venue.to_owned())),
        ParameterKind::TargetsFile => {
            let path = context.folder.join(field.text()?);
            let text = path.to_str().map(|path| ParameterValue::Text(path.to_owned()));
            if text.is_none() {
                field.error("unsupported", "the configuration's folder has a name that is not UTF-8");
            }
            text
        }
    }
}
