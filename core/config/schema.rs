//! The JSON Schema of a configuration, for editors. It knows keys, types, ranges and defaults; what refers to
//! something else in the file only the program checks.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use hemiola_components::strategy::{EngineSpec, ParameterDefault, ParameterKind, ParameterSpec};
use serde_json::{Map, Value, json};

use super::shape::policy::{COMMON, COMPONENT_KEYS, NO_POLICY, POLICIES, PolicyShape};
use super::shape::risk::RISK_PROFILE;
use super::shape::root::ROOT;
use super::shape::strategy::KEYS;
use super::shape::{Key, Kind, Literal, Presence, Range, Shape};

const INTERVAL: &str = "^[1-9][0-9]*(s|m|h|d|w|M)$";
const DURATION: &str = r"^\s*\+?([0-9]+(\.[0-9]+)?|\.[0-9]+)\s*[smhdSMHD]?\s*$";

/// The schema of `core.yaml` with the parameters of `engines`, in the dialect 2020-12.
#[must_use]
pub fn schema(engines: &[EngineSpec]) -> Value {
    let mut writer = Writer { definitions: Map::new(), names: BTreeMap::new(), specialised: BTreeSet::new() };
    let mut document = writer.section("", ROOT.keys);
    let risk_profile = writer.section("risk_profile", RISK_PROFILE.keys);
    for (name, definition) in [
        ("risk_profile".to_owned(), described(risk_profile, RISK_PROFILE.summary)),
        ("capital_policy".to_owned(), writer.policy()),
        ("policy_component".to_owned(), writer.component()),
        ("strategy".to_owned(), writer.strategy(engines, None)),
    ] {
        writer.definitions.insert(name, definition);
    }
    for engine in engines {
        writer.definitions.insert(format!("{}_parameters", engine.name), parameters(engine));
        if writer.specialised.contains(engine.name) {
            let definition = writer.strategy(engines, Some(engine));
            writer.definitions.insert(format!("{}_strategy", engine.name), definition);
        }
    }
    document["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    document["title"] = json!("Hemiola configuration");
    document["description"] = json!(ROOT.summary);
    document["$defs"] = Value::Object(writer.definitions);
    document
}

struct Writer {
    definitions: Map<String, Value>,
    /// Names of the sections that are defined, by identity.
    names: BTreeMap<String, String>,
    /// Engines with a section of their own.
    specialised: BTreeSet<&'static str>,
}

impl Writer {
    fn section(&mut self, path: &str, keys: &[Key]) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut alternatives = Vec::new();
        for key in keys {
            properties.insert(key.name.to_owned(), self.property(path, key));
            for alias in key.aliases {
                let mut schema = self.kind(&within(path, key), &key.kind);
                schema["description"] = json!(format!("The same as `{}`.", key.name));
                properties.insert((*alias).to_owned(), schema);
            }
            if key.is_required() && key.aliases.is_empty() {
                required.push(key.name);
            } else if key.is_required() {
                let names = std::iter::once(&key.name).chain(key.aliases);
                alternatives.push(
                    json!({ "anyOf": names.map(|name| json!({ "required": [name] })).collect::<Vec<_>>() }),
                );
            }
        }
        let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        if !alternatives.is_empty() {
            schema["allOf"] = json!(alternatives);
        }
        schema
    }
    fn property(&mut self, path: &str, key: &Key) -> Value {
        let mut schema = self.kind(&within(path, key), &key.kind);
        let mut text = key.doc.to_owned();
        if let Presence::Otherwise(words) = key.presence {
            text = format!("{text} Left out: {words}.");
        }
        if key.is_later {
            text.push_str(" Checked, and without effect in this version.");
        }
        schema["description"] = json!(text);
        if let Presence::Default(literal) = key.presence
            && literal != Literal::Section
        {
            schema["default"] = default(literal);
        }
        if !key.is_required() && schema["type"] == "string" && schema.get("enum").is_none() {
            schema["type"] = json!(["string", "null"]);
        }
        schema
    }
    fn kind(&mut self, path: &str, kind: &Kind) -> Value {
        match kind {
            Kind::Text | Kind::Secret | Kind::Folder | Kind::Path | Kind::Reference(_) => text(),
            Kind::Variable => json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" }),
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::Switch => json!({ "type": ["boolean", "integer", "string"] }),
            Kind::Number(range) => ranged("number", *range),
            Kind::Numeric(_) => json!({ "type": ["number", "string"] }),
            Kind::Count { max, raises: true, .. } => json!({ "type": "integer", "maximum": max }),
            Kind::Count { min, max, raises: false } => {
                json!({ "type": "integer", "minimum": min, "maximum": max })
            }
            Kind::Whole => json!({ "type": "integer", "minimum": i32::MIN, "maximum": i32::MAX }),
            Kind::Duration { least, raises } => {
                let low = if *raises { Range::ANY } else { Range::from(*least) };
                json!({ "anyOf": [ranged("number", low), { "type": "string", "pattern": DURATION }] })
            }
            Kind::Interval | Kind::Candle => json!({ "type": "string", "pattern": INTERVAL }),
            Kind::Instant => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}" }),
            Kind::TimeOfDay => json!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$" }),
            Kind::Word(words) => json!({ "type": "string", "enum": words }),
            Kind::List(item) => json!({ "type": "array", "items": self.kind(&format!("{path}[]"), item) }),
            Kind::OneOrMany(item) => {
                let item = self.kind(path, item);
                json!({ "anyOf": [item, { "type": "array", "items": item }] })
            }
            Kind::Map { of, may_be_empty, .. } => {
                let mut schema = json!({ "type": "object", "additionalProperties": self.kind(path, of) });
                if !may_be_empty {
                    schema["minProperties"] = json!(1);
                }
                schema
            }
            Kind::Section(shape) => self.definition(path, shape),
            Kind::Either(kinds) => {
                let schemas: Vec<_> = kinds.iter().map(|kind| self.kind(path, kind)).collect();
                json!({ "anyOf": schemas })
            }
            Kind::Scalar => json!({ "type": ["string", "number", "boolean"] }),
            Kind::Free => json!({}),
            Kind::RiskProfile => reference("risk_profile"),
            Kind::Strategy { engine: None } => reference("strategy"),
            Kind::Strategy { engine: Some(engine) } => {
                self.specialised.insert(engine);
                reference(&format!("{engine}_strategy"))
            }
            Kind::Parameters => json!({ "type": "object" }),
            Kind::Policy => reference("capital_policy"),
            Kind::Fallback => {
                json!({ "anyOf": [{ "enum": NO_POLICY }, { "type": "null" }, reference("capital_policy")] })
            }
            Kind::Component => reference("policy_component"),
            Kind::Weights => json!({ "type": ["object", "array"] }),
        }
    }

    /// A section is defined once and referred to by the path where it was met first.
    fn definition(&mut self, path: &str, shape: &'static Shape) -> Value {
        if let Some(name) = self.names.get(&shape.identity()) {
            return reference(name);
        }
        self.names.insert(shape.identity(), path.to_owned());
        let schema = described(self.section(path, shape.keys), shape.summary);
        self.definitions.insert(path.to_owned(), schema);
        reference(path)
    }
    fn policy(&mut self) -> Value {
        let names: Vec<_> = POLICIES.iter().flat_map(|policy| policy.names).collect();
        let maps: Vec<_> = POLICIES.iter().map(|policy| self.policy_map(policy)).collect();
        let alternatives: Vec<_> = std::iter::once(json!({ "enum": names })).chain(maps).collect();
        json!({ "description": "A policy's name, or a map with its name and its keys.", "anyOf": alternatives })
    }
    fn policy_map(&mut self, policy: &PolicyShape) -> Value {
        let keys: Vec<Key> = COMMON.iter().chain(policy.shape.keys).copied().collect();
        let mut schema = described(self.section(policy.names[0], &keys), policy.shape.summary);
        for name in std::iter::once(&COMMON[0].name).chain(COMMON[0].aliases) {
            schema["properties"][*name] = json!({ "enum": policy.names });
        }
        schema
    }
    /// The keys of a component that is the policy itself are left to the program.
    fn component(&mut self) -> Value {
        let wrapped = self.section("policy_component", COMPONENT_KEYS.keys);
        let inline = json!({ "type": "object", "required": ["name"] });
        json!({ "description": COMPONENT_KEYS.summary, "anyOf": [text(), wrapped, inline] })
    }
    /// A strategy of any engine, or of the one that its section is for.
    fn strategy(&mut self, engines: &[EngineSpec], only: Option<&EngineSpec>) -> Value {
        let mut schema = described(self.section("strategy", KEYS.keys), KEYS.summary);
        let names: Vec<_> = engines.iter().map(|engine| engine.name).collect();
        schema["properties"]["engine"]["enum"] = json!(names);
        let parameters = |engine: &EngineSpec| reference(&format!("{}_parameters", engine.name));
        if let Some(engine) = only {
            for spec in engine.parameters {
                let name = format!("{}_parameters/properties/{}", engine.name, spec.name);
                schema["properties"][spec.name] = reference(&name);
            }
            schema["properties"]["parameters"] = parameters(engine);
            return schema;
        }
        let rule = |engine: &EngineSpec| {
            json!({
                "if": { "properties": { "engine": { "const": engine.name } } },
                "then": { "properties": { "parameters": parameters(engine) } },
            })
        };
        schema["required"] = json!(["engine"]);
        schema["allOf"] = json!(engines.iter().map(rule).collect::<Vec<_>>());
        schema
    }
}

/// The name of a section below another.
fn within(path: &str, key: &Key) -> String {
    if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) }
}

fn described(mut schema: Value, text: &str) -> Value {
    schema["description"] = json!(text);
    schema
}

fn default(literal: Literal) -> Value {
    match literal {
        Literal::Bool(value) => json!(value),
        Literal::Number(value) => number(value),
        Literal::Text(text) => json!(text),
        Literal::Texts(texts) => json!(texts),
        Literal::Section => json!({}),
    }
}

/// Whole numbers without a fraction.
fn number(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
    let whole = value as i64;
    if value.fract() == 0.0 && value.abs() < 1e15 { json!(whole) } else { json!(value) }
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn ranged(kind: &str, range: Range) -> Value {
    let mut schema = json!({ "type": kind });
    match range.low {
        Bound::Included(low) => schema["minimum"] = number(low),
        Bound::Excluded(low) => schema["exclusiveMinimum"] = number(low),
        Bound::Unbounded => {}
    }
    match range.high {
        Bound::Included(high) => schema["maximum"] = number(high),
        Bound::Excluded(high) => schema["exclusiveMaximum"] = number(high),
        Bound::Unbounded => {}
    }
    schema
}

fn parameters(engine: &EngineSpec) -> Value {
    let property = |spec: &ParameterSpec| (spec.name.to_owned(), parameter(spec));
    let properties: Map<_, _> = engine.parameters.iter().map(property).collect();
    json!({
        "type": "object",
        "description": engine.summary,
        "additionalProperties": false,
        "properties": properties,
    })
}

fn parameter(spec: &ParameterSpec) -> Value {
    let mut schema = match spec.kind {
        ParameterKind::Count { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        ParameterKind::Number { min, max } => ranged("number", Range::within(min, max)),
        ParameterKind::Positive { max } => {
            ranged("number", Range { low: Bound::Excluded(0.0), high: Bound::Included(max) })
        }
        ParameterKind::Choice(words) => json!({ "enum": words }),
        ParameterKind::Venue | ParameterKind::TargetsFile => text(),
    };
    schema["description"] = json!(spec.summary);
    match spec.default {
        ParameterDefault::Required => {}
        ParameterDefault::Number(value) => schema["default"] = number(value),
        ParameterDefault::Text(word) => schema["default"] = json!(word),
    }
    schema
}
