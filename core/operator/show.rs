//! A scheduler's state for people and programs.

use std::fmt::Write as _;

use hemiola_adapters::operator_state::{EventKind, OperatorEvent};
use hemiola_components::control::{SignalLimit, Suspension, Target};
use hemiola_components::schedule::TradingWindow;
use hemiola_components::time::Nanos;
use hemiola_systems::control::capacity::Capacity;
use hemiola_systems::control::limits::limit_of;
use hemiola_systems::control::remaining_seconds;
use hemiola_systems::control::suspensions::holding;
use serde_json::{Map, Value, json};

use super::log;
use super::state::State;
use crate::assembly::view;
use crate::config::plan::{Plan, SchedulePlan};
use crate::instant;

/// A scheduler's state at an instant.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// What the configuration says.
    pub plan: &'a Plan,
    /// What holds.
    pub state: &'a State,
    /// When.
    pub now: Nanos,
}

/// What can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What is suspended.
    Suspensions,
    /// The limits on signals.
    Limits,
    /// The schedules with what they may do.
    Schedules,
    /// How the capital is divided.
    Capital,
    /// How that came about.
    Diagnostics,
}

impl View {
    /// The key of its document.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Suspensions => "suspensions",
            Self::Limits => "signal_limits",
            Self::Schedules => "schedules",
            Self::Capital => "capital_state",
            Self::Diagnostics => "capital_diagnostics",
        }
    }
}

impl Shown<'_> {
    /// The snapshot that an export holds.
    #[must_use]
    pub fn snapshot(&self, what: View) -> Value {
        match what {
            View::Suspensions => self.suspensions(),
            View::Limits => self.limits(),
            View::Schedules => {
                let plans = self.plan.schedules.iter();
                plans.map(|one| (one.name.clone(), self.schedule(one))).collect::<Map<_, _>>().into()
            }
            View::Capital => self.capital(),
            View::Diagnostics => self.diagnostics(),
        }
    }

    /// The same for people.
    #[must_use]
    pub fn text(&self, what: View) -> String {
        match what {
            View::Suspensions => self.suspensions_text(),
            View::Limits => self.limits_text(),
            View::Schedules => self.schedules_text(),
            View::Capital => format!("Capital\n{:#}\n", self.capital()),
            View::Diagnostics => format!("Capital diagnostics\n{:#}\n", self.diagnostics()),
        }
    }

    fn remaining(&self, end: Nanos) -> Option<f64> {
        remaining_seconds(end, self.now)
    }

    fn suspension_row(&self, suspension: &Suspension) -> Value {
        let Suspension { target, reason, applied_at, expires_at } = suspension;
        let mut row = json!({
            "reason": reason,
            "applied_at": instant::text(*applied_at),
            "origin": target.scope(),
        });
        if let Target::Tag(tag) = target {
            row["tag"] = json!(tag);
        }
        if let Some(remaining) = self.remaining(*expires_at) {
            row["until"] = json!(instant::text(*expires_at));
            row["remaining_seconds"] = json!(remaining);
        }
        row
    }

    fn suspensions(&self) -> Value {
        let all = &self.state.suspensions.0;
        let of = |scope: &str| all.iter().filter(move |one| one.target.scope() == scope).collect::<Vec<_>>();
        let (schedules, tags) = (of("schedule"), of("tag"));
        let rows = |list: &[&Suspension]| {
            let row = |one: &&Suspension| (one.target.name().to_owned(), self.suspension_row(one));
            list.iter().map(row).collect::<Map<_, _>>()
        };
        let reasons = |list: &[&Suspension]| {
            let reason = |one: &&Suspension| (one.target.name().to_owned(), json!(one.reason));
            list.iter().map(reason).collect::<Map<_, _>>()
        };
        let mut snapshot = json!({
            "schedules": rows(&schedules),
            "tags": rows(&tags),
            "counts": { "schedules": schedules.len(), "tags": tags.len(), "total": all.len() },
            "reasons": { "schedules": reasons(&schedules), "tags": reasons(&tags) },
        });
        let ending = schedules.iter().chain(&tags).filter(|one| one.expires_at != Nanos::NEVER);
        if let Some(next) = ending.min_by_key(|one| one.expires_at) {
            snapshot["next_expiration"] = json!({
                "scope": next.target.scope(),
                "name": next.target.name(),
                "remaining_seconds": self.remaining(next.expires_at),
            });
        }
        snapshot
    }

    fn suspensions_text(&self) -> String {
        let mut text = String::new();
        for (scope, heading) in [("schedule", "Suspended schedules"), ("tag", "Suspended tags")] {
            let of_scope = self.state.suspensions.0.iter().filter(|one| one.target.scope() == scope);
            let mut list: Vec<_> = of_scope.collect();
            list.sort_by_key(|one| one.target.name());
            if !list.is_empty() {
                put(&mut text, heading);
            }
            for one in list {
                put(
                    &mut text,
                    &format!("- {}: {}", one.target.name(), self.terms(Some(&one.reason), one.expires_at)),
                );
            }
        }
        if text.is_empty() { "Nothing is suspended.\n".to_owned() } else { text }
    }

    /// `reason=…, until=…, remaining=…s`, or `no end`.
    fn terms(&self, reason: Option<&str>, end: Nanos) -> String {
        let reason = reason.map(|reason| format!("reason={reason}, ")).unwrap_or_default();
        match self.remaining(end) {
            Some(left) => format!("{reason}until={}, remaining={:.0}s", instant::text(end), left.floor()),
            None => format!("{reason}no end"),
        }
    }

    fn limit_row(&self, limit: &SignalLimit) -> Value {
        let mut row = json!({
            "limit": limit.limit,
            "active": true,
            "created_at": instant::text(limit.created_at),
        });
        if let Some(reason) = &limit.reason {
            row["reason"] = json!(reason);
        }
        if let Some(remaining) = self.remaining(limit.expires_at) {
            row["expires_at"] = json!(instant::text(limit.expires_at));
            row["remaining_seconds"] = json!(remaining);
        }
        row
    }

    fn limits(&self) -> Value {
        let mut snapshot = json!({});
        for limit in &self.state.limits.0 {
            snapshot[&limit.strategy][&limit.risk_profile] = self.limit_row(limit);
        }
        snapshot
    }

    fn limits_text(&self) -> String {
        let mut list: Vec<&SignalLimit> = self.state.limits.0.iter().collect();
        if list.is_empty() {
            return "There are no signal limits.\n".to_owned();
        }
        list.sort_by_key(|limit| (&limit.strategy, &limit.risk_profile));
        let mut text = "Signal limits\n".to_owned();
        let mut strategy = None;
        for limit in list {
            if strategy != Some(&limit.strategy) {
                put(&mut text, &format!("- {}:", limit.strategy));
                strategy = Some(&limit.strategy);
            }
            put(&mut text, &format!("    {}: {}", limit.risk_profile, self.limit_text(limit)));
        }
        text
    }

    fn limit_text(&self, limit: &SignalLimit) -> String {
        format!("{} ({}, active)", limit.limit, self.terms(limit.reason.as_deref(), limit.expires_at))
    }

    /// A schedule's share; `None` before the first allocation.
    #[must_use]
    pub fn weight(&self, schedule: &str) -> Option<f64> {
        let allocation = self.state.allocation.as_ref()?;
        Some(allocation.effective.get(schedule).copied().unwrap_or(0.0))
    }

    /// What holds a schedule.
    #[must_use]
    pub fn held(&self, schedule: &SchedulePlan) -> Option<&Suspension> {
        let view = view(self.plan, schedule);
        holding(&self.state.suspensions, &view.name, &view.tags, view.primary_tag.as_deref())
    }

    fn limit(&self, schedule: &SchedulePlan) -> Option<&SignalLimit> {
        let view = view(self.plan, schedule);
        limit_of(&self.state.limits, &view.strategy, &view.risk_profile)
    }

    fn active(&self, schedule: &SchedulePlan) -> u32 {
        if self.held(schedule).is_some() {
            return 0;
        }
        let capacity = Capacity {
            base_max_signals: schedule.max_signals,
            governor_factor: 1.0,
            max_signal_floor: 1,
            allocator_factor: self.weight(&schedule.name).unwrap_or(1.0).max(0.0),
            limit: self.limit(schedule).map(|limit| limit.limit),
        };
        capacity.active_max_signals()
    }

    fn schedule(&self, schedule: &SchedulePlan) -> Value {
        let view = view(self.plan, schedule);
        let weight = self.weight(&schedule.name);
        let kept = self.state.schedules.get(&schedule.name);
        let definition = &self.plan.strategies[schedule.strategy].definition;
        let mut row = json!({
            "strategy_name": view.strategy,
            "risk_profile": view.risk_profile,
            "cadence_seconds": schedule.cadence.every.seconds(),
            "max_drift_seconds": schedule.max_drift.seconds(),
            "warmup_bars": schedule.warmup_bars,
            "base_max_signals": schedule.max_signals,
            "active_max_signals": self.active(schedule),
            "allocator_weight": weight.unwrap_or(1.0),
            "allocator_signal_factor": weight.unwrap_or(1.0).max(0.0),
            "governor_signal_factor": 1.0,
            "portfolio_weight": 0.0,
            "warmed_up": kept.is_some_and(|kept| kept.decided_at.is_some()),
            "tags": view.tags,
            "primary_tag": view.primary_tag,
            "failover_count": kept.map_or(0, |kept| kept.failures),
            "license_tier": definition.license_tier.name(),
            "capability": definition.capability,
            "risk_classes": definition.risk_classes,
            "required_data": definition.required_data,
        });
        if let Some(last) = kept.and_then(|kept| kept.last_run) {
            row["last_run"] = json!(instant::text(last));
        }
        if let Some(kept) = kept.filter(|kept| !kept.metrics.is_empty()) {
            row["metrics"] = json!(kept.metrics);
        }
        if let Some(limit) = self.limit(schedule) {
            row["signal_limit_override"] = json!(limit.limit);
            row["signal_limit_details"] = self.limit_row(limit);
        }
        if let Some(suspension) = self.held(schedule) {
            row["active_suspension"] = self.suspension_row(suspension);
        }
        if schedule.priority != 0 {
            row["priority"] = json!(schedule.priority);
        }
        if !schedule.windows.is_empty() {
            row["windows"] = schedule.windows.iter().map(window).collect();
        }
        if !schedule.fallbacks.is_empty() {
            let names = schedule.fallbacks.iter().map(|index| &self.plan.schedules[*index].name);
            row["fallbacks"] = json!(names.collect::<Vec<_>>());
        }
        row
    }

    fn schedules_text(&self) -> String {
        let mut list: Vec<&SchedulePlan> = self.plan.schedules.iter().collect();
        list.sort_by_key(|schedule| &schedule.name);
        let mut text = "Schedules\n".to_owned();
        for schedule in list {
            let view = view(self.plan, schedule);
            put(
                &mut text,
                &format!(
                    "- {}: strategy {}, profile {}, cadence {:.2}s, drift {:.2}s, warm-up {}",
                    view.name,
                    view.strategy,
                    view.risk_profile,
                    schedule.cadence.every.seconds(),
                    schedule.max_drift.seconds(),
                    schedule.warmup_bars
                ),
            );
            put(
                &mut text,
                &format!(
                    "    signals: base {}, active {}, allocator weight {:.4}, portfolio weight {:.4}",
                    schedule.max_signals,
                    self.active(schedule),
                    self.weight(&view.name).unwrap_or(1.0),
                    0.0
                ),
            );
            let tags = if view.tags.is_empty() { "none".to_owned() } else { view.tags.join(", ") };
            put(
                &mut text,
                &format!("    tags: {tags} (primary: {})", view.primary_tag.as_deref().unwrap_or("none")),
            );
            if let Some(limit) = self.limit(schedule) {
                put(&mut text, &format!("    limit: {}", self.limit_text(limit)));
            }
            if let Some(last) = self.state.schedules.get(&view.name).and_then(|kept| kept.last_run) {
                put(&mut text, &format!("    last run: {}", instant::text(last)));
            }
            if let Some(Suspension { target, reason, expires_at, .. }) = self.held(schedule) {
                let by = match target {
                    Target::Schedule(_) => "itself".to_owned(),
                    Target::Tag(tag) => format!("tag {tag}"),
                };
                put(&mut text, &format!("    suspended by {by}: {}", self.terms(Some(reason), *expires_at)));
            }
        }
        text
    }

    fn capital(&self) -> Value {
        let Some(kept) = &self.state.allocation else {
            let nothing = ["effective", "raw", "smoothed", "profiles", "tags", "tag_members"];
            return nothing.into_iter().map(|key| (key.to_owned(), json!({}))).collect::<Map<_, _>>().into();
        };
        json!({
            "effective": kept.effective,
            "raw": kept.raw,
            "smoothed": kept.smoothed,
            "profiles": kept.profiles,
            "tags": kept.tags,
            "tag_members": kept.tag_members,
        })
    }

    fn diagnostics(&self) -> Value {
        let policy = self.state.policy_of(self.plan);
        let kept = self.state.allocation.clone().unwrap_or_default();
        let mut snapshot = json!({
            "policy_name": policy.name,
            "flags": kept.flags,
            "details": kept.details,
            "tag_weights": kept.tags,
            "tag_members": kept.tag_members,
        });
        if !kept.raw.is_empty() {
            snapshot["raw_weights"] = json!(kept.raw);
            snapshot["smoothed_weights"] = json!(kept.smoothed);
        }
        if let Some(last) = self.state.allocated_at {
            snapshot["last_rebalance_at"] = json!(instant::text(last));
        }
        if let Some(cool_down) = self.state.cool_down(self.plan) {
            snapshot["rebalance_cooldown_seconds"] = json!(cool_down.seconds());
        }
        snapshot
    }
}

fn put(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes all text");
}

fn window(window: &TradingWindow) -> Value {
    json!({ "days": window.days, "from_seconds": window.from.seconds(), "to_seconds": window.to.seconds() })
}

/// The actions among events, as an operator log.
#[must_use]
pub fn operator_log(events: &[OperatorEvent]) -> String {
    let actions = events.iter().filter(|event| event.kind == EventKind::Action);
    let line =
        |event: &OperatorEvent| log::written(event.at, &event.who, event.why.as_deref(), &event.what) + "\n";
    actions.map(line).collect()
}
