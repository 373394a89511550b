//! What a strategy is filed under: its engine's classification and what the configuration adds to it.

use hemiola_components::strategy::{Classification, LicenseTier};
use serde_json::{Map, Value, json};

/// A strategy's place in the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// The capability that its engine needs.
    pub capability: String,
    /// The smallest licence that includes its engine.
    pub license_tier: LicenseTier,
    /// The first is the primary tag.
    pub tags: Vec<String>,
    /// Kinds of risk it takes.
    pub risk_classes: Vec<String>,
    /// Data it needs.
    pub required_data: Vec<String>,
    /// Names of the risk checks attached to it: recorded, nothing acts on them.
    pub risk_hooks: Vec<String>,
    /// The above without the hooks, by name, unless the configuration says something else; and what it adds.
    pub metadata: Map<String, Value>,
}

/// What a configuration adds to the classification of an engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Additions {
    /// Further tags.
    pub tags: Vec<String>,
    /// Further kinds of risk.
    pub risk_classes: Vec<String>,
    /// Further data.
    pub required_data: Vec<String>,
    /// Names of risk checks.
    pub risk_hooks: Vec<String>,
    /// Facts of the user's own, numbers, texts and booleans.
    pub metadata: Map<String, Value>,
}

impl Definition {
    /// The engine's texts go first; each text stands once.
    #[must_use]
    pub fn new(engine: &Classification, additions: Additions) -> Self {
        let mut definition = Self {
            capability: engine.capability.to_owned(),
            license_tier: engine.license_tier,
            tags: joined(engine.tags, additions.tags),
            risk_classes: joined(engine.risk_classes, additions.risk_classes),
            required_data: joined(engine.required_data, additions.required_data),
            risk_hooks: joined(&[], additions.risk_hooks),
            metadata: additions.metadata,
        };
        for (name, value) in [
            ("tags", json!(definition.tags)),
            ("capability", json!(definition.capability)),
            ("license_tier", json!(definition.license_tier.name())),
            ("risk_classes", json!(definition.risk_classes)),
            ("required_data", json!(definition.required_data)),
        ] {
            definition.metadata.entry(name).or_insert(value);
        }
        definition
    }
}

fn joined(first: &[&str], then: Vec<String>) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for text in first.iter().map(|text| (*text).to_owned()).chain(then) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}
