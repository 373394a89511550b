//! The catalogue: engine name to engine. A kind is added in one line, from these crates or from outside.

use std::collections::BTreeMap;

use bevy_ecs::prelude::EntityWorldMut;
use hemiola_components::engine::{ExternalSignals, SmaCross};
use hemiola_components::strategy::{EngineSpec, ParameterError, Parameters};

use super::engine::{Engine, run};
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
    /// Whether its positions need running sums of the closes.
    pub wants_tick_sums: bool,
    add_system: fn(&mut Systems),
    insert_settings: fn(&mut EntityWorldMut<'_>, &Parameters) -> Result<(), ParameterError>,
    insert_state: fn(&mut EntityWorldMut<'_>),
}

impl Catalog {
    /// The engines that come with Hemiola.
    #[must_use]
    pub fn built_in() -> Self {
        let mut catalog = Self { kinds: BTreeMap::new() };
        catalog.register::<SmaCross>();
        catalog.register::<ExternalSignals>();
        catalog
    }

    /// Adds an engine, or replaces the one of the same name.
    pub fn register<E: Engine>(&mut self) {
        let kind = Kind {
            spec: EngineSpec {
                name: E::NAME,
                summary: E::SUMMARY,
                parameters: E::PARAMETERS,
                check: |parameters| E::settings(parameters).map(drop),
            },
            wants_tick_sums: E::WANTS_TICK_SUMS,
            add_system: |systems| systems.add(Phase::Signals, When::Always, run::<E>),
            insert_settings: |entity, parameters| {
                entity.insert(E::settings(parameters)?);
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
