//! A scheduler meets an environment: names become indices, and a [`Plan`] comes out.
//!
//! What a scheduler may use depends on the environment, so this is where instruments, quote currencies and
//! tables of weights are checked. References that the sections have refused already are passed over.

use std::collections::{BTreeMap, BTreeSet};

use hemiola_components::market::Instrument;
use hemiola_components::order::FillModel;

use super::groups::Groups;
use super::model::{Environment, InstrumentList, Mode, Model, Schedule, Scheduler};
use super::plan::{Pair, Plan, SchedulePlan, StrategyPlan};
use super::problem::{Place, Problems, Severity, listed, quoted};

/// An instrument that may be used.
#[derive(Clone)]
pub(super) struct Candidate {
    pub(super) instrument: Instrument,
    venue_symbol: String,
    /// Whether its name alone means it.
    home: bool,
}

/// Builds the Plan of `scheduler` in `environment`; it is of use only when no error was added to `problems`.
/// `replacement` takes the place of the environment's universe.
pub(crate) fn assemble(
    model: &Model,
    environment: &Environment,
    scheduler: &Scheduler,
    replacement: Option<&[Instrument]>,
    problems: &Problems,
) -> Plan {
    let candidates = candidates(model, environment, replacement);
    let chosen: Vec<_> = scheduler
        .schedules
        .iter()
        .map(|schedule| {
            let chosen = choose(schedule, environment, &candidates, problems);
            check_quotes(schedule, environment, &chosen, &candidates, problems);
            check_interval(model, schedule, problems);
            check_entry_order(model, environment, schedule, problems);
            chosen
        })
        .collect();
    check_weights(model, environment, scheduler, problems);

    let instruments: Vec<_> = chosen.iter().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let profile = |schedule: &Schedule| effective_profile(model, environment, schedule).to_owned();
    let used: Vec<_> = scheduler.schedules.iter().map(profile).collect();
    let profiles: Vec<_> =
        model.risk_profiles.iter().filter(|profile| used.contains(&profile.limits.name)).collect();
    let running: BTreeSet<&str> = scheduler.schedules.iter().map(|one| one.strategy.as_str()).collect();
    let strategies: Vec<_> = model
        .strategies
        .iter()
        .filter(|strategy| running.contains(strategy.name.as_str()))
        .map(|strategy| StrategyPlan {
            name: strategy.name.clone(),
            engine: strategy.engine.clone(),
            parameters: strategy.parameters.clone(),
            definition: strategy.definition.clone(),
        })
        .collect();
    let places: BTreeMap<&str, usize> =
        strategies.iter().enumerate().map(|(place, strategy)| (strategy.name.as_str(), place)).collect();
    let mut schedules = Vec::new();
    for ((schedule, chosen), profile) in scheduler.schedules.iter().zip(&chosen).zip(&used) {
        let strategy = places.get(schedule.strategy.as_str()).copied();
        let risk_profile = profiles.iter().position(|known| known.limits.name == *profile);
        let (Some(strategy), Some(risk_profile)) = (strategy, risk_profile) else { continue };
        schedules.push(SchedulePlan {
            name: schedule.name.clone(),
            strategy,
            instruments: chosen.iter().filter_map(|c| instruments.binary_search(c).ok()).collect(),
            pairs: pairs(model, schedule, chosen, &candidates, problems)
                .into_iter()
                .filter_map(|[primary, secondary]| {
                    let place = |candidate| instruments.binary_search(&candidate).ok();
                    Some(Pair { primary: place(primary)?, secondary: place(secondary)? })
                })
                .collect(),
            interval: schedule.interval,
            cadence: schedule.cadence,
            warmup_bars: schedule.warmup_bars,
            risk_profile,
            sizing: schedule.sizing,
            entry_order: schedule.entry_order.as_ref().map(|(order, _)| *order).unwrap_or_default(),
            max_signals: schedule.max_signals,
            priority: schedule.priority,
            max_drift: schedule.max_drift,
            windows: schedule.windows.clone(),
            fallbacks: fallbacks(schedule, &scheduler.schedules),
            on_suspend: schedule.on_suspend,
            metrics: schedule.metrics.clone(),
        });
    }
    let instruments: Vec<_> = instruments.iter().map(|index| candidates[*index].clone()).collect();
    let groups = Groups { model, instruments: &instruments, strategies: &strategies, schedules: &schedules };
    Plan {
        environment: environment.name.clone(),
        scheduler: scheduler.name.clone(),
        telemetry_namespace: scheduler.telemetry_namespace.clone(),
        valuation: environment.account.valuation.clone(),
        equal_quotes: environment.account.equal_quotes.clone(),
        cash: environment.account.cash,
        costs: environment.account.costs,
        fill_model: environment.account.fill_model,
        liquidity: environment.account.liquidity,
        margin: environment.account.margin,
        shortfall: environment.account.shortfall,
        risk_profiles: profiles.iter().map(|profile| groups.profile(profile)).collect(),
        risk_policy: groups.policy(),
        latches: Vec::new(),
        venue_symbols: instruments.iter().map(|one| one.venue_symbol.clone()).collect(),
        instruments: instruments.into_iter().map(|one| one.instrument).collect(),
        strategies,
        schedules,
        capital_policy: scheduler.capital.policy.clone(),
        cool_down: scheduler.cool_down,
        governor: scheduler.governor.as_ref().and_then(|name| model.governors.get(name)).cloned(),
        initial: scheduler.initial.clone(),
        operator: Vec::new(),
        data_root: environment.data_root.clone(),
        is_demo: environment.mode == Mode::Demo,
    }
}

fn candidates(
    model: &Model,
    environment: &Environment,
    replacement: Option<&[Instrument]>,
) -> Vec<Candidate> {
    if let Some(instruments) = replacement {
        return instruments
            .iter()
            .map(|instrument| Candidate {
                instrument: instrument.clone(),
                venue_symbol: instrument.symbol.clone(),
                home: true,
            })
            .collect();
    }
    let universe = model.universes.iter().find(|universe| universe.name == environment.universe);
    universe
        .iter()
        .flat_map(|universe| &universe.listings)
        .map(|listing| Candidate {
            instrument: listing.instrument.clone(),
            venue_symbol: listing.venue_symbol.clone(),
            home: listing.instrument.venue == environment.exchange,
        })
        .collect()
}

/// The schedules that stand in for one, as places among all. Those that are left out stand in for nobody.
fn fallbacks(schedule: &Schedule, all: &[Schedule]) -> Vec<usize> {
    let place = |(name, _): &(String, Place)| all.iter().position(|other| other.name == *name);
    schedule.fallbacks.iter().filter_map(place).collect()
}

/// The schedule's instruments as places among the candidates, ascending.
fn choose(
    schedule: &Schedule,
    environment: &Environment,
    candidates: &[Candidate],
    problems: &Problems,
) -> Vec<usize> {
    let Some(list) = &schedule.instruments else {
        return (0..candidates.len()).filter(|index| candidates[*index].home).collect();
    };
    if environment.exchange.is_empty() || candidates.is_empty() {
        return Vec::new();
    }
    let mut chosen = list_indices(list, environment, candidates, problems);
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

fn list_indices(
    list: &InstrumentList,
    environment: &Environment,
    candidates: &[Candidate],
    problems: &Problems,
) -> Vec<usize> {
    let mut chosen = Vec::new();
    for (name, place) in &list.names {
        let full = name.contains(':');
        let named = |candidate: &Candidate| {
            let Candidate { instrument, home, .. } = candidate;
            if full { instrument.name() == *name } else { instrument.symbol == *name && *home }
        };
        let found: Vec<_> = (0..candidates.len()).filter(|index| named(&candidates[*index])).collect();
        let at_home = |index: &&usize| candidates[**index].instrument.venue == environment.exchange;
        match found.as_slice() {
            [one] => chosen.push(*one),
            [] => {
                let known: Vec<_> = candidates
                    .iter()
                    .filter(|candidate| full || candidate.home)
                    .map(|c| if full { c.instrument.name() } else { c.instrument.symbol.clone() })
                    .collect();
                let message = format!(
                    "environment `{}` has no instrument {} (known: {})",
                    environment.name,
                    quoted(name),
                    listed(known.iter().map(String::as_str))
                );
                let known = known.iter().map(String::as_str);
                problems.unknown(place, "unknown_reference", message, name, known);
            }
            several => match several.iter().find(at_home) {
                Some(index) => chosen.push(*index),
                None => problems.error(
                    place,
                    "conflict",
                    format!("several venues list {}: write it as `venue:NAME`", quoted(name)),
                ),
            },
        }
    }
    chosen
}

/// One portfolio has one valuation currency.
fn check_quotes(
    schedule: &Schedule,
    environment: &Environment,
    chosen: &[usize],
    candidates: &[Candidate],
    problems: &Problems,
) {
    let account = &environment.account;
    let foreign: Vec<_> = chosen
        .iter()
        .map(|index| &candidates[*index].instrument)
        .filter(|i| !i.quote.is_empty() && i.quote != account.valuation)
        .filter(|instrument| !account.equal_quotes.contains(&instrument.quote))
        .map(|instrument| format!("{} ({})", instrument.name(), instrument.quote))
        .collect();
    if !foreign.is_empty() {
        let message = format!(
            "environment `{}` values in `{}`, but not quoted in it: {}; choose other `instruments`, or declare \
             the currency equal in the environment's `quote_assets`",
            environment.name,
            account.valuation,
            listed(foreign.iter().map(String::as_str))
        );
        let place = schedule.instruments.as_ref().map_or(&schedule.place, |list| &list.place);
        problems.error(place, "quote_currency", message);
    }
}

/// Some engines' rules are made for one interval.
fn check_interval(model: &Model, schedule: &Schedule, problems: &Problems) {
    let strategy = model.strategy(&schedule.strategy);
    let Some(strategy) = strategy else { return };
    let Some(only) = strategy.interval.filter(|only| *only != schedule.interval.to_string()) else { return };
    let message = format!(
        "the engine `{}` counts in candles of {only}, and schedule `{}` reads {}: write `interval: {only}`",
        strategy.engine, schedule.name, schedule.interval
    );
    problems.error(&schedule.place, "interval", message);
}

/// Orders that wait need a venue where they can, and both legs of a pair are to be filled at once.
fn check_entry_order(model: &Model, environment: &Environment, schedule: &Schedule, problems: &Problems) {
    let Some((_, place)) = &schedule.entry_order else { return };
    let fill_model = environment.account.fill_model;
    if fill_model != FillModel::Realistic {
        let message = format!(
            "schedule `{}` says how its entries go to the market, and the environment `{}` fills every order by `{}`: write `fill_model: realistic` there",
            schedule.name,
            environment.name,
            fill_model.name()
        );
        problems.error(place, "conflict", message);
    }
    let strategy = model.strategy(&schedule.strategy);
    if let Some(strategy) = strategy.filter(|strategy| strategy.venues.is_some()) {
        let message = format!(
            "the engine `{}` trades pairs, whose legs are market orders: remove `entry_order`",
            strategy.engine
        );
        problems.error(place, "conflict", message);
    }
}

/// Finds the partner of each instrument, as places among the candidates: the same base on the other venue.
fn pairs(
    model: &Model,
    schedule: &Schedule,
    chosen: &[usize],
    candidates: &[Candidate],
    problems: &Problems,
) -> Vec<[usize; 2]> {
    let strategy = model.strategy(&schedule.strategy);
    let Some([first, second]) = strategy.and_then(|strategy| strategy.venues.as_ref()) else {
        return Vec::new();
    };
    let place = schedule.instruments.as_ref().map_or(&schedule.place, |list| &list.place);
    let instrument = |index: usize| &candidates[index].instrument;
    let on = |venue: &str| -> Vec<usize> {
        chosen.iter().copied().filter(|index| instrument(*index).venue == venue).collect()
    };
    let (primaries, secondaries) = (on(first), on(second));
    let mut pairs = Vec::new();
    let problem = |index: usize, what: &str| {
        let message = format!(
            "schedule `{}` trades {first} against {second}, and {} {what}",
            schedule.name,
            instrument(index).name()
        );
        problems.error(place, "pair", message);
    };
    for &index in chosen {
        let own = instrument(index);
        if own.venue != *first && own.venue != *second {
            problem(index, "is on neither: remove it from `instruments`");
            continue;
        }
        let others = if own.venue == *first { &secondaries } else { &primaries };
        let partners: Vec<usize> =
            others.iter().copied().filter(|other| instrument(*other).base == own.base).collect();
        match partners[..] {
            [partner] if own.venue == *first => pairs.push([index, partner]),
            [_] => {}
            [] => problem(index, "has no partner: add the same base on the other venue to `instruments`"),
            _ => problem(index, "has several partners: name one of them in `instruments`"),
        }
    }
    pairs
}

fn effective_profile<'m>(model: &'m Model, environment: &'m Environment, schedule: &'m Schedule) -> &'m str {
    let strategy = model.strategy(&schedule.strategy);
    schedule
        .risk_profile
        .as_ref()
        .or_else(|| strategy.and_then(|strategy| strategy.risk_profile.as_ref()))
        .unwrap_or(&environment.risk_profile)
}

/// A typo in a table of weights would silence a schedule.
fn check_weights(model: &Model, environment: &Environment, scheduler: &Scheduler, problems: &Problems) {
    let keys_of = |schedule: &Schedule| {
        let profile = effective_profile(model, environment, schedule);
        let (name, strategy) = (&schedule.name, &schedule.strategy);
        [format!("{name}:{profile}"), format!("{strategy}:{profile}"), name.clone(), strategy.clone()]
            .map(|key| key.to_lowercase())
    };
    let tables = &scheduler.capital.tables;
    let keys: Vec<_> = scheduler.schedules.iter().filter(|_| !tables.is_empty()).map(keys_of).collect();
    let matching: BTreeSet<&str> = keys.iter().flatten().map(String::as_str).collect();
    for table in tables {
        for (key, (_, place)) in table.keys.iter().filter(|(key, _)| !matching.contains(key.as_str())) {
            let message = format!("{} is no schedule or strategy of `{}`", quoted(key), scheduler.name);
            problems.unknown_warning(place, "unmatched_weight", message, key, matching.iter().copied());
        }
        let weight =
            |keys: &[String; 4]| keys.iter().find_map(|key| table.keys.get(key)).map(|(weight, _)| *weight);
        let total: f64 = keys.iter().filter_map(weight).sum();
        if total > 0.0 || keys.is_empty() {
            continue;
        }
        let message = format!(
            "the table gives no schedule of `{}` a weight above zero; its keys are `schedule`, `strategy`, \
             `schedule:profile` or `strategy:profile`",
            scheduler.name
        );
        // Inside another policy the schedules share equally then.
        let severity = if table.is_outermost { Severity::Error } else { Severity::Warning };
        problems.report(severity, &table.place, "no_weight", message);
    }
}
