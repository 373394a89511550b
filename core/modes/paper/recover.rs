//! How a session begins, or goes on where its files end.

use std::path::Path;

use hemiola_adapters::input_log::{Entries, read, segment_of};
use hemiola_adapters::journal::writer::Disk;
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;

use super::alert::RuntimeAlert;
use super::commit::{Committer, JournalFiles, Outgoing};
use super::entry::{Begin, ClockKind, Entry, KeptState};
use super::operators::Kept;
use super::session::SessionError;
use super::shots::{self, Passed, Shot};
use super::world::{World, WorldError};
use crate::clock;
use crate::exit::{Exit, Failure};
use crate::job::Prepared;

/// What a session begins with.
pub(super) struct Beginning<'a, 'p> {
    pub(super) prepared: &'p Prepared,
    pub(super) catalog: &'a Catalog,
    pub(super) folder: &'a Path,
    pub(super) kept: &'a Kept,
    pub(super) tell: &'a (dyn Fn(&RuntimeAlert) + Sync),
}

/// A session as its files leave it.
pub(super) struct Recovered<'p, D: Disk> {
    pub(super) world: World<'p>,
    pub(super) committer: Committer<'p, D>,
    pub(super) replayed: Replayed,
    /// The last instant, when the session has one.
    pub(super) end: Option<Nanos>,
}

impl<'p> Beginning<'_, 'p> {
    /// Reads the newest sound snapshot and the inputs after it; `begin` says what a new session is over.
    pub(super) fn recover<D: Disk>(
        &self,
        disk: D,
        journal: JournalFiles<D>,
        begin: impl FnOnce() -> Result<Begin, Failure>,
    ) -> Result<Recovered<'p, D>, SessionError> {
        let Self { prepared, catalog, folder, kept, .. } = *self;
        let mut past = read::<_, Entry>(disk.clone(), folder, 0)?;
        let (begin, is_new) = match past.next().transpose()? {
            Some((_, Entry::Begin(begin))) => (check(*begin, prepared)?, false),
            Some(_) => return Err(Failure::new(Exit::Verification, "the input log does not begin").into()),
            None => {
                let (replaces, events) = (kept.replaces, kept.batch.events);
                (Begin { kept: KeptState { replaces, events }, ..begin()? }, true)
            }
        };
        let opened_at = match begin.clock {
            ClockKind::Feed => Nanos::new(begin.start),
            ClockKind::Wall => clock::now().max(Nanos::new(begin.start)),
        };
        let mut committer = Committer::open(disk.clone(), folder, prepared, journal, opened_at)?;
        let (shot, passed) = shots::newest(&disk, folder, &prepared.run_id, committer.next_input())?;
        for Passed { path, why } in passed {
            let message = format!("{why}: an older snapshot is used, or none");
            self.alert(&mut committer, opened_at, "SNAPSHOT-UNUSABLE", &path.display().to_string(), message)?;
        }
        let mut world = match &shot {
            Some(shot) => self.after(shot, &mut committer)?,
            None => World::begin(&prepared.plan, &prepared.data.market, catalog, &begin)?.0,
        };
        if let Some(shot) = &shot {
            let from = segment_of(&disk, folder, shot.next)?;
            past = read(disk, folder, from)?;
        }
        let end = begin.end.map(Nanos::new);
        let commands = shot.as_ref().map_or(begin.kept.events, |shot| shot.beside.commands);
        let mut replayed = Replayed { commands, entries: 0, marked: None };
        if is_new {
            committer.add(Outgoing::Input(Entry::Begin(Box::new(begin))))?;
            committer.commit()?;
        }
        replayed.read(past, shot.map_or(0, |shot| shot.next), &mut world, &mut committer)?;
        committer.read_back()?;
        committer.commit()?;
        self.tell_latches(&world, opened_at, &mut committer)?;
        Ok(Recovered { world, committer, replayed, end })
    }

    fn after<D: Disk>(
        &self,
        shot: &Shot,
        committer: &mut Committer<'p, D>,
    ) -> Result<World<'p>, SessionError> {
        committer.check(&shot.beside)?;
        committer.go_on(&shot.beside);
        Ok(World::restore(&self.prepared.plan, self.catalog, shot).map_err(WorldError::from)?)
    }

    /// Says which risk profiles only reduce.
    fn tell_latches<D: Disk>(
        &self,
        world: &World<'_>,
        opened_at: Nanos,
        committer: &mut Committer<'_, D>,
    ) -> Result<(), SessionError> {
        for (profile, state) in self.prepared.plan.risk_profiles.iter().zip(world.runtime().risk(0)) {
            for rule in state.latches.iter() {
                let message = format!("{} holds: its schedules only reduce positions", rule.name());
                let at = world.now().max(opened_at);
                self.alert(committer, at, "REDUCE-ONLY", &profile.name, message)?;
            }
        }
        Ok(())
    }

    fn alert<D: Disk>(
        &self,
        committer: &mut Committer<'_, D>,
        at: Nanos,
        code: &'static str,
        about: &str,
        message: String,
    ) -> Result<(), SessionError> {
        let about = about.to_owned();
        let alert = RuntimeAlert { at, code, severity: "warning", about, message, count: 1 };
        (self.tell)(&alert);
        Ok(committer.add(Outgoing::Alert(alert))?)
    }
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

/// What was read back.
pub(super) struct Replayed {
    /// Events of the operator state that were taken in.
    pub(super) commands: usize,
    pub(super) entries: u64,
    /// The digest of a mark that nothing follows.
    pub(super) marked: Option<String>,
}

impl Replayed {
    /// Reads back what stands from line `first` on.
    fn read<D: Disk>(
        &mut self,
        past: Entries<D, Entry>,
        first: u64,
        world: &mut World<'_>,
        committer: &mut Committer<'_, D>,
    ) -> Result<(), SessionError> {
        for entry in past {
            let (number, entry) = entry?;
            if number >= first {
                self.take(entry, world, committer)?;
            }
        }
        Ok(())
    }

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
