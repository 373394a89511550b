//! Risk profiles as people ask for them: their limits, and who uses them.

use std::collections::BTreeMap;
use std::path::Path;

use hemiola_adapters::risk_state::StateFolder;
use serde::Serialize;

use super::Config;
use super::model::Environment;
use super::shape::risk::PRESETS;
use super::tree::{Entry, Value};

/// A risk profile with what it is for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Profile<'c> {
    /// Its name.
    pub name: &'c str,
    /// `conservative`, `balanced`, `aggressive` or `manual` by its preset or its name, else `custom`.
    pub classification: &'c str,
    /// Limits by key; fractions, multiples and numbers as in the file. 0 is off, except for
    /// `max_open_positions`, where it allows none.
    pub limits: BTreeMap<&'c str, f64>,
    /// `max_gap_minutes` and `min_ok_ratio`.
    pub data_quality: BTreeMap<&'c str, f64>,
    /// Environments whose profile it is.
    pub associated_environments: Vec<&'c str>,
    /// Whether its limits are people's to keep.
    pub requires_manual_controls: bool,
    /// The order in which environments must be passed.
    pub deployment_pipeline: [&'static str; 3],
}

impl Config {
    /// The risk profiles, in the order of the file.
    #[must_use]
    pub fn profiles(&self) -> Vec<Profile<'_>> {
        let Some(Value::Map(entries)) = self.resolved.get("risk_profiles").map(|section| &section.node.value)
        else {
            return Vec::new();
        };
        entries.iter().map(|entry| self.profile(entry)).collect()
    }

    /// The environments, in the order of the file.
    #[must_use]
    pub fn environment_names(&self) -> Vec<&str> {
        self.model.environments.iter().map(|environment| environment.name.as_str()).collect()
    }

    /// The schedulers, in the order of the file.
    #[must_use]
    pub fn scheduler_names(&self) -> Vec<&str> {
        self.model.schedulers.iter().map(|scheduler| scheduler.name.as_str()).collect()
    }

    /// The candle store of an environment, by its name or an alias; of the first one without.
    #[must_use]
    pub fn data_cache_path(&self, environment: Option<&str>) -> Option<&Path> {
        let answers = |one: &&Environment| environment.is_none_or(|name| one.names().contains(&name));
        Some(&self.model.environments.iter().find(answers)?.data_root)
    }

    /// The folder of an environment's risk state, by its name or an alias; of the first one without.
    #[must_use]
    pub fn state_folder(&self, environment: Option<&str>) -> Option<StateFolder> {
        let answers = |one: &&Environment| environment.is_none_or(|name| one.names().contains(&name));
        let found = self.model.environments.iter().find(answers)?;
        Some(StateFolder::new(&found.name, &found.state_path))
    }

    /// The risk profile of an environment, by its name or an alias.
    #[must_use]
    pub fn profile_of(&self, environment: &str) -> Option<&str> {
        let found = self.model.environments.iter().find(|one| one.names().contains(&environment))?;
        Some(&found.risk_profile)
    }

    fn profile<'c>(&'c self, entry: &'c Entry) -> Profile<'c> {
        let name = entry.key.as_str();
        let preset = entry.node.get("preset").and_then(|preset| preset.node.text());
        let classification = preset.or(PRESETS.into_iter().find(|known| *known == name)).unwrap_or("custom");
        let limits = numbers(&entry.node.value);
        let quality = entry.node.get("data_quality").map(|quality| numbers(&quality.node.value));
        let environments = self.model.environments.iter().filter(|one| one.risk_profile == name);
        Profile {
            name,
            classification,
            data_quality: quality.unwrap_or_default(),
            associated_environments: environments.map(|environment| environment.name.as_str()).collect(),
            requires_manual_controls: classification == "manual",
            deployment_pipeline: ["demo", "paper", "live"],
            limits,
        }
    }
}

pub(super) fn numbers(value: &Value) -> BTreeMap<&str, f64> {
    let Value::Map(entries) = value else { return BTreeMap::new() };
    let number = |entry: &'_ Entry| match entry.node.value {
        Value::Number(value) => Some(value),
        _ => None,
    };
    entries.iter().filter_map(|entry| Some((entry.key.as_str(), number(entry)?))).collect()
}
