//! Every schedule's newest decision, once.

use std::collections::{BTreeMap, BTreeSet};

use hemiola_components::capital::{Policy, PolicyKind};
use hemiola_components::journal::{Event, Record};
use hemiola_components::schedule::TradingWindow;
use hemiola_components::time::Nanos;
use hemiola_systems::control::remaining_seconds;
use hemiola_systems::signals::catalog::Catalog;
use serde_json::{Value, json};

use super::allocation;
use super::due::{Newest, newest};
use super::show::Shown;
use super::state::State;
use crate::assembly::{Options, Window, view};
use crate::config::plan::Plan;
use crate::exit::Failure;
use crate::instant;
use crate::market_data::MarketData;
use crate::modes::backtest::{self, Outcome};

/// What became of a schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The schedule.
    pub schedule: String,
    /// Its share of the capital.
    pub weight: f64,
    /// What happened.
    pub result: Ran,
}

/// What a schedule did.
#[derive(Clone, Debug, PartialEq)]
pub enum Ran {
    /// It made its newest decision.
    Decided {
        /// When.
        at: Nanos,
        /// Signals that were kept.
        signals: usize,
        /// Orders they led to.
        orders: usize,
        /// What stopped the others, by rule.
        refused: BTreeMap<String, usize>,
    },
    /// It is suspended.
    Suspended {
        /// Why.
        reason: String,
        /// How long it still is, in seconds; `None` without an end.
        remaining_seconds: Option<f64>,
    },
    /// Its newest decision was made by an earlier run.
    AlreadyRun {
        /// When.
        at: Nanos,
    },
    /// It could not decide.
    Failed(String),
}

impl Line {
    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { schedule, weight, result } = self;
        let what = match result {
            Ran::Decided { at, signals, orders, refused } => {
                let stopped = refused.iter().map(|(rule, count)| format!(", {count} stopped by {rule}"));
                format!(
                    "{}, {}{} at {}",
                    counted(*signals, "signal"),
                    counted(*orders, "order"),
                    stopped.collect::<String>(),
                    instant::text(*at)
                )
            }
            Ran::Suspended { reason, remaining_seconds: Some(left) } => {
                format!("suspended ({reason}, {:.0}s left)", left.floor())
            }
            Ran::Suspended { reason, remaining_seconds: None } => format!("suspended ({reason}, no end)"),
            Ran::AlreadyRun { at } => format!("already run at {}", instant::text(*at)),
            Ran::Failed(why) => format!("failed: {why}"),
        };
        format!("{schedule}: {what}; weight {weight:.4}")
    }

    /// For programs.
    #[must_use]
    pub fn document(&self) -> Value {
        let mut value = match &self.result {
            Ran::Decided { at, signals, orders, refused } => json!({
                "result": "decided",
                "at": instant::text(*at),
                "signals": signals,
                "orders": orders,
                "refused": refused,
            }),
            Ran::Suspended { reason, remaining_seconds } => {
                json!({ "result": "suspended", "reason": reason, "remaining_seconds": remaining_seconds })
            }
            Ran::AlreadyRun { at } => json!({ "result": "already_run", "at": instant::text(*at) }),
            Ran::Failed(why) => json!({ "result": "failed", "message": why }),
        };
        value["schedule"] = json!(self.schedule);
        value["weight"] = json!(self.weight);
        value
    }

    /// Signals that were kept.
    #[must_use]
    pub const fn signals(&self) -> usize {
        match self.result {
            Ran::Decided { signals, .. } => signals,
            _ => 0,
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Lets every schedule make its newest decision at or before `now`, unless it is suspended or made it before, and
/// notes that in the state. The account is flat and has its starting cash.
///
/// # Errors
/// When the world cannot be built.
pub fn run(
    plan: &Plan,
    data: &MarketData,
    state: &mut State,
    catalog: &Catalog,
    now: Nanos,
) -> Result<Vec<Line>, Failure> {
    allocation::bring_up(state, plan, now);
    let standing: Vec<Standing> =
        (0..plan.schedules.len()).map(|schedule| stand(plan, data, state, schedule, now)).collect();
    let mut results: Vec<Option<Ran>> = standing.iter().map(Standing::result).collect();
    let groups: BTreeSet<Newest> = standing.iter().filter_map(Standing::newest).collect();
    for newest in groups {
        let members: Vec<usize> =
            (0..standing.len()).filter(|one| standing[*one].newest() == Some(newest)).collect();
        let outcome = decide(plan, data, state, catalog, (newest, &members))?;
        for &schedule in &members {
            results[schedule] = Some(decided(&outcome, schedule, newest.at));
            note(state, plan, &outcome, schedule, (newest.at, now));
        }
    }
    let shown = Shown { plan, state, now };
    let line = |(schedule, result): (&crate::config::plan::SchedulePlan, Option<Ran>)| Line {
        schedule: schedule.name.clone(),
        weight: shown.weight(&schedule.name).unwrap_or(0.0),
        result: result.unwrap_or(Ran::Failed("it was left out".to_owned())),
    };
    let lines: Vec<Line> = plan.schedules.iter().zip(results).map(line).collect();
    for line in lines.iter().filter(|line| matches!(line.result, Ran::Failed(_))) {
        state.schedules.entry(line.schedule.clone()).or_default().failures += 1;
    }
    Ok(lines)
}

/// Where a schedule stands before a run.
enum Standing {
    Due(Newest),
    Settled(Ran),
}

impl Standing {
    fn newest(&self) -> Option<Newest> {
        match self {
            Self::Due(newest) => Some(*newest),
            Self::Settled(_) => None,
        }
    }

    fn result(&self) -> Option<Ran> {
        match self {
            Self::Due(_) => None,
            Self::Settled(result) => Some(result.clone()),
        }
    }
}

fn stand(plan: &Plan, data: &MarketData, state: &State, index: usize, now: Nanos) -> Standing {
    let schedule = &plan.schedules[index];
    let shown = Shown { plan, state, now };
    if let Some(suspension) = shown.held(schedule) {
        let remaining_seconds = remaining_seconds(suspension.expires_at, now);
        return Standing::Settled(Ran::Suspended { reason: suspension.reason.clone(), remaining_seconds });
    }
    let series = &data.market.series;
    let bars = schedule.instruments.iter().filter_map(|one| series[*one].get(&schedule.interval));
    let found = bars.filter_map(|bars| newest(bars, schedule.cadence, now)).max_by_key(|newest| newest.at);
    let Some(newest) = found else {
        let message = format!("no candle had closed by {}", instant::text(now));
        return Standing::Settled(Ran::Failed(message));
    };
    let before = state.schedules.get(&schedule.name).and_then(|kept| kept.decided_at);
    match before.filter(|before| *before >= newest.at) {
        Some(at) => Standing::Settled(Ran::AlreadyRun { at }),
        None => Standing::Due(newest),
    }
}

/// Runs the world over one instant of decision, for the schedules that have it.
fn decide(
    plan: &Plan,
    data: &MarketData,
    state: &State,
    catalog: &Catalog,
    (newest, members): (Newest, &[usize]),
) -> Result<Outcome, Failure> {
    const NEVER: TradingWindow = TradingWindow { days: 0, from: Nanos::ZERO, to: Nanos::ZERO };
    let weights = state.allocation.iter().flat_map(|kept| &kept.effective);
    let profile = |name: &str| {
        let schedule = plan.schedules.iter().find(|schedule| schedule.name == name)?;
        Some(view(plan, schedule).risk_profile)
    };
    let table = weights
        .filter_map(|(name, weight)| Some((format!("{name}:{}", profile(name)?).to_lowercase(), *weight)));
    let mut world = Plan {
        // The division is made already; the world takes it as it is.
        capital_policy: Policy {
            name: state.policy_of(plan).name.clone(),
            kind: PolicyKind::FixedWeight(table.collect()),
        },
        cool_down: None,
        initial: state.initial(),
        ..plan.clone()
    };
    for (index, schedule) in world.schedules.iter_mut().enumerate() {
        if !members.contains(&index) {
            schedule.windows = vec![NEVER];
        }
        schedule.warmup_bars = schedule.warmup_bars.max(needed(plan, catalog, schedule.strategy));
    }
    let window = Window { from: Some(newest.after), to: Some(newest.at) };
    let options = Options { window, ..Options::default() };
    let mut run = backtest::run(&[(&world, &data.market)], catalog, options, |_, _| ())?;
    Ok(run.outcomes.pop().expect("one plan, one outcome"))
}

/// Candles that a strategy's engine needs before its first decision.
fn needed(plan: &Plan, catalog: &Catalog, strategy: usize) -> usize {
    let strategy = &plan.strategies[strategy];
    let needs = catalog.get(&strategy.engine).and_then(|kind| kind.needs(&strategy.parameters).ok());
    needs.map_or(0, |needs| needs.candles)
}

fn decided(outcome: &Outcome, schedule: usize, at: Nanos) -> Ran {
    let dropped = outcome.not_finite[schedule];
    if dropped > 0 {
        return Ran::Failed(format!("{dropped} signals held back: a number in them is not finite"));
    }
    let (mut signals, mut orders, mut refused) = (0, 0, BTreeMap::new());
    for Record { event, .. } in &outcome.records {
        match event {
            Event::Signal(emitted) if emitted.schedule.get() == schedule && emitted.kept => signals += 1,
            Event::Order(order) if order.schedule.get() == schedule => orders += 1,
            Event::Refused { schedule: whose, refusal, .. } if whose.get() == schedule => {
                *refused.entry(refusal.rule.name().to_owned()).or_insert(0) += 1;
            }
            _ => {}
        }
    }
    Ran::Decided { at, signals, orders, refused }
}

/// Keeps what a schedule decided, so that it is not decided again.
fn note(state: &mut State, plan: &Plan, outcome: &Outcome, schedule: usize, (at, now): (Nanos, Nanos)) {
    let kept = state.schedules.entry(plan.schedules[schedule].name.clone()).or_default();
    (kept.decided_at, kept.last_run) = (Some(at), Some(now));
    let metrics = &outcome.signal_metrics[schedule];
    let signals = outcome.records.iter().filter(|record| {
        matches!(&record.event, Event::Signal(emitted) if emitted.schedule.get() == schedule && emitted.kept)
    });
    let count = signals.count();
    // What was observed at an earlier decision stays known when this one is silent.
    kept.metrics.insert("signals".to_owned(), count as f64);
    let values = metrics.values().filter(|(_, value)| value.is_finite());
    kept.metrics.extend(values.map(|(name, value)| (name.to_owned(), value)));
}
