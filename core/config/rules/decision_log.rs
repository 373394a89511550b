//! Logs that are signed: one key, from one place.

use crate::config::view::View;

pub(super) fn check(root: &View<'_>) {
    let risk = root.get("risk").and_then(|risk| risk.get("decision_log"));
    let runtime = root.get("runtime");
    let of = |key: &str| runtime.as_ref().and_then(|runtime| runtime.get(key));
    let other = of("risk_decision_log");
    if let (Some(risk), Some(other)) = (&risk, &other)
        && !risk.node.says_the_same_as(other.node)
    {
        let message =
            format!("differs from `risk.decision_log` at line {}: keep one of them", risk.key_place().line);
        other.problems.error(&other.key_place(), "conflict", message);
    }
    for log in [risk, other, of("portfolio_decision_log")].into_iter().flatten() {
        let sources = check_sources(&log);
        if log.flag("enabled") && !log.has("path") {
            log.missing("path");
        }
        if log.flag("enabled") && sources == 0 {
            let message = "names no key, so its entries are not signed: write `signing_key_env`".to_owned();
            log.problems.warning(&log.key_place(), "unsigned", message);
        }
    }
    if let Some(signing) = of("security_baseline").and_then(|baseline| baseline.get("signing")) {
        let sources = check_sources(&signing);
        if signing.flag("require_signature") && sources == 0 {
            signing.missing("signing_key_env");
        }
    }
    let rotation = root.get("observability").and_then(|section| section.get("key_rotation"));
    if let Some(rotation) = rotation {
        check_sources(&rotation);
    }
}

/// How many places the key comes from; more than one is an error.
fn check_sources(log: &View<'_>) -> usize {
    const SOURCES: [&str; 4] =
        ["signing_key_env", "signing_key_path", "signing_key_secret", "signing_key_value"];
    let found: Vec<_> = SOURCES.into_iter().filter_map(|key| log.get(key)).collect();
    if let [first, second, ..] = found.as_slice() {
        let message = format!("the key comes from `{}` already: keep one of them", first.name);
        log.problems.error(&second.key_place(), "conflict", message);
    }
    found.len()
}
