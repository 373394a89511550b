//! Risk profiles: their presets fill in what they leave out.

use crate::config::field::Field;
use crate::config::shape::risk::{PRESETS, Preset, RISK_PROFILE, STATED, preset_values};
use crate::config::tree::Value;

use super::Checker;

impl<'t> Checker<'t> {
    pub(super) fn risk_profile(&self, field: &Field<'t>) -> Option<Value> {
        let given = preset_values(preset(field));
        let value = self.section(field, &RISK_PROFILE, &given)?;
        let is_given = |name: &str| given.iter().any(|(given, _)| *given == name);
        if has_unknown_preset(field) {
            return Some(value);
        }
        let section = field.section()?;
        let keys = RISK_PROFILE.keys.iter().filter(|key| STATED.iter().any(|(name, _)| *name == key.name));
        for key in keys.filter(|key| !is_given(key.name)) {
            if !section.has(key.name) && !key.aliases.iter().any(|alias| section.has(alias)) {
                section.missing(key.name);
            }
        }
        Some(value)
    }
}

fn preset(field: &Field<'_>) -> Preset {
    let place = |name: &str| PRESETS.iter().position(|preset| *preset == name);
    let named = field.node.get("preset").and_then(|entry| match &entry.node.value {
        Value::Text(name) => place(name),
        _ => None,
    });
    match (named, place(field.name)) {
        (Some(named), _) => Preset::Named(named),
        (None, Some(called)) => Preset::Called(called),
        (None, None) => Preset::None,
    }
}

/// Whether the key `preset` says something that is none; it has been reported.
fn has_unknown_preset(field: &Field<'_>) -> bool {
    let written = field.node.get("preset").and_then(|entry| entry.node.text());
    written.is_some_and(|text| {
        !PRESETS.contains(&text) && !["", "none", "null"].contains(&text.to_lowercase().as_str())
    })
}
