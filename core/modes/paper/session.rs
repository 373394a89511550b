//! A session: what feeds and operators tell goes into the world, and all of it into files.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use hemiola_adapters::feed::news::{News, Wanted};
use hemiola_adapters::input_log::{InputLogError, read, segment_of};
use hemiola_adapters::journal::writer::Disk;
use hemiola_components::candle::Candle;
use hemiola_components::control::{Command, OperatorAction};
use hemiola_components::journal::Record;
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;

use super::alert::{Alerts, RuntimeAlert};
use super::commit::{CommitError, Committer, JournalFiles, Outgoing};
use super::entry::{Begin, Entry, Given, KeptState, Mark, Row, Tick};
use super::intake::{Flaw, Intake};
use super::operators::{Batch, Kept, written};
use super::shots::{self, Beside, Passed};
use super::wall::{Due, Notice, Waiting};
use super::world::{World, WorldError};
use crate::clock::Stopwatch;
use crate::exit::{Exit, Failure};
use crate::job::Prepared;
use crate::modes::backtest::Outcome;
use crate::streams::Arrival;

/// Messages on their way to the files; a session that is so far ahead of its disk waits.
const QUEUE: usize = 4_096;

/// Messages that are made durable together at most.
const AT_ONCE: usize = 1_024;

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
            Self::Commit(error) => Failure::new(Exit::Operational, error.to_string()),
            Self::World(error) => Failure::new(Exit::Verification, error.to_string()),
        }
    }

    /// Whether beginning again from the files may help.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Commit(CommitError::Inputs(error)) => error.is_passing(),
            Self::Commit(CommitError::Journal(error)) => error.is_passing(),
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
    /// What holds when a new session begins.
    pub kept: Kept,
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
    let Setting { prepared, catalog, folder, disk, journal, on_stop, snapshot_every, stop, kept, tell } =
        setting;
    let wanted = wanted(prepared);
    disk.create_folder(&folder).map_err(InputLogError::io(&folder, "create the folder"))?;
    let _lock = lock(&disk, &folder)?;
    let mut past = read::<_, Entry>(disk.clone(), &folder, 0)?;
    let (begin, is_new) = match past.next().transpose()? {
        Some((_, Entry::Begin(begin))) => (check(begin, prepared)?, false),
        Some(_) => return Err(Failure::new(Exit::Verification, "the input log does not begin").into()),
        None => {
            let (replaces, events) = (kept.replaces, kept.batch.events);
            let kept = KeptState { replaces, events };
            (Begin { kept, ..source.begin(&wanted, stop)? }, true)
        }
    };
    let opened_at = Nanos::new(begin.start);
    let mut replayed = Replayed { commands: begin.kept.events, entries: 0, marked: None };
    let mut committer = Committer::open(disk.clone(), &folder, prepared, journal, opened_at)?;
    let (shot, passed) = shots::newest(&disk, &folder, &prepared.run_id, committer.next_input())?;
    for Passed { path, why } in passed {
        let message = format!("{why}: an older snapshot is used, or none");
        let about = path.display().to_string();
        let alert = RuntimeAlert {
            at: opened_at,
            code: "SNAPSHOT-UNUSABLE",
            severity: "warning",
            about,
            message,
            count: 1,
        };
        tell(&alert);
        committer.add(Outgoing::Alert(alert))?;
    }
    let mut world = match &shot {
        Some(shot) => {
            committer.check(&shot.beside)?;
            committer.go_on(&shot.beside);
            replayed.commands = shot.beside.commands;
            let from = segment_of(&disk, &folder, shot.next)?;
            past = read::<_, Entry>(disk, &folder, from)?;
            World::restore(&prepared.plan, catalog, shot).map_err(WorldError::from)?
        }
        None => World::begin(&prepared.plan, &prepared.data.market, catalog, &begin)?.0,
    };
    let first = shot.map_or(0, |shot| shot.next);
    if is_new {
        committer.add(Outgoing::Input(Entry::Begin(begin.clone())))?;
        committer.commit()?;
    }
    for entry in past {
        let (number, entry) = entry?;
        if number >= first {
            replayed.take(entry, &mut world, &mut committer)?;
        }
    }
    committer.read_back()?;
    committer.commit()?;
    for (profile, state) in prepared.plan.risk_profiles.iter().zip(world.runtime().risk(0)) {
        for rule in state.latches.iter() {
            let name = &profile.name;
            let message = format!("{} holds: its schedules only reduce positions", rule.name());
            let alert = RuntimeAlert {
                at: world.now().max(opened_at),
                code: "REDUCE-ONLY",
                severity: "warning",
                about: name.clone(),
                message,
                count: 1,
            };
            tell(&alert);
            committer.add(Outgoing::Alert(alert))?;
        }
    }
    let intakes = intakes(&wanted, &world);
    let end = begin.end.map(Nanos::new);
    let is_over = end.is_some_and(|end| world.now() >= end);
    let (outgoing, incoming) = sync_channel(QUEUE);
    thread::scope(|scope| {
        let files = scope.spawn(move || keep(committer, &incoming));
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

fn check(begin: Begin, prepared: &Prepared) -> Result<Begin, Failure> {
    if begin.run_id == prepared.run_id {
        return Ok(begin);
    }
    let message = format!(
        "the session that is to go on was begun with another configuration ({}, run {}), and this one is run {}: put \
         the configuration back, or begin anew, with a fresh account, with --fresh",
        begin.job.config.display(),
        &begin.run_id[..16.min(begin.run_id.len())],
        &prepared.run_id[..16]
    );
    Err(Failure::new(Exit::Usage, message))
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

/// Writes everything down that comes, until nobody sends any more.
fn keep<'p, D: Disk>(
    mut committer: Committer<'p, D>,
    incoming: &Receiver<Outgoing>,
) -> Result<Committer<'p, D>, CommitError> {
    while let Ok(first) = incoming.recv() {
        committer.add(first)?;
        for next in incoming.try_iter().take(AT_ONCE) {
            committer.add(next)?;
        }
        committer.commit()?;
    }
    Ok(committer)
}

/// What was read back.
struct Replayed {
    /// Events of the operator state that were taken in.
    commands: usize,
    entries: u64,
    /// The digest of a mark that nothing follows.
    marked: Option<String>,
}

impl Replayed {
    fn take<D: Disk>(
        &mut self,
        entry: Entry,
        world: &mut World<'_>,
        committer: &mut Committer<'_, D>,
    ) -> Result<(), SessionError> {
        self.entries += 1;
        match entry {
            Entry::Tick(tick) => {
                let mut records = Vec::new();
                world.take(&tick, &mut records)?;
                committer.add(Outgoing::Records(records))?;
                self.commands =
                    tick.commands.iter().map(|given| given.events).fold(self.commands, usize::max);
                self.marked = None;
            }
            Entry::Mark(mark) => self.marked = Some(mark.digest),
            Entry::Begin(_) => {
                return Err(Failure::new(Exit::Verification, "the input log begins twice").into());
            }
        }
        Ok(())
    }
}

/// A session that is under way.
struct Going<'a, 'p> {
    world: &'a mut World<'p>,
    outgoing: SyncSender<Outgoing>,
    commands: Option<Commands>,
    /// Events of the operator state that were taken in.
    taken: usize,
    alerts: Alerts,
    records: Vec<Record>,
    /// What holds when the session begins.
    kept: Batch,
    catalog: &'a Catalog,
    /// Lines of the input log between two snapshots.
    snapshot_every: u64,
    /// Lines since the last one.
    since_shot: u64,
    tell: &'a (dyn Fn(&RuntimeAlert) + Sync),
    series: &'a [Wanted],
}

impl Going<'_, '_> {
    /// Follows a feed with a clock of its own. Returns whether it came to the end.
    fn follow(
        &mut self,
        source: &mut dyn Source,
        mut intakes: Vec<Intake>,
        end: Option<Nanos>,
        stop: &Stop,
    ) -> Result<bool, SessionError> {
        self.start()?;
        let mut news = source.open(self.since(&intakes))?;
        loop {
            if stop.asked() > 0 {
                return Ok(false);
            }
            match news.try_recv() {
                Ok(News::Closed { at, candles }) => self.closed(at, candles, &mut intakes)?,
                Ok(News::Candles { .. }) => {
                    return Err(Failure::new(Exit::Operational, "a feed without a clock of its own").into());
                }
                Ok(News::Trouble { series, message }) => self.trouble(series, Some(message))?,
                Ok(News::Recovered { series }) => self.trouble(series, None)?,
                Ok(News::End) | Err(TryRecvError::Disconnected) => {
                    if let Some(end) = end.filter(|end| self.world.now() < *end) {
                        self.take(Tick { at: end.get(), ..Tick::default() })?;
                    }
                    return Ok(true);
                }
                Err(TryRecvError::Empty) => Stopwatch::start().wait_until(Duration::from_micros(200)),
            }
        }
    }

    /// Goes by the wall until it is asked to stop. Never comes to an end of its own.
    fn keep_time(
        &mut self,
        source: &mut dyn Source,
        mut waiting: Waiting,
        pace: &mut dyn Pace,
        stop: &Stop,
    ) -> Result<bool, SessionError> {
        self.start()?;
        let mut news = source.open(self.since(waiting.intakes()))?;
        let mut given: Vec<Given> = Vec::new();
        pace.begin(self.world.now());
        while stop.asked() == 0 {
            let Wake { instant: now, skipped, stepped } = pace.wait();
            if skipped > 0 {
                let message = || format!("{skipped} instants were passed over");
                self.alert(now, ("TICKS-SKIPPED", "warning"), "pace", message)?;
            }
            if let Some(stepped) = stepped {
                let message = || {
                    format!("the wall clock was set by {} s; the session's instants go on", stepped.seconds())
                };
                self.alert(now, ("CLOCK-STEPPED", "warning"), "clock", message)?;
            }
            let mut notices = Vec::new();
            loop {
                match news.try_recv() {
                    Ok(News::Candles { series, candles }) => {
                        for candle in candles {
                            waiting.came(series, candle, now, |notice| notices.push(notice));
                        }
                    }
                    Ok(News::Closed { candles, .. }) => {
                        for (series, candle) in candles {
                            waiting.came(series, candle, now, |notice| notices.push(notice));
                        }
                    }
                    Ok(News::Trouble { series, message }) => self.trouble(series, Some(message))?,
                    Ok(News::Recovered { series }) => self.trouble(series, None)?,
                    Ok(News::End) | Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => {
                        return Err(Failure::new(Exit::Operational, "the feed has ended by itself").into());
                    }
                }
            }
            given.extend(self.given());
            let due = waiting.due(self.world.now(), now, |notice| notices.push(notice));
            for Due { at, candles } in due {
                if !candles.is_empty() || !given.is_empty() || self.world.next() <= at {
                    let commands = std::mem::take(&mut given);
                    self.take(Tick { at: at.get(), commands, candles })?;
                }
            }
            for notice in notices {
                self.tell_of(now, notice)?;
            }
        }
        Ok(false)
    }

    /// Does what is due at the first instant, unless that was done.
    fn start(&mut self) -> Result<(), SessionError> {
        let start = self.world.runtime().timeline(0).start;
        if self.world.now() < start {
            let events = self.kept.events;
            let given = self.kept.actions.iter().map(|action| Given { events, action: written(action) });
            self.take(Tick { at: start.get(), commands: given.collect(), candles: Vec::new() })?;
        }
        Ok(())
    }

    /// The series, with what is known of each.
    fn since(&self, intakes: &[Intake]) -> Vec<Wanted> {
        let since = |(wanted, intake): (&Wanted, &Intake)| Wanted {
            since: intake.ended().unwrap_or_default(),
            ..wanted.clone()
        };
        self.series.iter().zip(intakes).map(since).collect()
    }

    /// A feed does not work, or works again.
    fn trouble(&mut self, series: Option<usize>, message: Option<String>) -> Result<(), SessionError> {
        let about = self.name(series);
        let at = self.world.now();
        match message {
            Some(message) => self.alert(at, ("FEED-TROUBLE", "warning"), &about, || message),
            None => self.alert(at, ("FEED-RECOVERED", "info"), &about, || "it works again".to_owned()),
        }
    }

    /// Tells what is wrong with a candle.
    fn tell_of(&mut self, now: Nanos, notice: Notice) -> Result<(), SessionError> {
        let (series, code, message) = match notice {
            Notice::Flawed(series, opened, Flaw::Future) => {
                let opened = crate::instant::text(opened);
                (
                    series,
                    Flaw::Future.code(),
                    format!("the candle of {opened} has not ended: it waits, or is left out"),
                )
            }
            Notice::Flawed(series, opened, flaw) => {
                (series, flaw.code(), format!("the candle of {} is left out", crate::instant::text(opened)))
            }
            Notice::Late(series, opened, by) => {
                let opened = crate::instant::text(opened);
                let message = format!(
                    "the candle of {opened} came {} s after its end: it is taken in now",
                    by.seconds()
                );
                (series, "FEED-LATE", message)
            }
            Notice::Silent(series, end) => {
                let message = format!("the candle that ended at {} has not come", crate::instant::text(end));
                (series, "FEED-SILENT", message)
            }
        };
        let about = self.name(Some(series));
        self.alert(now, (code, "warning"), &about, || message)
    }

    fn name(&self, series: Option<usize>) -> String {
        let name = |wanted: &Wanted| {
            let Wanted { venue, symbol, interval, .. } = wanted;
            format!("{venue}:{symbol}@{interval}")
        };
        series.and_then(|series| self.series.get(series)).map_or_else(|| "feed".to_owned(), name)
    }

    /// Takes in what closed at an instant.
    fn closed(
        &mut self,
        at: Nanos,
        candles: Vec<(usize, Candle)>,
        intakes: &mut [Intake],
    ) -> Result<(), SessionError> {
        let mut rows: Vec<Row> = Vec::with_capacity(candles.len());
        for (series, candle) in candles {
            match intakes[series].take(candle, at) {
                Ok(()) => rows.push(Arrival { series, candle }.into()),
                Err(flaw) => {
                    let about = self.name(Some(series));
                    let opened = crate::instant::text(candle.open_time);
                    let message = || format!("the candle of {opened} is left out");
                    self.alert(at, (flaw.code(), "warning"), &about, message)?;
                }
            }
        }
        let commands = self.given();
        self.take(Tick { at: at.get(), commands, candles: rows })
    }

    /// What operators have given since the last look.
    fn given(&mut self) -> Vec<Given> {
        let mut given = Vec::new();
        if let Some(commands) = &mut self.commands {
            while let Ok(Batch { events, actions }) = commands.try_recv() {
                if events > self.taken {
                    self.taken = events;
                    given.extend(actions.iter().map(|action| Given { events, action: written(action) }));
                }
            }
        }
        given
    }

    /// Takes something in and writes down what came of it.
    fn take(&mut self, tick: Tick) -> Result<(), SessionError> {
        self.send(Outgoing::Input(Entry::Tick(tick.clone())))?;
        self.world.take(&tick, &mut self.records)?;
        if !self.records.is_empty() {
            let records = std::mem::take(&mut self.records);
            self.send(Outgoing::Records(records))?;
        }
        self.since_shot += 1;
        if self.since_shot >= self.snapshot_every {
            self.shoot()?;
        }
        Ok(())
    }

    /// Makes a snapshot, with a mark before it that a replay is held against.
    fn shoot(&mut self) -> Result<(), SessionError> {
        self.since_shot = 0;
        let mark = Mark { at: self.world.now().get(), digest: self.world.digest() };
        self.send(Outgoing::Input(Entry::Mark(mark)))?;
        let world = self.world.save(self.catalog).map_err(WorldError::from)?;
        let beside = Beside {
            at: self.world.now().get(),
            ticks: self.world.ticks(),
            commands: self.taken,
            ..Beside::default()
        };
        self.send(Outgoing::Shot(Box::new(world), beside))
    }

    /// Takes orders back and closes positions, as far as that is wanted.
    fn wind_up(&mut self, on_stop: OnStop) -> Result<(), SessionError> {
        let what = match on_stop {
            OnStop::Close => Command::Flatten,
            OnStop::CancelOnly => Command::CancelOrders,
            OnStop::Keep => return Ok(()),
        };
        let at = self.world.now() + Nanos::new(1);
        let action = OperatorAction { at, who: "shutdown".to_owned(), why: None, what };
        let commands = vec![Given { events: self.taken, action: written(&action) }];
        self.take(Tick { at: at.get(), commands, candles: Vec::new() })
    }

    fn alert(
        &mut self,
        at: Nanos,
        kind: (&'static str, &'static str),
        about: &str,
        message: impl FnOnce() -> String,
    ) -> Result<(), SessionError> {
        let Some(alert) = self.alerts.note(at, kind, about, message) else { return Ok(()) };
        (self.tell)(&alert);
        self.send(Outgoing::Alert(alert))
    }

    fn send(&self, outgoing: Outgoing) -> Result<(), SessionError> {
        let refused = |_| Failure::new(Exit::Operational, "the session's files cannot be written");
        Ok(self.outgoing.send(outgoing).map_err(refused)?)
    }
}
