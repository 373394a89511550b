//! Lines on what schedules may do.

use hemiola_adapters::journal::{DecisionBody, Field, Link, Values};
use hemiola_components::control::{Command, OperatorAction, SignalLimit, Suspension, Target};
use hemiola_components::journal::Change;
use hemiola_components::time::Nanos;

use super::draft::Draft;
use crate::config::plan::Plan;

/// The risk profile of what concerns all of them.
pub(super) const ALL_PROFILES: &str = "portfolio";

/// What the line of a change is called.
const fn name(change: &Change) -> &'static str {
    match change {
        Change::Command(action) => match action.what {
            Command::SetLimit { .. } => "signal_limit_set",
            Command::ClearLimit { .. } => "signal_limit_cleared",
            Command::Suspend { .. } => "suspension_set",
            Command::Resume { .. } => "suspension_cleared",
            Command::SetPolicy { .. } => "capital_policy_set",
            Command::SetInterval { .. } => "allocation_interval_set",
            Command::Rebalance => "capital_rebalanced",
            Command::CancelOrders => "orders_canceled",
            Command::Flatten => "positions_flattened",
        },
        Change::LimitEnded(_) => "signal_limit_expired",
        Change::SuspensionEnded(_) => "suspension_expired",
        Change::Failed { .. } => "strategy_failure",
        Change::Suspended { .. } => "schedule_suspended",
        Change::Resumed { .. } => "schedule_resumed",
        Change::Governed { .. } => "portfolio_rebalance",
    }
}

/// Appends the line of a change that happened at `at`.
pub(super) fn line(
    plan: &Plan,
    change: &Change,
    at: Nanos,
    link: &Link,
    values: &mut Values,
    line: &mut Vec<u8>,
) {
    let at = values.timestamp(at);
    let schedule = match change {
        Change::Failed { schedule, .. }
        | Change::Suspended { schedule, .. }
        | Change::Resumed { schedule } => Some(&plan.schedules[schedule.get()]),
        _ => None,
    };
    let profile = schedule.map_or(ALL_PROFILES, |schedule| &plan.risk_profiles[schedule.risk_profile].name);
    let mut body = DecisionBody::stamped(name(change), at, &plan.environment, &plan.scheduler, profile);
    body.linked(link);
    let mut draft = Draft { values, body: Some(body) };
    if let Some(schedule) = schedule {
        draft.text(Field::Schedule, &schedule.name);
        draft.text(Field::Strategy, &plan.strategies[schedule.strategy].name);
    }
    if let Change::Failed { instrument, .. } = change {
        draft.text(Field::Symbol, &plan.instruments[instrument.get()].symbol);
    }
    say(&mut draft, change);
    draft.write(line);
}

fn say(draft: &mut Draft<'_>, change: &Change) {
    match change {
        Change::Command(OperatorAction { at, who, why, what }) => {
            draft.note("who", who);
            draft.note("reason", why.as_deref().unwrap_or_default());
            draft.instant("given_at", *at);
            command(draft, what, *at);
        }
        Change::LimitEnded(SignalLimit { strategy, risk_profile, limit, reason, expires_at, .. }) => {
            draft.note("reason", reason.as_deref().unwrap_or_default());
            limited(draft, strategy, risk_profile, Some(*limit));
            until(draft, *expires_at);
        }
        Change::SuspensionEnded(suspension) | Change::Suspended { suspension, .. } => {
            let Suspension { target, reason, expires_at, .. } = suspension;
            draft.note("reason", reason);
            aimed(draft, target);
            until(draft, *expires_at);
        }
        Change::Failed { message, .. } => draft.note("reason", message),
        Change::Resumed { .. } => {}
        Change::Governed { strategies, decision, .. } => {
            let names = strategies.iter().zip(&decision.weights);
            draft.numbers("weights", names.clone().map(|(name, weight)| (name.as_str(), *weight)));
            let names = strategies.iter().zip(&decision.scores);
            draft.numbers("scores", names.map(|(name, score)| (name.as_str(), *score)));
            draft.float("remaining_cash", decision.remaining_cash);
        }
    }
}

fn command(draft: &mut Draft<'_>, command: &Command, at: Nanos) {
    match command {
        Command::SetLimit { strategy, risk_profile, limit, expiry } => {
            limited(draft, strategy, risk_profile, Some(*limit));
            until(draft, expiry.instant(at));
        }
        Command::ClearLimit { strategy, risk_profile } => limited(draft, strategy, risk_profile, None),
        Command::Suspend { target, expiry } => {
            aimed(draft, target);
            until(draft, expiry.instant(at));
        }
        Command::Resume { target } => aimed(draft, target),
        Command::SetPolicy { policy, rebalances } => {
            draft.note("policy", &policy.name);
            draft.flag("rebalances", *rebalances);
        }
        Command::SetInterval { cool_down } => {
            draft.float("interval_seconds", cool_down.map_or(0.0, Nanos::seconds));
        }
        Command::Rebalance | Command::CancelOrders | Command::Flatten => {}
    }
}

fn limited(draft: &mut Draft<'_>, strategy: &str, risk_profile: &str, limit: Option<u32>) {
    draft.text(Field::Strategy, strategy);
    draft.note("limited_profile", risk_profile);
    if let Some(limit) = limit {
        draft.note("limit", &limit.to_string());
    }
}

fn aimed(draft: &mut Draft<'_>, target: &Target) {
    draft.note("origin", target.scope());
    draft.note("target", target.name());
}

fn until(draft: &mut Draft<'_>, end: Nanos) {
    if end != Nanos::NEVER {
        draft.instant("until", end);
    }
}
