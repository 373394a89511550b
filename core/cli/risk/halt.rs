//! `hemiola risk halt` and `hemiola risk resume`.

use std::collections::BTreeSet;

use clap::Args;
use hemiola_adapters::risk_state::{
    self, Operator, RiskRecord, RiskRepository, RiskStates, StateFolder, Transition,
};
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;
use serde_json::json;

use super::operator;
use super::place::Place;
use crate::cli::{Format, Output, print, print_json, report_failure, unknown};
use crate::clock;
use crate::config::Config;
use crate::exit::{Exit, Failure};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Only this risk profile; all of them by default.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Why; has to be said.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who says so.
    #[arg(long, value_name = "NAME", default_value = "operator")]
    operator: String,
    #[command(flatten)]
    output: Output,
}

/// What an operator does by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Halt,
    Resume,
}

impl Act {
    const fn command(self) -> &'static str {
        match self {
            Self::Halt => "risk.halt",
            Self::Resume => "risk.resume",
        }
    }

    /// What happened to a rule.
    const fn done(self) -> &'static str {
        match self {
            Self::Halt => "set",
            Self::Resume => "released",
        }
    }

    /// Why nothing happened.
    const fn nothing(self) -> &'static str {
        match self {
            Self::Halt => "is halted already",
            Self::Resume => "nothing to release",
        }
    }

    fn apply(self, record: &mut RiskRecord, operator: &Operator, now: Nanos) -> Vec<Transition> {
        match self {
            Self::Halt => operator::halt(record, operator, now),
            Self::Resume => operator::resume(record, operator, now),
        }
    }
}

pub(super) fn run(act: Act, arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    report_failure(act.command(), arguments.output.format(), perform(act, arguments, catalog))
}

fn perform(act: Act, arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let by = arguments.operator()?;
    let (config, folder) = arguments.place.find_named(catalog)?;
    let kept = risk_state::read(&folder)?.unwrap_or_default();
    let profiles = arguments.profiles(&config, &kept)?;
    let mut repository = RiskRepository::open(&folder)?;
    let now = clock::now();
    let (mut records, mut transitions, mut unchanged) = (Vec::new(), Vec::new(), Vec::new());
    for profile in profiles {
        let kept = repository.records().get(&profile).cloned();
        let mut record = kept.unwrap_or_else(|| operator::first(&config, &profile, now));
        let done = act.apply(&mut record, &by, now);
        if done.is_empty() {
            unchanged.push(profile);
        } else {
            records.push(record);
            transitions.extend(done);
        }
    }
    if !records.is_empty() {
        repository.save(&records, &transitions)?;
    }
    say_what_changed(act, &folder, &transitions, &unchanged, arguments.output.format())
}

fn say_what_changed(
    act: Act,
    folder: &StateFolder,
    transitions: &[Transition],
    unchanged: &[String],
    format: Format,
) -> Result<(), Failure> {
    if format == Format::Json {
        let body = json!({
            "environment": folder.environment(),
            "source": folder.database(),
            "changed": transitions,
            "unchanged": unchanged,
        });
        return print_json(act.command(), "ok", body);
    }
    let done = transitions.iter().map(|one| format!("{}: {} {}\n", one.profile, act.done(), one.rule));
    let rest = unchanged.iter().map(|profile| format!("{profile}: {}\n", act.nothing()));
    print(&done.chain(rest).collect::<String>())
}

impl Arguments {
    /// Who acts, and why.
    fn operator(&self) -> Result<Operator, Failure> {
        let reason = self.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        let reason = reason.ok_or_else(|| Failure::new(Exit::Usage, "--reason: say why, in a few words"))?;
        Ok(Operator { name: self.operator.clone(), reason: reason.to_owned() })
    }

    /// The profiles that are meant, out of those that are configured and those that have a state.
    fn profiles(&self, config: &Config, kept: &RiskStates) -> Result<Vec<String>, Failure> {
        let profiles = config.profiles();
        let configured = profiles.iter().map(|profile| profile.name);
        let known: BTreeSet<&str> = configured.chain(kept.records.keys().map(String::as_str)).collect();
        match self.profile.as_deref() {
            Some(name) if known.contains(name) => Ok(vec![name.to_owned()]),
            Some(name) => Err(unknown("--profile", "risk profile", name, &Vec::from_iter(known))),
            None => Ok(known.into_iter().map(str::to_owned).collect()),
        }
    }
}
