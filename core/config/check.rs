//! Checks a tree against the tables of [`shape`](super::shape) and completes it: the tree that comes out has
//! canonical keys only, and defaults where the file is silent.
//!
//! Checking never stops at a problem. What cannot be used becomes its default, or nothing; the tree never
//! reaches a Plan then: one error is enough to refuse the file.

use hemiola_components::strategy::EngineSpec;

use super::field::Field;
use super::model::Mode;
use super::problem::{Problems, Severity};
use super::section::Section;
use super::shape::root::ROOT;
use super::shape::{Key, Kind, Literal, Presence, Shape};
use super::tree::{Entry, Node, Position, Value};
use known::Known;
use unused::Unused;

mod known;
mod policy;
mod risk_profile;
mod secret;
mod sentinel;
mod strategy;
mod unused;

pub(crate) use known::NameSet;
pub(crate) use secret::{is_key_material, is_secret_name};
use sentinel::Sentinel;
pub(crate) use strategy::parameters_of;

/// Values of keys that the file leaves out, where they differ from the table's.
type Given<'g> = &'g [(&'static str, Value)];

struct Checker<'t> {
    engines: &'t [EngineSpec],
    known: Known<'t>,
    unused: Unused,
    /// How bad a secret in this file is.
    secrets: Severity,
}

/// Checks the root of a file; `None` when it is no map.
/// `mode` is the kind of environments that count, when not all of them do.
pub(crate) fn check(
    root: &Node,
    engines: &[EngineSpec],
    mode: Option<Mode>,
    problems: &Problems,
) -> Option<Node> {
    let known = Known::collect(root);
    let secrets = secret::severity(root, mode);
    let checker = Checker { engines, known, unused: Unused::default(), secrets };
    let value = checker.section(&Field::root(problems, root), &ROOT, &[])?;
    checker.unused.report(problems);
    Some(Node::of(value, root.position))
}

/// Checks a file that holds a capital policy alone.
pub(crate) fn check_policy(root: &Node, problems: &Problems) -> Option<Node> {
    policy_at(&Field::root(problems, root))
}

/// Checks a capital policy, wherever it stands.
pub(crate) fn policy_at(field: &Field<'_>) -> Option<Node> {
    let checker = Checker {
        engines: &[],
        known: Known::default(),
        unused: Unused::default(),
        secrets: Severity::Error,
    };
    let value = checker.value(field, &Kind::Policy)?;
    Some(Node::of(value, field.node.position))
}

impl<'t> Checker<'t> {
    fn section(&self, field: &Field<'t>, shape: &Shape, given: Given<'_>) -> Option<Value> {
        let mut section = field.section()?;
        let entries = shape.keys.iter().filter_map(|key| self.key(&mut section, key, given)).collect();
        self.close(section);
        Some(Value::Map(entries))
    }

    /// Reports unknown keys, and secrets under them.
    fn close(&self, section: Section<'t>) {
        for unknown in section.close() {
            self.find_secrets(&unknown);
        }
    }

    /// The entry of a key; none when the file has none and there is no default.
    fn key(&self, section: &mut Section<'t>, key: &Key, given: Given<'_>) -> Option<Entry> {
        let given_value = given.iter().find(|(name, _)| *name == key.name).map(|(_, value)| value);
        let blank = || match (given_value, key.presence) {
            (Some(value), _) => Some(value.clone()),
            (None, Presence::Default(literal)) => Some(blank(&key.kind, literal)),
            (None, _) => None,
        };
        let absent = |position: Position| Some(Entry::of(key.name, blank()?, position));
        let Some(field) = section.either(key.name, key.aliases) else {
            if given_value.is_none() && matches!(key.presence, Presence::Required) {
                section.missing(key.name);
            }
            return absent(section.field.key);
        };
        if key.is_later {
            self.unused.note(&field, field.name);
        }
        let _guard = key.is_later.then(|| self.unused.pause());
        match sentinel::of(&field, key, &self.known) {
            Some(Sentinel::Default | Sentinel::Refused) => return absent(field.key),
            Some(Sentinel::Clear) => return None,
            None => {}
        }
        let value = match (&key.kind, given_value) {
            (Kind::Section(shape), Some(Value::Map(inner))) => {
                let names = shape.keys.iter().map(|key| key.name);
                let inner: Vec<_> = names
                    .filter_map(|name| {
                        let entry = inner.iter().find(|entry| entry.key == name)?;
                        Some((name, entry.node.value.clone()))
                    })
                    .collect();
                self.section(&field, shape, &inner)
            }
            _ => self.value(&field, &key.kind),
        };
        let value = value.or_else(blank).unwrap_or(Value::Null);
        let written = (field.name != key.name).then(|| field.name.to_owned());
        let node = Node::of(value, field.node.position);
        Some(Entry { key: key.name.to_owned(), written, position: field.key, node })
    }

    fn value(&self, field: &Field<'t>, kind: &Kind) -> Option<Value> {
        let text = |text: Option<&str>| text.map(|text| Value::Text(text.to_owned()));
        match kind {
            Kind::Text | Kind::Path => {
                let value = field.text()?;
                self.find_key_material(field, value);
                Some(Value::Text(value.to_owned()))
            }
            Kind::Secret => {
                let value = field.text()?;
                self.report_secret(field);
                Some(Value::Text(value.to_owned()))
            }
            Kind::Folder => text(field.folder_name()),
            Kind::Variable => text(field.variable()),
            Kind::Bool => field.flag().map(Value::Bool),
            Kind::Switch => field.switch().map(Value::Bool),
            Kind::Number(range) => field.number(*range).map(Value::Number),
            Kind::Numeric(range) => field.numeric(*range).map(Value::Number),
            Kind::Count { min, max, raises } => {
                let least = f64::from(*min);
                if let Some(raised) = raised(field, *raises, least, Field::any_whole) {
                    return Some(raised);
                }
                field.count(*min..=*max).map(|count| Value::Number(count.into()))
            }
            Kind::Whole => field.whole().map(Value::Number),
            Kind::Duration { least, raises } => {
                let any = |field: &Field<'t>| field.any_seconds();
                if let Some(raised) = raised(field, *raises, *least, any) {
                    return Some(raised);
                }
                field.seconds(*least).map(Value::Number)
            }
            Kind::Interval => text(field.interval()),
            Kind::Candle => text(field.candle()),
            Kind::Instant => text(field.instant()),
            Kind::TimeOfDay => text(field.time_of_day()),
            Kind::Word(words) => text(field.word(words)),
            Kind::Reference(names) => text(field.reference(names.what(), self.known.names(*names))),
            Kind::OneOrMany(kind) if !field.is_list() => Some(self.list(std::slice::from_ref(field), kind)),
            Kind::List(kind) | Kind::OneOrMany(kind) => Some(self.list(&field.list()?, kind)),
            Kind::Map { what, of, may_be_empty } => {
                let entries = field.named(what, *may_be_empty)?;
                Some(Value::Map(entries.iter().map(|entry| self.entry(entry, of)).collect()))
            }
            Kind::Section(shape) => self.section(field, shape, &[]),
            Kind::Either(kinds) => {
                let Some(kind) = kinds.iter().find(|kind| accepts(kind, &field.node.value)) else {
                    let expected: Vec<_> = kinds.iter().map(noun).collect();
                    field.wrong_type(&expected.join(" or "));
                    return None;
                };
                self.value(field, kind)
            }
            Kind::Scalar => {
                self.find_secrets(field);
                field.scalar()
            }
            Kind::Free => {
                self.find_secrets(field);
                Some(field.node.value.clone())
            }
            Kind::RiskProfile => self.risk_profile(field),
            Kind::Strategy { engine } => self.strategy(field, *engine),
            // Read together with the engine, by `strategy`.
            Kind::Parameters => None,
            Kind::Policy => self.policy(field),
            Kind::Fallback => self.fallback(field),
            Kind::Component => self.component(field),
            Kind::Weights => policy::weights(field),
        }
    }

    /// The entry of a map whose keys are the user's.
    fn entry(&self, field: &Field<'t>, kind: &Kind) -> Entry {
        let value = self.value(field, kind).unwrap_or(Value::Null);
        let node = Node::of(value, field.node.position);
        Entry { key: field.name.to_owned(), written: None, position: field.key, node }
    }

    fn list(&self, items: &[Field<'t>], kind: &Kind) -> Value {
        let node = |item: &Field<'t>| Some(Node::of(self.value(item, kind)?, item.node.position));
        Value::Sequence(items.iter().filter_map(node).collect())
    }
}

/// A number below `least`, where such a number counts as `least`.
fn raised<'t>(
    field: &Field<'t>,
    raises: bool,
    least: f64,
    read: fn(&Field<'t>) -> Option<f64>,
) -> Option<Value> {
    let value = read(field).filter(|value| raises && *value < least)?;
    let message = format!("{value} counts as {least}: write that");
    field.problems.warning(&field.place(), "raised", message);
    Some(Value::Number(least))
}

/// What stands for a key that the file leaves out.
fn blank(kind: &Kind, literal: Literal) -> Value {
    match (literal, kind) {
        (Literal::Bool(value), _) => Value::Bool(value),
        (Literal::Number(value), _) => Value::Number(value),
        (Literal::Text(text), _) => policy::named(kind, text).unwrap_or_else(|| Value::Text(text.to_owned())),
        (Literal::Texts(texts), _) => {
            let node = |text: &&str| Node::of(Value::Text((*text).to_owned()), Position::START);
            Value::Sequence(texts.iter().map(node).collect())
        }
        (Literal::Section, Kind::Section(shape)) => Value::Map(blanks(shape.keys)),
        (Literal::Section, _) => Value::Map(Vec::new()),
    }
}

/// The defaults of a section.
fn blanks(keys: &[Key]) -> Vec<Entry> {
    let entry = |key: &Key| match key.presence {
        Presence::Default(literal) => Some(Entry::of(key.name, blank(&key.kind, literal), Position::START)),
        _ => None,
    };
    keys.iter().filter_map(entry).collect()
}

/// Whether a value is of the YAML type that a kind wants.
fn accepts(kind: &Kind, value: &Value) -> bool {
    match value {
        Value::Map(_) => matches!(
            kind,
            Kind::Section(_) | Kind::Map { .. } | Kind::Policy | Kind::Component | Kind::Weights | Kind::Free
        ),
        Value::Sequence(_) => matches!(kind, Kind::List(_) | Kind::OneOrMany(_) | Kind::Weights | Kind::Free),
        Value::Number(_) => {
            matches!(
                kind,
                Kind::Number(_)
                    | Kind::Numeric(_)
                    | Kind::Count { .. }
                    | Kind::Whole
                    | Kind::Duration { .. }
                    | Kind::Scalar
            )
        }
        Value::Bool(_) => matches!(kind, Kind::Bool | Kind::Switch | Kind::Scalar),
        Value::Text(_) => !matches!(
            kind,
            Kind::Section(_)
                | Kind::Map { .. }
                | Kind::List(_)
                | Kind::Number(_)
                | Kind::Count { .. }
                | Kind::Whole
                | Kind::Bool
        ),
        Value::Null => false,
    }
}

/// What a kind is called when something else was found.
fn noun(kind: &Kind) -> String {
    match kind {
        Kind::Section(shape) => {
            let keys: Vec<_> = shape.keys.iter().map(|key| key.name).collect();
            format!("a map with {}", super::listed(keys))
        }
        Kind::Map { what, .. } => format!("a map of {what}"),
        Kind::Word(words) => format!("one of {}", super::listed(words.iter().copied())),
        Kind::List(_) => "a list".to_owned(),
        Kind::Number(_) | Kind::Numeric(_) => "a number".to_owned(),
        Kind::Count { .. } | Kind::Whole => "a whole number".to_owned(),
        _ => "a text".to_owned(),
    }
}
