//! One file of a series: whether it has changed, and what is new in it.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use hemiola_components::candle::Candle;
use hemiola_components::time::Nanos;

use super::csv::Tail;
use crate::store::{self, StoreError};

/// What tells a file from what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    written: Nanos,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let written = metadata.modified().ok().and_then(|time| {
            let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            i64::try_from(since.as_nanos()).ok().map(Nanos::new)
        });
        // Where a system does not tell, every row is one that has closed.
        Self { bytes: metadata.len(), written: written.unwrap_or(Nanos::NEVER) }
    }
}

/// Which rows are candles that have closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Until {
    /// When the file was written last.
    pub(super) written: Nanos,
    /// Since when it has been what it is, at least until this instant.
    pub(super) unchanged: Nanos,
    /// Length of a candle.
    pub(super) length: Nanos,
}

impl Until {
    /// When a candle ends for which the file is to be asked again; one that ends later than the one that is open now
    /// makes no sense, and is told to who checks it.
    pub(super) fn waits_for(&self, candle: &Candle) -> Option<Nanos> {
        let end = candle.open_time.get().saturating_add(self.length.get());
        let furthest = self.written.get().saturating_add(self.length.get());
        (end > self.unchanged.get() && end <= furthest).then_some(Nanos::new(end))
    }
}

/// Why a file cannot be read.
#[derive(Debug)]
pub(super) enum Problem {
    /// The system refuses, and may allow it later without a change of the file.
    Refused(String),
    /// It is not what it should be.
    Bad(String),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Io { .. } => Self::Refused(error.to_string()),
            _ => Self::Bad(error.to_string()),
        }
    }
}

/// What was read of a file.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Candles that have closed.
    pub(super) candles: Vec<Candle>,
    /// Whether no other rows than new ones were read.
    pub(super) is_appended: bool,
    /// Whether there is more to read.
    pub(super) more: bool,
    /// When the first candle ends that has not closed.
    pub(super) waits: Option<Nanos>,
    /// What is wrong with some rows.
    pub(super) flaw: Option<String>,
}

#[derive(Debug)]
enum Kind {
    /// Is replaced as a whole.
    Parquet,
    /// Is appended to.
    Csv(Tail),
}

/// A file that is watched.
#[derive(Debug)]
pub(super) struct Watched {
    path: PathBuf,
    kind: Kind,
    stamp: Option<Stamp>,
    /// How often it has been the same.
    same: u32,
    waits: Option<Nanos>,
    /// What is wrong with it, as far as it was read.
    problem: Option<String>,
    /// Whether it is to be read again although it has not changed.
    again: bool,
}

impl Watched {
    pub(super) fn new(path: &Path) -> Self {
        let is_csv = path.extension().is_some_and(|extension| extension == "csv");
        let kind = if is_csv { Kind::Csv(Tail::default()) } else { Kind::Parquet };
        Self { path: path.to_owned(), kind, stamp: None, same: 0, waits: None, problem: None, again: false }
    }

    pub(super) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Reads what has changed, part by part, for `each`. `every` is how often it is looked at.
    pub(super) fn look<E>(
        &mut self,
        (length, every): (Nanos, Duration),
        since: Nanos,
        mut each: impl FnMut(&[Candle], bool) -> Result<(), E>,
    ) -> Result<(), E> {
        let stamp = match fs::metadata(&self.path) {
            Ok(metadata) => Stamp::of(&metadata),
            Err(error) => {
                self.failed(StoreError::io(&self.path, "open", error).into());
                return Ok(());
            }
        };
        if self.stamp == Some(stamp) {
            self.same = self.same.saturating_add(1);
        } else {
            (self.stamp, self.same, self.waits) = (Some(stamp), 0, None);
            self.again = true;
        }
        let passed = every.saturating_mul(self.same).as_nanos();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        let unchanged = Nanos::new(stamp.written.get().saturating_add(passed));
        if !self.again && self.waits.is_none_or(|end| end > unchanged) {
            return Ok(());
        }
        let until = Until { written: stamp.written, unchanged, length };
        let mut flaw = None;
        self.waits = None;
        loop {
            match self.read(until, since) {
                Ok(part) => {
                    each(&part.candles, part.is_appended)?;
                    flaw = flaw.or(part.flaw);
                    self.waits = part.waits;
                    if !part.more {
                        break;
                    }
                }
                Err(problem) => {
                    self.failed(problem);
                    return Ok(());
                }
            }
        }
        (self.problem, self.again) = (flaw, false);
        Ok(())
    }

    fn failed(&mut self, problem: Problem) {
        self.again = matches!(problem, Problem::Refused(_));
        let (Problem::Refused(why) | Problem::Bad(why)) = problem;
        self.problem = Some(why);
    }

    fn read(&mut self, until: Until, since: Nanos) -> Result<Part, Problem> {
        match &mut self.kind {
            Kind::Csv(tail) => tail.read(&self.path, until),
            Kind::Parquet => parquet(&self.path, until, since),
        }
    }
}

fn parquet(path: &Path, until: Until, since: Nanos) -> Result<Part, Problem> {
    let stored = store::as_stored(path, since)?;
    let flaw = stored.nulls.map(|(row, column, rows)| {
        format!("{}: row {row}: {column} is null; {rows} such rows are left out", path.display())
    });
    let mut part = Part { flaw, ..Part::default() };
    for candle in stored.candles {
        match until.waits_for(&candle) {
            Some(end) => part.waits = Some(part.waits.map_or(end, |first| first.min(end))),
            None => part.candles.push(candle),
        }
    }
    Ok(part)
}
