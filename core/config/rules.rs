//! What the tables cannot say: keys that must fit each other. Places are those of the file; neither the file system
//! nor the environment is asked, so a configuration is as valid here as anywhere.

use std::collections::BTreeSet;

use super::problem::quoted;
use super::view::View;

mod alerts;
mod decision_log;
mod environment;
mod exchange;
mod instruments;
mod metadata;
mod reporting;
mod risk;
mod runtime;
mod service;

/// Checks a checked tree.
pub(crate) fn check(root: &View<'_>) {
    root.map("risk_profiles").iter().for_each(risk::profile);
    root.map("portfolio_governors").iter().for_each(|governor| risk::governor(governor, root));
    instruments::buckets(root);
    environment::check(root);
    exchange::check(root);
    runtime::check(root);
    decision_log::check(root);
    service::check(root);
    alerts::check(root);
    reporting::check(root);
}

/// Says of each value that stands there already.
pub(super) fn warn_of_repetitions<'t>(
    items: &[View<'t>],
    what: &str,
    of: impl Fn(&View<'t>) -> Option<&'t str>,
) {
    let mut seen = BTreeSet::new();
    for item in items {
        let Some(value) = of(item) else { continue };
        if !seen.insert(value) {
            item.warning("repeated", format!("the {what} {} stands here already", quoted(value)));
        }
    }
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
