//! `hemiola journal incident`.

use clap::{Args, ValueEnum};
use hemiola_systems::signals::catalog::Catalog;
use serde_json::json;

use crate::cli::sched::{Name, name, who};
use crate::cli::{Format, Output, Selected, print, print_json, report_failure};
use crate::config::{self, Selection};
use crate::exit::Failure;
use crate::journal::{Note, append};
use crate::{clock, market_data};

use super::said;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// What happened, in a sentence or two.
    #[arg(value_name = "TEXT", value_parser = name)]
    text: Option<Name>,
    #[command(flatten)]
    selected: Selected,
    /// How bad it is.
    #[arg(long, value_enum, default_value = "warning")]
    severity: Severity,
    /// Who says it; the user of the process by default.
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Severity {
    /// Worth knowing.
    Info,
    /// Something is not as it should be.
    Warning,
    /// Somebody has to act.
    Critical,
}

impl Severity {
    const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

const COMMAND: &str = "journal.incident";

pub(super) fn run(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    report_failure(COMMAND, arguments.output.format(), incident(arguments, catalog))
}

fn incident(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let Name(text) = said(arguments.text.as_ref(), "what happened: TEXT")?;
    let Selected { config: path, environment, scheduler } = &arguments.selected;
    let config = config::load(path, &catalog.specs())?;
    let selection =
        Selection { environment: environment.clone(), scheduler: scheduler.clone(), ..Selection::default() };
    let plan = config.plan(&selection)?;
    let terms = config.journal_terms(Some(&plan.environment));
    let terms = terms.expect("the plan's environment is one of the configuration's");
    let note =
        Note { who: who(arguments.who.as_deref()), text: text.clone(), severity: arguments.severity.name() };
    let head = append(&plan, terms, market_data::sha256_of(path)?, &note, clock::now())?;
    let seq = head.count - 2;
    match arguments.output.format() {
        Format::Json => print_json(COMMAND, "ok", json!({ "seq": seq, "records": head.count })),
        Format::Text => print(&format!("noted as record {seq} of the journal of {}\n", plan.environment)),
    }
}
