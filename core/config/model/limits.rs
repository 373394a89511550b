//! Signal limits and suspensions that a scheduler starts with, and whom they mean.

use hemiola_components::control::{Command, Expiry, OperatorAction, Target};
use hemiola_components::time::Nanos;

use super::scheduler::{Context, Schedule};
use crate::config::problem::{listed, quoted};
use crate::config::view::View;
use crate::instant;

/// Who imposes what a scheduler starts with.
const WHO: &str = "configuration";

/// The limits, then the suspensions, each in the order of application: the last for the same target counts.
pub(super) fn initial(
    scheduler: &View<'_>,
    schedules: &[Schedule],
    context: &Context<'_>,
) -> Vec<OperatorAction> {
    let mut actions = signal_limits(scheduler, schedules, context);
    actions.extend(initial_suspensions(scheduler, schedules, context));
    actions
}

fn action(field: &View<'_>, what: Command) -> OperatorAction {
    let why = field.text("reason").map(ToOwned::to_owned);
    OperatorAction { at: Nanos::ZERO, who: WHO.to_owned(), why, what }
}

fn signal_limits(scheduler: &View<'_>, schedules: &[Schedule], context: &Context<'_>) -> Vec<OperatorAction> {
    let mut limits = Vec::new();
    for strategy in ["signal_limits", "initial_signal_limits"].into_iter().flat_map(|key| scheduler.map(key))
    {
        check_limits(&strategy, schedules, context);
        limits.extend(strategy.entries().iter().map(|field| {
            let what = Command::SetLimit {
                strategy: strategy.name.to_owned(),
                risk_profile: field.name.to_owned(),
                limit: field.own_count().unwrap_or_else(|| field.count("limit")),
                expiry: expiry(field),
            };
            action(field, what)
        }));
    }
    limits
}

fn initial_suspensions(
    scheduler: &View<'_>,
    schedules: &[Schedule],
    context: &Context<'_>,
) -> Vec<OperatorAction> {
    let suspension = |field: &View<'_>| {
        let what = Command::Suspend { target: target(field, schedules, context)?, expiry: expiry(field) };
        Some(action(field, what))
    };
    scheduler.items_of("initial_suspensions").iter().filter_map(suspension).collect()
}

/// An instant goes before a duration.
fn expiry(field: &View<'_>) -> Expiry {
    let until = field.text("until").and_then(|text| instant::parse(text).ok()).map(Expiry::At);
    until.or_else(|| field.seconds("duration_seconds").map(Expiry::After)).unwrap_or(Expiry::Never)
}

fn check_limits(field: &View<'_>, schedules: &[Schedule], context: &Context<'_>) {
    let strategies = schedules.iter().map(|schedule| schedule.strategy.as_str());
    if !strategies.clone().any(|strategy| strategy == field.name) {
        let message = format!(
            "no schedule here runs a strategy {}: the limit holds for nobody (known: {})",
            quoted(field.name),
            listed(strategies.clone())
        );
        field.problems.unknown_warning(
            &field.key_place(),
            "unmatched_limit",
            message,
            field.name,
            strategies,
        );
    }
    for profile in field.entries() {
        if !context.risk_profiles.contains(&profile.name) {
            let known = || context.risk_profiles.iter().copied();
            let message =
                format!("there is no risk profile {} (known: {})", quoted(profile.name), listed(known()));
            let place = profile.key_place();
            field.problems.unknown(&place, "unknown_reference", message, profile.name, known());
        }
    }
}

/// Whom a suspension means; nothing when it cannot be said, which has been reported.
fn target(field: &View<'_>, schedules: &[Schedule], context: &Context<'_>) -> Option<Target> {
    let named: Vec<_> = ["schedule", "tag", "target"].into_iter().filter_map(|key| field.get(key)).collect();
    let [target] = named.as_slice() else {
        let message = "must name one of `schedule`, `tag`, and `target` with its `kind`";
        field.problems.error(&field.place(), "suspension_target", message.to_owned());
        return None;
    };
    let name = target.node.text()?;
    if field.has("kind") && field.get("kind").is_none() {
        return None;
    }
    if target.name == "tag" || target.name == "target" && field.text("kind") == Some("tag") {
        let tags = || context.tags_of(schedules);
        if !tags().any(|tag| tag == name) {
            let message = format!(
                "no strategy of a schedule here has the tag {}: the suspension holds for nobody",
                quoted(name)
            );
            field.problems.unknown_warning(&target.place(), "unmatched_tag", message, name, tags());
        }
        return Some(Target::Tag(name.to_owned()));
    }
    let known = || schedules.iter().map(|schedule| schedule.name.as_str());
    if !known().any(|known| known == name) {
        let message = format!("there is no schedule {} here (known: {})", quoted(name), listed(known()));
        field.problems.unknown(&target.place(), "unknown_reference", message, name, known());
    }
    Some(Target::Schedule(name.to_owned()))
}
