//! Environments: what they name elsewhere in the file, and what belongs together.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::warn_of_repetitions;
use crate::config::problem::{Place, listed, quoted};
use crate::config::shape::alerts::TYPES;
use crate::config::view::View;

pub(super) fn check(root: &View<'_>) {
    let environments = root.map("environments");
    check_names(&environments);
    for environment in &environments {
        check_channels(environment, root);
        check_permissions(environment, root);
        check_addresses(environment);
        check_intervals(environment, root);
        for key in ["alert_audit", "decision_journal", "report_storage"] {
            if let Some(store) = environment.get(key)
                && store.text("backend") == Some("file")
                && !store.has("directory")
            {
                store.missing("directory");
            }
        }
        if let Some(readiness) = environment.get("live_readiness") {
            check_readiness(&readiness);
        }
    }
}

/// On the command line a name or an alias means one environment.
fn check_names(environments: &[View<'_>]) {
    let mut taken: BTreeMap<&str, Place> =
        environments.iter().map(|environment| (environment.name, environment.key_place())).collect();
    for alias in environments.iter().flat_map(|environment| environment.items_of("aliases")) {
        let Some(name) = alias.node.text() else { continue };
        if let Some(earlier) = taken.get(name) {
            let message =
                format!("{} means `{}` at line {} already", quoted(name), earlier.path, earlier.line);
            alias.error("conflict", message);
        }
        taken.entry(name).or_insert_with(|| alias.place());
    }
}

fn check_channels(environment: &View<'_>, root: &View<'_>) {
    let channels = environment.items_of("alert_channels");
    warn_of_repetitions(&channels, "channel", |channel| channel.node.text());
    for channel in channels {
        let Some(text) = channel.node.text() else { continue };
        let Some((kind, name)) = text.split_once(':').filter(|(_, name)| !name.is_empty()) else {
            channel.error("bad_channel", format!("{} is no channel: write `type:name`", quoted(text)));
            continue;
        };
        let Some((_, section)) = TYPES.into_iter().find(|(known, _)| *known == kind) else {
            let kinds = TYPES.map(|(known, _)| known);
            let message = format!("there is no type of channel {} (known: {})", quoted(kind), listed(kinds));
            channel.problems.unknown(&channel.place(), "unknown_value", message, kind, kinds);
            continue;
        };
        let Some(section) = section else { continue };
        let defined = root.get("alerts").map(|alerts| alerts.map(section)).unwrap_or_default();
        let known = || defined.iter().map(|channel| channel.name);
        if !known().any(|known| known == name) {
            let message =
                format!("`alerts.{section}` has no channel {} (known: {})", quoted(name), listed(known()));
            channel.problems.unknown(&channel.place(), "unknown_reference", message, name, known());
        }
    }
}

/// No permission can be required and forbidden; those of the profile count where the environment's are empty.
fn check_permissions(environment: &View<'_>, root: &View<'_>) {
    let profile =
        environment.text("permission_profile").and_then(|name| root.get("permission_profiles")?.get(name));
    let of = |key: &str| {
        let own = environment.items_of(key);
        if own.is_empty() {
            profile.as_ref().map(|profile| profile.items_of(key)).unwrap_or_default()
        } else {
            own
        }
    };
    let required = of("required_permissions");
    for forbidden in of("forbidden_permissions") {
        let Some(name) = forbidden.node.text() else { continue };
        if required.iter().any(|required| required.node.text() == Some(name)) {
            let message =
                format!("environment `{}` both requires and forbids {}", environment.name, quoted(name));
            forbidden.error("conflict", message);
        }
    }
}

fn check_addresses(environment: &View<'_>) {
    for address in environment.items_of("ip_allowlist") {
        let Some(text) = address.node.text() else { continue };
        let (host, prefix) = text.split_once('/').map_or((text, None), |(host, prefix)| (host, Some(prefix)));
        let longest = match host.parse() {
            Ok(IpAddr::V4(_)) => Some(32),
            Ok(IpAddr::V6(_)) => Some(128),
            Err(_) => None,
        };
        let fits = |prefix: &str| prefix.parse().is_ok_and(|bits: u8| Some(bits) <= longest);
        if longest.is_none() || prefix.is_some_and(|prefix| !fits(prefix)) {
            let message = format!("{} is no address: write 203.0.113.7 or 203.0.113.0/24", quoted(text));
            address.error("bad_address", message);
        }
    }
}

/// The candles that a controller reads are among those that are kept.
fn check_intervals(environment: &View<'_>, root: &View<'_>) {
    let controllers = root.get("runtime").map(|runtime| runtime.map("controllers")).unwrap_or_default();
    let universe =
        environment.text("instrument_universe").and_then(|name| root.get("instrument_universes")?.get(name));
    let Some(universe) = universe.filter(|_| !controllers.is_empty()) else { return };
    let kept: Vec<&str> = universe
        .map("instruments")
        .iter()
        .flat_map(|instrument| instrument.items_of("backfill"))
        .filter_map(|window| window.text("interval"))
        .collect();
    let reads =
        |controller: &View<'_>| controller.text("interval").is_none_or(|interval| kept.contains(&interval));
    if let Some(default) = environment.get("default_controller")
        && let Some(controller) = controllers.iter().find(|one| Some(one.name) == default.node.text())
        && !reads(controller)
    {
        let interval = controller.text("interval").unwrap_or_default();
        default.error(
            "interval",
            format!(
                "the controller reads candles of {interval}, and the universe `{}` keeps none",
                universe.name
            ),
        );
    } else if !controllers.iter().any(reads) {
        let message = format!("no controller reads candles that the universe `{}` keeps", universe.name);
        environment.problems.warning(&environment.key_place(), "interval", message);
    }
}

fn check_readiness(readiness: &View<'_>) {
    let documents = readiness.items_of("documents");
    if let Some(list) = readiness.get("documents").filter(|_| documents.is_empty()) {
        list.error("empty", "needs a document at least, holds none");
    }
    let mut names = Vec::new();
    for document in &documents {
        if let Some(name) = document.get("name")
            && let Some(text) = name.node.text()
        {
            if names.contains(&text) {
                name.error("conflict", format!("there is a document {} already", quoted(text)));
            }
            names.push(text);
        }
        if let Some(hash) = document.get("sha256")
            && let Some(text) = hash.node.text()
            && (!super::is_hex(text) || text.len() != 64)
        {
            hash.error("bad_hash", "must be a SHA-256 in hex, 64 digits");
        }
    }
    for required in readiness.items_of("required_documents") {
        let Some(name) = required.node.text() else { continue };
        if !names.contains(&name) {
            let message =
                format!("there is no document {} (known: {})", quoted(name), listed(names.iter().copied()));
            let known = names.iter().copied();
            required.problems.unknown(&required.place(), "unknown_reference", message, name, known);
        }
    }
}
