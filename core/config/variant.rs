//! The same configuration with another capital policy.

use std::path::Path;

use hemiola_components::strategy::EngineSpec;

use super::problem::{Problem, Problems};
use super::tree::{Entry, Node, Position, Value};
use super::{Config, ConfigError, check, read_bytes, read_tree};

const SCHEDULERS: &str = "multi_strategy_schedulers";
const POLICY: &str = "capital_policy";

/// Whether a capital policy that somebody asks for is a file and not a name: no name has a dot or a separator.
#[must_use]
pub fn is_policy_file(policy: &str) -> bool {
    policy.contains(['.', '/', '\\'])
}

impl Config {
    /// This configuration, in which a scheduler divides its capital by another policy: one of the catalogue, by name, or
    /// that of a file. It is checked as if it stood in the scheduler.
    ///
    /// # Errors
    /// When the file cannot be read, or the policy cannot be used there.
    pub fn with_policy(
        &self,
        scheduler: Option<&str>,
        policy: &str,
        engines: &[EngineSpec],
    ) -> Result<Self, ConfigError> {
        let problems = Problems::new(policy);
        let node = if is_policy_file(policy) {
            read_tree(&read_bytes("capital policy", Path::new(policy))?, &problems)
        } else {
            Some(Node::of(Value::Text(policy.to_owned()), Position::START))
        };
        let checked = node.as_ref().and_then(|node| check::check_policy(node, &problems));
        if problems.has_errors() {
            return Err(ConfigError::Invalid(problems.into_sorted()));
        }
        let first = || self.model.schedulers.first().map(|scheduler| scheduler.name.as_str());
        let (Some(node), Some(_), Some(name)) = (node, checked, scheduler.or_else(first)) else {
            return Err(ConfigError::Invalid(problems.into_sorted()));
        };
        let mut written = self.written.clone();
        replace(&mut written, name, node);
        let place = format!("{SCHEDULERS}.{name}.{POLICY}");
        let elsewhere = |problem: &mut Problem| {
            if problem.path.contains(&place) {
                policy.clone_into(&mut problem.file);
            }
        };
        self.changed(written, engines, elsewhere)
    }
}

/// Puts a policy into a scheduler, which may stand in `runtime`; there it goes before one of the same name.
fn replace(root: &mut Node, scheduler: &str, policy: Node) {
    let in_runtime = root.get("runtime").and_then(|runtime| runtime.node.get(SCHEDULERS));
    let in_runtime = in_runtime.is_some_and(|schedulers| schedulers.node.get(scheduler).is_some());
    let path: &[&str] =
        if in_runtime { &["runtime", SCHEDULERS, scheduler] } else { &[SCHEDULERS, scheduler] };
    let found = path.iter().try_fold(root, |node, key| match &mut node.value {
        Value::Map(entries) => {
            entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.node)
        }
        _ => None,
    });
    if let Some(Node { value: Value::Map(entries), .. }) = found {
        entries.retain(|entry| entry.key != POLICY);
        let position = policy.position;
        entries.push(Entry { key: POLICY.to_owned(), written: None, position, node: policy });
    }
}
