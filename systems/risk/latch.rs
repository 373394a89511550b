//! Latches: what a profile's schedules have lost or cost, held against its limits. While a profile is latched, only
//! orders that reduce a position pass, and what it holds is closed.

use hemiola_components::portfolio::Account;
use hemiola_components::risk::{LatchRelease, Latches, RiskPolicy, RiskProfile, RiskState, Rule, Triggers};

/// A limit that has been reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trip {
    /// Which.
    pub rule: Rule,
    /// What it was held against, in the rule's own unit.
    pub value: f64,
    /// The limit.
    pub limit: f64,
}

/// Which limits are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The fall from the peak, the day's realised loss and the day's fall.
    Marks,
    /// All of them.
    All,
}

/// The limits that are reached now, in the order they are looked at; a loss equal to its limit reaches it.
pub fn trips(
    profile: &RiskProfile,
    account: &Account,
    state: &RiskState,
    scope: Scope,
) -> impl Iterator<Item = Trip> + use<> {
    let reached =
        |rule, value: f64, limit: f64| (limit > 0.0 && value >= limit).then_some(Trip { rule, value, limit });
    let daily = daily_loss(account, state);
    let mut found = [None; 7];
    found[0] = reached(Rule::Drawdown, drawdown(account), profile.max_drawdown.get());
    found[1] = reached(Rule::DailyLoss, daily, profile.max_daily_loss.get());
    if scope == Scope::All {
        let risk = profile.kill_daily_r * profile.trade_risk[1].get() * account.day_start.get();
        found[2] = reached(Rule::KillDailyR, -state.daily_realised.get(), risk);
        found[3] = reached(Rule::KillDailyLoss, daily, profile.kill_daily_loss.get());
        found[4] = reached(Rule::KillWeekly, weekly_loss(account, state), profile.kill_weekly_loss.get());
        let (ratio, limit) = (cost_ratio(state), profile.max_cost_to_profit);
        found[5] = (limit > 0.0 && ratio > limit + 1e-9).then_some(Trip {
            rule: Rule::CostToProfit,
            value: ratio,
            limit,
        });
    }
    let (fall, limit) = (account.day_start.get() - account.equity.get(), profile.max_daily_fall.get());
    if limit > 0.0 && account.equity.get() <= floor(account, profile) {
        found[6] = Some(Trip { rule: Rule::DailyFall, value: fall / account.day_start.get(), limit });
    }
    found.into_iter().flatten()
}

/// What is looked at when something has happened.
#[must_use]
pub const fn scope(policy: &RiskPolicy) -> Scope {
    match policy.triggers {
        Triggers::AtOnce => Scope::All,
        Triggers::AtCheck => Scope::Marks,
    }
}

/// Why only reducing orders pass: the last limit that is reached now, or that so many latches are in force where none may
/// be; `None` when there are none.
#[must_use]
pub fn reason(profile: &RiskProfile, account: &Account, state: &RiskState) -> Option<Trip> {
    if state.latches.is_empty() {
        return None;
    }
    let rule = if state.latches.has(Rule::KillSwitch) { Rule::KillSwitch } else { Rule::Latched };
    let latched = Trip { rule, value: state.latches.iter().count() as f64, limit: 0.0 };
    trips(profile, account, state, Scope::All).last().or(Some(latched))
}

/// The fall from the peak, as a fraction of it.
#[must_use]
pub fn drawdown(account: &Account) -> f64 {
    let (peak, equity) = (account.peak.get(), account.equity.get());
    if peak > 0.0 { (peak - equity).max(0.0) / peak } else { 0.0 }
}

/// The day's realised loss, as a fraction of the equity at midnight; zero after a profit.
#[must_use]
pub fn daily_loss(account: &Account, state: &RiskState) -> f64 {
    loss(state.daily_realised.get(), account.day_start.get())
}

/// The week's realised loss, as a fraction of the equity on Monday at midnight; zero after a profit.
#[must_use]
pub fn weekly_loss(account: &Account, state: &RiskState) -> f64 {
    loss(state.weekly_realised.get(), account.week_start.get())
}

fn loss(realised: f64, start: f64) -> f64 {
    if start > 0.0 { (-realised).max(0.0) / start } else { 0.0 }
}

/// Costs as a fraction of profit over 30 days: infinite without a profit, zero without costs, and before 30 days have
/// passed.
#[must_use]
pub fn cost_ratio(state: &RiskState) -> f64 {
    let (profit, costs) = (state.profit_30d.get(), state.costs_30d.get());
    if state.month.as_ref().is_some_and(|month| !month.is_full()) || costs <= 0.0 {
        0.0
    } else if profit > 0.0 {
        costs / profit
    } else {
        f64::INFINITY
    }
}

/// The equity at or below which the day has fallen too far.
fn floor(account: &Account, profile: &RiskProfile) -> f64 {
    account.day_start.get() * (1.0 - profile.max_daily_fall.get())
}

/// Notes in the account where the next latch is that a mark can reach: rules that have latched already are out.
pub fn watch(account: &mut Account, profiles: &[RiskProfile], states: &[RiskState]) {
    (account.halts_at, account.floor) = (f64::INFINITY, f64::NEG_INFINITY);
    for (profile, RiskState { latches, .. }) in profiles.iter().zip(states) {
        if profile.max_drawdown.get() > 0.0 && !latches.has(Rule::Drawdown) {
            account.halts_at = account.halts_at.min(profile.max_drawdown.get());
        }
        if profile.max_daily_fall.get() > 0.0 && !latches.has(Rule::DailyFall) {
            account.floor = account.floor.max(floor(account, profile));
        }
    }
}

/// Whether a mark has reached what [`watch`] noted.
#[must_use]
pub fn alarms(account: &Account) -> bool {
    account.equity.get() <= account.floor
        || account.halts_at < f64::INFINITY && drawdown(account) >= account.halts_at
}

/// The latches that a new day leaves. What an operator halted stays halted.
#[must_use]
pub fn overnight(latches: Latches, release: LatchRelease) -> Latches {
    let is_released = |rule: &Rule| match (release, rule) {
        (_, Rule::KillSwitch) => false,
        (LatchRelease::Midnight, _) => true,
        (LatchRelease::Manual, rule) => {
            matches!(rule, Rule::DailyLoss | Rule::KillDailyR | Rule::KillDailyLoss | Rule::DailyFall)
        }
    };
    let mut left = latches;
    Latches::RULES.iter().filter(|rule| is_released(rule)).for_each(|rule| left.clear(*rule));
    left
}
