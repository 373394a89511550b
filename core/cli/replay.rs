//! `hemiola replay`.

use std::path::PathBuf;

use clap::Args;
use hemiola_systems::signals::catalog::Catalog;
use serde_json::{Value, json};

use super::{Format, Output, print, print_json, report_failure, say};
use crate::exit::{Exit, Failure};
use crate::instant;
use crate::job::Job;
use crate::modes::paper::replay::{self, Compared, Replay};
use crate::modes::paper::session::SessionError;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder of the session, as `hemiola run` names it.
    #[arg(value_name = "RUN_FOLDER")]
    folder: Option<PathBuf>,
    /// The configuration that the session was begun with; the one it names by default.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    report_failure("replay", arguments.output.format(), perform(arguments, catalog))
}

fn perform(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let usage =
        || Failure::new(Exit::Usage, "say which session: the folder that `hemiola run` names at its end");
    let folder = arguments.folder.as_ref().ok_or_else(usage)?;
    let begin = replay::begin(folder).map_err(SessionError::into_failure)?;
    let config = arguments.config.clone().unwrap_or_else(|| begin.job.config.clone());
    let job = Job { config, ..begin.job };
    let prepared = job.prepare_without_candles(catalog, &mut |notice| say(notice))?;
    let read = replay::replay(folder, &prepared, catalog).map_err(SessionError::into_failure)?;
    report(&read, arguments.output.format())?;
    match read.difference() {
        None => Ok(()),
        Some(Compared { at, said, found }) => {
            let at = instant::text(*at);
            let message = format!(
                "at {at} the session said {said}, and its inputs give {found}: the log is not the session's, or this \
                 version decides otherwise"
            );
            Err(Failure::new(Exit::Verification, message))
        }
    }
}

fn report(read: &Replay, format: Format) -> Result<(), Failure> {
    let agree = read.marks.iter().filter(|mark| mark.said == mark.found).count();
    if format == Format::Text {
        return print(&format!(
            "{} entries, {} ticks, up to {}\n{agree} of {} marks agree\ndigest {}\n",
            read.entries,
            read.ticks,
            instant::text(read.at),
            read.marks.len(),
            read.digest
        ));
    }
    let mark =
        |mark: &Compared| json!({ "at": instant::text(mark.at), "session": mark.said, "replay": mark.found });
    let body = json!({
        "entries": read.entries,
        "ticks": read.ticks,
        "at": instant::text(read.at),
        "marks": read.marks.iter().map(mark).collect::<Value>(),
        "digest": read.digest,
    });
    print_json("replay", if agree == read.marks.len() { "ok" } else { "error" }, body)
}
