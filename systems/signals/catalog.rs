//! The catalogue: engine name to engine. A kind is added in one line, from these crates or from outside.

use std::collections::BTreeMap;

use bevy_ecs::prelude::EntityWorldMut;
use hemiola_components::engine::{
    CrossExchangeArbitrage, DailyTrendMomentum, ExternalSignals, GridTrading, MeanReversion, SmaCross,
    VolatilityTarget,
};
use hemiola_components::metric::Metric;
use hemiola_components::strategy::{EngineSpec, ParameterError, Parameters};
use hemiola_components::time::Nanos;

use super::engine::{Columns, Engine, run};
use crate::pass::{Phase, Systems, When};

/// All known engines, by name.
#[derive(Clone, Debug)]
pub struct Catalog {
    kinds: BTreeMap<&'static str, Kind>,
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
                entity.insert(E::State::default());
            },
        };
        self.kinds.insert(E::NAME, kind);
    }

    /// The engine called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name)
    }

    /// What the configuration needs to know, by name.
    #[must_use]
    pub fn specs(&self) -> Vec<EngineSpec> {
        self.kinds.values().map(|kind| kind.spec).collect()
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
}
