//! What operators do to a running session, read from what is kept between its ticks.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use hemiola_adapters::operator_state::{EventKind, OperatorEvent};
use hemiola_components::control::{Command, Expiry, OperatorAction};
use hemiola_components::time::Nanos;
use serde_json::Value;
use tokio::sync::mpsc;

use super::session::Stop;
use crate::clock::Stopwatch;
use crate::config::{Names, parse_operator_log};
use crate::exit::Failure;
use crate::operator::log;
use crate::operator::session::Session;
use crate::operator::state::State;

/// How often it is looked whether there is anything new.
const PAUSE: Duration = Duration::from_millis(200);

/// What operators want, and how many events of the kept state that comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Events of the scheduler, those before included.
    pub events: usize,
    /// What is wanted, in order.
    pub actions: Vec<OperatorAction>,
}

/// What holds when a session begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// Whether it takes the place of what the configuration begins with.
    pub replaces: bool,
    /// It.
    pub batch: Batch,
}

/// What is kept for a scheduler at `now`; its state is begun when there is none.
///
/// # Errors
/// When the state cannot be read, believed or written.
pub fn kept(session: &Session, now: Nanos) -> Result<Kept, Failure> {
    let replaces = !session.events()?.is_empty();
    if !replaces {
        session.begin(now)?.save()?;
    }
    let state = session.look(now)?.state;
    let actions = if replaces { holding(&state, now) } else { Vec::new() };
    Ok(Kept { replaces, batch: Batch { events: session.events()?.len(), actions } })
}

/// What holds, as what was done to bring it about.
fn holding(state: &State, now: Nanos) -> Vec<OperatorAction> {
    let chosen = |what| OperatorAction { at: now, who: state.scheduler.clone(), why: None, what };
    let policy =
        state.policy.clone().map(|policy| Command::SetPolicy { policy: Box::new(policy), rebalances: true });
    let interval = state.interval.map(|cool_down| Command::SetInterval { cool_down });
    state.initial().into_iter().chain(policy.into_iter().chain(interval).map(chosen)).collect()
}

/// Watches a scheduler's kept state until it is time to stop, and sends every event of it, a batch each. A session knows by
/// their numbers which of them it has taken in before, so that what was done while it did not run is not lost.
pub fn watch(session: &Session, stop: &Stop, commands: &mpsc::UnboundedSender<Batch>) {
    let stopwatch = Stopwatch::start();
    let database = session.folder.database();
    let (mut pauses, mut last, mut seen) = (0_u32, None, 0);
    while stop.asked() == 0 && !commands.is_closed() {
        pauses += 1;
        stopwatch.wait_until(PAUSE * pauses);
        let stamp = stamp(&database);
        if stamp.is_none() || stamp == last {
            continue;
        }
        // A state that is being written, or cannot be believed, is looked at again.
        let Ok(events) = session.events() else { continue };
        last = stamp;
        for event in events.get(seen..).unwrap_or_default() {
            seen += 1;
            let actions = action(session, event).into_iter().collect();
            if commands.send(Batch { events: seen, actions }).is_err() {
                return;
            }
        }
    }
}

/// What changes when a file does.
fn stamp(path: &Path) -> Option<(u64, SystemTime)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

/// An event that somebody brought about, as what is to be done. What ends by itself ends so in the session too.
fn action(session: &Session, event: &OperatorEvent) -> Option<OperatorAction> {
    if event.kind != EventKind::Action {
        return None;
    }
    let line = log::written(event.at, &event.who, event.why.as_deref(), &event.what);
    let actions = parse_operator_log("operator state", line.as_bytes(), &Names::of(&session.plan)).ok()?;
    actions.into_iter().next()
}

/// An action as an input log has it. An end that counts from the action is written as an instant, as it counts from when
/// the operator acted.
///
/// # Panics
/// Never: a line of an operator log is JSON.
#[must_use]
pub fn written(action: &OperatorAction) -> Value {
    let mut action = action.clone();
    if let Command::Suspend { expiry, .. } | Command::SetLimit { expiry, .. } = &mut action.what
        && let Expiry::After(_) = expiry
    {
        *expiry = Expiry::At(expiry.instant(action.at));
    }
    serde_json::from_str(&log::line(&action)).expect("a line of an operator log is JSON")
}
