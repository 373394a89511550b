//! Signal limits and suspensions that a scheduler starts with: whom they mean.

use super::scheduler::{Context, Schedule};
use crate::config::problem::{listed, quoted};
use crate::config::view::View;

pub(super) fn check(scheduler: &View<'_>, schedules: &[Schedule], context: &Context<'_>) {
    for key in ["signal_limits", "initial_signal_limits"] {
        for strategy in scheduler.map(key) {
            check_limits(&strategy, schedules, context);
        }
    }
    for suspension in scheduler.list("initial_suspensions") {
        check_suspension(&suspension, schedules, context);
    }
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

fn check_suspension(field: &View<'_>, schedules: &[Schedule], context: &Context<'_>) {
    let named: Vec<_> = ["schedule", "tag", "target"].into_iter().filter_map(|key| field.get(key)).collect();
    let [target] = named.as_slice() else {
        let message = "must name one of `schedule`, `tag`, and `target` with its `kind`";
        field.problems.error(&field.place(), "suspension_target", message.to_owned());
        return;
    };
    let Some(name) = target.node.text() else { return };
    if field.has("kind") && field.get("kind").is_none() {
        return;
    }
    let is_tag = target.name == "tag" || target.name == "target" && field.text("kind") == Some("tag");
    if !is_tag {
        let known = || schedules.iter().map(|schedule| schedule.name.as_str());
        if !known().any(|known| known == name) {
            let message = format!("there is no schedule {} here (known: {})", quoted(name), listed(known()));
            field.problems.unknown(&target.place(), "unknown_reference", message, name, known());
        }
        return;
    }
    let tags = || context.tags_of(schedules);
    if !tags().any(|tag| tag == name) {
        let message = format!(
            "no strategy of a schedule here has the tag {}: the suspension holds for nobody",
            quoted(name)
        );
        field.problems.unknown_warning(&target.place(), "unmatched_tag", message, name, tags());
    }
}
