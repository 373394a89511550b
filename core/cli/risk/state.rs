//! `hemiola risk state`.

use std::path::PathBuf;

use clap::Args;
use hemiola_adapters::risk_state::{self, DATABASE, RiskRecord, RiskStates};
use hemiola_systems::signals::catalog::Catalog;
use serde_json::json;

use super::place::Place;
use crate::cli::{Format, Output, print, print_json, report_failure, unknown};
use crate::exit::{Exit, Failure};
use crate::instant;
use crate::results::risk::{document, text};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Only this risk profile.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The state at the end of a run, by its folder of results.
    #[arg(long, value_name = "DIR", conflicts_with = "state")]
    run: Option<PathBuf>,
    /// The state in this file.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// For scripts that say so: a profile in liquidation ends with exit code 3 in any case.
    #[arg(long)]
    fail_if_liquidating: bool,
    #[command(flatten)]
    output: Output,
}

/// States and where they come from.
struct Found {
    environment: Option<String>,
    source: PathBuf,
    states: RiskStates,
}

pub(super) fn run(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let found = match find(arguments, catalog) {
        Ok(found) => found,
        Err(failure) => return report_failure("risk.state", arguments.output.format(), Err(failure)),
    };
    match arguments.output.format() {
        Format::Text => print(&found.text())?,
        Format::Json => print_json("risk.state", found.status(), found.document())?,
    }
    let liquidating: Vec<_> = found.liquidating().map(|record| format!("`{}`", record.profile)).collect();
    if liquidating.is_empty() {
        return Ok(());
    }
    let message =
        format!("in liquidation, only orders that reduce a position pass: {}", liquidating.join(", "));
    Err(Failure::new(Exit::Security, message))
}

fn find(arguments: &Arguments, catalog: &Catalog) -> Result<Found, Failure> {
    let file = arguments.run.as_ref().map(|run| run.join(DATABASE)).or_else(|| arguments.state.clone());
    let (mut found, configured) = if let Some(source) = file {
        let states = risk_state::read_file(&source)?;
        (Found { environment: arguments.place.environment.clone(), source, states }, Vec::new())
    } else {
        let (config, folder) = arguments.place.find(catalog)?;
        let configured = config.profiles().iter().map(|profile| profile.name.to_owned()).collect();
        let states = risk_state::read(&folder)?.unwrap_or_default();
        let environment = Some(folder.environment().to_owned());
        (Found { environment, source: folder.database(), states }, configured)
    };
    if let Some(name) = &arguments.profile {
        found.keep(name, &configured)?;
    }
    Ok(found)
}

impl Found {
    /// Leaves out every other profile.
    fn keep(&mut self, name: &str, configured: &[String]) -> Result<(), Failure> {
        let mut known: Vec<&str> =
            configured.iter().chain(self.states.records.keys()).map(String::as_str).collect();
        known.sort_unstable();
        known.dedup();
        if !known.contains(&name) {
            return Err(unknown("--profile", "risk profile", name, &known));
        }
        self.states.records.retain(|profile, _| profile == name);
        self.states.events.retain(|transition| transition.profile == name);
        Ok(())
    }

    fn liquidating(&self) -> impl Iterator<Item = &RiskRecord> {
        self.states.records.values().filter(|record| record.is_liquidating())
    }

    /// When something changed last.
    fn as_of(&self) -> Option<String> {
        self.states.records.values().map(|record| record.as_of).max().map(instant::text)
    }

    fn status(&self) -> &'static str {
        if self.liquidating().next().is_some() { "warning" } else { "ok" }
    }

    fn document(&self) -> serde_json::Value {
        json!({
            "environment": self.environment,
            "source": self.source,
            "as_of": self.as_of(),
            "force_liquidation": self.liquidating().next().is_some(),
            "profiles": self.states.records.values().map(document).collect::<Vec<_>>(),
            "history": self.states.events,
        })
    }

    fn text(&self) -> String {
        let source = self.source.display();
        match self.as_of() {
            Some(as_of) => {
                let profiles: Vec<_> = self.states.records.values().map(text).collect();
                format!("{source} as of {as_of}\n\n{}", profiles.join("\n"))
            }
            None => format!("{source}: there is no risk state yet; nothing was traded or halted\n"),
        }
    }
}
