//! `capital_policy`: how a scheduler divides its capital.
//!
//! Without one the schedules share equally. Once `risk_parity` exists, it becomes the default.

use std::collections::BTreeMap;

use hemiola_components::capital::CapitalPolicy;
use hemiola_components::time::Nanos;

use crate::config::decode::Field;
use crate::config::problem::{Place, listed, quoted};

const EQUAL: [&str; 3] = ["equal_weight", "equal", "uniform"];
const FIXED: [&str; 3] = ["fixed_weight", "fixed", "manual"];
/// Documented names, aliases included, of policies that do not exist yet.
const LATER: [&str; 32] = [
    "risk_parity",
    "risk",
    "volatility_target",
    "vol_target",
    "target_volatility",
    "signal_strength",
    "signal",
    "signals",
    "metric_weighted",
    "metric",
    "telemetry_weighted",
    "metric_score",
    "smoothed",
    "smoothed_allocation",
    "ewma",
    "ema",
    "drawdown",
    "drawdown_guard",
    "drawdown_adaptive",
    "drawdown_aware",
    "risk_profile",
    "profile_budget",
    "risk_budget",
    "blended",
    "composite",
    "weighted_mix",
    "mix",
    "tag_quota",
    "tag_budget",
    "tag_weight",
    "tag_split",
    "risk_profile_budget",
];

/// A policy, with the places of its weights.
#[derive(Clone, Debug)]
pub(crate) struct Capital {
    pub(crate) policy: CapitalPolicy,
    /// Where the table stands; of no meaning without one.
    pub(crate) table: Place,
    /// Where each key of the table stands.
    pub(crate) keys: BTreeMap<String, Place>,
    pub(crate) rebalance: Option<Nanos>,
}

impl Default for Capital {
    fn default() -> Self {
        Self {
            policy: CapitalPolicy::EqualWeight,
            table: Place::default(),
            keys: BTreeMap::new(),
            rebalance: None,
        }
    }
}

impl Capital {
    pub(super) fn decode(field: &Field<'_>) -> Self {
        let mut capital = Self::default();
        if !field.is_map() {
            if decode_name(field) == Some(Kind::Fixed) {
                let message = "`fixed_weight` needs a table: write a map with `name` and `weights`";
                field.error("missing_key", message);
            }
            return capital;
        }
        let Some(mut section) = field.section() else { return capital };
        let name = section.either(&["name", "policy", "type"]);
        if name.is_none() {
            section.missing("name");
        }
        let kind = name.and_then(|f| decode_name(&f));
        section.optional("label").map(|f| f.text());
        capital.rebalance = section.optional("rebalance_seconds").and_then(|f| f.period());
        // Without a usable name nobody can say whether a table belongs here.
        if kind != Some(Kind::Equal) {
            let table = section.either(&["weights", "allocations"]);
            if table.is_none() && kind == Some(Kind::Fixed) {
                section.missing("weights");
            }
            if let Some(table) = table {
                capital.decode_table(&table);
            }
        }
        if kind.is_some() {
            section.close();
        }
        capital
    }

    fn decode_table(&mut self, field: &Field<'_>) {
        let mut table = Table::default();
        if field.is_list() {
            field.items().iter().for_each(|item| table.read_item(item));
        } else if field.is_map() {
            table.read_level(field, "");
        } else {
            field.wrong_type("a map or a list of weights");
            return;
        }
        self.table = field.place();
        self.keys = table.keys;
        self.policy = CapitalPolicy::FixedWeight(table.weights);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Equal,
    Fixed,
}

fn decode_name(field: &Field<'_>) -> Option<Kind> {
    let written = field.text()?;
    let name = written.trim().to_lowercase().replace('-', "_");
    let name = name.as_str();
    let known = [EQUAL[0], FIXED[0]];
    if EQUAL.contains(&name) {
        return Some(Kind::Equal);
    }
    if FIXED.contains(&name) {
        return Some(Kind::Fixed);
    }
    if LATER.contains(&name) {
        let message = format!(
            "the policy {} is not in this version yet; there are: {}",
            quoted(written),
            listed(known)
        );
        field.error("unsupported", message);
    } else {
        let message = format!("there is no capital policy {} (known: {})", quoted(written), listed(known));
        let names = EQUAL.into_iter().chain(FIXED);
        field.problems.unknown(&field.place(), "unknown_reference", message, name, names);
    }
    None
}

/// Levels that only group; what they hold counts as if it stood one level higher.
const GROUPS: [&str; 6] = ["strategies", "strategy", "schedules", "schedule", "profiles", "profile"];

#[derive(Default)]
struct Table {
    weights: BTreeMap<String, f64>,
    keys: BTreeMap<String, Place>,
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
            } else if entry.is_number() {
                self.insert(key, Some(&entry), &entry);
            } else {
                entry.wrong_type("a weight or a map of risk profiles to weights");
            }
        }
    }

    /// An item of a list: who, with which profile, how much.
    fn read_item(&mut self, field: &Field<'_>) {
        let Some(mut section) = field.section() else { return };
        let who = section.either(&["schedule", "strategy", "name"]);
        if who.is_none() {
            section.missing("schedule");
        }
        let profile = section.either(&["profile", "risk_profile"]);
        let weight = section.required("weight");
        section.close();
        let lowered = |field: &Field<'_>| field.text().map(|text| text.trim().to_lowercase());
        let Some(mut key) = who.as_ref().and_then(lowered) else { return };
        if let Some(profile) = profile.as_ref().and_then(lowered) {
            key = format!("{key}:{profile}");
        }
        self.insert(key, weight.as_ref(), field);
    }

    /// Takes a weight that stands in `field`; one that cannot be read counts as 1, so that the table hits.
    fn insert(&mut self, key: String, weight: Option<&Field<'_>>, field: &Field<'_>) {
        let value = weight.and_then(|weight| weight.number(0.0..)).unwrap_or(1.0);
        let place = field.key_place();
        if let Some(earlier) = self.keys.insert(key.clone(), place.clone()) {
            let message =
                format!("{} has a weight already at line {}; this one counts", quoted(&key), earlier.line);
            field.problems.warning(&place, "duplicate_key", message);
        }
        self.weights.insert(key, value);
    }
}
