//! Groups that limits are on: names of instruments and of families of strategies become indices.

use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::risk::{Bucket, Family, Guards, RiskPolicy, RiskProfile};
use hemiola_components::units::Ratio;

use super::assemble::Candidate;
use super::model::{Model, Profile};
use super::plan::{SchedulePlan, StrategyPlan};

/// What a run is made of.
pub(super) struct Groups<'a> {
    pub(super) model: &'a Model,
    pub(super) instruments: &'a [Candidate],
    pub(super) strategies: &'a [StrategyPlan],
    pub(super) schedules: &'a [SchedulePlan],
}

impl Groups<'_> {
    /// A profile with its buckets and families, as far as the run has any of them.
    pub(super) fn profile(&self, profile: &Profile) -> RiskProfile {
        let named = |bucket: &&String| self.model.buckets.iter().find(|known| known.name == **bucket);
        let buckets = profile.buckets.iter().filter_map(|name| named(&name)).map(|bucket| Bucket {
            name: bucket.name.clone(),
            instruments: self.instruments_called(&bucket.symbols),
            max_position: bucket.max_position,
            max_notional: bucket.max_notional,
        });
        let families = profile.shares.iter().map(|(name, share)| Family {
            name: name.clone(),
            schedules: self.schedules_of(name),
            share: Ratio::new(*share),
        });
        RiskProfile {
            buckets: buckets.collect(),
            families: families.filter(|family| !family.schedules.is_empty()).collect(),
            ..profile.limits.clone()
        }
    }

    /// How limits are applied.
    pub(super) fn policy(&self) -> RiskPolicy {
        let policy = &self.model.risk;
        let mut restricted = vec![false; self.instruments.len()];
        for index in self.instruments_called(&policy.restricted) {
            restricted[index.get()] = true;
        }
        RiskPolicy { guards: Guards { restricted, ..policy.policy.guards.clone() }, ..policy.policy.clone() }
    }

    /// The instruments that one of `names` means, on every venue unless it names one.
    fn instruments_called(&self, names: &[String]) -> Vec<InstrumentIndex> {
        let is_meant = |candidate: &Candidate| {
            let instrument = &candidate.instrument;
            names.iter().any(|name| *name == instrument.symbol || *name == instrument.name())
        };
        let indices = self.instruments.iter().enumerate().filter(|(_, candidate)| is_meant(candidate));
        indices.map(|(index, _)| InstrumentIndex::new(index)).collect()
    }

    /// The schedules whose strategy belongs to a family.
    fn schedules_of(&self, family: &str) -> Vec<ScheduleIndex> {
        let belongs = |schedule: &SchedulePlan| {
            let StrategyPlan { name, engine, definition, .. } = &self.strategies[schedule.strategy];
            let begins =
                engine.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
            name == family || begins || definition.tags.iter().any(|tag| tag == family)
        };
        let indices = self.schedules.iter().enumerate().filter(|(_, schedule)| belongs(schedule));
        indices.map(|(index, _)| ScheduleIndex::new(index)).collect()
    }
}
