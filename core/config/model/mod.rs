//! The sections of the file, decoded: names still stand for what they refer to.

use std::path::Path;

use hemiola_components::risk::RiskProfile;
use hemiola_components::strategy::EngineSpec;

use super::decode::{Field, Section};
use super::problem::Place;

mod capital;
mod environment;
mod license;
mod risk;
mod scheduler;
mod strategy;
mod universe;

pub(crate) use capital::Capital;
pub(crate) use environment::Environment;
pub(crate) use license::License;
pub(crate) use scheduler::{InstrumentList, Schedule, Scheduler};
pub(crate) use strategy::Strategy;
pub(crate) use universe::Universe;

/// Every section of a file, in its order.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) risk_profiles: Vec<RiskProfile>,
    pub(crate) universes: Vec<Universe>,
    pub(crate) environments: Vec<Environment>,
    pub(crate) environments_place: Place,
    pub(crate) strategies: Vec<Strategy>,
    pub(crate) schedulers: Vec<Scheduler>,
    pub(crate) schedulers_place: Place,
    pub(crate) license: License,
}

/// What a file may refer to.
pub(crate) struct Context<'t> {
    /// The folder that paths are relative to.
    pub(crate) folder: &'t Path,
    pub(crate) engines: &'t [EngineSpec],
    pub(crate) risk_profiles: Vec<&'t str>,
    pub(crate) strategies: Vec<&'t str>,
}

impl Model {
    /// Decodes the file; `None` when it is no map.
    pub(crate) fn decode(root: &Field<'_>, folder: &Path, engines: &[EngineSpec]) -> Option<Self> {
        let mut section = root.section()?;
        let risk_profiles = entries(&mut section, "risk_profiles", "risk profiles");
        let universes = entries(&mut section, "instrument_universes", "instrument universes");
        let environments = entries(&mut section, "environments", "environments");
        let strategies = entries(&mut section, "strategies", "strategies");
        let schedulers = entries(&mut section, "multi_strategy_schedulers", "schedulers");
        let place = |section: &mut Section<'_>, name| section.optional(name).map(|field| field.key_place());
        let environments_place = place(&mut section, "environments").unwrap_or_default();
        let schedulers_place = place(&mut section, "multi_strategy_schedulers").unwrap_or_default();
        let license = License::decode(section.optional("license").as_ref(), folder);
        section.close();

        let context =
            Context { folder, engines, risk_profiles: names(&risk_profiles), strategies: names(&strategies) };
        let universes: Vec<_> = universes.iter().map(Universe::decode).collect();
        Some(Self {
            risk_profiles: risk_profiles.iter().map(risk::decode).collect(),
            environments: environments.iter().map(|f| Environment::decode(f, &context, &universes)).collect(),
            environments_place,
            strategies: strategies.iter().map(|f| Strategy::decode(f, &context)).collect(),
            schedulers: schedulers.iter().map(|f| Scheduler::decode(f, &context)).collect(),
            schedulers_place,
            license,
            universes,
        })
    }
}

fn entries<'t>(section: &mut Section<'t>, name: &'static str, what: &str) -> Vec<Field<'t>> {
    section.required(name).map(|field| field.named(what)).unwrap_or_default()
}

fn names<'t>(fields: &[Field<'t>]) -> Vec<&'t str> {
    fields.iter().map(|field| field.name).collect()
}
