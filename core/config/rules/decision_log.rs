//! Logs that are signed: one key, from one place.

use hemiola_adapters::journal::key_id;

use crate::config::model::Mode;
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
    let is_shared =
        [&risk, &other].into_iter().flatten().any(|log| log.flag("enabled") && !sources(log).is_empty());
    for log in [risk, other, of("portfolio_decision_log")].into_iter().flatten() {
        check_key_id(&log);
        let sources = check_sources(&log);
        if log.flag("enabled") && !log.has("path") {
            log.missing("path");
        }
        if log.flag("enabled") && sources == 0 {
            let message = "names no key, so its entries are not signed: write `signing_key_env`".to_owned();
            log.problems.warning(&log.key_place(), "unsigned", message);
        }
    }
    for environment in root.map("environments") {
        check_journal(&environment, is_shared);
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

/// Real prices and real money are decided upon in the open: what is written of it is signed.
fn check_journal(environment: &View<'_>, is_shared: bool) {
    let Some(journal) = environment.get("decision_journal") else { return };
    check_key_id(&journal);
    if let Some(checkpoints) = journal.get("checkpoints") {
        if check_sources(&checkpoints) == 0 {
            checkpoints.missing("signing_key_path");
        }
        if let (Some(_), Some(command)) = (checkpoints.get("path"), checkpoints.get("command")) {
            let message = "checkpoints go to `path` already: keep one of them".to_owned();
            command.problems.error(&command.key_place(), "conflict", message);
        }
    }
    let is_demo = environment.text("environment").is_none_or(|kind| Mode::named(kind) == Mode::Demo);
    if check_sources(&journal) == 0 && !is_demo && !is_shared {
        let message =
            "names no key, and only a demo's decisions go unsigned: write `signing_key_env`".to_owned();
        journal.problems.warning(&journal.key_place(), "unsigned", message);
    }
}

/// A name that records can hold without escapes.
fn check_key_id(log: &View<'_>) {
    if let Some(id) = log.get("signing_key_id")
        && let Some(text) = id.node.text()
        && let Err(error) = key_id(text)
    {
        id.error("bad_key_id", error.to_string());
    }
}

/// How many places the key comes from; more than one is an error.
fn check_sources(log: &View<'_>) -> usize {
    let found = sources(log);
    if let [first, second, ..] = found.as_slice() {
        let message = format!("the key comes from `{}` already: keep one of them", first.name);
        log.problems.error(&second.key_place(), "conflict", message);
    }
    found.len()
}

/// The places the key comes from.
fn sources<'t>(log: &View<'t>) -> Vec<View<'t>> {
    const SOURCES: [&str; 5] = [
        "signing_key_env",
        "signing_key_path",
        "signing_key_command",
        "signing_key_secret",
        "signing_key_value",
    ];
    SOURCES.into_iter().filter_map(|key| log.get(key)).collect()
}
