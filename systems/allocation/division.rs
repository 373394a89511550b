//! A portfolio's division: its capital between its schedules, by what they have done.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::{Component, Query};
use hemiola_components::capital::{Memory, Policy, Readings, ScheduleView, Weight, Weights};
use hemiola_components::governor::{Governor, GovernorSettings};
use hemiola_components::metric::Metrics;
use hemiola_components::portfolio::Desk;
use hemiola_components::schedule::{Cadence, OnSuspend};
use hemiola_components::time::Nanos;
use hemiola_components::units::Notional;
use serde::{Deserialize, Serialize};

use super::policies::Allocator;
use super::sources::{Source, sources};
use super::tags::Tags;
use crate::governor::governor;
use crate::risk::liquidation::Positions;

/// A schedule among those that capital is divided between.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subject {
    /// What policies, limits and suspensions know it by.
    pub view: ScheduleView,
    /// When it is due.
    pub cadence: Cadence,
    /// Its positions, as places of the agenda.
    pub slots: Range<usize>,
    /// Its own signal budget.
    pub max_signals: u32,
    /// What becomes of its positions while it is suspended.
    pub on_suspend: OnSuspend,
    /// Metrics of its signals, by name.
    pub signal_metrics: Vec<&'static str>,
    /// Metrics from outside, by name; they go before its own.
    pub metrics: BTreeMap<String, f64>,
}

/// How a portfolio's capital is divided, with everything that takes. One per portfolio.
#[derive(Component, Clone, Debug)]
pub struct Division {
    pub(crate) subjects: Arc<[Subject]>,
    pub(crate) governor: Option<Box<Governor>>,
    policy: Policy,
    /// Each schedule's equal part of the starting cash.
    stake: f64,
    start: Nanos,
    /// `None` when the weights never change and no governor reads anything.
    telling: Option<Box<Telling>>,
}

/// A policy that telemetry tells something.
#[derive(Clone, Debug)]
struct Telling {
    allocator: Allocator,
    /// The same without memory, when the policy has any.
    unsmoothed: Option<Allocator>,
    tags: Tags,
    readings: Readings,
    /// Where the columns of the readings come from.
    sources: Vec<Source>,
    ledgers: Ledgers,
    /// All cadences, each once.
    cadences: Vec<Cadence>,
}

/// All of a division that changes while it is at work.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedDivision {
    policy: Policy,
    governor: Option<Box<Governor>>,
    start: Nanos,
    telling: Option<SavedTelling>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SavedTelling {
    allocator: Allocator,
    unsmoothed: Option<Allocator>,
    readings: Readings,
    peaks: Vec<f64>,
}

/// What schedules' ledgers are measured against.
#[derive(Clone, Debug)]
pub(super) struct Ledgers {
    /// Each schedule's equal part of the starting cash.
    pub(super) stake: f64,
    /// The highest that stake and profit have come to, by schedule.
    pub(super) peaks: Vec<f64>,
}

impl Telling {
    fn new(policy: &Policy, subjects: &[Subject], stake: f64, memory: Memory) -> Self {
        let (names, sources) = sources(subjects);
        let mut cadences: Vec<Cadence> = Vec::new();
        for Subject { cadence, .. } in subjects {
            if !cadences.contains(cadence) {
                cadences.push(*cadence);
            }
        }
        let (views, blank) = (views(subjects), Memory::new);
        let unsmoothed = policy.has_memory().then(|| policy.unsmoothed());
        Self {
            allocator: Allocator::bind(policy, &views, &names, memory),
            unsmoothed: unsmoothed.map(|policy| Allocator::bind(&policy, &views, &names, blank())),
            tags: Tags::new(subjects),
            readings: Readings::new(names, subjects.len()),
            sources,
            ledgers: Ledgers { stake, peaks: vec![stake; subjects.len()] },
            cadences,
        }
    }

    /// The next instant of any schedule's cadence.
    fn next_due(&self, now: Nanos) -> Nanos {
        let next = self.cadences.iter().map(|cadence| now.next_on_grid(cadence.offset, cadence.every));
        next.min().unwrap_or(Nanos::NEVER)
    }

    /// Divides by what has been taken in.
    fn weigh(&mut self, weights: &mut [Weight]) {
        let allocation = self.allocator.allocate(&self.readings);
        for (schedule, weight) in weights.iter_mut().enumerate() {
            *weight = allocation.weight(schedule);
        }
        if let Some(unsmoothed) = &mut self.unsmoothed {
            let raw = &unsmoothed.allocate(&self.readings).effective;
            weights.iter_mut().zip(raw).for_each(|(weight, raw)| weight.raw = Some(*raw));
        }
        self.tags.sum(weights);
    }

    /// Takes in what the policy looks at, as of `instant`.
    fn look(
        &mut self,
        sight: &mut Sight<'_, '_, '_>,
        subjects: &[Subject],
        instant: Nanos,
    ) -> Result<(), BevyError> {
        self.readings.clear();
        for (column, source) in self.sources.iter().enumerate() {
            if !self.allocator.reads()[column] {
                continue;
            }
            for (schedule, subject) in subjects.iter().enumerate() {
                let value = source.read(sight, (schedule, subject), &mut self.ledgers, instant)?;
                if let Some(value) = value {
                    self.readings.set(schedule, column, value);
                }
            }
        }
        Ok(())
    }
}

/// What a division looks at.
pub(crate) struct Sight<'a, 'w, 's> {
    pub(crate) desk: &'a mut Desk,
    pub(crate) positions: &'a Positions<'w, 's>,
    pub(crate) metrics: &'a Query<'w, 's, &'static Metrics>,
}

impl Division {
    /// A division that nothing has been seen of. `cash` is what the account starts with at `start`.
    #[must_use]
    pub fn new(
        policy: Policy,
        subjects: Arc<[Subject]>,
        settings: Option<GovernorSettings>,
        cash: Notional,
        start: Nanos,
    ) -> Self {
        let stake = cash.get() / subjects.len().max(1) as f64;
        let governor = settings.filter(|settings| settings.enabled).map(governor).map(Box::new);
        let tells = !policy.is_static() || governor.is_some();
        let telling = tells.then(|| Box::new(Telling::new(&policy, &subjects, stake, Memory::new())));
        Self { subjects, governor, policy, stake, start, telling }
    }

    /// The weights before the first re-allocation.
    #[must_use]
    pub fn first_weights(&self, cool_down: Option<Nanos>) -> Weights {
        Weights { of: self.blind_weights(), allocated_at: None, cool_down, due: self.start }
    }

    /// The weights when nothing has been seen.
    fn blind_weights(&self) -> Vec<Weight> {
        let mut weights = vec![Weight::default(); self.subjects.len()];
        Telling::new(&self.policy, &self.subjects, self.stake, Memory::new()).weigh(&mut weights);
        weights
    }

    /// How the capital is divided.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The bound policy with its last allocation, and what that went by; `None` when the weights never change.
    #[must_use]
    pub fn last(&self) -> Option<(&Allocator, &Readings)> {
        self.telling.as_deref().map(|telling| (&telling.allocator, &telling.readings))
    }

    /// The governor, if there is one.
    #[must_use]
    pub fn governor(&self) -> Option<&Governor> {
        self.governor.as_deref()
    }

    /// Divides by another policy from now on; `memory` is what an earlier binding of it to the same schedules
    /// remembered, or nothing.
    pub fn replace(&mut self, policy: Policy, memory: Memory) {
        self.policy = policy;
        self.telling = Some(Box::new(Telling::new(&self.policy, &self.subjects, self.stake, memory)));
    }

    /// What it has come to, to go on with another time.
    #[must_use]
    pub fn save(&self) -> SavedDivision {
        let telling = self.telling.as_deref().map(|telling| SavedTelling {
            allocator: telling.allocator.clone(),
            unsmoothed: telling.unsmoothed.clone(),
            readings: telling.readings.clone(),
            peaks: telling.ledgers.peaks.clone(),
        });
        let (policy, governor) = (self.policy.clone(), self.governor.clone());
        SavedDivision { policy, governor, start: self.start, telling }
    }

    /// Goes on from there. Returns whether that is a division between these schedules; nothing has changed otherwise.
    #[must_use]
    pub fn load(&mut self, saved: &SavedDivision) -> bool {
        let SavedDivision { policy, governor, start, telling } = saved;
        let telling = telling.as_ref().map(|saved| {
            let mut telling = Telling::new(policy, &self.subjects, self.stake, Memory::new());
            let fits = telling.readings.names() == saved.readings.names()
                && telling.ledgers.peaks.len() == saved.peaks.len();
            telling.allocator = saved.allocator.clone();
            telling.unsmoothed.clone_from(&saved.unsmoothed);
            telling.readings = saved.readings.clone();
            telling.ledgers.peaks.clone_from(&saved.peaks);
            fits.then(|| Box::new(telling))
        });
        let fits = !matches!(telling, Some(None));
        if fits {
            self.policy = policy.clone();
            self.governor.clone_from(governor);
            self.start = *start;
            self.telling = telling.flatten();
        }
        fits
    }

    /// The earliest instant at or after which capital is divided from now on by what was known then: whatever else
    /// comes, candles that closed before it count only as far as readings reach back from it.
    #[must_use]
    pub fn looks_back_to(&self, weights: &Weights, now: Nanos) -> Nanos {
        weights.cool_down.map_or(now, |cool_down| self.instant(cool_down, now))
    }

    /// The instants of another grid begin: nothing is divided by what was known before `now`.
    pub(crate) const fn begin(&mut self, now: Nanos) {
        self.start = now;
    }

    /// The last instant of a grid, or the first at all.
    fn instant(&self, cool_down: Nanos, now: Nanos) -> Nanos {
        (now.next_on_grid(Nanos::ZERO, cool_down) - cool_down).max(self.start)
    }

    /// Whether each re-allocation has to happen at its own instant, since later ones depend on it.
    fn is_kept_up(&self) -> bool {
        let reads_ledgers = |telling: &Telling| {
            let mut reads = telling.allocator.reads().iter().zip(&telling.sources);
            reads.any(|(reads, source)| *reads && *source == Source::Drawdown)
        };
        self.policy.has_memory() || self.telling.as_deref().is_some_and(reads_ledgers)
    }

    /// The next instant at which something happens that later ones depend on.
    pub(crate) fn next_turn(&self, weights: &Weights, now: Nanos) -> Nanos {
        let allocation = if self.is_kept_up() { weights.due } else { Nanos::NEVER };
        let governor = if self.governor.is_some() { self.next_due(now) } else { Nanos::NEVER };
        allocation.min(governor)
    }

    fn next_due(&self, now: Nanos) -> Nanos {
        self.telling.as_deref().map_or(Nanos::NEVER, |telling| telling.next_due(now))
    }

    /// Brings the weights up to the re-allocation instant that is in force at `now`.
    pub(crate) fn bring_up(&mut self, sight: &mut Sight<'_, '_, '_>, now: Nanos) -> Result<(), BevyError> {
        let weights = &sight.desk.weights;
        if now < weights.due {
            return Ok(());
        }
        let instant = weights.cool_down.map_or(now, |cool_down| self.instant(cool_down, now));
        self.divide(sight, instant, now)
    }

    /// Divides the capital by what was known at `instant`.
    pub(crate) fn divide(
        &mut self,
        sight: &mut Sight<'_, '_, '_>,
        instant: Nanos,
        now: Nanos,
    ) -> Result<(), BevyError> {
        if let Some(telling) = &mut self.telling {
            telling.look(sight, &self.subjects, instant)?;
            telling.weigh(&mut sight.desk.weights.of);
        }
        let weights = &mut sight.desk.weights;
        weights.allocated_at = Some(instant);
        weights.due = self.due_after(weights.cool_down, now);
        Ok(())
    }

    /// From when weights that were made at `now` are not in force any more.
    pub(crate) fn due_after(&self, cool_down: Option<Nanos>, now: Nanos) -> Nanos {
        match cool_down {
            _ if self.policy.is_static() => Nanos::NEVER,
            Some(cool_down) => now.next_on_grid(Nanos::ZERO, cool_down),
            None => self.next_decision(now),
        }
    }

    /// From when weights that hold for the decisions at `now` only are not in force any more.
    pub(crate) fn next_decision(&self, now: Nanos) -> Nanos {
        if self.is_kept_up() { self.next_due(now) } else { now + Nanos::new(1) }
    }

    /// What a schedule's metric is at `now`.
    pub(crate) fn reading(
        &mut self,
        sight: &mut Sight<'_, '_, '_>,
        schedule: usize,
        name: &str,
        now: Nanos,
    ) -> Result<Option<f64>, BevyError> {
        let Some(Telling { readings, sources, ledgers, .. }) = self.telling.as_deref_mut() else {
            return Ok(None);
        };
        let Some(column) = readings.names().iter().position(|known| known == name) else { return Ok(None) };
        sources[column].read(sight, (schedule, &self.subjects[schedule]), ledgers, now)
    }
}

fn views(subjects: &[Subject]) -> Vec<ScheduleView> {
    subjects.iter().map(|subject| subject.view.clone()).collect()
}
