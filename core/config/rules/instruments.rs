//! Instrument buckets.

use super::warn_of_repetitions;
use crate::config::problem::{listed, quoted};
use crate::config::view::View;

pub(super) fn buckets(root: &View<'_>) {
    let top = root.get("instrument_buckets");
    let below = root.get("risk").and_then(|risk| risk.get("instrument_buckets"));
    if let (Some(top), Some(below)) = (&top, &below)
        && !top.node.says_the_same_as(below.node)
    {
        let message = format!(
            "differs from the section `instrument_buckets` at line {}: keep one of them",
            top.key_place().line
        );
        below.problems.error(&below.key_place(), "conflict", message);
    }
    for bucket in top.iter().chain(&below).flat_map(View::entries) {
        check(&bucket, root);
    }
}

fn check(bucket: &View<'_>, root: &View<'_>) {
    let Some(symbols) = bucket.get("symbols") else { return };
    let items = symbols.items();
    if items.is_empty() {
        symbols.error("empty", "needs an instrument at least, holds none");
    }
    warn_of_repetitions(&items, "instrument", |item| item.node.text());
    let universe = bucket.text("universe").and_then(|name| root.get("instrument_universes")?.get(name));
    let Some(universe) = universe else { return };
    let known: Vec<&str> = universe.map("instruments").iter().map(|instrument| instrument.name).collect();
    for item in items {
        let Some(symbol) = item.node.text() else { continue };
        if !known.contains(&symbol) {
            let names = || known.iter().copied();
            let message = format!(
                "the universe `{}` has no instrument {} (known: {})",
                universe.name,
                quoted(symbol),
                listed(names())
            );
            bucket.problems.unknown(&item.place(), "unknown_reference", message, symbol, names());
        }
    }
}
