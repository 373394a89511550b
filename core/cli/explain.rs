//! `hemiola backtest --explain`.

use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::explain::Question;
use serde_json::json;

use super::{Format, print, print_json, say};
use crate::config::plan::Plan;
use crate::config::{listed, nearest};
use crate::exit::{Exit, Failure};
use crate::instant;
use crate::job::Job;
use crate::memory::Memory;
use crate::modes::explain;
use crate::results::explain::{document, text};

/// Answers questions of the form `SCHEDULE@TIME`, each from a run of its own that ends there.
pub(super) fn run(
    job: &Job,
    memory: &Memory,
    asked: &[String],
    catalog: &Catalog,
    format: Format,
) -> Result<(), Failure> {
    let asked = asked.iter().map(|one| parse(one)).collect::<Result<Vec<_>, _>>()?;
    let plan = job.plan(catalog)?;
    asked.iter().try_for_each(|one| resolve(&plan, one).map(drop))?;
    let prepared = job.prepare_all(memory, catalog, &mut |notice| say(notice))?;
    for warning in &prepared.warnings {
        say(format_args!("warning: {warning}"));
    }
    // Schedules that the capabilities block may be left out by now.
    let questions = asked.iter().map(|one| resolve(&prepared.plan, one)).collect::<Result<Vec<_>, _>>()?;
    let (mut texts, mut documents) = (Vec::new(), Vec::new());
    for question in questions {
        let plan = &prepared.plan;
        for view in explain::run(plan, &prepared.data.market, catalog, prepared.window, question)? {
            match format {
                Format::Text => texts.push(text(plan, question, &view)),
                Format::Json => documents.push(document(plan, question, &view)),
            }
        }
    }
    match format {
        Format::Text => print(&texts.join("\n")),
        Format::Json => {
            let status = if prepared.warnings.is_empty() { "ok" } else { "warning" };
            let body = json!({
                "run_id": prepared.run_id,
                "explanations": documents,
                "warnings": prepared.warnings,
            });
            print_json("explain", status, body)
        }
    }
}

/// The schedule's name and the instant.
fn parse(text: &str) -> Result<(&str, Nanos), Failure> {
    let failure = |message: String| Failure::new(Exit::Usage, format!("--explain {text}: {message}"));
    let (schedule, time) = text
        .rsplit_once('@')
        .ok_or_else(|| failure("write SCHEDULE@TIME, such as hourly@2024-01-31T12:00:00".to_owned()))?;
    Ok((schedule, instant::parse(time).map_err(failure)?))
}

fn resolve(plan: &Plan, (name, until): &(&str, Nanos)) -> Result<Question, Failure> {
    let names = || plan.schedules.iter().map(|schedule| schedule.name.as_str());
    if let Some(schedule) = names().position(|known| known == *name) {
        return Ok(explain::question(plan, schedule, *until));
    }
    let hint = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", listed(names())),
    };
    Err(Failure::new(Exit::Usage, format!("--explain: there is no schedule `{name}`; {hint}")))
}
