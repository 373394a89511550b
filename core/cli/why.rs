//! `hemiola backtest --why`.

use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;
use serde_json::json;

use super::{Format, print, print_json, say, unknown};
use crate::config::plan::Plan;
use crate::exit::{Exit, Failure};
use crate::instant;
use crate::job::Job;
use crate::memory::Memory;
use crate::modes::why::{self, Place};
use crate::results::explain::{chain_document, chain_text};

/// Answers questions of the form `SYMBOL@TIME`, each from a run of its own.
pub(super) fn run(
    job: &Job,
    memory: &Memory,
    asked: &[String],
    catalog: &Catalog,
    format: Format,
) -> Result<(), Failure> {
    let asked = asked.iter().map(|one| parse(one)).collect::<Result<Vec<_>, _>>()?;
    if job.interval.is_none() {
        // What a file of candles holds is known when it is read.
        let plan = job.plan(catalog)?;
        asked.iter().try_for_each(|(symbol, _)| places(&plan, symbol).map(drop))?;
    }
    let prepared = job.prepare_all(memory, catalog, &mut |notice| say(notice))?;
    for warning in &prepared.warnings {
        say(format_args!("warning: {warning}"));
    }
    let (plan, run_id) = (&prepared.plan, &prepared.run_id);
    let (mut texts, mut documents) = (Vec::new(), Vec::new());
    for (symbol, until) in asked {
        let places = places(plan, symbol)?;
        let chains = why::run(plan, &prepared.data.market, catalog, prepared.window, (&places, until))?;
        for (place, chain) in places.into_iter().zip(&chains) {
            match format {
                Format::Text => texts.push(chain_text(run_id, plan, place, until, chain.as_ref())),
                Format::Json => documents.push(chain_document(run_id, plan, place, until, chain.as_ref())),
            }
        }
    }
    match format {
        Format::Text => print(&texts.join("\n")),
        Format::Json => {
            let status = if prepared.warnings.is_empty() { "ok" } else { "warning" };
            let body = json!({ "run_id": run_id, "decisions": documents, "warnings": prepared.warnings });
            print_json("why", status, body)
        }
    }
}

/// The symbol and the instant.
fn parse(text: &str) -> Result<(&str, Nanos), Failure> {
    let failure = |message: String| Failure::new(Exit::Usage, format!("--why {text}: {message}"));
    let (symbol, time) = text
        .rsplit_once('@')
        .ok_or_else(|| failure("write SYMBOL@TIME, such as BTC_USDT@2024-01-31T12:00:00".to_owned()))?;
    Ok((symbol, instant::parse(time).map_err(failure)?))
}

/// Where a symbol is traded, on every venue unless it names one.
fn places(plan: &Plan, symbol: &str) -> Result<Vec<Place>, Failure> {
    let names: Vec<_> = plan.instruments.iter().map(|one| (one.name(), one.symbol.as_str())).collect();
    let meant: Vec<usize> = names
        .iter()
        .enumerate()
        .filter(|(_, (name, short))| name == symbol || *short == symbol)
        .map(|(index, _)| index)
        .collect();
    if meant.is_empty() {
        let mut known: Vec<&str> = names.iter().flat_map(|(name, short)| [*short, name]).collect();
        known.sort_unstable();
        known.dedup();
        return Err(unknown("--why", "instrument", symbol, &known));
    }
    Ok(why::places(plan, &meant))
}
