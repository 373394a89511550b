//! YAML as a tree in which everything knows where it stands. The only module that parses.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Location, NonFiniteFloatPolicy, Options, Spanned};

/// Line and column, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl Position {
    /// Where a file begins.
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

impl From<Location> for Position {
    fn from(location: Location) -> Self {
        Self { line: location.line(), column: location.column() }
    }
}

/// A value and where it is written; what an alias or a merge key brings in keeps its own position.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) position: Position,
    pub(crate) value: Value,
}

impl From<Spanned<Value>> for Node {
    fn from(spanned: Spanned<Value>) -> Self {
        Self { position: spanned.defined.into(), value: spanned.value }
    }
}

/// What YAML makes of a node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Sequence(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a map with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// How the file spells the key, when that is another spelling of it.
    pub(crate) written: Option<String>,
    pub(crate) position: Position,
    pub(crate) node: Node,
}

impl Node {
    /// A value that stands for what the file leaves out at `position`.
    pub(crate) fn of(value: Value, position: Position) -> Self {
        Self { position, value }
    }

    /// The entry of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// Whether two values are equal, wherever they stand.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Map(one), Value::Map(other)) => {
                one.len() == other.len()
                    && one.iter().all(|entry| {
                        let same = other.iter().find(|other| other.key == entry.key);
                        same.is_some_and(|same| entry.node.says_the_same_as(&same.node))
                    })
            }
            (Value::Sequence(one), Value::Sequence(other)) => {
                one.len() == other.len()
                    && one.iter().zip(other).all(|(one, other)| one.says_the_same_as(other))
            }
            (one, other) => one == other,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Entry {
    /// A key that the file leaves out.
    pub(crate) fn of(key: &str, value: Value, position: Position) -> Self {
        Self { key: key.to_owned(), written: None, position, node: Node::of(value, position) }
    }
}

/// A key that a map holds twice; the last one counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Repeated {
    pub(crate) path: String,
    /// Unknown when only the parser saw it.
    pub(crate) first: Option<Position>,
    pub(crate) last: Position,
}

/// Why a text is not YAML.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SyntaxError {
    pub(crate) position: Position,
    pub(crate) message: String,
}

/// Parses one document. Memory and stack are bounded whatever the text holds.
pub(crate) fn parse(text: &str) -> Result<(Node, Vec<Repeated>), SyntaxError> {
    let read = |policy| serde_saphyr::from_str_with_options::<Spanned<Value>>(text, options(policy));
    let mut root =
        Node::from(read(DuplicateKeyPolicy::LastWins).map_err(|error| syntax_error(&error, text))?);
    let mut repeated = Vec::new();
    settle(&mut root, "", &mut repeated);
    // Keys that are whole numbers, or inside a merged map, reach us already without their repetition.
    let strict = if repeated.is_empty() { read(DuplicateKeyPolicy::Error).err() } else { None };
    if !repeated.is_empty() || matches!(strict, Some(serde_saphyr::Error::DuplicateMappingKey { .. })) {
        let first = read(DuplicateKeyPolicy::FirstWins).map_err(|error| syntax_error(&error, text))?;
        let mut found = Vec::new();
        compare(&first.into(), &root, "", &mut found);
        let noted: BTreeSet<String> = repeated.iter().map(|one| one.path.clone()).collect();
        repeated.extend(found.into_iter().filter(|one| !noted.contains(&one.path)));
    }
    if let (Some(serde_saphyr::Error::DuplicateMappingKey { key, location }), []) = (strict, &repeated[..]) {
        repeated.push(Repeated { path: key.unwrap_or_default(), first: None, last: location.into() });
    }
    Ok((root, repeated))
}

fn options(duplicate_keys: DuplicateKeyPolicy) -> Options {
    serde_saphyr::options! {
        // One anchor may serve hundreds of schedules, so what aliases expand to is limited, not their number.
        budget: serde_saphyr::budget! { max_depth: 48, max_nodes: 200_000, enforce_alias_anchor_ratio: false },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 200_000 },
        duplicate_keys: duplicate_keys,
        // Only `true` and `false`: an exchange may be called `on` and a country `no`.
        strict_booleans: true,
        reject_unsupported_tags: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        // When it reads comments, the parser refuses long ones in some places.
        emit_comments: false,
        with_snippet: false,
    }
}

fn syntax_error(error: &serde_saphyr::Error, text: &str) -> SyntaxError {
    let position = error.location().map_or(Position::START, Position::from);
    let message = error.to_string();
    let suffix = format!(" at line {}, column {}", position.line, position.column);
    let message = message.strip_suffix(&suffix).unwrap_or(&message);
    if let Some(tab) = tab_near(text, position) {
        let message = "a tab: YAML is indented with spaces".to_owned();
        return SyntaxError { position: tab, message };
    }
    let advice = ADVICE.iter().find(|(words, _)| message.contains(words));
    let message = advice.map_or(message.to_owned(), |(_, advice)| format!("{message}: {advice}"));
    SyntaxError { position, message }
}

/// What to do about messages of the parser.
const ADVICE: [(&str, &str); 2] = [
    (
        "mapping values are not allowed",
        "a key stands where none can; check that it is indented like its neighbours, and that the line before is \
         complete",
    ),
    ("did not find expected", "check the line before, and that every bracket and quote is closed"),
];

/// A tab that indents the line of a position or the next one.
fn tab_near(text: &str, position: Position) -> Option<Position> {
    let first = usize::try_from(position.line).ok()?.checked_sub(1)?;
    let lines = text.lines().enumerate().skip(first).take(2);
    lines.into_iter().find_map(|(index, line)| {
        let indent = line.len() - line.trim_start().len();
        let column = line[..indent].find('\t')?;
        Some(Position { line: index as u64 + 1, column: column as u64 + 1 })
    })
}

/// Leaves each key once, with its last value, and notes what was repeated.
fn settle(node: &mut Node, path: &str, repeated: &mut Vec<Repeated>) {
    match &mut node.value {
        Value::Map(entries) => {
            let mut places = BTreeMap::new();
            for entry in std::mem::take(entries) {
                if let Some(place) = places.get(&entry.key) {
                    let first: &mut Entry = &mut entries[*place];
                    let path = joined(path, &entry.key);
                    repeated.push(Repeated { path, first: Some(first.position), last: entry.position });
                    *first = entry;
                } else {
                    places.insert(entry.key.clone(), entries.len());
                    entries.push(entry);
                }
            }
            for entry in entries {
                settle(&mut entry.node, &joined(path, &entry.key), repeated);
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                settle(item, &format!("{path}[{index}]"), repeated);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
    }
}

/// Notes keys that stand in other places when the first of them counts.
fn compare(first: &Node, last: &Node, path: &str, repeated: &mut Vec<Repeated>) {
    match (&first.value, &last.value) {
        (Value::Map(earlier), Value::Map(entries)) => {
            let mut places: BTreeMap<&str, &Entry> = BTreeMap::new();
            for entry in earlier {
                places.entry(&entry.key).or_insert(entry);
            }
            for entry in entries {
                let Some(earlier) = places.get(entry.key.as_str()) else { continue };
                let path = joined(path, &entry.key);
                if earlier.position == entry.position {
                    compare(&earlier.node, &entry.node, &path, repeated);
                } else {
                    repeated.push(Repeated { path, first: Some(earlier.position), last: entry.position });
                }
            }
        }
        (Value::Sequence(earlier), Value::Sequence(items)) => {
            for (index, (earlier, item)) in earlier.iter().zip(items).enumerate() {
                compare(earlier, item, &format!("{path}[{index}]"), repeated);
            }
        }
        _ => {}
    }
}

/// The path of `key` inside `path`.
pub(crate) fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element::<Spanned<Value>>()? {
            items.push(item.into());
        }
        Ok(Value::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = access.next_entry::<Spanned<String>, Spanned<Value>>()? {
            let (key, position) = (key.value, key.defined.into());
            entries.push(Entry { key, written: None, position, node: value.into() });
        }
        Ok(Value::Map(entries))
    }
}

#[cfg(test)]
mod tests;
