//! A session: what feeds and operators tell goes into the world, and all of it into files.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use hemiola_adapters::feed::news::{News, Wanted};
use hemiola_adapters::input_log::InputLogError;
use hemiola_adapters::journal::writer::Disk;
use hemiola_components::candle::Candle;
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;
use thiserror::Error;
use tokio::sync::mpsc;
use tracing::{debug, info};

use super::alert::{Alerts, RuntimeAlert};
use super::commit::{CommitError, Committer, JournalFiles, Outgoing};
use super::entry::{Begin, Entry, Mark};
use super::going::Going;
use super::intake::Intake;
use super::narrator::Narrator;
use super::operators::{Batch, Kept};
use super::pulse::Pulse;
use super::recover::{Beginning, Recovered};
use super::wall::Waiting;
use super::world::{World, WorldError};
use crate::clock::Stopwatch;
use crate::cycles::{self, BEHIND, Cycle, Gather, Keeper};
use crate::exit::{Exit, Failure};
use crate::instant;
use crate::job::Prepared;
use crate::modes::backtest::Outcome;
use crate::pace::Lateness;

/// Messages on their way to the files; a session that is so far ahead of its disk waits.
const QUEUE: usize = 4_096;

/// Messages that are made durable together at most.
const AT_ONCE: usize = 1_024;

/// A wait for what is next to write, when nothing else is to be done.
const FOREVER: Duration = Duration::from_hours(1);

/// The file that is locked while a session runs.
const LOCK: &str = "session.lock";

/// How often the lock is tried, and how long between: a process that was killed may hold it a little longer.
const LOCK_ATTEMPTS: u32 = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// What happens to a session from outside.
#[derive(Debug, Default)]
pub struct Stop(AtomicU8);

impl Stop {
    /// Asks it to stop; for the second time, at once.
    pub fn ask(&self) {
        _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |asked| Some(asked.saturating_add(1)));
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> u8 {
        self.0.load(Ordering::SeqCst)
    }
}

/// What becomes of positions and orders when a session is stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnStop {
    /// Orders are taken back and positions closed at the last price.
    #[default]
    Close,
    /// Both stay.
    Keep,
    /// Orders are taken back, positions stay.
    CancelOnly,
}

/// Where candles come from.
pub trait Source {
    /// What a new session is over. Called once, before anything else.
    ///
    /// # Errors
    /// When it cannot begin.
    fn begin(&mut self, series: &[Wanted], stop: &Stop) -> Result<Begin, Failure>;

    /// Begins to tell the candles from each series' [`Wanted::since`] on, until what is returned is dropped.
    ///
    /// # Errors
    /// When it cannot.
    fn open(&mut self, series: Vec<Wanted>) -> Result<mpsc::Receiver<News>, Failure>;
}

/// What wakes a session on the wall clock.
pub trait Pace {
    /// Begins; all instants come after what was reached.
    fn begin(&mut self, reached: Nanos);

    /// Sleeps until the next instant at which something may be due, or a little less, and gives the instant then. It
    /// never goes back.
    fn wait(&mut self) -> Wake;

    /// How late its wakes were, if that is known.
    fn lateness(&self) -> Option<&Lateness>;
}

/// A session has woken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wake {
    /// The instant.
    pub instant: Nanos,
    /// Planned instants that were passed over since the last.
    pub skipped: u64,
    /// By how much the wall clock was set forward, or back when negative, since the last.
    pub stepped: Option<Nanos>,
}

/// Where a session's instants come from.
pub enum Time<'a> {
    /// From the feed.
    Feed,
    /// From the wall.
    Wall {
        /// What wakes it.
        pace: &'a mut dyn Pace,
        /// How late a candle may come and still be taken in at its end.
        grace: Nanos,
    },
}

/// What operators want, as they come to want it.
pub type Commands = mpsc::UnboundedReceiver<Batch>;

/// Why a session ends before its time.
#[derive(Debug, Error)]
pub enum SessionError {
    /// Its files.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// Its world.
    #[error(transparent)]
    World(#[from] WorldError),
    /// Its feed ended by itself; another one may not.
    #[error("the feed has ended by itself")]
    Feed,
    /// Its surroundings.
    #[error("{0}")]
    Other(Failure),
}

impl From<InputLogError> for SessionError {
    fn from(error: InputLogError) -> Self {
        Self::Commit(error.into())
    }
}

impl From<Failure> for SessionError {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

impl SessionError {
    /// How a command ends with it.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        match self {
            Self::Other(failure) => failure,
            Self::Commit(CommitError::Inputs(error)) if !error.is_passing() => {
                Failure::new(Exit::Verification, error.to_string())
            }
            error @ (Self::Commit(_) | Self::Feed) => Failure::new(Exit::Operational, error.to_string()),
            Self::World(error) => Failure::new(Exit::Verification, error.to_string()),
        }
    }

    /// Whether beginning again from the files may help.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Commit(CommitError::Inputs(error)) => error.is_passing(),
            Self::Commit(CommitError::Journal(error)) => error.is_passing(),
            Self::Feed => true,
            Self::Commit(CommitError::Ahead { .. } | CommitError::Behind { .. })
            | Self::World(_)
            | Self::Other(_) => false,
        }
    }
}

/// What a session needs.
pub struct Setting<'a, D: Disk> {
    /// The plan and what was read with it.
    pub prepared: &'a Prepared,
    /// The engines.
    pub catalog: &'a Catalog,
    /// Its folder.
    pub folder: PathBuf,
    /// The disk.
    pub disk: D,
    /// Its journal.
    pub journal: JournalFiles<D>,
    /// What becomes of positions when it is stopped.
    pub on_stop: OnStop,
    /// Lines of the input log between two snapshots.
    pub snapshot_every: u64,
    /// Whether it is to stop.
    pub stop: &'a Stop,
    /// Shows that it lives.
    pub pulse: &'a Pulse,
    /// What holds when a new session begins.
    pub kept: Kept,
    /// How many cycles are kept to be looked at.
    pub history: cycles::Terms,
    /// Hears of cycles as they end.
    pub hear: Option<&'a (dyn Fn(&Cycle) + Sync)>,
    /// Hears alerts as they are given.
    pub tell: &'a (dyn Fn(&RuntimeAlert) + Sync),
}

/// How a session ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Whether it came to its own end; else it was stopped and can go on.
    pub complete: bool,
    /// The instant that was reached.
    pub at: Nanos,
    /// The digest up to there.
    pub digest: String,
    /// Ticks of the world, those that were read back included.
    pub ticks: u64,
    /// Lines of the input log that were read back at the start.
    pub read_back: u64,
    /// How often each kind of trouble was met.
    pub troubles: Vec<(&'static str, u64)>,
    /// What the world came to; without records.
    pub outcome: Box<Outcome>,
}

/// Runs a session to its end, or until it is stopped. One that was broken off goes on where its files end.
///
/// # Errors
/// See [`SessionError`].
pub fn run<D: Disk + Sync>(
    setting: Setting<'_, D>,
    source: &mut dyn Source,
    time: Time<'_>,
    commands: Option<Commands>,
) -> Result<Ended, SessionError> {
    let Setting {
        prepared,
        catalog,
        folder,
        disk,
        journal,
        on_stop,
        snapshot_every,
        stop,
        pulse,
        kept,
        history,
        hear,
        tell,
    } = setting;
    let wanted = wanted(prepared);
    disk.create_folder(&folder).map_err(InputLogError::io(&folder, "create the folder"))?;
    let _lock = lock(&disk, &folder)?;
    let from = Beginning { prepared, catalog, folder: &folder, kept: &kept, tell };
    let Recovered { mut world, committer, replayed, end } =
        from.recover(disk, journal, || source.begin(&wanted, stop))?;
    info!(lines = replayed.entries, at = instant::text(world.now()), "the session's files are read back");
    let intakes = intakes(&wanted, &world);
    let is_over = end.is_some_and(|end| world.now() >= end);
    let (outgoing, incoming) = sync_channel(QUEUE);
    let gather = Gather::new(&prepared.plan, &prepared.run_id);
    let (keeper, unusable) = Keeper::new(&folder, gather, history);
    let narrator = Narrator::new(&prepared.plan);
    let files = Files {
        committer,
        keeper,
        narrator,
        hear,
        alerts: Alerts::default(),
        at: world.now().max(world.runtime().timeline(0).start),
        tell,
    };
    thread::scope(|scope| {
        let files = thread::Builder::new()
            .name("files".to_owned())
            .spawn_scoped(scope, move || files.keep(&incoming, unusable))
            .map_err(|error| {
                Failure::new(Exit::Operational, format!("cannot start the files' thread: {error}"))
            })?;
        let mut going = Going {
            world: &mut world,
            outgoing,
            commands,
            taken: replayed.commands,
            alerts: Alerts::default(),
            records: Vec::new(),
            kept: kept.batch,
            catalog,
            snapshot_every,
            since_shot: replayed.entries,
            tell,
            series: &wanted,
            pulse,
        };
        let ran = match time {
            _ if is_over => Ok(true),
            Time::Feed => going.follow(source, intakes, end, stop),
            Time::Wall { pace, grace } => going.keep_time(source, Waiting::new(intakes, grace), pace, stop),
        };
        let ran = ran.and_then(|complete| {
            if !complete && stop.asked() < 2 {
                going.wind_up(on_stop)?;
            }
            let (at, digest) = (going.world.now(), going.world.digest());
            if replayed.marked.as_deref() != Some(digest.as_str()) {
                let mark = Mark { at: at.get(), digest };
                going.send(Outgoing::Input(Entry::Mark(mark)))?;
            }
            Ok(complete)
        });
        let troubles = going.alerts.counts().iter().map(|(code, count)| (*code, *count)).collect();
        drop(going);
        let committer =
            files.join().map_err(|_| Failure::new(Exit::Operational, "the files' thread panicked"))?;
        // What the files refused is why the world could not go on.
        let committer = committer?;
        let complete = ran?;
        let (at, digest) = (world.now(), world.digest());
        committer.close(at, digest.clone())?;
        let (ticks, read_back) = (world.ticks(), replayed.entries);
        let outcome = Box::new(world.outcome());
        Ok(Ended { complete, at, digest, ticks, read_back, troubles, outcome })
    })
}

fn lock<D: Disk>(disk: &D, folder: &Path) -> Result<D::Lock, SessionError> {
    let path = folder.join(LOCK);
    let stopwatch = Stopwatch::start();
    for attempt in 0..LOCK_ATTEMPTS {
        stopwatch.wait_until(LOCK_PAUSE * attempt);
        if let Some(lock) = disk.lock(&path).map_err(InputLogError::io(&path, "lock"))? {
            return Ok(lock);
        }
    }
    let message = format!(
        "{}: another session of this environment runs: stop it first, or name another environment",
        folder.display()
    );
    Err(Failure::new(Exit::Operational, message).into())
}

/// The series that a plan reads.
#[must_use]
pub fn wanted(prepared: &Prepared) -> Vec<Wanted> {
    let plan = &prepared.plan;
    let mut wanted = Vec::new();
    for (index, instrument) in plan.instruments.iter().enumerate() {
        for interval in crate::market_data::intervals(plan, index) {
            wanted.push(Wanted {
                venue: instrument.venue.clone(),
                symbol: instrument.symbol.clone(),
                venue_symbol: plan.venue_symbols[index].clone(),
                interval,
                since: Nanos::ZERO,
            });
        }
    }
    wanted
}

/// The ends of the series as the world knows them.
fn intakes(wanted: &[Wanted], world: &World<'_>) -> Vec<Intake> {
    let known = |series: usize| {
        let bars = world.runtime().streams().map(|streams| std::sync::Arc::clone(streams.bars(series)));
        let bars = bars.into_iter().flat_map(|bars| {
            let first = bars.len().saturating_sub(super::intake::REMEMBERED);
            (first..bars.len()).map(|bar| bars.candle(bar)).collect::<Vec<Candle>>()
        });
        bars.collect::<Vec<_>>()
    };
    let intake = |(series, wanted): (usize, &Wanted)| Intake::new(wanted.interval.length(), known(series));
    wanted.iter().enumerate().map(intake).collect()
}

/// What writes everything down that comes.
struct Files<'a, D: Disk> {
    committer: Committer<'a, D>,
    keeper: Keeper,
    narrator: Narrator<'a>,
    hear: Option<&'a (dyn Fn(&Cycle) + Sync)>,
    alerts: Alerts,
    /// The instant that the world has come to.
    at: Nanos,
    tell: &'a (dyn Fn(&RuntimeAlert) + Sync),
}

impl<'a, D: Disk> Files<'a, D> {
    /// Writes until nobody sends any more.
    fn keep(
        mut self,
        incoming: &Receiver<Outgoing>,
        unusable: Option<String>,
    ) -> Result<Committer<'a, D>, CommitError> {
        if let Some(unusable) = unusable {
            self.alert(unusable)?;
        }
        loop {
            match incoming.recv_timeout(if self.keeper.is_behind() { BEHIND } else { FOREVER }) {
                Ok(first) => {
                    let (stopwatch, mut messages) = (Stopwatch::start(), 1);
                    self.add(first)?;
                    for next in incoming.try_iter().take(AT_ONCE) {
                        self.add(next)?;
                        messages += 1;
                    }
                    self.committer.commit()?;
                    debug!(messages, ms = stopwatch.elapsed().as_secs_f64() * 1e3, "written down");
                    self.remember(false)?;
                }
                Err(RecvTimeoutError::Timeout) => self.remember(true)?,
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.remember(true)?;
        Ok(self.committer)
    }

    fn add(&mut self, outgoing: Outgoing) -> Result<(), CommitError> {
        if let Outgoing::Cycle(records, timing) = &outgoing {
            self.at = timing.at;
            let cycle = self.keeper.add(records, *timing);
            if let (Some(hear), Some(cycle)) = (self.hear, cycle) {
                hear(cycle);
            }
            self.narrator.tell(records);
        }
        self.committer.add(outgoing)
    }

    /// Writes the history of cycles, without which a session goes on.
    fn remember(&mut self, at_once: bool) -> Result<(), CommitError> {
        match self.keeper.write(at_once) {
            Ok(()) => Ok(()),
            Err(error) => self.alert(format!("{error}: it is tried again")),
        }
    }

    fn alert(&mut self, message: String) -> Result<(), CommitError> {
        let kind = ("HISTORY-TROUBLE", "warning");
        let Some(alert) = self.alerts.note(self.at, kind, "history", || message) else { return Ok(()) };
        (self.tell)(&alert);
        self.committer.add(Outgoing::Alert(alert))?;
        self.committer.commit()
    }
}
