//! Single values of a configuration in place of what its file says.

use std::fmt;

use hemiola_components::strategy::EngineSpec;

use super::problem::{Place, Problem, Problems, listed, nearest};
use super::shape::root::strategy_sections;
use super::tree::{Entry, Node, Value};
use super::{Config, ConfigError, Selection};

/// A value as the command line gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// A number.
    Number(f64),
    /// `true` or `false`.
    Flag(bool),
    /// Anything else.
    Text(String),
}

impl Scalar {
    /// What a text means: a number, `true`, `false`, or itself.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let number = || text.parse().ok().filter(|number: &f64| number.is_finite());
        match text {
            "true" | "false" => Self::Flag(text == "true"),
            _ => number().map_or_else(|| Self::Text(text.to_owned()), Self::Number),
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// One value for one place: `PATH=VALUE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Where: see [`Config::places`].
    pub path: String,
    /// What.
    pub value: Scalar,
}

impl Setting {
    /// Reads `PATH=VALUE`.
    ///
    /// # Errors
    /// Says what is missing.
    pub fn read(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((path, value)) if !path.is_empty() && !value.is_empty() => {
                Ok(Self { path: path.trim().to_owned(), value: Scalar::read(value.trim()) })
            }
            _ => Err(format!("`{text}`: expected PATH=VALUE, such as strategies.trend.parameters.fast=20")),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, value } = self;
        write!(f, "{path}={value}")
    }
}

/// What stands for the selected environment and scheduler at the beginning of a path.
const ENVIRONMENT: &str = "environment";
const SCHEDULER: &str = "scheduler";
const SCHEDULERS: &str = "multi_strategy_schedulers";
const STRATEGIES: &str = "strategies";
const PARAMETERS: &str = "parameters";

impl Config {
    /// The places that a path means, as the keys that lead there in the resolved configuration. A path begins with a
    /// section of the file; with `environment` or `scheduler`, which are the selected ones; or with the name of a
    /// strategy or of an engine, which mean a parameter of that strategy, or of every strategy of that engine.
    ///
    /// # Errors
    /// Says which part of the path is not there, and what is near it.
    pub fn places(&self, path: &str, selection: &Selection) -> Result<Vec<Vec<String>>, String> {
        let keys: Vec<&str> = path.split('.').collect();
        let (first, rest) = (keys[0], &keys[1..]);
        let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<String>>();
        let strategies = self.model.strategies.iter();
        let parameter = |name: &str| {
            let inside: &[&str] = if rest.first() == Some(&PARAMETERS) { &[] } else { &[PARAMETERS] };
            owned(&[&[STRATEGIES, name], inside, rest].concat())
        };
        let of_engine: Vec<&str> = strategies
            .clone()
            .filter(|strategy| strategy.engine == first)
            .map(|strategy| strategy.name.as_str())
            .collect();
        let places = if first == ENVIRONMENT {
            let wanted = selection.environment.as_deref();
            let all = &self.model.environments;
            let found = all.iter().find(|one| wanted.is_none_or(|wanted| one.names().contains(&wanted)));
            let name = found.map_or_else(|| wanted.unwrap_or_default(), |one| &one.name);
            vec![owned(&[&["environments", name], rest].concat())]
        } else if first == SCHEDULER {
            let wanted = selection.scheduler.as_deref();
            let first = self.model.schedulers.first().map(|one| one.name.as_str());
            let name = wanted.or(first).unwrap_or_default();
            vec![owned(&[&[SCHEDULERS, name], rest].concat())]
        } else if self.resolved.get(first).is_some() {
            vec![owned(&keys)]
        } else if strategies.clone().any(|strategy| strategy.name == first) {
            vec![parameter(first)]
        } else if of_engine.is_empty() {
            let known = || {
                let sections = entries(&self.resolved).iter().map(|entry| entry.key.as_str());
                let names = strategies.clone().flat_map(|one| [one.name.as_str(), one.engine.as_str()]);
                sections.chain(names).chain([ENVIRONMENT, SCHEDULER])
            };
            return Err(absent(path, first, "in the configuration", known));
        } else {
            of_engine.into_iter().map(parameter).collect()
        };
        for place in &places {
            self.check_place(path, place)?;
        }
        Ok(places)
    }

    /// All but the last key must be there; what the last one may be, the check of the whole says. A strategy's
    /// parameters are complete.
    fn check_place(&self, path: &str, place: &[String]) -> Result<(), String> {
        let mut node = &self.resolved;
        let is_complete = place.len() == 4 && place[0] == STRATEGIES && place[2] == PARAMETERS;
        let required = if is_complete { place.len() } else { place.len() - 1 };
        for (depth, key) in place[..required].iter().enumerate() {
            let known = || entries(node).iter().map(|entry| entry.key.as_str());
            match node.get(key) {
                Some(entry) => node = &entry.node,
                None => {
                    return Err(absent(path, key, &format!("in `{}`", place[..depth].join(".")), known));
                }
            }
        }
        match node.value {
            Value::Map(_) => Ok(()),
            _ if is_complete => Ok(()),
            _ => Err(format!("{path}: `{}` has no keys", place[..required].join("."))),
        }
    }

    /// A place as the file spells it: strategies and schedulers may stand in other sections, keys may have other names.
    fn spelled(&self, place: &[String]) -> Vec<String> {
        let mut spelled: Vec<String> = Vec::with_capacity(place.len());
        let mut node = Some(&self.resolved);
        for key in place {
            let entry = node.and_then(|node| node.get(key));
            spelled.push(entry.and_then(|entry| entry.written.as_ref()).unwrap_or(key).clone());
            node = entry.map(|entry| &entry.node);
        }
        let stands_in = |section: &str, name: &str| {
            self.written.get(section).is_some_and(|section| section.node.get(name).is_some())
        };
        let Some(name) = place.get(1) else { return spelled };
        if place[0] == STRATEGIES
            && !stands_in(STRATEGIES, name)
            && let Some(section) = strategy_sections().find(|section| stands_in(section, name))
        {
            section.clone_into(&mut spelled[0]);
            let own = self.written.get(section).and_then(|section| section.node.get(name));
            let has_inside = own.is_some_and(|own| own.node.get(PARAMETERS).is_some());
            if !has_inside && place.get(2).is_some_and(|inside| inside == PARAMETERS) {
                spelled.remove(2);
            }
        }
        let runtime = self.written.get("runtime").and_then(|runtime| runtime.node.get(SCHEDULERS));
        if place[0] == SCHEDULERS && runtime.is_some_and(|section| section.node.get(name).is_some()) {
            spelled.insert(0, "runtime".to_owned());
        }
        spelled
    }

    /// This configuration with other values in some places. It is checked as if they stood in the file.
    ///
    /// # Errors
    /// When a path leads nowhere, or a value cannot be used there.
    pub fn with(
        &self,
        settings: &[Setting],
        selection: &Selection,
        engines: &[EngineSpec],
    ) -> Result<Self, ConfigError> {
        if settings.is_empty() {
            return Ok(self.clone());
        }
        let problems = Problems::new(&self.file);
        let mut written = self.written.clone();
        let mut set = Vec::new();
        let refuse = |message: String| {
            let start = Place { line: 1, column: 1, ..Place::default() };
            problems.error(&start, "unknown_path", message);
        };
        for setting in settings {
            let places = self.places(&setting.path, selection);
            for place in places.map_err(refuse).into_iter().flatten() {
                let spelled = self.spelled(&place);
                if let Err(key) = put(&mut written, &spelled, setting.value.clone().into()) {
                    refuse(format!(
                        "{}: what holds `{key}` is a single value in the file; set that, or write it with keys",
                        setting.path
                    ));
                }
                set.push((place.join("."), setting.to_string()));
            }
        }
        if problems.has_errors() {
            return Err(ConfigError::Invalid(problems.into_sorted()));
        }
        let elsewhere = |problem: &mut Problem| {
            if let Some((_, setting)) = set.iter().find(|(place, _)| problem.path.starts_with(place)) {
                setting.clone_into(&mut problem.file);
                (problem.line, problem.column) = (1, 1);
            }
        };
        self.changed(written, engines, elsewhere)
    }
}

impl From<Scalar> for Value {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Number(number) => Self::Number(number),
            Scalar::Flag(flag) => Self::Bool(flag),
            Scalar::Text(text) => Self::Text(text),
        }
    }
}

fn entries(node: &Node) -> &[Entry] {
    match &node.value {
        Value::Map(entries) => entries,
        _ => &[],
    }
}

fn absent<'k, K: Iterator<Item = &'k str>>(
    path: &str,
    key: &str,
    inside: &str,
    known: impl Fn() -> K,
) -> String {
    let hint = match nearest(key, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", listed(known())),
    };
    format!("{path}: there is no `{key}` {inside}; {hint}")
}

/// Puts a value into a tree; maps that are not there on the way are made. Gives the key that stands in the way as
/// something else than a map.
fn put<'p>(node: &mut Node, place: &'p [String], value: Value) -> Result<(), &'p str> {
    let Some((key, rest)) = place.split_first() else {
        node.value = value;
        return Ok(());
    };
    if node.value == Value::Null {
        node.value = Value::Map(Vec::new());
    }
    let position = node.position;
    let Value::Map(entries) = &mut node.value else { return Err(key) };
    let index = entries.iter().position(|entry| entry.key == *key).unwrap_or_else(|| {
        entries.push(Entry::of(key, Value::Null, position));
        entries.len() - 1
    });
    put(&mut entries[index].node, rest, value)
}
