//! The sections that a run uses, decoded from a checked tree: names still stand for what they refer to.

use std::collections::BTreeMap;
use std::path::Path;

use hemiola_components::governor::GovernorSettings;
use hemiola_components::strategy::EngineSpec;

use super::problem::Place;
use super::view::View;

mod environment;
mod fallback;
mod governor;
mod journal;
mod license;
mod limits;
pub(crate) mod policy;
mod risk;
mod scheduler;
mod strategy;
mod universe;
mod window;

pub(crate) use environment::{Environment, Mode};
pub(crate) use license::License;
pub(crate) use risk::{Bucket, Policy, Profile};
pub(crate) use scheduler::{Context, InstrumentList, Schedule, Scheduler};
pub(crate) use strategy::Strategy;
pub(crate) use universe::Universe;

/// What a run can be put together from, each list in the order of the file.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) risk_profiles: Vec<Profile>,
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) risk: Policy,
    pub(crate) universes: Vec<Universe>,
    pub(crate) environments: Vec<Environment>,
    pub(crate) environments_place: Place,
    pub(crate) strategies: Vec<Strategy>,
    /// Where each strategy stands, by name.
    places: BTreeMap<String, usize>,
    /// By name.
    pub(crate) governors: BTreeMap<String, GovernorSettings>,
    pub(crate) schedulers: Vec<Scheduler>,
    pub(crate) schedulers_place: Place,
    pub(crate) license: License,
}

impl Model {
    pub(crate) fn decode(root: &View<'_>, folder: &Path, engines: &[EngineSpec]) -> Self {
        let universes: Vec<_> = root.map("instrument_universes").iter().map(Universe::decode).collect();
        let strategies = strategies(root, folder, engines);
        let key_place = |key: &str| root.get(key).map(|field| field.key_place());
        let risk_profiles: Vec<_> = root.map("risk_profiles").iter().map(Profile::decode).collect();
        let schedulers = schedulers(root, &Context::new(&strategies, &risk_profiles));
        if strategies.is_empty() {
            let place = Place { path: "strategies".to_owned(), ..root.key_place() };
            root.problems.error(&place, "missing_key", "the key `strategies` is required".to_owned());
        }
        if schedulers.is_empty() {
            let place = Place { path: "multi_strategy_schedulers".to_owned(), ..root.key_place() };
            let message = "the key `multi_strategy_schedulers` is required, here or in `runtime`".to_owned();
            root.problems.error(&place, "missing_key", message);
        }
        let of = |section: &str, key: &str| root.get(section).and_then(|section| section.get(key));
        let decision_log = of("risk", "decision_log").or_else(|| of("runtime", "risk_decision_log"));
        let decision_log = decision_log.filter(|log| log.flag("enabled"));
        Self {
            risk_profiles,
            buckets: risk::buckets(root),
            risk: Policy::decode(root.get("risk").as_ref()),
            environments: root
                .map("environments")
                .iter()
                .map(|field| Environment::decode(field, folder, &universes, decision_log.as_ref()))
                .collect(),
            environments_place: key_place("environments").unwrap_or_default(),
            places: strategies.iter().enumerate().map(|(place, one)| (one.name.clone(), place)).collect(),
            strategies,
            governors: governor::governors(root),
            schedulers_place: key_place("multi_strategy_schedulers")
                .or(key_place("runtime"))
                .unwrap_or_default(),
            schedulers,
            license: License::decode(root.get("license"), folder),
            universes,
        }
    }
}

impl Model {
    pub(crate) fn strategy(&self, name: &str) -> Option<&Strategy> {
        self.places.get(name).map(|place| &self.strategies[*place])
    }
}

/// Those of `strategies`, then those of the specialised sections.
fn strategies(root: &View<'_>, folder: &Path, engines: &[EngineSpec]) -> Vec<Strategy> {
    let mut places: BTreeMap<&str, Place> = BTreeMap::new();
    let mut strategies = Vec::new();
    for field in root.strategies() {
        if let Some(earlier) = places.get(field.name) {
            let message =
                format!("is skipped: `{}` at line {} has the same name", earlier.path, earlier.line);
            root.problems.warning(&field.key_place(), "overridden", message);
            continue;
        }
        places.insert(field.name, field.key_place());
        strategies.push(Strategy::decode(&field, folder, engines));
    }
    strategies
}

/// Those of the top level, in which those of `runtime` replace the ones of the same name.
fn schedulers(root: &View<'_>, context: &Context<'_>) -> Vec<Scheduler> {
    let mut schedulers: Vec<Scheduler> =
        root.map("multi_strategy_schedulers").iter().map(|field| Scheduler::decode(field, context)).collect();
    let runtime = root.get("runtime");
    for field in runtime.iter().flat_map(|runtime| runtime.map("multi_strategy_schedulers")) {
        let scheduler = Scheduler::decode(&field, context);
        match schedulers.iter_mut().find(|earlier| earlier.name == scheduler.name) {
            Some(earlier) => {
                let message =
                    format!("is replaced by `{}` at line {}", scheduler.place.path, scheduler.place.line);
                root.problems.warning(&earlier.place, "overridden", message);
                *earlier = scheduler;
            }
            None => schedulers.push(scheduler),
        }
    }
    schedulers
}
