//! A growing world and what it has come to: the same from its inputs, whether they come or are read back.

use bevy_ecs::error::BevyError;
use data_encoding::HEXLOWER;
use hemiola_components::control::OperatorAction;
use hemiola_components::journal::Record;
use hemiola_components::risk::{Latches, Rule};
use hemiola_components::time::Nanos;
use hemiola_systems::digest::Digest;
use hemiola_systems::signals::catalog::Catalog;
use thiserror::Error;

use super::entry::{Begin, Given, Tick};
use super::shots::Shot;
use crate::assembly::{AssemblyError, Market, Notes, Options, Window, assemble};
use crate::config::plan::Plan;
use crate::config::{ConfigError, Names, parse_operator_log};
use crate::market_data;
use crate::modes::backtest::{Keep, Outcome, Recorder, digest};
use crate::runtime::Runtime;
use crate::snapshot::{Saved, SnapshotError, restore};
use crate::streams::Arrival;

/// Why a world cannot take something in.
#[derive(Debug, Error)]
pub enum WorldError {
    /// It cannot be built.
    #[error(transparent)]
    Assembly(#[from] AssemblyError),
    /// A system failed, which none does in a sound world.
    #[error("a system failed: {0}")]
    System(BevyError),
    /// A command names what the scheduler does not have.
    #[error("a command that was given cannot be carried out: {0}")]
    Command(#[from] ConfigError),
    /// A snapshot cannot be made or used.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The inputs are of another configuration.
    #[error("{0}")]
    Foreign(String),
}

impl From<BevyError> for WorldError {
    fn from(error: BevyError) -> Self {
        Self::System(error)
    }
}

/// A world that is told what happens.
pub struct World<'p> {
    plan: &'p Plan,
    runtime: Runtime,
    digest: Digest,
    recorder: Recorder,
    /// The last instant that has been taken in.
    now: Nanos,
    ticks: u64,
}

impl<'p> World<'p> {
    /// The world of a Plan at a session's first instant, before anything happened in it. `targets` are a market's
    /// without candles.
    ///
    /// # Errors
    /// When the session is of another configuration, or the world cannot be built.
    pub fn begin(
        plan: &'p Plan,
        targets: &Market,
        catalog: &Catalog,
        begin: &Begin,
    ) -> Result<(Self, Notes), WorldError> {
        if series(plan) != begin.series {
            let message = format!(
                "the session is over {}, and the configuration reads {}",
                begin.series.join(", "),
                series(plan).join(", ")
            );
            return Err(WorldError::Foreign(message));
        }
        let market = market(plan, targets, begin);
        let window = Window { from: Some(Nanos::new(begin.start)), to: begin.end.map(Nanos::new) };
        let options = Options { window, grows: true, ..Options::default() };
        let initial = if begin.kept.replaces { Vec::new() } else { plan.initial.clone() };
        let begun = Plan { initial, latches: latches(begin), ..plan.clone() };
        let (runtime, notes) = assemble(&[(&begun, &market)], catalog, options)?;
        let now = Nanos::new(begin.start - 1);
        let recorder = Recorder::new(plan, Keep::Accounts, &runtime, 0);
        Ok((Self { plan, digest: digest(plan), recorder, runtime, now, ticks: 0 }, notes))
    }

    /// The world of a snapshot of a session.
    ///
    /// # Errors
    /// When it is not one of this plan.
    pub fn restore(
        plan: &'p Plan,
        catalog: &Catalog,
        Shot { world: saved, beside, .. }: &Shot,
    ) -> Result<Self, SnapshotError> {
        let runtime = restore(plan, catalog, saved)?;
        let digest = saved.digest()?.unwrap_or_else(|| digest(plan));
        let recorder = Recorder::new(plan, Keep::Accounts, &runtime, 0);
        Ok(Self { plan, digest, recorder, runtime, now: Nanos::new(beside.at), ticks: beside.ticks })
    }

    /// All of it as it is now. The world goes on without the candles that nobody looks at any more.
    ///
    /// # Errors
    /// When it cannot be, which is so of no world between two ticks.
    pub fn save(&mut self, catalog: &Catalog) -> Result<Saved, SnapshotError> {
        let saved = self.runtime.save(0)?;
        self.runtime = restore(self.plan, catalog, &saved)?;
        Ok(saved.with_digest(&self.digest))
    }

    /// The last instant that has been taken in.
    #[must_use]
    pub const fn now(&self) -> Nanos {
        self.now
    }

    /// Ticks so far.
    #[must_use]
    pub const fn ticks(&self) -> u64 {
        self.ticks
    }

    /// When something is due next.
    #[must_use]
    pub fn next(&self) -> Nanos {
        self.runtime.next_tick(0)
    }

    /// What is inside.
    #[must_use]
    pub const fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// The digest of a run that ends here.
    #[must_use]
    pub fn digest(&self) -> String {
        let quantities = self.runtime.holdings(0).into_iter().map(|holding| holding.quantity);
        HEXLOWER.encode(&self.digest.clone().finish(&self.runtime.account(0), quantities))
    }

    /// What a run that ends here came to, without its records.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        Outcome { digest: self.digest(), ..self.recorder.clone().finish(&self.runtime, 0) }
    }

    /// Takes in what happened up to an instant, and adds what came of it to `records`.
    ///
    /// # Errors
    /// When it cannot be; the world is not to be used any more then.
    pub fn take(&mut self, tick: &Tick, records: &mut Vec<Record>) -> Result<(), WorldError> {
        let at = tick.instant();
        self.ticks += self.runtime.step_to(at - Nanos::new(1))?;
        for Given { action, .. } in &tick.commands {
            let line = action.to_string();
            for action in parse_operator_log("operator state", line.as_bytes(), &Names::of(self.plan))? {
                self.runtime.command(OperatorAction { at, ..action })?;
            }
        }
        if !tick.candles.is_empty() {
            let arrivals: Vec<Arrival> = tick.candles.iter().map(|row| (*row).into()).collect();
            self.runtime.grow(&arrivals, at)?;
        }
        self.ticks += self.runtime.step_to(at)?;
        self.now = at;
        let outbox = self.runtime.outbox();
        outbox.equity.clear();
        let start = records.len();
        records.extend(outbox.records.drain());
        records[start..].iter().for_each(|record| self.digest.record(record));
        Ok(())
    }
}

/// The series that a Plan reads, as `venue:symbol@interval`, in the order of [`crate::streams::Streams`].
#[must_use]
pub fn series(plan: &Plan) -> Vec<String> {
    let mut names = Vec::new();
    for (index, instrument) in plan.instruments.iter().enumerate() {
        let intervals = market_data::intervals(plan, index);
        names.extend(intervals.iter().map(|interval| format!("{}@{interval}", instrument.name())));
    }
    names
}

/// What had latched the risk profiles when a session began. A rule of another version counts as an operator's: better too
/// much is held back than too little.
fn latches(begin: &Begin) -> Vec<Latches> {
    let rule = |name: &String| {
        Latches::RULES.into_iter().find(|rule| rule.name() == name).unwrap_or(Rule::KillSwitch)
    };
    let latches = |names: &Vec<String>| {
        let mut latches = Latches::default();
        for name in names {
            latches.set(rule(name));
        }
        latches
    };
    begin.latches.iter().map(latches).collect()
}

/// What latches the risk profiles of a plan before anything happens, as a session's first line has it.
#[must_use]
pub fn latched(plan: &Plan) -> Vec<Vec<String>> {
    let names = |latches: &Latches| latches.iter().map(|rule| rule.name().to_owned()).collect();
    plan.latches.iter().map(names).collect()
}

/// The candles that a session began with.
fn market(plan: &Plan, targets: &Market, begin: &Begin) -> Market {
    let mut market = market_data::empty(plan);
    market.targets.clone_from(&targets.targets);
    let mut columns: Vec<_> = market.series.iter_mut().flat_map(|series| series.values_mut()).collect();
    for row in &begin.history {
        let Arrival { series, candle } = (*row).into();
        if let Some(bars) = columns.get_mut(series) {
            let bars = std::sync::Arc::make_mut(bars);
            let end = candle.open_time + bars.length().unwrap_or_default();
            bars.push(&candle, end);
        }
    }
    market
}
