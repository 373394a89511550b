//! Days and weeks, in UTC: what limits count from midnight and from Monday.

use hemiola_components::portfolio::Account;
use hemiola_components::risk::{RiskPolicy, RiskProfile, RiskState, Rule};
use hemiola_components::time::Nanos;
use hemiola_components::units::Notional;

use super::latch::overnight;

/// The trading day that `at` belongs to, in days since the Unix epoch.
#[must_use]
pub const fn day_of(at: Nanos) -> i64 {
    at.get().div_euclid(Nanos::DAY.get())
}

/// The Monday on or before `day`; the epoch's first day was a Thursday.
#[must_use]
pub const fn monday_of(day: i64) -> i64 {
    day - (day + 3).rem_euclid(7)
}

/// The first midnight after `now`, when limits count from it or a latch may be released at it.
#[must_use]
pub fn midnight_that_matters(profiles: &[RiskProfile], states: &[RiskState], now: Nanos) -> Nanos {
    let matters =
        profiles.iter().any(RiskProfile::counts_days) || states.iter().any(|state| !state.latches.is_empty());
    if matters { (now + Nanos::new(1)).midnight_at_or_after() } else { Nanos::NEVER }
}

/// Takes the account's equity for what it began with, where there was nothing.
pub fn begin(account: &mut Account) {
    let equity = account.equity;
    for start in [&mut account.day_start, &mut account.peak] {
        if *start <= Notional::ZERO {
            *start = equity;
        }
    }
}

/// Begins the day of `at` if it is a new one, and its week, with `equity`. A day that has passed never comes back: what
/// is dated before the current day belongs to it. The first equity that is seen begins the first week. `released` hears which latches that releases, by profile. Returns
/// whether a day began.
pub fn roll(
    account: &mut Account,
    states: &mut [RiskState],
    policy: &RiskPolicy,
    (at, equity): (Nanos, Notional),
    mut released: impl FnMut(usize, Rule),
) -> bool {
    if account.week_start <= Notional::ZERO {
        account.week_start = equity;
    }
    let day = day_of(at);
    if account.day.is_some_and(|current| day <= current) {
        return false;
    }
    let passed = account.day.map_or(0, |current| day - current);
    let week = account.day.map(monday_of) != Some(monday_of(day));
    account.day = Some(day);
    account.day_start = equity;
    if week {
        account.week_start = equity;
    }
    for (profile, state) in states.iter_mut().enumerate() {
        state.daily_realised = Notional::ZERO;
        if week {
            state.weekly_realised = Notional::ZERO;
        }
        let left = overnight(state.latches, policy.latch_release);
        state.latches.iter().filter(|rule| !left.has(*rule)).for_each(|rule| released(profile, rule));
        state.latches = left;
        if let Some(month) = &mut state.month {
            month.pass(passed);
            (state.profit_30d, state.costs_30d) = month.sums();
        }
    }
    true
}

/// Books what was realised, before costs, and what it cost.
pub fn book(state: &mut RiskState, realised: Notional, costs: Notional) {
    state.daily_realised += realised;
    state.weekly_realised += realised;
    if let Some(month) = &mut state.month {
        month.add(realised, costs);
        (state.profit_30d, state.costs_30d) = month.sums();
    }
}
