//! The runtime log of an environment: what a session says of itself, in files that are begun anew and go in time.
//!
//! Lines go through a thread of their own, so that nobody waits for the disk; when it cannot keep up, lines are left out.

use std::fs;
use std::path::PathBuf;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogTerms, Rotation};
use crate::exit::{Exit, Failure};

/// A runtime log that is written as long as this is there.
#[derive(Debug)]
pub struct RuntimeLog {
    folder: PathBuf,
    _guard: WorkerGuard,
}

impl RuntimeLog {
    /// The folder of its files.
    #[must_use]
    pub const fn folder(&self) -> &PathBuf {
        &self.folder
    }
}

/// Begins the log of an environment, `ENVIRONMENT.DATE.log` in its folder, for this process; `None` when nothing is to be
/// written.
///
/// # Errors
/// When its folder cannot be written.
pub fn begin(environment: &str, terms: &LogTerms) -> Result<Option<RuntimeLog>, Failure> {
    if terms.level == LevelFilter::OFF {
        return Ok(None);
    }
    let folder = terms.directory.clone();
    let refused = |error: &dyn std::fmt::Display| {
        let message = format!("{}: the runtime log cannot be written: {error}", folder.display());
        Failure::new(Exit::Operational, message)
    };
    fs::create_dir_all(&folder).map_err(|error| refused(&error))?;
    let rotation = match terms.rotation {
        Rotation::Daily => rolling::Rotation::DAILY,
        Rotation::Hourly => rolling::Rotation::HOURLY,
        Rotation::Never => rolling::Rotation::NEVER,
    };
    let files = rolling::Builder::new()
        .rotation(rotation)
        .filename_prefix(environment)
        .filename_suffix("log")
        .max_log_files(terms.files)
        .build(&folder)
        .map_err(|error| refused(&error))?;
    let (writer, guard) = tracing_appender::non_blocking(files);
    let lines = tracing_subscriber::fmt()
        .with_writer(writer)
        .with_max_level(terms.level)
        .with_ansi(false)
        .with_target(false)
        .with_span_events(FmtSpan::NONE);
    let begun = if terms.is_json {
        lines.json().flatten_event(true).finish().try_init()
    } else {
        lines.finish().try_init()
    };
    begun.map_err(|error| refused(&error))?;
    Ok(Some(RuntimeLog { folder, _guard: guard }))
}
