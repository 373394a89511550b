//! A session under way: what comes is taken in at its instants.

use std::sync::mpsc::SyncSender;
use std::time::Duration;

use hemiola_adapters::feed::news::{News, Wanted};
use hemiola_components::candle::Candle;
use hemiola_components::control::{Command, OperatorAction};
use hemiola_components::journal::Record;
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;
use tokio::sync::mpsc::error::TryRecvError;

use super::alert::{Alerts, RuntimeAlert};
use super::commit::Outgoing;
use super::entry::{Entry, Given, Mark, Row, Tick};
use super::intake::{Flaw, Intake};
use super::operators::{Batch, written};
use super::pulse::Pulse;
use super::session::{Commands, OnStop, Pace, SessionError, Source, Stop, Wake};
use super::shots::Beside;
use super::wall::{Due, Notice, Waiting};
use super::world::{World, WorldError};
use crate::clock::{self, Stopwatch};
use crate::cycles::Timing;
use crate::exit::{Exit, Failure};
use crate::instant;
use crate::streams::Arrival;

/// A session that is under way.
pub(super) struct Going<'a, 'p> {
    pub(super) world: &'a mut World<'p>,
    pub(super) outgoing: SyncSender<Outgoing>,
    pub(super) commands: Option<Commands>,
    /// Events of the operator state that were taken in.
    pub(super) taken: usize,
    pub(super) alerts: Alerts,
    pub(super) records: Vec<Record>,
    /// What holds when the session begins.
    pub(super) kept: Batch,
    pub(super) catalog: &'a Catalog,
    /// Lines of the input log between two snapshots.
    pub(super) snapshot_every: u64,
    /// Lines since the last one.
    pub(super) since_shot: u64,
    pub(super) tell: &'a (dyn Fn(&RuntimeAlert) + Sync),
    pub(super) series: &'a [Wanted],
    pub(super) pulse: &'a Pulse,
}

impl Going<'_, '_> {
    /// Follows a feed with a clock of its own. Returns whether it came to the end.
    pub(super) fn follow(
        &mut self,
        source: &mut dyn Source,
        mut intakes: Vec<Intake>,
        end: Option<Nanos>,
        stop: &Stop,
    ) -> Result<bool, SessionError> {
        self.start()?;
        let mut news = source.open(self.since(&intakes))?;
        loop {
            self.pulse.beat();
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
    pub(super) fn keep_time(
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
            self.pulse.beat();
            self.pulse.answer(|| pace.lateness().cloned());
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
                        return Err(SessionError::Feed);
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
                let opened = instant::text(opened);
                (
                    series,
                    Flaw::Future.code(),
                    format!("the candle of {opened} has not ended: it waits, or is left out"),
                )
            }
            Notice::Flawed(series, opened, flaw) => {
                (series, flaw.code(), format!("the candle of {} is left out", instant::text(opened)))
            }
            Notice::Late(series, opened, by) => {
                let opened = instant::text(opened);
                let message = format!(
                    "the candle of {opened} came {} s after its end: it is taken in now",
                    by.seconds()
                );
                (series, "FEED-LATE", message)
            }
            Notice::Silent(series, end) => {
                let message = format!("the candle that ended at {} has not come", instant::text(end));
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
                    let opened = instant::text(candle.open_time);
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
        let (started_at, stopwatch, ticks) = (clock::now(), Stopwatch::start(), self.world.ticks());
        self.world.take(&tick, &mut self.records)?;
        if self.world.ticks() > ticks || !self.records.is_empty() {
            let timing = Timing { at: self.world.now(), started_at, took: stopwatch.elapsed() };
            let records = std::mem::take(&mut self.records);
            self.send(Outgoing::Cycle(records, timing))?;
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
    pub(super) fn wind_up(&mut self, on_stop: OnStop) -> Result<(), SessionError> {
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

    pub(super) fn send(&self, outgoing: Outgoing) -> Result<(), SessionError> {
        let refused = |_| Failure::new(Exit::Operational, "the session's files cannot be written");
        Ok(self.outgoing.send(outgoing).map_err(refused)?)
    }
}
