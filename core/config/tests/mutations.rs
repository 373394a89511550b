//! Every scalar of the shipped file, taken away and spoilt in turn.

use hemiola_systems::signals::catalog::Catalog;
use serde_json::{Value as Json, json};

use super::*;
use crate::config::shape::risk::RISK_PROFILE;
use crate::config::shape::root::ROOT;
use crate::config::shape::strategy::KEYS;
use crate::config::shape::{Key, Kind, Literal, Presence};
use crate::config::tree::Value;

const CORE: &str = include_str!("../../../config/core.yaml");

/// A step from a node to one below: the key or the place in a list.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Key(String),
    Item(usize),
}

fn scalars(node: &Node, path: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                path.push(Step::Key(entry.key.clone()));
                scalars(&entry.node, path, found);
                path.pop();
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(Step::Item(index));
                scalars(item, path, found);
                path.pop();
            }
        }
        _ => found.push(path.clone()),
    }
}

fn below<'n>(node: &'n mut Node, step: &Step) -> &'n mut Node {
    match (&mut node.value, step) {
        (Value::Map(entries), Step::Key(key)) => {
            &mut entries.iter_mut().find(|entry| entry.key == *key).unwrap().node
        }
        (Value::Sequence(items), Step::Item(index)) => &mut items[*index],
        _ => panic!("{step:?} leads nowhere"),
    }
}

/// The tree with the scalar at `path` replaced, or without it.
fn changed(root: &Node, path: &[Step], value: Option<&Value>) -> Node {
    let mut root = root.clone();
    let (last, before) = path.split_last().unwrap();
    let parent = before.iter().fold(&mut root, below);
    match (value, &mut parent.value, last) {
        (Some(value), ..) => below(parent, last).value = value.clone(),
        (None, Value::Map(entries), Step::Key(key)) => entries.retain(|entry| entry.key != *key),
        (None, Value::Sequence(items), Step::Item(index)) => drop(items.remove(*index)),
        _ => panic!("{path:?} leads nowhere"),
    }
    root
}

fn build_changed(root: Node) -> Result<Config, ConfigError> {
    let path = Path::new("config/core.yaml");
    build(path, Some(root), &Catalog::built_in().specs(), &Scope::default(), Problems::new("core.yaml"))
}

/// An error must have a place.
fn is_located(found: &[Problem]) -> bool {
    let errors = || found.iter().filter(|problem| problem.severity == Severity::Error);
    errors().next().is_some()
        && errors().all(|error| error.line > 0 && error.column > 0 && !error.path.is_empty())
}

/// The key that a path leads to, when tables describe it.
fn key_at(path: &[Step]) -> Option<&'static Key> {
    let mut keys = ROOT.keys;
    let mut kind: Option<&'static Kind> = None;
    let mut found = None;
    for step in path {
        found = None;
        match (step, kind) {
            (_, Some(Kind::Map { of, .. })) | (Step::Item(_), Some(Kind::List(of) | Kind::OneOrMany(of))) => {
                kind = Some(of);
            }
            (Step::Key(name), _) => {
                let key = keys.iter().find(|key| key.name == name || key.aliases.contains(&name.as_str()))?;
                found = Some(key);
                kind = Some(&key.kind);
            }
            _ => return None,
        }
        if let Some(Kind::OneOrMany(of)) = kind
            && matches!(of, Kind::Section(_))
            && found.is_none()
        {
            kind = Some(of);
        }
        keys = match kind? {
            Kind::Section(shape) => shape.keys,
            Kind::RiskProfile => RISK_PROFILE.keys,
            Kind::Strategy { .. } => KEYS.keys,
            Kind::Policy | Kind::Parameters | Kind::Weights => return None,
            _ => &[],
        };
    }
    found
}

fn shown_at<'j>(json: &'j Json, path: &[Step]) -> Option<&'j Json> {
    path.iter().try_fold(json, |json, step| match step {
        Step::Key(key) => json.get(key),
        Step::Item(index) => json.get(index),
    })
}

fn literal(literal: Literal) -> Json {
    match literal {
        Literal::Bool(value) => json!(value),
        Literal::Number(value) if value.fract() == 0.0 => json!(value.to_string().parse::<i64>().unwrap()),
        Literal::Number(value) => json!(value),
        Literal::Text(text) => json!(text),
        Literal::Texts(texts) => json!(texts),
        Literal::Section => json!({}),
    }
}

#[test]
fn a_scalar_that_is_missing_has_its_documented_default_or_is_missed() {
    let (root, _) = tree::parse(CORE).unwrap();
    let mut paths = Vec::new();
    scalars(&root, &mut Vec::new(), &mut paths);
    assert!(paths.len() > 300, "{}", paths.len());
    let (mut missed, mut defaults) = (0, 0);
    for path in &paths {
        match build_changed(changed(&root, path, None)) {
            Err(ConfigError::Invalid(found)) => {
                missed += 1;
                assert!(is_located(&found), "{path:?}: {found:?}");
            }
            Err(error) => panic!("{error}"),
            Ok(config) => {
                let Some(key) = key_at(path) else { continue };
                assert!(!matches!(key.presence, Presence::Required), "{path:?} is required");
                if let Presence::Default(expected) = key.presence {
                    defaults += 1;
                    let shown = serde_json::to_value(config.as_resolved()).unwrap();
                    assert_eq!(shown_at(&shown, path), Some(&literal(expected)), "{path:?}");
                }
            }
        }
    }
    assert!(missed > 100 && defaults > 20, "{missed} {defaults}");
}

#[test]
fn a_scalar_that_is_spoilt_is_located() {
    let (root, _) = tree::parse(CORE).unwrap();
    let mut paths = Vec::new();
    scalars(&root, &mut Vec::new(), &mut paths);
    let node = |value| Node { position: Position::START, value };
    let always_wrong = [
        Value::Sequence(vec![node(Value::Sequence(Vec::new()))]),
        Value::Map(vec![tree::Entry::of("no_such_key", Value::Bool(true), Position::START)]),
        Value::Number(f64::NAN),
        Value::Number(f64::INFINITY),
    ];
    for (path, value) in paths.iter().flat_map(|path| always_wrong.iter().map(move |value| (path, value))) {
        match build_changed(changed(&root, path, Some(value))) {
            Err(ConfigError::Invalid(found)) => assert!(is_located(&found), "{path:?}: {found:?}"),
            other => panic!("{path:?} with {value:?}: {other:?}"),
        }
    }
    let text = |text: &str| Value::Text(text.to_owned());
    let sometimes_wrong = [
        Value::Null,
        Value::Bool(true),
        Value::Number(-1.0),
        Value::Number(1e308),
        text(""),
        text("NONE"),
        text("default"),
        text("zażółć: gęślą"),
        text("../../../etc/passwd"),
    ];
    let mut accepted = 0;
    for (path, value) in paths.iter().flat_map(|path| sometimes_wrong.iter().map(move |value| (path, value)))
    {
        match build_changed(changed(&root, path, Some(value))) {
            Err(ConfigError::Invalid(found)) => assert!(is_located(&found), "{path:?}: {found:?}"),
            Err(error) => panic!("{error}"),
            Ok(_) => accepted += 1,
        }
    }
    assert!(accepted < paths.len() * sometimes_wrong.len() / 2, "{accepted} of {}", paths.len());
}
