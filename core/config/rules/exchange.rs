//! Accounts and the state of exchanges.

use crate::config::model::Mode;
use crate::config::problem::{listed, quoted};
use crate::config::shape::environment::KINDS;
use crate::config::view::View;

pub(super) fn check(root: &View<'_>) {
    check_accounts(root);
    check_known(root);
    for environment in root.map("environments") {
        let Some(exchange) = environment.get("exchange") else { continue };
        let name = exchange.node.text().unwrap_or_default();
        let state = root.get("exchange_lifecycle").and_then(|lifecycle| lifecycle.get(name));
        if state.is_some_and(|state| state.text("status") == Some("disabled")) {
            let message = format!("the exchange {} is disabled in `exchange_lifecycle`", quoted(name));
            exchange.error("disabled_exchange", message);
        }
    }
}

fn check_accounts(root: &View<'_>) {
    let accounts: Vec<_> = root.map("exchange_accounts").iter().flat_map(View::entries).collect();
    for account in accounts {
        if !KINDS.contains(&account.name) {
            let message = format!("{} is no mode (known: {})", quoted(account.name), listed(KINDS));
            account.problems.unknown(&account.key_place(), "unknown_value", message, account.name, KINDS);
            continue;
        }
        let Some(named) = account.get("environment") else { continue };
        let environment = named.node.text().and_then(|name| root.get("environments")?.get(name));
        let Some(kind) = environment.and_then(|environment| environment.text("environment")) else {
            continue;
        };
        if Mode::named(kind) != Mode::named(account.name) {
            let message = format!("the environment is `{kind}`, and the account is for `{}`", account.name);
            named.error("mismatch", message);
        }
    }
}

/// Exchanges of instruments that no adapter and no account knows.
fn check_known(root: &View<'_>) {
    let sections: Vec<_> =
        ["exchange_accounts", "exchange_adapters"].into_iter().filter_map(|key| root.get(key)).collect();
    if sections.is_empty() {
        return;
    }
    let mut seen = Vec::new();
    for universe in root.map("instrument_universes") {
        for venue in universe.map("instruments").iter().flat_map(|instrument| instrument.map("exchanges")) {
            let is_known = sections.iter().any(|section| section.has(venue.name));
            if !is_known && !seen.contains(&venue.name) {
                let message = format!("no account and no adapter is for the exchange {}", quoted(venue.name));
                venue.problems.warning(&venue.key_place(), "unknown_exchange", message);
                seen.push(venue.name);
            }
        }
    }
}
