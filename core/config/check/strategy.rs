//! Strategies: their keys are known, their parameters are their engine's.

use std::ops::Bound;

use hemiola_components::strategy::{
    EngineSpec, ParameterDefault, ParameterError, ParameterKind, ParameterSpec, ParameterValue, Parameters,
};

use crate::config::field::Field;
use crate::config::problem::quoted;
use crate::config::section::Section;
use crate::config::shape::strategy::KEYS;
use crate::config::tree::{Entry, Value, joined};

use super::Checker;

impl<'t> Checker<'t> {
    pub(super) fn strategy(&self, field: &Field<'t>, engine: Option<&'static str>) -> Option<Value> {
        let mut section = field.section()?;
        let spec = match engine {
            Some(engine) => {
                if let Some(repeated) = section.optional("engine") {
                    check_same_engine(&repeated, engine);
                }
                let spec = self.engines.iter().find(|spec| spec.name == engine);
                if spec.is_none() {
                    let message = format!("there is no engine `{engine}`");
                    field.problems.error(&field.key_place(), "unknown_reference", message);
                }
                spec
            }
            None => self.engine(&mut section),
        };
        let preset = section.optional("preset").and_then(|preset| decode_preset(&preset, spec));
        let mut entries = Vec::new();
        entries.extend(spec.map(|spec| Entry::of("engine", Value::Text(spec.name.to_owned()), field.key)));
        let written = section.optional("parameters");
        if let Some(spec) = spec {
            let values = match written {
                Some(written) => self.parameters(field, Some(&written), None, preset.unwrap_or(&[]), spec),
                None if engine.is_some() => {
                    self.parameters(field, None, Some(&mut section), preset.unwrap_or(&[]), spec)
                }
                None => self.parameters(field, None, None, preset.unwrap_or(&[]), spec),
            };
            entries.push(Entry::of("parameters", Value::Map(values), field.key));
            check_catalogue(&mut section, spec);
        } else {
            written.map(|written| written.section());
        }
        let others = KEYS.keys.iter().filter(|key| !["engine", "preset", "parameters"].contains(&key.name));
        entries.extend(others.filter_map(|key| self.key(&mut section, key, &[])));
        self.close(section);
        Some(Value::Map(entries))
    }

    fn engine(&self, section: &mut Section<'t>) -> Option<&'t EngineSpec> {
        let Some(field) = section.optional("engine") else {
            section.missing("engine");
            return None;
        };
        let names: Vec<_> = self.engines.iter().map(|engine| engine.name).collect();
        let name = field.reference_in_any_case("engine", &names)?;
        self.engines.iter().find(|engine| engine.name == name)
    }

    /// The engine's parameters, complete: what is written goes before the preset, and that before the defaults.
    /// They stand in `written`, or in `beside` among the other keys of the strategy.
    fn parameters(
        &self,
        strategy: &Field<'t>,
        written: Option<&Field<'t>>,
        beside: Option<&mut Section<'t>>,
        preset: &[(&str, f64)],
        engine: &EngineSpec,
    ) -> Vec<Entry> {
        let mut own = match written.map(Field::section) {
            Some(None) => return Vec::new(),
            Some(Some(section)) => Some(section),
            None => None,
        };
        let holder = written.unwrap_or(strategy);
        let inside = if written.is_none() && beside.is_none() { "parameters" } else { "" };
        let mut section = own.as_mut().or(beside);
        let mut found: Vec<Field<'t>> = Vec::new();
        let mut entries = Vec::new();
        for spec in engine.parameters {
            let field = section.as_mut().and_then(|section| section.optional(spec.name));
            let value = match &field {
                Some(field) => parameter(field, spec),
                None => preset_value(preset, spec).or_else(|| default_value(spec.default)).or_else(|| {
                    let mut place = holder.key_place();
                    if !inside.is_empty() {
                        place.path = joined(&place.path, inside);
                    }
                    place.path = joined(&place.path, spec.name);
                    let message = format!("the engine `{}` requires it: {}", engine.name, spec.summary);
                    strategy.problems.error(&place, "missing_key", message);
                    None
                }),
            };
            let position = field.as_ref().map_or(holder.key, |field| field.node.position);
            found.extend(field);
            entries.extend(value.map(|value| Entry::of(spec.name, value, position)));
        }
        if entries.len() == engine.parameters.len() {
            let place = |error: &ParameterError| match found.iter().find(|field| field.name == error.name) {
                Some(field) => field.place(),
                None if written.is_some() => holder.place(),
                None => strategy.key_place(),
            };
            let parameters = parameters_of(&entries);
            if let Err(error) = (engine.check)(&parameters) {
                strategy.problems.error(&place(&error), "invalid_parameters", error.to_string());
            } else if let Some(doubt) = (engine.doubt)(&parameters) {
                strategy.problems.warning(&place(&doubt), "doubtful_parameter", doubt.to_string());
            }
        }
        if let Some(own) = own {
            self.close(own);
        }
        entries
    }
}

fn check_same_engine(field: &Field<'_>, engine: &str) {
    if let Some(found) = field.text().filter(|found| !found.eq_ignore_ascii_case(engine)) {
        let message = format!(
            "this section is for the engine `{engine}`, and the strategy says {}: move it into `strategies`",
            quoted(found)
        );
        field.error("mismatch", message);
    }
}

/// The values that the preset sets.
fn decode_preset(field: &Field<'_>, engine: Option<&EngineSpec>) -> Option<&'static [(&'static str, f64)]> {
    let name = field.text()?;
    let engine = engine?;
    let preset = engine.presets.iter().find(|preset| preset.name == name);
    if preset.is_none() {
        let names: Vec<_> = engine.presets.iter().map(|preset| preset.name).collect();
        field.unknown_reference(&format!("{} preset", engine.name), name, &names);
    }
    preset.map(|preset| preset.values)
}

/// What repeats the engine's classification must say the same.
fn check_catalogue(section: &mut Section<'_>, engine: &EngineSpec) {
    let known = &engine.classification;
    for (name, expected) in [("capability", known.capability), ("license_tier", known.license_tier.name())] {
        let Some(field) = section.optional(name) else { continue };
        if let Some(found) = field.node.text().filter(|found| *found != expected) {
            let message = format!(
                "the strategy says {} and the engine `{}` has `{expected}`: write that, or remove the key",
                quoted(found),
                engine.name
            );
            field.error("mismatch", message);
        }
    }
}

fn preset_value(preset: &[(&str, f64)], spec: &ParameterSpec) -> Option<Value> {
    let (_, value) = preset.iter().find(|(name, _)| *name == spec.name)?;
    Some(Value::Number(*value))
}

fn default_value(default: ParameterDefault) -> Option<Value> {
    match default {
        ParameterDefault::Required => None,
        ParameterDefault::Number(value) => Some(Value::Number(value)),
        ParameterDefault::Text(text) => Some(Value::Text(text.to_owned())),
    }
}

fn parameter(field: &Field<'_>, spec: &ParameterSpec) -> Option<Value> {
    let text = |text: Option<&str>| text.map(|text| Value::Text(text.to_owned()));
    match spec.kind {
        ParameterKind::Count { min, max } => field.count(min..=max).map(|count| Value::Number(count.into())),
        ParameterKind::Number { min, max } => field.number(min..=max).map(Value::Number),
        ParameterKind::Positive { max } => {
            field.number((Bound::Excluded(0.0), Bound::Included(max))).map(Value::Number)
        }
        ParameterKind::Choice(words) => text(field.word(words)),
        ParameterKind::Venue | ParameterKind::TargetsFile => text(field.text()),
    }
}

/// Checked entries as an engine reads them.
pub(crate) fn parameters_of(entries: &[Entry]) -> Parameters {
    let value = |entry: &Entry| match &entry.node.value {
        Value::Number(value) => Some((entry.key.clone(), ParameterValue::Number(*value))),
        Value::Text(text) => Some((entry.key.clone(), ParameterValue::Text(text.clone()))),
        _ => None,
    };
    Parameters(entries.iter().filter_map(value).collect())
}
