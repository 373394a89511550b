//! What a run leaves behind: one folder with a manifest, a summary, tables, risk states and the decisions.

pub mod compare;
pub mod explain;
pub mod heat_map;
pub mod ledger;
pub mod manifest;
pub mod resolved;
pub mod risk;
pub mod risk_states;
pub mod summary;
pub mod tables;
pub mod tally;
mod telemetry;
pub mod terminal;

use std::fmt::{self, Display, Write as _};
use std::path::{Path, PathBuf};

use hemiola_adapters::journal::Head;
use hemiola_adapters::results::ResultsFolder;
use hemiola_adapters::risk_state::{self, DATABASE};
use hemiola_components::id::ScheduleIndex;
use hemiola_components::order::Order;
use hemiola_components::signal::Leg;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::job::{Job, Prepared};
use crate::journal::{self, Signing};
use crate::modes::backtest::Outcome;
use summary::Summary;

/// Which decisions are written.
#[derive(Clone, Debug)]
pub enum Decisions {
    /// Every one, in `decisions.jsonl`, signed by these keys.
    All(Box<Signing>),
    /// None, and no file.
    None,
}

/// Writes the folder of a run and puts it in place in one step.
///
/// # Errors
/// When it cannot be written, or `target` is a folder of something else.
pub fn write(
    target: &Path,
    job: &Job,
    prepared: &Prepared,
    outcome: &Outcome,
    summary: &Summary,
    decisions: &Decisions,
) -> Result<PathBuf, Failure> {
    let folder = ResultsFolder::create(target)?;
    folder.json("manifest.json", &manifest::build(job, prepared, outcome))?;
    folder.json("summary.json", &summary.to_json())?;
    for (name, table) in tables::all(prepared, outcome) {
        folder.table(name, &table)?;
    }
    risk_state::create(&folder.place(DATABASE)?, &risk_states::risk_states(prepared, outcome))?;
    if let Decisions::All(signing) = decisions {
        let mut chain = signing.chain(Head::default());
        let checkpoint_key = signing.checkpoint_key();
        let lines = journal::lines(prepared, outcome, checkpoint_key.as_deref(), &mut chain);
        folder.lines("decisions.jsonl", lines)?;
        signing.checkpoint(&prepared.run_id, chain.head())?;
    }
    Ok(folder.commit()?)
}

/// Appends the id of an order: it derives from the run, the schedule, the instant and the ordinal.
pub(crate) fn order_id(run_id: &str, order: &Order, text: &mut String) {
    let (millis, ordinal) = (order.at.millis(), order.ordinal);
    write!(text, "{}{millis}-{ordinal}", OrderIdHead(run_id, order.schedule))
        .expect("a String takes all text");
}

/// What the ids of all orders of a schedule begin with; instant in milliseconds and ordinal follow.
pub(crate) struct OrderIdHead<'a>(pub(crate) &'a str, pub(crate) ScheduleIndex);

impl Display for OrderIdHead<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(run_id, schedule) = self;
        write!(formatter, "{}-{schedule}-", &run_id[..12])
    }
}

/// A number as JSON. Absurd prices multiply beyond what it holds, and nothing left makes a ratio infinite; the
/// document then says so in words.
fn finite(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { json!(value.to_string()) }
}

/// The legs of a pair as the engine saw them, the deciding instrument's first.
fn legs(legs: &[Leg; 2]) -> Value {
    let leg = |leg: &Leg| json!({ "side": leg.side.name(), "quantity": leg.quantity.get(), "price": leg.price.get() });
    legs.iter().map(leg).collect()
}
