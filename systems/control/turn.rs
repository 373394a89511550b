//! What happens to schedules between ticks: commands, expiries, the governor's decisions and re-allocations.

use std::sync::Arc;

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::Query;
use hemiola_components::capital::Memory;
use hemiola_components::control::{Command, Controls, OperatorAction, Standing};
use hemiola_components::governor::Governor;
use hemiola_components::id::ScheduleIndex;
use hemiola_components::journal::{Change, Event};
use hemiola_components::metric::Metrics;
use hemiola_components::order::{Origin, WorkingOrder};
use hemiola_components::portfolio::{Desk, Portfolio};
use hemiola_components::schedule::OnSuspend;
use hemiola_components::time::Nanos;
use hemiola_components::units::Quantity;

use super::commands::carry_out;
use super::{limits, suspensions};
use crate::allocation::division::{Division, Sight, Subject};
use crate::governor::{grant, observe, rebalance};
use crate::risk::liquidation::{Log, Positions, close_held, withdraw};

/// What metrics the governor reads.
const GOVERNED: [&str; 9] = [
    "alpha_score",
    "avg_confidence",
    "slo_violation_rate",
    "allocation_error_pct",
    "slo_breach_pct",
    "risk_penalty",
    "drawdown_pct",
    "cost_bps",
    "sample_weight",
];

/// The standings before anything is imposed.
#[must_use]
pub fn first_standings(division: &Division) -> Vec<Standing> {
    let mut standings: Vec<Standing> =
        division.subjects.iter().map(|subject| Standing::free(subject.max_signals)).collect();
    if let Some(governor) = &division.governor {
        govern_standings(&mut governor.clone(), &division.subjects, &mut standings);
    }
    standings
}

/// Does what is due at the log's instant, and notes when something is next.
pub(crate) fn turn(
    portfolio: &Portfolio,
    desk: &mut Desk,
    division: &mut Division,
    (positions, metrics): (&mut Positions<'_, '_>, &Query<'_, '_, &'static Metrics>),
    intents: &mut Vec<WorkingOrder>,
    log: &mut Log<'_>,
) -> Result<(), BevyError> {
    let now = log.now;
    let mut changed = expire(&mut desk.controls, log);
    let (mut rebalances, mut cancels, mut flattens) = (false, false, false);
    while let Some(action) = next_action(&mut desk.controls, now) {
        rebalances |= apply(&action, desk, division, now)?;
        cancels |= matches!(action.what, Command::CancelOrders | Command::Flatten);
        flattens |= action.what == Command::Flatten;
        changed = true;
        log.push(Event::Control(Box::new(Change::Command(action))));
    }
    changed |= expire(&mut desk.controls, log);
    if changed {
        let fresh = stand(&mut desk.controls, &division.subjects, log);
        for schedule in fresh {
            hold(portfolio, desk, (schedule, &division.subjects[schedule]), positions, intents, log)?;
        }
    }
    if cancels {
        withdraw(portfolio, |_| true, desk, positions, log)?;
    }
    for slot in (0..desk.agenda.positions.len()).filter(|_| flattens) {
        close_held(slot, Origin::Operator, desk, positions, intents, now)?;
    }
    let mut sight = Sight { desk, positions, metrics };
    govern(division, &mut sight, log)?;
    if rebalances {
        division.divide(&mut sight, now, now)?;
    } else if division.next_turn(&sight.desk.weights, now) <= now {
        division.bring_up(&mut sight, now)?;
    }
    desk.turn = next(desk, division, now);
    Ok(())
}

fn next(desk: &Desk, division: &Division, now: Nanos) -> Nanos {
    let Controls { limits, suspensions, pending, .. } = &desk.controls;
    let limits = limits.0.iter().map(|limit| limit.expires_at);
    let suspensions = suspensions.0.iter().map(|suspension| suspension.expires_at);
    let pending = pending.front().map(|action| action.at);
    limits.chain(suspensions).chain(pending).fold(division.next_turn(&desk.weights, now), Nanos::min)
}

fn next_action(controls: &mut Controls, now: Nanos) -> Option<OperatorAction> {
    controls.pending.front().filter(|action| action.at <= now)?;
    controls.pending.pop_front()
}

/// Takes out what has ended. Returns whether anything has.
fn expire(controls: &mut Controls, log: &mut Log<'_>) -> bool {
    let limits = limits::expire(&mut controls.limits, log.now).into_iter().map(Change::LimitEnded);
    let suspensions =
        suspensions::expire(&mut controls.suspensions, log.now).into_iter().map(Change::SuspensionEnded);
    let mut any = false;
    for change in limits.chain(suspensions) {
        log.push(Event::Control(Box::new(change)));
        any = true;
    }
    any
}

/// Carries out a command. Returns whether the capital is to be divided at once.
fn apply(
    action: &OperatorAction,
    desk: &mut Desk,
    division: &mut Division,
    now: Nanos,
) -> Result<bool, BevyError> {
    let Desk { controls, weights, .. } = desk;
    carry_out(&mut controls.limits, &mut controls.suspensions, action)?;
    match &action.what {
        Command::SetPolicy { policy, rebalances } => {
            division.replace((**policy).clone(), Memory::new());
            weights.due = division.next_decision(now);
            return Ok(*rebalances);
        }
        Command::SetInterval { cool_down } => {
            weights.cool_down = *cool_down;
            division.begin(now);
            weights.due = division.due_after(*cool_down, now);
        }
        Command::Rebalance => return Ok(true),
        Command::SetLimit { .. }
        | Command::ClearLimit { .. }
        | Command::Suspend { .. }
        | Command::Resume { .. }
        | Command::CancelOrders
        | Command::Flatten => {}
    }
    Ok(false)
}

/// Works out what limits and suspensions come to for each schedule. Returns those that are suspended and were not.
fn stand(controls: &mut Controls, subjects: &[Subject], log: &mut Log<'_>) -> Vec<usize> {
    let Controls { limits, suspensions, standings, .. } = controls;
    let mut fresh = Vec::new();
    for (index, (standing, Subject { view, .. })) in standings.iter_mut().zip(subjects).enumerate() {
        let limit = limits::limit_of(limits, &view.strategy, &view.risk_profile);
        standing.limit = limit.map(|limit| limit.limit);
        let held = suspensions::holding(suspensions, &view.name, &view.tags, view.primary_tag.as_deref());
        if held == standing.suspension.as_ref() {
            continue;
        }
        let schedule = ScheduleIndex::new(index);
        let change = match held {
            Some(suspension) => Change::Suspended { schedule, suspension: suspension.clone() },
            None => Change::Resumed { schedule },
        };
        log.push(Event::Control(Box::new(change)));
        if standing.suspension.is_none() {
            fresh.push(index);
        }
        standing.suspension = held.cloned();
    }
    fresh
}

/// Takes back what a suspended schedule would add to its positions, and closes these if it is to be flat.
fn hold(
    portfolio: &Portfolio,
    desk: &mut Desk,
    (schedule, subject): (usize, &Subject),
    positions: &mut Positions<'_, '_>,
    intents: &mut Vec<WorkingOrder>,
    log: &mut Log<'_>,
) -> Result<(), BevyError> {
    let flattens = subject.on_suspend == OnSuspend::Flatten;
    let is_meant = |working: &WorkingOrder| {
        working.order.schedule.get() == schedule && (flattens || working.exposure > Quantity::ZERO)
    };
    withdraw(portfolio, is_meant, desk, positions, log)?;
    if !flattens {
        return Ok(());
    }
    for slot in subject.slots.clone() {
        close_held(slot, Origin::Suspension, desk, positions, intents, log.now)?;
    }
    Ok(())
}

/// Lets the governor see the schedules whose decision was due at the last instant of their cadence, and decide.
fn govern(
    division: &mut Division,
    sight: &mut Sight<'_, '_, '_>,
    log: &mut Log<'_>,
) -> Result<(), BevyError> {
    let now = log.now;
    let Some(mut governor) = division.governor.take() else { return Ok(()) };
    if now > sight.desk.timeline.start {
        for schedule in 0..division.subjects.len() {
            let subjects = Arc::clone(&division.subjects);
            let Subject { cadence, view, .. } = &subjects[schedule];
            if now.next_on_grid(cadence.offset, cadence.every) - cadence.every != now {
                continue;
            }
            let mut seen = [None; GOVERNED.len()];
            for (value, name) in seen.iter_mut().zip(GOVERNED) {
                *value = division.reading(sight, schedule, name, now)?;
            }
            let place = |name: &str| GOVERNED.iter().position(|known| *known == name);
            observe(&mut governor, &view.strategy, |name| seen[place(name)?]);
        }
        if let Some(decision) = rebalance(&mut governor, now, false) {
            let standings = &mut sight.desk.controls.standings;
            govern_standings(&mut governor, &division.subjects, standings);
            let strategies: Vec<String> =
                governor.strategies.iter().map(|strategy| strategy.name.clone()).collect();
            let grants = strategies.iter().map(|name| grant(&mut governor, name)).collect();
            log.push(Event::Control(Box::new(Change::Governed { strategies, decision, grants })));
        }
    }
    division.governor = Some(governor);
    Ok(())
}

fn govern_standings(governor: &mut Governor, subjects: &[Subject], standings: &mut [Standing]) {
    for (standing, subject) in standings.iter_mut().zip(subjects) {
        let granted = grant(governor, &subject.view.strategy);
        standing.base_max_signals = granted.max_signal_hint.unwrap_or(subject.max_signals).max(1);
        standing.governor_factor = granted.signal_factor;
        standing.signal_floor = governor.settings.max_signal_floor;
        standing.portfolio_weight = granted.weight;
    }
}
