//! `telemetry.parquet`: what is known of each schedule at each day's close, and when it is suspended, resumed or fails: the
//! metrics that capital policies read, and what it may do. Single decisions are in the tables of signals and weights.

use hemiola_adapters::results::{Column, Table};
use hemiola_components::capital::Weight;
use hemiola_components::control::{SignalLimits, Standing, Suspensions, Target};
use hemiola_components::id::ScheduleIndex;
use hemiola_components::journal::{Change, Event, Record};
use hemiola_components::metric::Metrics;
use hemiola_components::time::Nanos;
use hemiola_systems::control::capacity::Capacity;
use hemiola_systems::control::commands::carry_out;
use hemiola_systems::control::{limits, remaining_seconds};

use super::tables::{floats, schedules, strategies, table, times};
use crate::assembly::view;
use crate::config::plan::{Plan, SchedulePlan};
use crate::job::Prepared;
use crate::modes::backtest::Outcome;

/// The metrics that every schedule has, in the order of the columns.
const NAMES: [&str; 27] = [
    "signals",
    "latency_ms",
    "base_max_signals",
    "active_max_signals",
    "allocator_weight",
    "allocator_weight_target",
    "allocator_raw_weight",
    "allocator_smoothed_weight",
    "allocator_profile_weight",
    "allocator_tag_weight",
    "allocator_tag_members",
    "allocator_signal_factor",
    "portfolio_weight",
    "portfolio_weight_target",
    "portfolio_signal_factor",
    "governor_signal_factor",
    "governor_max_signals",
    "signal_limit_override",
    "signal_limit_expires_at",
    "signal_limit_reason",
    "suspended",
    "suspension_remaining_seconds",
    "suspension_tag_indicator",
    "priority",
    "window_active",
    "failed",
    "failover_count",
];

/// What a schedule reported at an instant. A metric that is absent is NaN.
struct Row {
    at: Nanos,
    schedule: ScheduleIndex,
    values: [f64; NAMES.len()],
    /// In the order of the columns after [`NAMES`].
    of_signals: Vec<f64>,
}

/// The table.
pub(super) fn telemetry(prepared: &Prepared, outcome: &Outcome) -> Table {
    let mut names: Vec<&'static str> = outcome.signal_metrics.iter().flat_map(Metrics::names).collect();
    names.sort_unstable();
    names.dedup();
    let rows = Replay::new(&prepared.plan, outcome, &names).rows(&outcome.records);
    let rows = &rows[..];
    let mut columns = vec![
        ("time", times(rows, |row| row.at)),
        ("schedule", schedules(prepared, rows, |row| row.schedule)),
        ("strategy", strategies(prepared, rows, |row| row.schedule)),
    ];
    let own = NAMES.into_iter().enumerate();
    columns.extend(own.map(|(index, name)| (name, floats(rows, |row| row.values[index]))));
    let of_signals = names.into_iter().enumerate();
    columns.extend(of_signals.map(|(index, name)| -> (&'static str, Column) {
        (name, floats(rows, |row| row.of_signals[index]))
    }));
    table(prepared, columns)
}

/// What schedules stood at, as the records tell it.
struct Replay<'a> {
    plan: &'a Plan,
    names: &'a [&'static str],
    limits: SignalLimits,
    standings: Vec<Standing>,
    metrics: Vec<Metrics>,
    weights: Vec<Weight>,
    /// By schedule, engines that have failed.
    failures: Vec<f64>,
    /// By schedule, whether it has something to report at this instant.
    touched: Vec<bool>,
}

impl<'a> Replay<'a> {
    fn new(plan: &'a Plan, outcome: &Outcome, names: &'a [&'static str]) -> Self {
        Self {
            plan,
            names,
            limits: SignalLimits::default(),
            standings: outcome.first_standings.clone(),
            metrics: outcome.signal_metrics.iter().map(Metrics::blank).collect(),
            weights: vec![Weight::default(); plan.schedules.len()],
            failures: vec![0.0; plan.schedules.len()],
            touched: vec![false; plan.schedules.len()],
        }
    }

    fn rows(mut self, records: &[Record]) -> Vec<Row> {
        let mut rows = Vec::new();
        for tick in records.chunk_by(|one, next| one.at == next.at) {
            let at = tick[0].at;
            for Record { event, .. } in tick {
                self.take(event, at);
            }
            for schedule in 0..self.touched.len() {
                if std::mem::take(&mut self.touched[schedule]) {
                    rows.push(self.row(schedule, at));
                }
            }
        }
        rows
    }

    fn take(&mut self, event: &Event, at: Nanos) {
        match event {
            Event::Signal(emitted) if emitted.kept => {
                self.metrics[emitted.schedule.get()].take(at, &emitted.signal);
            }
            Event::Weight { schedule, weight } => self.weights[schedule.get()] = *weight,
            Event::DayClose { .. } => self.touched.fill(true),
            Event::Control(change) => self.change(change),
            _ => {}
        }
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Command(action) => {
                // Suspensions are told schedule by schedule.
                carry_out(&mut self.limits, &mut Suspensions::default(), action)
                    .expect("an action that was carried out can be carried out again");
            }
            Change::LimitEnded(limit) => {
                limits::lift(&mut self.limits, &limit.strategy, &limit.risk_profile);
            }
            Change::SuspensionEnded(_) => {}
            Change::Failed { schedule, .. } => {
                self.failures[schedule.get()] += 1.0;
                self.touched[schedule.get()] = true;
            }
            Change::Suspended { schedule, suspension } => {
                self.standings[schedule.get()].suspension = Some(suspension.clone());
                self.touched[schedule.get()] = true;
            }
            Change::Resumed { schedule } => {
                self.standings[schedule.get()].suspension = None;
                self.touched[schedule.get()] = true;
            }
            Change::Governed { strategies, grants, .. } => {
                for (standing, schedule) in self.standings.iter_mut().zip(&self.plan.schedules) {
                    let name = &self.plan.strategies[schedule.strategy].name;
                    let Some(place) = strategies.iter().position(|known| known == name) else { continue };
                    let grant = grants[place];
                    standing.base_max_signals = grant.max_signal_hint.unwrap_or(schedule.max_signals).max(1);
                    standing.governor_factor = grant.signal_factor;
                    standing.portfolio_weight = grant.weight;
                }
            }
        }
    }

    fn row(&self, index: usize, at: Nanos) -> Row {
        let schedule = &self.plan.schedules[index];
        let (standing, weight, metrics) = (&self.standings[index], self.weights[index], &self.metrics[index]);
        let of_view = view(self.plan, schedule);
        let limit = limits::limit_of(&self.limits, &of_view.strategy, &of_view.risk_profile);
        let capacity = Capacity {
            base_max_signals: standing.base_max_signals,
            governor_factor: standing.governor_factor,
            max_signal_floor: standing.signal_floor,
            allocator_factor: weight.share,
            limit: limit.map(|limit| limit.limit),
        };
        let suspension = standing.suspension.as_ref();
        let active = if suspension.is_some() { 0 } else { capacity.active_max_signals() };
        let absent = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let flag = |flag: bool| f64::from(u8::from(flag));
        let expires = limit.map(|limit| limit.expires_at).filter(|end| *end != Nanos::NEVER);
        let values = [
            metrics.signals(at, schedule.cadence) as f64,
            0.0,
            f64::from(standing.base_max_signals),
            f64::from(active),
            weight.share,
            weight.share,
            absent(weight.raw),
            weight.smoothed,
            weight.profile,
            absent(weight.tag.map(|tag| tag.weight)),
            absent(weight.tag.map(|tag| f64::from(tag.members))),
            weight.share,
            standing.portfolio_weight,
            standing.portfolio_weight,
            standing.governor_factor,
            standing.governor_factor,
            capacity.governor_max_signals(),
            absent(limit.map(|limit| f64::from(limit.limit))),
            absent(expires.map(Nanos::seconds)),
            absent(limit.and_then(|limit| limit.reason.as_ref()).map(|_| 1.0)),
            flag(suspension.is_some()),
            absent(suspension.and_then(|suspension| remaining_seconds(suspension.expires_at, at))),
            absent(suspension.map(|suspension| flag(matches!(suspension.target, Target::Tag(_))))),
            f64::from(schedule.priority),
            flag(is_open(schedule, at)),
            flag(self.failures[index] > 0.0),
            self.failures[index],
        ];
        let of_signals = self.names.iter();
        let of_signals = of_signals.map(|name| absent(metrics.newest(name, at, schedule.cadence))).collect();
        Row { at, schedule: ScheduleIndex::new(index), values, of_signals }
    }
}

fn is_open(schedule: &SchedulePlan, at: Nanos) -> bool {
    schedule.windows.is_empty() || schedule.windows.iter().any(|window| window.contains(at))
}
