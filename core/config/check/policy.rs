//! Capital policies: trees in which every node has a name of its own.

use std::collections::BTreeMap;

use crate::config::field::Field;
use crate::config::problem::{Place, listed, quoted};
use crate::config::shape::Kind;
use crate::config::shape::policy::{
    COMMON, COMPONENT_KEYS, COMPONENT_WEIGHT, NO_POLICY, POLICIES, PolicyShape,
};
use crate::config::tree::{Entry, Node, Position, Value};

use super::{Checker, blanks};

/// The policy that answers to a name, in any spelling.
pub(crate) fn by_name(written: &str) -> Option<&'static PolicyShape> {
    let name = normalized(written);
    POLICIES.iter().find(|policy| policy.names.contains(&name.as_str()))
}

/// A policy's name without regard to case and hyphens.
pub(crate) fn normalized(written: &str) -> String {
    written.trim().to_lowercase().replace('-', "_")
}

/// A policy that is left out, as the map that its name stands for; nothing for other kinds.
pub(super) fn named(kind: &Kind, name: &str) -> Option<Value> {
    matches!(kind, Kind::Policy | Kind::Fallback)
        .then(|| by_name(name).map(|policy| bare(policy, name, Position::START)))?
}

/// What reports call a policy without a label.
fn reported_name(policy: &PolicyShape, written: &str) -> String {
    if policy.is_reported_as_written { normalized(written) } else { policy.names[0].to_owned() }
}

/// A policy of which only the name is known.
fn bare(policy: &PolicyShape, written: &str, position: Position) -> Value {
    let name = |key, name: &str| Entry::of(key, Value::Text(name.to_owned()), position);
    let mut entries = vec![
        name("name", policy.names[0]),
        name("label", policy.bare_name.unwrap_or(&reported_name(policy, written))),
    ];
    entries.extend(blanks(policy.shape.keys));
    Value::Map(entries)
}

impl<'t> Checker<'t> {
    /// A name, or a map with a name and the policy's own keys. What comes out holds the canonical name as `name`,
    /// and the one of reports as `label`.
    pub(super) fn policy(&self, field: &Field<'t>) -> Option<Value> {
        if !field.is_map() {
            let written = field.text()?;
            let policy = Self::find_policy(field, written)?;
            if let Some(required) = policy.shape.keys.iter().find(|key| key.is_required()) {
                let message = format!(
                    "`{}` needs `{}`: write a map with `name` and `{}`",
                    written, required.name, required.name
                );
                field.error("missing_key", message);
                return None;
            }
            return Some(bare(policy, written, field.node.position));
        }
        self.policy_map(field, COMMON[0].aliases)
    }

    /// A policy that is a map; `aliases` are the spellings of `name` in it.
    fn policy_map(&self, field: &Field<'t>, aliases: &[&'static str]) -> Option<Value> {
        let mut section = field.section()?;
        let Some(name) = section.either("name", aliases) else {
            section.missing("name");
            return None;
        };
        let written = name.text()?;
        let policy = Self::find_policy(&name, written)?;
        let text = |key, text: &str| Entry::of(key, Value::Text(text.to_owned()), name.node.position);
        let mut entries = vec![text("name", policy.names[0])];
        let keys = COMMON[1..].iter().chain(policy.shape.keys);
        entries.extend(keys.filter_map(|key| self.key(&mut section, key, &[])));
        if !entries.iter().any(|entry| entry.key == "label") {
            entries.push(text("label", &reported_name(policy, written)));
        }
        if aliases.len() < COMMON[0].aliases.len() {
            // A component of a mix that is the policy itself.
            entries.extend(self.key(&mut section, &COMPONENT_WEIGHT, &[]));
        }
        self.close(section);
        Some(Value::Map(entries))
    }

    fn find_policy(field: &Field<'t>, written: &str) -> Option<&'static PolicyShape> {
        let policy = by_name(written);
        if policy.is_none() {
            let names = POLICIES.iter().flat_map(|policy| policy.names.iter().copied());
            let known = listed(POLICIES.iter().map(|policy| policy.names[0]));
            let message = format!("there is no capital policy {} (known: {known})", quoted(written));
            let place = field.place();
            field.problems.unknown(&place, "unknown_reference", message, &normalized(written), names);
        }
        policy
    }

    /// A policy, or nothing.
    pub(super) fn fallback(&self, field: &Field<'t>) -> Option<Value> {
        match &field.node.value {
            Value::Null => Some(Value::Null),
            Value::Text(text) if NO_POLICY.contains(&normalized(text).as_str()) => Some(Value::Null),
            _ => self.policy(field),
        }
    }

    /// A policy of a mix: what comes out holds it as `policy`, with its `weight` and `label`.
    pub(super) fn component(&self, field: &Field<'t>) -> Option<Value> {
        let [policy_key, ..] = COMPONENT_KEYS.keys else { return None };
        let holds_policy = || {
            let names = std::iter::once(policy_key.name).chain(policy_key.aliases.iter().copied());
            names.into_iter().any(|name| field.node.get(name).is_some())
        };
        if field.is_map() && holds_policy() {
            return self.section(field, &COMPONENT_KEYS, &[]);
        }
        let value = if field.is_map() { self.policy_map(field, &["type"])? } else { self.policy(field)? };
        let position = field.node.position;
        let Value::Map(mut entries) = value else { return None };
        let take = |entries: &mut Vec<Entry>, key: &str| {
            let place = entries.iter().position(|entry| entry.key == key)?;
            Some(entries.remove(place))
        };
        let weight = take(&mut entries, "weight");
        let weight = weight.unwrap_or_else(|| Entry::of("weight", Value::Number(1.0), position));
        Some(Value::Map(vec![Entry::of("policy", Value::Map(entries), position), weight]))
    }
}

/// Levels that only group; what they hold counts as if it stood one level higher.
const GROUPS: [&str; 6] = ["strategies", "strategy", "schedules", "schedule", "profiles", "profile"];

/// A table of weights as one flat map; keys are lower case, of the forms that
/// [`PolicyKind::FixedWeight`](hemiola_components::capital::PolicyKind::FixedWeight) names.
pub(super) fn weights(field: &Field<'_>) -> Option<Value> {
    let mut table = Table { path: format!("{}.", field.path), ..Table::default() };
    match &field.node.value {
        Value::Sequence(_) => field.list()?.iter().for_each(|item| table.read_item(item)),
        Value::Map(_) => table.read_level(field, ""),
        _ => {
            field.wrong_type("a map or a list of weights");
            return None;
        }
    }
    if !table.is_usable {
        let message = "no weight of the table is above zero: give one schedule a weight at least, or name another policy";
        field.error("no_weight", message);
        return None;
    }
    Some(Value::Map(table.entries))
}

#[derive(Default)]
struct Table {
    /// What the paths of its entries begin with.
    path: String,
    entries: Vec<Entry>,
    places: BTreeMap<String, (usize, Place)>,
    /// Whether a weight is above zero, or cannot be told.
    is_usable: bool,
}

impl Table {
    /// A level of nested maps: `key: weight`, `key: {profile: weight}`, or a group.
    fn read_level(&mut self, field: &Field<'_>, outer: &str) {
        for entry in field.entries() {
            let name = entry.name.trim().to_lowercase();
            let key = if outer.is_empty() { name.clone() } else { format!("{outer}:{name}") };
            if entry.is_map() {
                let inner = if GROUPS.contains(&name.as_str()) { outer } else { &key };
                self.read_level(&entry, inner);
            } else if matches!(entry.node.value, Value::Number(_) | Value::Text(_)) {
                let written = &entry.path[self.path.len()..];
                self.insert(key, Some(&entry), &entry, written);
            } else {
                self.is_usable = true;
                entry.wrong_type("a weight or a map of risk profiles to weights");
            }
        }
    }

    /// An item of a list: who, with which profile, how much.
    fn read_item(&mut self, field: &Field<'_>) {
        let Some(mut section) = field.section() else { return };
        let who = section.either("schedule", &["strategy", "name"]);
        if who.is_none() {
            self.is_usable = true;
            section.missing("schedule");
        }
        let profile = section.either("profile", &["risk_profile"]);
        let weight = section.optional("weight");
        if weight.is_none() {
            section.missing("weight");
        }
        section.close();
        let lowered = |field: &Field<'_>| field.text().map(|text| text.trim().to_lowercase());
        let Some(mut key) = who.as_ref().and_then(lowered) else { return };
        if let Some(profile) = profile.as_ref().and_then(lowered) {
            key = format!("{key}:{profile}");
        }
        self.insert(key, weight.as_ref(), field, "");
    }

    /// Takes a weight that stands in `field`: a text that is no number is passed over, one that is refused counts as 1,
    /// so that the table hits.
    fn insert(&mut self, key: String, weight: Option<&Field<'_>>, field: &Field<'_>, written: &str) {
        if let Some(weight) = weight.filter(|weight| weight.is_other_text()) {
            weight.warning("skipped_weight", "is no number and passed over: write a number, or remove it");
            return;
        }
        let value = weight.and_then(|weight| weight.numeric(0.0..)).unwrap_or(1.0);
        self.is_usable |= value > 0.0;
        let place = field.key_place();
        let written = (!written.is_empty() && written != key).then(|| written.to_owned());
        let node = Node::of(Value::Number(value), field.node.position);
        let entry = Entry { key: key.clone(), written, position: field.key, node };
        if let Some((index, earlier)) = self.places.get_mut(&key) {
            let message =
                format!("{} has a weight already at line {}; this one counts", quoted(&key), earlier.line);
            field.problems.warning(&place, "duplicate_key", message);
            self.entries[*index] = entry;
            *earlier = place;
        } else {
            self.places.insert(key, (self.entries.len(), place));
            self.entries.push(entry);
        }
    }
}
