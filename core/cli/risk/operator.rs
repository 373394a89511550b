//! What an operator does to a risk state.

use hemiola_adapters::risk_state::{Change, KILL_SWITCH, Latch, Operator, RiskRecord, Transition};
use hemiola_components::time::Nanos;

use crate::config::Config;

/// The first state of a profile, without equity.
pub(super) fn first(config: &Config, profile: &str, now: Nanos) -> RiskRecord {
    const WEEK: Nanos = Nanos::new(7 * Nanos::DAY.get());
    const SOME_MONDAY: Nanos = Nanos::new(4 * Nanos::DAY.get());
    RiskRecord {
        profile: profile.to_owned(),
        as_of: now,
        current_day: now.next_on_grid(Nanos::ZERO, Nanos::DAY) - Nanos::DAY,
        start_of_week: now.next_on_grid(SOME_MONDAY, WEEK) - WEEK,
        limits: config.risk_limits(profile).unwrap_or_default(),
        ..RiskRecord::default()
    }
}

/// Sets the kill switch, unless it is set.
pub(super) fn halt(record: &mut RiskRecord, operator: &Operator, now: Nanos) -> Vec<Transition> {
    if record.latches.iter().any(|latch| latch.rule == KILL_SWITCH) {
        return Vec::new();
    }
    let latch = Latch {
        rule: KILL_SWITCH.to_owned(),
        value: None,
        limit: None,
        since: now,
        by_operator: Some(operator.clone()),
    };
    let transition = transition(record, &latch, Change::Halted, operator, now);
    record.latches.push(latch);
    record.as_of = now;
    vec![transition]
}

/// Releases every latch.
pub(super) fn resume(record: &mut RiskRecord, operator: &Operator, now: Nanos) -> Vec<Transition> {
    let latches = std::mem::take(&mut record.latches);
    if !latches.is_empty() {
        record.as_of = now;
    }
    latches.iter().map(|latch| transition(record, latch, Change::Resumed, operator, now)).collect()
}

fn transition(
    record: &RiskRecord,
    latch: &Latch,
    change: Change,
    operator: &Operator,
    now: Nanos,
) -> Transition {
    Transition {
        at: now,
        profile: record.profile.clone(),
        change,
        rule: latch.rule.clone(),
        value: latch.value,
        limit: latch.limit,
        by: Some(operator.name.clone()),
        reason: Some(operator.reason.clone()),
    }
}
