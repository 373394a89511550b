//! `multi_strategy_schedulers.<name>`.

use hemiola_components::schedule::{Cadence, Sizing};
use hemiola_components::time::{Interval, Nanos};
use hemiola_components::units::{Notional, Quantity};

use super::{Capital, Context};
use crate::config::decode::{Field, POSITIVE};
use crate::config::problem::{Place, quoted};

/// Schedules that share an account.
#[derive(Clone, Debug)]
pub(crate) struct Scheduler {
    pub(crate) name: String,
    pub(crate) telemetry_namespace: String,
    pub(crate) capital: Capital,
    pub(crate) cool_down: Option<Nanos>,
    pub(crate) schedules: Vec<Schedule>,
}

/// When a strategy runs, on what and with how much.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) strategy: String,
    pub(crate) interval: Interval,
    pub(crate) cadence: Cadence,
    pub(crate) warmup_bars: usize,
    pub(crate) risk_profile: Option<String>,
    pub(crate) sizing: Sizing,
    pub(crate) instruments: Option<InstrumentList>,
}

/// Instruments a schedule names itself.
#[derive(Clone, Debug)]
pub(crate) struct InstrumentList {
    pub(crate) place: Place,
    /// `NAME` or `venue:NAME`.
    pub(crate) names: Vec<(String, Place)>,
}

impl Scheduler {
    pub(super) fn decode(field: &Field<'_>, context: &Context<'_>) -> Self {
        let mut scheduler = Self {
            name: field.name.to_owned(),
            telemetry_namespace: format!("scheduler.{}", field.name),
            capital: Capital::default(),
            cool_down: None,
            schedules: Vec::new(),
        };
        let Some(mut section) = field.section() else { return scheduler };
        if let Some(namespace) = section.optional("telemetry_namespace").and_then(|f| f.text()) {
            namespace.clone_into(&mut scheduler.telemetry_namespace);
        }
        section.optional("decision_log_category").map(|f| f.text());
        section.optional("health_check_interval").map(|f| f.seconds(0.0));
        if let Some(policy) = section.optional("capital_policy") {
            scheduler.capital = Capital::decode(&policy);
        }
        let cool_down = section.either(&["allocation_rebalance_seconds", "capital_rebalance_seconds"]);
        scheduler.cool_down = match cool_down {
            Some(field) => field.period(),
            None => scheduler.capital.rebalance,
        };
        for schedule in section.required("schedules").iter().flat_map(|f| f.named("schedules")) {
            scheduler.schedules.push(Schedule::decode(&schedule, context));
        }
        section.close();
        scheduler
    }
}

impl Schedule {
    fn decode(field: &Field<'_>, context: &Context<'_>) -> Self {
        let hour: Interval = "1h".parse().expect("an hour is an interval");
        let mut schedule = Self {
            name: field.name.to_owned(),
            place: field.key_place(),
            strategy: field.name.to_owned(),
            interval: hour,
            cadence: Cadence { every: hour.length(), offset: Nanos::ZERO },
            warmup_bars: 0,
            risk_profile: None,
            sizing: Sizing::Weight,
            instruments: None,
        };
        let Some(mut section) = field.section() else { return schedule };
        match section.optional("strategy") {
            Some(strategy) => {
                let name = strategy.reference("strategy", &context.strategies).unwrap_or_default();
                name.clone_into(&mut schedule.strategy);
            }
            None if context.strategies.contains(&field.name) => {}
            None => {
                let message =
                    format!("no strategy is called {} as well: name one with `strategy`", quoted(field.name));
                let known = context.strategies.iter().copied();
                field.problems.unknown(&field.key_place(), "unknown_reference", message, field.name, known);
            }
        }
        if let Some(interval) = section.optional("interval").and_then(|f| f.interval()) {
            schedule.interval = interval;
        }
        let cadence = section.either(&["cadence_seconds", "cadence"]).and_then(|f| f.period());
        schedule.cadence.every = cadence.unwrap_or(schedule.interval.length());
        let offset = section.optional("offset_seconds").and_then(|f| f.seconds(0.0));
        schedule.cadence.offset = offset.unwrap_or_default();
        section.optional("max_drift_seconds").map(|f| f.seconds(0.0));
        let warmup = section.optional("warmup_bars").and_then(|f| f.count(0..=u32::MAX));
        schedule.warmup_bars = warmup.unwrap_or_default() as usize;
        let profile = section.optional("risk_profile");
        schedule.risk_profile =
            profile.and_then(|f| f.reference("risk profile", &context.risk_profiles)).map(ToOwned::to_owned);
        // An engine emits one signal per instrument and due instant, so any allowed limit keeps it.
        section.optional("max_signals").map(|f| f.count(1..=u32::MAX));
        if let Some(sizing) = section.optional("sizing") {
            schedule.sizing = decode_sizing(&sizing);
        }
        schedule.instruments = section.optional("instruments").map(|f| InstrumentList::decode(&f));
        section.close();
        schedule
    }
}

fn decode_sizing(field: &Field<'_>) -> Sizing {
    const NAMES: [&str; 2] = ["weight", "all_in"];
    if field.is_map() {
        let Some(mut section) = field.section() else { return Sizing::Weight };
        let field = section.either(&["quote", "base"]);
        if field.is_none() {
            section.missing("quote");
        }
        let sizing = field.and_then(|f| {
            let amount = f.number(POSITIVE)?;
            Some(match f.name {
                "base" => Sizing::Base(Quantity::new(amount)),
                _ => Sizing::Quote(Notional::new(amount)),
            })
        });
        section.close();
        return sizing.unwrap_or_default();
    }
    match field.text() {
        Some("all_in") => Sizing::AllIn,
        Some("weight") | None => Sizing::Weight,
        Some(other) => {
            let message =
                format!("{} sizes nothing (known: weight, all_in, {{quote: AMOUNT}})", quoted(other));
            field.problems.unknown(&field.place(), "unknown_value", message, other, NAMES);
            Sizing::Weight
        }
    }
}

impl InstrumentList {
    fn decode(field: &Field<'_>) -> Self {
        let mut names: Vec<(String, Place)> = Vec::new();
        let items = field.items();
        if field.is_list() && items.is_empty() {
            field.error("empty", "the list of instruments is empty: name some, or remove it to use all");
        }
        for item in items {
            if let Some(name) = item.text() {
                if names.iter().any(|(earlier, _)| earlier == name) {
                    item.error("conflict", format!("{} is in the list already", quoted(name)));
                }
                names.push((name.to_owned(), item.place()));
            }
        }
        Self { place: field.key_place(), names }
    }
}
