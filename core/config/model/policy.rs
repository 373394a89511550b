//! `capital_policy`: how a scheduler divides its capital, as a tree.
//!
//! Without one the schedules share by risk parity.

use std::collections::BTreeMap;

use hemiola_components::capital::{Component, Policy, PolicyKind, Rule};
use hemiola_components::time::Nanos;

use super::scheduler::{Context, Schedule};
use crate::config::problem::{Place, listed, quoted};
use crate::config::tree::Value;
use crate::config::view::View;

/// A scheduler's policy, with the tables of weights in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Capital {
    pub(crate) policy: Policy,
    pub(crate) tables: Vec<Table>,
    pub(crate) rebalance: Option<Nanos>,
}

/// A table of fixed weights, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) place: Place,
    /// The weight of each key, and where the key stands.
    pub(crate) keys: BTreeMap<String, (f64, Place)>,
    /// Whether nothing else divides the capital.
    pub(crate) is_outermost: bool,
}

impl Capital {
    pub(super) fn decode(field: &View<'_>, schedules: &[Schedule], context: &Context<'_>) -> Self {
        check(field, schedules, context);
        let mut found = Vec::new();
        tables(field, true, &mut found);
        Self { policy: decode(field), tables: found, rebalance: field.seconds("rebalance_seconds") }
    }
}

/// The tables of weights of a policy and of those inside it.
fn tables(field: &View<'_>, is_outermost: bool, found: &mut Vec<Table>) {
    if let Some(table) = field.get("weights") {
        let key = |entry: View<'_>| Some((entry.name.to_owned(), (entry.own_number()?, entry.key_place())));
        let keys = table.entries().into_iter().filter_map(key).collect();
        found.push(Table { place: table.place(), keys, is_outermost });
    }
    for inner in inner_policies(field) {
        tables(&inner, false, found);
    }
}

/// The policies that a policy refers to.
fn inner_policies<'t>(field: &View<'t>) -> Vec<View<'t>> {
    let keys = ["base", "within_profile", "within_tag", "fallback"];
    let components = components_of(field);
    let mixed = components.iter().filter_map(|component| component.get("policy"));
    keys.into_iter().filter_map(|key| field.get(key)).chain(mixed).collect()
}

/// The components of a mix, which is a map or a list.
fn components_of<'t>(field: &View<'t>) -> Vec<View<'t>> {
    field.get("components").map(|field| [field.entries(), field.items()].concat()).unwrap_or_default()
}

/// A checked policy. What could not be read is the default; it has been reported.
pub(crate) fn decode(field: &View<'_>) -> Policy {
    let name = field.text("name").unwrap_or_default();
    let inner = |key: &str| Box::new(field.get(key).map_or_else(Policy::default, |inner| decode(&inner)));
    let fallback = || {
        let field = field.get("fallback")?;
        Some(Box::new(decode(&field)))
    };
    let number = |key: &str| field.number_or_zero(key);
    let kind = match name {
        "fixed_weight" => PolicyKind::FixedWeight(shares(field, "weights", str::to_owned)),
        "volatility_target" => PolicyKind::VolatilityTarget,
        "signal_strength" => PolicyKind::SignalStrength,
        "metric_weighted" => PolicyKind::MetricWeighted {
            rules: field.get("metrics").map(|metrics| rules(&metrics)).unwrap_or_default(),
            default_score: number("default_score"),
            shift_epsilon: number("shift_epsilon").max(1e-9),
            fallback: fallback(),
        },
        "smoothed" => PolicyKind::Smoothed {
            base: inner("base"),
            alpha: number("alpha"),
            min_delta: number("min_delta"),
            floor_weight: number("floor_weight"),
        },
        "drawdown_guard" => PolicyKind::DrawdownGuard {
            warning_pct: number("warning_pct"),
            panic_pct: number("panic_pct"),
            pressure_weight: number("pressure_weight"),
            min_weight: number("min_weight"),
            max_weight: number("max_weight"),
        },
        "risk_profile" => PolicyKind::RiskProfile {
            profiles: shares(field, "profiles", str::to_lowercase),
            profile_floor: number("profile_floor"),
            within_profile: inner("within_profile"),
        },
        "blended" => PolicyKind::Blended {
            components: components(field),
            normalize_components: field.flag("normalize_components"),
            fallback: fallback(),
        },
        "tag_quota" => PolicyKind::TagQuota {
            tags: shares(field, "tags", str::to_owned),
            default_weight: field.number("default_weight"),
            within_tag: inner("within_tag"),
            fallback: fallback(),
            primary_only: field.flag("primary_only"),
        },
        "equal_weight" => PolicyKind::EqualWeight,
        _ => PolicyKind::RiskParity,
    };
    Policy { name: field.text("label").unwrap_or_default().to_owned(), kind }
}

/// Weights by key, from a map or a list of maps; the last of a key counts. `spelled` is how keys are compared.
fn shares(field: &View<'_>, key: &str, spelled: fn(&str) -> String) -> BTreeMap<String, f64> {
    let Some(table) = field.get(key) else { return BTreeMap::new() };
    let of_map = |entry: &View<'_>| match entry.node.value {
        Value::Number(weight) => Some((spelled(entry.name), weight)),
        _ => None,
    };
    let of_item = |item: &View<'_>| {
        let name = item.text("profile").or(item.text("tag"))?;
        Some((spelled(name), item.number("weight")?))
    };
    let (entries, items) = (table.entries(), table.items());
    entries.iter().filter_map(of_map).chain(items.iter().filter_map(of_item)).collect()
}

fn rules(field: &View<'_>) -> Vec<Rule> {
    field.entries().iter().chain(&field.items()).map(rule).collect()
}

fn rule(field: &View<'_>) -> Rule {
    let metric = field.text("metric").unwrap_or(field.name).to_owned();
    let plain = Rule { metric, weight: 1.0, default: 0.0, min: None, max: None, absolute: false, scale: 1.0 };
    match &field.node.value {
        Value::Number(weight) => Rule { weight: *weight, ..plain },
        Value::Sequence(_) => {
            let number = |item: &View<'_>| match item.node.value {
                Value::Number(value) => Some(value),
                _ => None,
            };
            let numbers: Vec<_> = field.items().iter().filter_map(number).collect();
            match numbers[..] {
                [weight] => Rule { weight, ..plain },
                [weight, default] => Rule { weight, default, ..plain },
                _ => {
                    field.error("wrong_type", "expected a weight, or a weight and a default");
                    plain
                }
            }
        }
        _ => {
            let (min, max) = (field.number("min"), field.number("max"));
            if let (Some(min), Some(max)) = (min, max)
                && min > max
            {
                field.warning("doubtful_range", format!("`min` {min} is above `max` {max}, which counts"));
            }
            Rule {
                weight: field.number_or_zero("weight"),
                default: field.number_or_zero("default"),
                min,
                max,
                absolute: field.flag("absolute"),
                scale: field.number_or_zero("scale"),
                ..plain
            }
        }
    }
}

fn components(field: &View<'_>) -> Vec<Component> {
    let component = |component: &View<'_>| {
        let policy = component.get("policy").map_or_else(Policy::default, |policy| decode(&policy));
        let label = component.text("label").or((!component.name.is_empty()).then_some(component.name));
        Component {
            label: label.unwrap_or(&policy.name).to_owned(),
            weight: component.number_or_zero("weight"),
            policy,
        }
    };
    components_of(field).iter().map(component).collect()
}

/// What a policy refers to, and what it probably does not mean.
fn check(field: &View<'_>, schedules: &[Schedule], context: &Context<'_>) {
    for inner in inner_policies(field) {
        check(&inner, schedules, context);
    }
    let components = components_of(field);
    for component in components.iter().filter(|component| !component.has("policy")) {
        component.error("missing_key", "needs a `policy`");
    }
    let is_read = field.get("components").is_some() || !field.has("components");
    if is_read && components.is_empty() && field.text("name") == Some("blended") {
        field.warning("empty", "mixes no policies: the fallback is all there is");
    }
    if let (Some(warning), Some(panic)) = (field.number("warning_pct"), field.number("panic_pct"))
        && panic <= warning
    {
        let message = format!(
            "`panic_pct` {panic} is not above `warning_pct` {warning}: it counts as {}",
            warning + 1.0
        );
        field.warning("doubtful_range", message);
    }
    for (key, item) in [("profiles", "profile"), ("tags", "tag")] {
        let Some(table) = field.get(key) else { continue };
        let entries = table.entries().into_iter().map(|entry| (entry.name, entry.key_place()));
        let items =
            table.items().into_iter().filter_map(|row| Some((row.text(item)?, row.get(item)?.place())));
        for (name, place) in entries.chain(items) {
            if key == "profiles" {
                check_profile(field, name, &place, context);
            } else {
                check_tag(field, name, &place, schedules, context);
            }
        }
    }
}

fn check_profile(field: &View<'_>, name: &str, place: &Place, context: &Context<'_>) {
    let known = || context.risk_profiles.iter().copied();
    if !known().any(|known| known.to_lowercase() == name.to_lowercase()) {
        let message = format!("there is no risk profile {} (known: {})", quoted(name), listed(known()));
        field.problems.unknown(place, "unknown_reference", message, name, known());
    }
}

fn check_tag(field: &View<'_>, name: &str, place: &Place, schedules: &[Schedule], context: &Context<'_>) {
    let known = || context.tags_of(schedules);
    if !known().any(|tag| tag == name) {
        let message = format!("no strategy of a schedule here has the tag {}", quoted(name));
        field.problems.unknown_warning(place, "unmatched_tag", message, name, known());
    }
}
