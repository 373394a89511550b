//! A session read back: the same world over the same inputs, and the same digest at every mark.

use std::path::Path;

use hemiola_adapters::input_log::read;
use hemiola_adapters::journal::writer::System;
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;

use super::entry::{Begin, Entry};
use super::session::SessionError;
use super::world::World;
use crate::exit::{Exit, Failure};
use crate::job::Prepared;

/// What a session said it had come to, and what its inputs give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The instant.
    pub at: Nanos,
    /// The session's digest.
    pub said: String,
    /// That of its inputs.
    pub found: String,
}

/// A session that was read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Every mark of the session.
    pub marks: Vec<Compared>,
    /// Lines of the log.
    pub entries: u64,
    /// Ticks of the world.
    pub ticks: u64,
    /// The last instant.
    pub at: Nanos,
    /// The digest there.
    pub digest: String,
}

impl Replay {
    /// The first mark that does not agree.
    #[must_use]
    pub fn difference(&self) -> Option<&Compared> {
        self.marks.iter().find(|mark| mark.said != mark.found)
    }
}

/// What a session is over, as its first line says.
///
/// # Errors
/// When there is no session in the folder, or its log cannot be read.
pub fn begin(folder: &Path) -> Result<Begin, SessionError> {
    if let Some((_, Entry::Begin(begin))) = read::<_, Entry>(System, folder, 0)?.next().transpose()? {
        return Ok(*begin);
    }
    let message = format!("{}: there is no session's input log in this folder", folder.display());
    Err(Failure::new(Exit::Operational, message).into())
}

/// Reads a session back. `prepared` is the configuration it was begun with, without candles.
///
/// # Errors
/// When its log is damaged or was begun with another configuration.
pub fn replay(folder: &Path, prepared: &Prepared, catalog: &Catalog) -> Result<Replay, SessionError> {
    let mut entries = read::<_, Entry>(System, folder, 0)?;
    let begin = begin(folder)?;
    if begin.run_id != prepared.run_id {
        let message = format!(
            "the session was begun with another configuration: its run is {}, and {} gives {}",
            begin.run_id,
            begin.job.config.display(),
            prepared.run_id
        );
        return Err(Failure::new(Exit::Usage, message).into());
    }
    entries.next().transpose()?;
    let (mut world, _) = World::begin(&prepared.plan, &prepared.data.market, catalog, &begin)?;
    let (mut marks, mut count, mut records) = (Vec::new(), 1, Vec::new());
    for entry in entries {
        count += 1;
        match entry?.1 {
            Entry::Tick(tick) => {
                world.take(&tick, &mut records)?;
                records.clear();
            }
            Entry::Mark(mark) => {
                let found = world.digest();
                marks.push(Compared { at: Nanos::new(mark.at), said: mark.digest, found });
            }
            Entry::Begin(_) => {
                return Err(Failure::new(Exit::Verification, "the input log begins twice").into());
            }
        }
    }
    let (ticks, at, digest) = (world.ticks(), world.now(), world.digest());
    Ok(Replay { marks, entries: count, ticks, at, digest })
}
