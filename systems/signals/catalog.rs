//! The catalogue: engine name to engine. A kind is added in one line, from these crates or from outside.

use std::collections::BTreeMap;

use bevy_ecs::prelude::{Entity, EntityRef, EntityWorldMut, World};
use hemiola_components::engine::{
    CrossExchangeArbitrage, DailyTrendMomentum, ExternalSignals, GridTrading, MeanReversion, SmaCross,
    VolatilityTarget,
};
use hemiola_components::metric::Metric;
use hemiola_components::position::Checkpoint;
use hemiola_components::strategy::{EngineSpec, ParameterError, Parameters};
use hemiola_components::time::Nanos;

use super::capability::{AllowAll, CapabilityGuard};
use super::engine::{Columns, Engine, run};
use super::saving::{self, StateError};
use crate::pass::{Phase, Systems, When};

/// All known engines, by name; a name means the same in upper and lower case.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// By name in lower case.
    kinds: BTreeMap<String, Kind>,
}

/// One engine of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What the configuration needs to know.
    pub spec: EngineSpec,
    /// The shared columns its positions need.
    pub columns: Columns,
    /// What telemetry knows of its signals.
    pub metrics: &'static [Metric],
    needs: fn(&Parameters) -> Result<Needs, ParameterError>,
    add_system: fn(&mut Systems),
    insert_settings: fn(&mut EntityWorldMut<'_>, &Parameters) -> Result<(), ParameterError>,
    insert_state: fn(&mut EntityWorldMut<'_>),
    looks_back_to: fn(&World, Entity) -> usize,
    save: fn(EntityRef<'_>, usize) -> Result<Vec<u8>, StateError>,
    load: fn(&mut EntityWorldMut<'_>, &[u8]) -> Result<(), StateError>,
}

/// What an engine needs of the data before it can do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Candles before its first decision.
    pub candles: usize,
    /// The oldest quote of a pair's second leg that it accepts.
    pub quote_age: Option<Nanos>,
}

impl Catalog {
    /// The engines that come with Hemiola.
    #[must_use]
    pub fn built_in() -> Self {
        let mut catalog = Self { kinds: BTreeMap::new() };
        catalog.register::<CrossExchangeArbitrage>();
        catalog.register::<DailyTrendMomentum>();
        catalog.register::<ExternalSignals>();
        catalog.register::<GridTrading>();
        catalog.register::<MeanReversion>();
        catalog.register::<SmaCross>();
        catalog.register::<VolatilityTarget>();
        catalog
    }

    /// Adds an engine, or replaces the one of the same name.
    pub fn register<E: Engine>(&mut self) {
        let kind = Kind {
            spec: EngineSpec {
                name: E::NAME,
                summary: E::SUMMARY,
                classification: E::CLASSIFICATION,
                parameters: E::PARAMETERS,
                presets: E::PRESETS,
                interval: E::INTERVAL,
                trades_pairs: E::COLUMNS.snapshots,
                check: |parameters| E::prepare(parameters).map(drop),
                doubt: |parameters| E::doubt(&E::prepare(parameters).ok()?),
            },
            columns: E::COLUMNS,
            metrics: E::METRICS,
            needs: |parameters| {
                let settings = E::prepare(parameters)?;
                Ok(Needs { candles: E::warm_up(&settings), quote_age: E::max_quote_age(&settings) })
            },
            add_system: |systems| systems.add(Phase::Signals, When::Always, run::<E>),
            insert_settings: |entity, parameters| {
                entity.insert(E::prepare(parameters)?);
                Ok(())
            },
            insert_state: |entity| {
                entity.insert((E::State::default(), Checkpoint::<E::State>::default()));
            },
            looks_back_to: saving::looks_back_to::<E>,
            save: saving::save::<E>,
            load: saving::load::<E>,
        };
        self.kinds.insert(E::NAME.to_lowercase(), kind);
    }

    /// The engine called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(&name.to_lowercase())
    }

    /// What the configuration needs to know of all engines, in the order of their names.
    #[must_use]
    pub fn specs(&self) -> Vec<EngineSpec> {
        self.list(&AllowAll)
    }

    /// The engines that `guard` allows, in the order of their names.
    #[must_use]
    pub fn list(&self, guard: &dyn CapabilityGuard) -> Vec<EngineSpec> {
        let specs = self.kinds.values().map(|kind| kind.spec);
        specs.filter(|spec| guard.allows(spec.classification.capability)).collect()
    }
}

impl Kind {
    /// Adds the system that runs this kind.
    pub fn add_to(&self, systems: &mut Systems) {
        (self.add_system)(systems);
    }

    /// What an engine with these parameters needs of the data.
    ///
    /// # Errors
    /// When the parameters contradict each other.
    pub fn needs(&self, parameters: &Parameters) -> Result<Needs, ParameterError> {
        (self.needs)(parameters)
    }

    /// Gives a strategy its settings.
    ///
    /// # Errors
    /// When the parameters contradict each other.
    pub fn insert_settings(
        &self,
        strategy: &mut EntityWorldMut<'_>,
        parameters: &Parameters,
    ) -> Result<(), ParameterError> {
        (self.insert_settings)(strategy, parameters)
    }

    /// Gives a position its fresh state.
    pub fn insert_state(&self, position: &mut EntityWorldMut<'_>) {
        (self.insert_state)(position);
    }

    /// The first candle that the engine of a position of this kind may look at, whatever comes.
    #[must_use]
    pub fn looks_back_to(&self, world: &World, position: Entity) -> usize {
        (self.looks_back_to)(world, position)
    }

    /// The state of a position of this kind as bytes, once so many of its oldest candles are gone.
    ///
    /// # Errors
    /// When there is none, or an engine's own way of writing it fails.
    pub fn save_state(&self, position: EntityRef<'_>, gone: usize) -> Result<Vec<u8>, StateError> {
        (self.save)(position, gone)
    }

    /// Gives a position of this kind a state that was saved.
    ///
    /// # Errors
    /// When these bytes are none.
    pub fn load_state(&self, position: &mut EntityWorldMut<'_>, saved: &[u8]) -> Result<(), StateError> {
        (self.load)(position, saved)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use hemiola_components::strategy::{ParameterDefault, ParameterKind, ParameterValue};

    use super::*;

    fn names(guard: &dyn CapabilityGuard) -> Vec<&'static str> {
        Catalog::built_in().list(guard).iter().map(|spec| spec.name).collect()
    }

    #[test]
    fn the_list_is_alphabetical_and_leaves_out_what_is_not_allowed() {
        let all = names(&AllowAll);
        assert!(all.is_sorted() && all.len() == Catalog::built_in().kinds.len(), "{all:?}");
        let granted = ["volatility_target", "trend_d1", "unheard_of"].map(str::to_owned);
        assert_eq!(names(&BTreeSet::from(granted)), ["daily_trend_momentum", "volatility_target"]);
        assert_eq!(names(&BTreeSet::new()), [""; 0]);
    }

    #[test]
    fn an_engine_is_found_in_any_case() {
        let catalog = Catalog::built_in();
        assert_eq!(catalog.get("Grid_Trading").map(|kind| kind.spec.name), Some("grid_trading"));
        assert!(catalog.get("grid trading").is_none());
    }

    #[test]
    fn every_preset_is_made_of_parameters_that_go_together() {
        for spec in Catalog::built_in().specs() {
            for preset in spec.presets {
                let mut parameters = Parameters::default();
                for parameter in spec.parameters {
                    let value = match parameter.default {
                        ParameterDefault::Number(value) => ParameterValue::Number(value),
                        ParameterDefault::Text(text) => ParameterValue::Text(text.to_owned()),
                        ParameterDefault::Required => ParameterValue::Text(parameter.name.to_owned()),
                    };
                    parameters.0.insert(parameter.name.to_owned(), value);
                }
                for (name, value) in preset.values {
                    let subject = format!("{}, preset {}, {name}", spec.name, preset.name);
                    let known = spec.parameters.iter().find(|parameter| parameter.name == *name);
                    let fits = match known.expect(&subject).kind {
                        ParameterKind::Count { min, max } => {
                            value.fract() == 0.0 && (f64::from(min)..=f64::from(max)).contains(value)
                        }
                        ParameterKind::Number { min, max } => (min..=max).contains(value),
                        ParameterKind::Positive { max } => *value > 0.0 && *value <= max,
                        _ => false,
                    };
                    assert!(fits, "{subject}: {value}");
                    parameters.0.insert((*name).to_owned(), ParameterValue::Number(*value));
                }
                (spec.check)(&parameters).unwrap_or_else(|error| panic!("{}: {error}", spec.name));
            }
        }
    }
}
