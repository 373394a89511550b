//! Reads typed values out of the tree and reports what does not fit, with its place.
//!
//! Reading never stops at a problem. A reader that gets `None` goes on with a stand-in, which never
//! reaches a Plan: one error is enough to refuse the file.

use std::ops::{Bound, RangeBounds, RangeInclusive};

use hemiola_components::time::{Interval, Nanos};
use serde_json::Value as Scalar;

use super::problem::{Place, Problems, listed, quoted};
use super::tree::{Entry, Node, Position, Value, joined};

/// Greater than zero.
pub(crate) const POSITIVE: (Bound<f64>, Bound<f64>) = (Bound::Excluded(0.0), Bound::Unbounded);

/// A hundred years. Instants further away do not fit the time line.
const MOST_SECONDS: f64 = 100.0 * 365.25 * 86_400.0;

/// A value with the key and the path that lead to it.
#[derive(Clone)]
pub(crate) struct Field<'t> {
    pub(crate) problems: &'t Problems,
    /// The key; empty for the root and for items of a list.
    pub(crate) name: &'t str,
    path: String,
    key: Position,
    node: &'t Node,
}

impl<'t> Field<'t> {
    pub(crate) fn root(problems: &'t Problems, node: &'t Node) -> Self {
        Self { problems, name: "", path: String::new(), key: Position { line: 1, column: 1 }, node }
    }

    fn child(&self, entry: &'t Entry) -> Self {
        let path = joined(&self.path, &entry.key);
        Self { problems: self.problems, name: &entry.key, path, key: entry.position, node: &entry.node }
    }

    /// Where the value stands; an empty value stands at its key.
    pub(crate) fn place(&self) -> Place {
        let Position { line, column } =
            if self.node.value == Value::Null { self.key } else { self.node.position };
        Place { path: self.path.clone(), line, column }
    }

    /// Where the key stands.
    pub(crate) fn key_place(&self) -> Place {
        Place { path: self.path.clone(), line: self.key.line, column: self.key.column }
    }

    pub(crate) fn error(&self, code: &'static str, message: impl Into<String>) {
        self.problems.error(&self.place(), code, message.into());
    }

    pub(crate) fn wrong_type(&self, expected: &str) {
        let found = match &self.node.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => format!("the boolean {value}"),
            Value::Number(value) => format!("the number {}", shown(*value)),
            Value::Text(value) => format!("the text {}", quoted(value)),
            Value::Sequence(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        };
        self.error("wrong_type", format!("expected {expected}, found {found}"));
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.node.value, Value::Sequence(_))
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self.node.value, Value::Number(_))
    }

    /// A text that is not empty.
    pub(crate) fn text(&self) -> Option<&'t str> {
        match &self.node.value {
            Value::Text(text) if text.trim().is_empty() => {
                self.error("empty", "expected a text, found an empty one");
                None
            }
            Value::Text(text) => Some(text),
            Value::Number(_) | Value::Bool(_) => {
                self.wrong_type("a text (put it in quotes)");
                None
            }
            _ => {
                self.wrong_type("a text");
                None
            }
        }
    }

    /// A name in the file system or in results: no separators, nothing invisible.
    pub(crate) fn folder_name(&self) -> Option<&'t str> {
        let text = self.text()?;
        let unfit = |c: char| c == '/' || c == '\\' || c == ':' || c.is_control() || c.is_whitespace();
        if text.contains(unfit) || text.starts_with('.') {
            self.error(
                "invalid_name",
                format!(
                    "{} names a folder: it may hold no `/`, `\\`, `:` or space and not begin with `.`",
                    quoted(text)
                ),
            );
            return None;
        }
        Some(text)
    }

    /// One of `known`; `what` says of what kind.
    pub(crate) fn reference(&self, what: &str, known: &[&str]) -> Option<&'t str> {
        let name = self.text()?;
        if known.contains(&name) {
            return Some(name);
        }
        self.unknown_reference(what, name, known);
        None
    }

    /// One of `known` in upper or lower case, as it is written there; `what` says of what kind.
    pub(crate) fn reference_in_any_case<'k>(&self, what: &str, known: &[&'k str]) -> Option<&'k str> {
        let name = self.text()?;
        let lower = name.to_lowercase();
        let found = known.iter().find(|known| known.to_lowercase() == lower).copied();
        if found.is_none() {
            self.unknown_reference(what, name, known);
        }
        found
    }

    fn unknown_reference(&self, what: &str, name: &str, known: &[&str]) {
        let message =
            format!("there is no {what} {} (known: {})", quoted(name), listed(known.iter().copied()));
        self.problems.unknown(&self.place(), "unknown_reference", message, name, known.iter().copied());
    }

    /// One of a few words.
    pub(crate) fn word(&self, words: &[&'static str]) -> Option<&'t str> {
        let word = self.text()?;
        if words.contains(&word) {
            return Some(word);
        }
        let known = listed(words.iter().copied());
        let message = format!("{} is not among the choices here ({known})", quoted(word));
        self.problems.unknown(&self.place(), "unknown_value", message, word, words.iter().copied());
        None
    }

    /// A text, a finite number or a boolean.
    pub(crate) fn scalar(&self) -> Option<Scalar> {
        match &self.node.value {
            Value::Bool(value) => Some((*value).into()),
            Value::Text(text) => Some(text.as_str().into()),
            Value::Number(_) => self.number(..).map(Scalar::from),
            _ => {
                self.wrong_type("a text, a number or a boolean");
                None
            }
        }
    }

    /// A finite number within `range`.
    pub(crate) fn number(&self, range: impl RangeBounds<f64>) -> Option<f64> {
        self.number_called("a number", range)
    }

    fn number_called(&self, expected: &str, range: impl RangeBounds<f64>) -> Option<f64> {
        let value = match &self.node.value {
            Value::Number(value) => *value,
            Value::Text(text) if text.parse().is_ok_and(f64::is_finite) => {
                self.wrong_type(&format!("{expected} (write it without quotes)"));
                return None;
            }
            _ => {
                self.wrong_type(expected);
                return None;
            }
        };
        if !value.is_finite() {
            self.error("not_finite", format!("expected {expected}, found {value}"));
            return None;
        }
        if !range.contains(&value) {
            self.error("out_of_range", format!("must be {}, found {}", described(&range), shown(value)));
            return None;
        }
        Some(value)
    }

    /// A whole number within `range`.
    pub(crate) fn count(&self, range: RangeInclusive<u32>) -> Option<u32> {
        let bounds = f64::from(*range.start())..=f64::from(*range.end());
        let value = self.number_called("a whole number", bounds)?;
        if value.fract() != 0.0 {
            self.wrong_type("a whole number");
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and within u32")]
        Some(value as u32)
    }

    /// A duration in seconds, at least `least`; fractions count to the nanosecond.
    pub(crate) fn seconds(&self, least: f64) -> Option<Nanos> {
        let seconds = self.number(least..=MOST_SECONDS)?;
        #[expect(clippy::cast_possible_truncation, reason = "a hundred years fit")]
        Some(Nanos::new((seconds * Nanos::SECOND.get() as f64).round() as i64))
    }

    /// A distance in time, at least a millisecond.
    pub(crate) fn period(&self) -> Option<Nanos> {
        self.seconds(0.001)
    }

    /// The length of a candle, at most a year.
    pub(crate) fn interval(&self) -> Option<Interval> {
        const LONGEST: i64 = 366 * Nanos::DAY.get();
        let Value::Text(text) = &self.node.value else {
            self.wrong_type("an interval such as `15m`, `1h` or `1d`");
            return None;
        };
        match text.parse::<Interval>() {
            Ok(interval) if interval.length().get() <= LONGEST => return Some(interval),
            Ok(_) => {
                self.error("bad_interval", format!("{} is longer than a year of 366 days", quoted(text)));
            }
            Err(error) => self.error("bad_interval", error.to_string()),
        }
        None
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> Vec<Self> {
        let Value::Sequence(nodes) = &self.node.value else {
            self.wrong_type("a list");
            return Vec::new();
        };
        let item = |(index, node): (usize, &'t Node)| Self {
            problems: self.problems,
            name: "",
            path: format!("{}[{index}]", self.path),
            key: node.position,
            node,
        };
        nodes.iter().enumerate().map(item).collect()
    }

    /// The texts of a list.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.items().iter().filter_map(Field::text).map(ToOwned::to_owned).collect()
    }

    /// The entries of a map whose keys are names given by the user; at least one.
    pub(crate) fn named(&self, what: &str) -> Vec<Self> {
        let entries = match &self.node.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => {
                self.wrong_type(&format!("a map of {what}"));
                return Vec::new();
            }
        };
        if entries.is_empty() {
            self.problems.error(&self.key_place(), "empty", format!("needs {what}, holds none"));
        }
        let fields: Vec<_> = entries.iter().map(|entry| self.child(entry)).collect();
        for field in &fields {
            let name = field.name;
            if name.is_empty() || name.trim() != name || name.contains(|c: char| c == ':' || c.is_control()) {
                let message = format!(
                    "{} is no name: it may hold no `:` and no space at its ends, and not be empty",
                    quoted(name)
                );
                self.problems.error(&field.key_place(), "invalid_name", message);
            }
        }
        fields
    }

    /// The entries of a map as they are; none when it is something else.
    pub(crate) fn entries(&self) -> Vec<Self> {
        match &self.node.value {
            Value::Map(entries) => entries.iter().map(|entry| self.child(entry)).collect(),
            _ => Vec::new(),
        }
    }

    /// The map as a section with keys known to us.
    pub(crate) fn section(&self) -> Option<Section<'t>> {
        let entries = match &self.node.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => {
                self.wrong_type("a map");
                return None;
            }
        };
        Some(Section { field: self.clone(), entries, known: Vec::new(), refused: Vec::new() })
    }
}

/// A number as people write it, in powers of ten when it would be a long row of digits.
fn shown(value: f64) -> String {
    let plain = value == 0.0 || (1e-9..1e15).contains(&value.abs());
    if plain { value.to_string() } else { format!("{value:e}") }
}

fn described(range: &impl RangeBounds<f64>) -> String {
    let low = match range.start_bound() {
        Bound::Included(low) => Some(format!("at least {low}")),
        Bound::Excluded(low) => Some(format!("greater than {low}")),
        Bound::Unbounded => None,
    };
    let high = match range.end_bound() {
        Bound::Included(high) => Some(format!("at most {high}")),
        Bound::Excluded(high) => Some(format!("less than {high}")),
        Bound::Unbounded => None,
    };
    low.into_iter().chain(high).collect::<Vec<_>>().join(" and ")
}

/// A map whose keys are known. Each key asked for is a known one; [`Section::close`] refuses the others.
pub(crate) struct Section<'t> {
    field: Field<'t>,
    entries: &'t [Entry],
    known: Vec<&'static str>,
    refused: Vec<&'static str>,
}

impl<'t> Section<'t> {
    pub(crate) fn optional(&mut self, name: &'static str) -> Option<Field<'t>> {
        self.known.push(name);
        self.entries.iter().find(|entry| entry.key == name).map(|entry| self.field.child(entry))
    }

    pub(crate) fn required(&mut self, name: &'static str) -> Option<Field<'t>> {
        let found = self.optional(name);
        if found.is_none() {
            self.missing(name);
        }
        found
    }

    /// One of several spellings; more than one at a time is an error.
    pub(crate) fn either(&mut self, names: &[&'static str]) -> Option<Field<'t>> {
        let mut found: Vec<_> = names.iter().filter_map(|name| self.optional(name)).collect();
        if let [first, second, ..] = found.as_slice() {
            let message = format!("says the same as `{}`: keep one of them", first.name);
            self.field.problems.error(&second.key_place(), "conflict", message);
        }
        (!found.is_empty()).then(|| found.swap_remove(0))
    }

    pub(crate) fn missing(&self, name: &str) {
        let place = Place { path: joined(&self.field.path, name), ..self.field.key_place() };
        self.field.problems.error(&place, "missing_key", format!("the key `{name}` is required"));
    }

    /// Reports a key that has a meaning elsewhere, but must not be used here.
    pub(crate) fn refuse(&mut self, name: &'static str, code: &'static str, message: &str) {
        self.refused.push(name);
        for entry in self.entries.iter().filter(|entry| entry.key == name) {
            self.field.problems.error(&self.field.child(entry).key_place(), code, message.to_owned());
        }
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn close(self) {
        let mut known = self.known;
        known.sort_unstable();
        known.dedup();
        for entry in self.entries {
            let key = entry.key.as_str();
            if known.contains(&key) || self.refused.contains(&key) {
                continue;
            }
            let message =
                format!("unknown key {} (known here: {})", quoted(&entry.key), listed(known.iter().copied()));
            let place = self.field.child(entry).key_place();
            self.field.problems.unknown(&place, "unknown_key", message, &entry.key, known.iter().copied());
        }
    }
}
