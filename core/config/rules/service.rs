//! Services: tokens, encryption, thresholds.

use super::{is_hex, metadata, warn_of_repetitions};
use crate::config::problem::{listed, quoted};
use crate::config::view::View;

pub(super) fn check(root: &View<'_>) {
    let runtime = root.get("runtime");
    for holder in [Some(root), runtime.as_ref()].into_iter().flatten() {
        holder.map("multi_strategy_schedulers").iter().for_each(check_tokens);
    }
    let of = |key: &str| runtime.as_ref().and_then(|runtime| runtime.get(key));
    for service in [of("metrics_service"), of("risk_service")].into_iter().flatten() {
        check_tokens(&service);
        check_shared_token(&service);
        service.get("tls").iter().for_each(check_tls);
    }
    if let Some(metrics) = of("metrics_service") {
        metrics.get("grpc_metadata").iter().for_each(metadata::check);
        check_thresholds(&metrics);
    }
}

const SCOPES: [&str; 8] = [
    "metrics.read",
    "metrics.write",
    "risk.read",
    "runtime.schedule.read",
    "runtime.schedule.write",
    "alert.ack",
    "journal.read",
    "order.submit",
];

/// Hash algorithms with the length of their hex.
const HASHES: [(&str, usize); 8] = [
    ("sha224", 56),
    ("sha256", 64),
    ("sha384", 96),
    ("sha512", 128),
    ("sha3_224", 56),
    ("sha3_256", 64),
    ("sha3_384", 96),
    ("sha3_512", 128),
];

fn check_tokens(service: &View<'_>) {
    let tokens = service.items_of("rbac_tokens");
    warn_of_repetitions(&tokens, "token", |token| token.text("token_id"));
    for token in &tokens {
        if !["token_env", "token_value", "token_hash"].iter().any(|source| token.has(source)) {
            let message =
                "comes from nowhere: write `token_env`, `token_hash` or, in a demo, `token_value`".to_owned();
            token.problems.error(&token.place(), "no_token", message);
        }
        token.get("token_hash").iter().for_each(check_hash);
        let Some(scopes) = token.get("scopes") else { continue };
        let items = scopes.items();
        if items.is_empty() {
            scopes.error("empty", "needs a scope at least: a token without any may do nothing");
        }
        warn_of_repetitions(&items, "scope", |scope| scope.node.text());
        for scope in &items {
            let Some(name) = scope.node.text() else { continue };
            if !SCOPES.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                let message = format!("there is no scope {} (known: {})", quoted(name), listed(SCOPES));
                scope.problems.unknown_warning(&scope.place(), "unknown_scope", message, name, SCOPES);
            }
        }
    }
}

fn check_hash(hash: &View<'_>) {
    let Some(text) = hash.node.text() else { return };
    let (algorithm, digits) = text.split_once(':').unwrap_or(("sha256", text));
    let Some((_, length)) = HASHES.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(algorithm))
    else {
        let known = HASHES.map(|(known, _)| known);
        let message = format!("there is no hash algorithm {} (known: {})", quoted(algorithm), listed(known));
        hash.problems.unknown(&hash.place(), "unknown_value", message, algorithm, known);
        return;
    };
    if !is_hex(digits) || digits.len() != length {
        hash.error("bad_hash", format!("must be {length} hex digits after `{algorithm}:`"));
    }
}

fn check_shared_token(service: &View<'_>) {
    let sources = ["auth_token", "auth_token_env", "auth_token_file"];
    let found: Vec<_> = sources.into_iter().filter_map(|key| service.get(key)).collect();
    if let [first, others @ ..] = found.as_slice() {
        for other in others {
            let message = format!("does not count: `{}` goes before it", first.name);
            service.problems.warning(&other.key_place(), "overridden", message);
        }
    }
}

fn check_tls(tls: &View<'_>) {
    let is_enabled = tls.flag("enabled");
    for key in ["certificate_path", "private_key_path"].into_iter().filter(|key| is_enabled && !tls.has(key))
    {
        tls.missing(key);
    }
    if is_enabled && tls.flag("require_client_auth") && !tls.has("client_ca_path") {
        tls.missing("client_ca_path");
    }
    let pins = tls.items_of("pinned_fingerprints");
    warn_of_repetitions(&pins, "fingerprint", |pin| pin.node.text());
    for pin in &pins {
        let parts = pin.node.text().and_then(|text| text.split_once(':'));
        let fits = |(algorithm, digits): (&str, &str)| {
            let length = HASHES.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(algorithm));
            is_hex(digits) && length.is_some_and(|(_, length)| digits.len() == length)
        };
        if !parts.is_some_and(fits) {
            pin.error("bad_hash", "is no fingerprint: write `sha256:` and 64 hex digits");
        }
    }
    if let Some(pins) = tls.get("pinned_fingerprints").filter(|pins| !is_enabled && !pins.items().is_empty())
    {
        pins.warning("no_tls", "fingerprints do not count while `enabled` is false");
    }
}

fn check_thresholds(metrics: &View<'_>) {
    for (low, high) in [
        ("performance_event_to_frame_warning_ms", "performance_event_to_frame_critical_ms"),
        ("cpu_utilization_warning_percent", "cpu_utilization_critical_percent"),
        ("gpu_utilization_warning_percent", "gpu_utilization_critical_percent"),
        ("ram_usage_warning_megabytes", "ram_usage_critical_megabytes"),
    ] {
        if let (Some(found), Some(critical), Some(warning)) =
            (metrics.get(high), metrics.number(high), metrics.number(low))
            && critical < warning
        {
            found.error("bad_range", format!("{critical} is below `{low}` {warning}"));
        }
    }
}
