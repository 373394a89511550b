//! Files that hold a capital policy alone, and policies as they are kept.

use std::path::Path;

use hemiola_components::capital::Policy;
use hemiola_components::time::Nanos;

use super::check::check_policy;
use super::model::policy;
use super::problem::{Problem, Problems};
use super::view::View;
use super::{ConfigError, read_bytes, read_tree, tree};

/// What a file with a capital policy says.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyFile {
    /// The policy.
    pub policy: Policy,
    /// The distance of re-allocations that it recommends.
    pub interval: Option<Nanos>,
    /// What is probably not meant, sorted by place.
    pub warnings: Vec<Problem>,
}

/// Reads a capital policy that is to take the place of another one: JSON or YAML.
///
/// # Errors
/// [`ConfigError::Unreadable`] when the file cannot be read, else [`ConfigError::Invalid`] with everything that is
/// wrong with it; a table without a weight above zero is wrong here, since it would divide by something else.
pub fn load_policy_file(path: &Path) -> Result<PolicyFile, ConfigError> {
    let bytes = read_bytes("capital policy", path)?;
    let problems = Problems::new(&path.display().to_string());
    let checked = read_tree(&bytes, &problems).and_then(|root| check_policy(&root, &problems));
    let read = checked.map(|root| {
        let view = View::root(&problems, &root);
        check_weights(&view);
        (policy::decode(&view), view.seconds("rebalance_seconds"))
    });
    let failed = problems.has_errors();
    let warnings = problems.into_sorted();
    match read {
        Some((policy, interval)) if !failed => Ok(PolicyFile { policy, interval, warnings }),
        _ => Err(ConfigError::Invalid(warnings)),
    }
}

/// A policy as it was kept; `None` when this version does not read it.
#[must_use]
pub fn kept_policy(value: &serde_json::Value) -> Option<Policy> {
    let problems = Problems::new("");
    let (root, _) = tree::parse(&value.to_string()).ok()?;
    let checked = check_policy(&root, &problems)?;
    let policy = policy::decode(&View::root(&problems, &checked));
    (!problems.has_errors()).then_some(policy)
}

fn check_weights(field: &View<'_>) {
    for key in ["weights", "profiles", "tags"] {
        let Some(table) = field.get(key) else { continue };
        let weight = |entry: &View<'_>| entry.own_number().or_else(|| entry.number("weight"));
        let weights: Vec<f64> = table.entries().iter().chain(&table.items()).filter_map(weight).collect();
        if !weights.iter().any(|weight| *weight > 0.0) {
            table.error("no_weight", "no weight of the table is above zero: give one a weight at least");
        }
    }
    for inner in field.entries().into_iter().chain(field.items()) {
        check_weights(&inner);
    }
}
