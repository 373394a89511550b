//! What keeps the cycles of a session: in memory, and for other processes in a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hemiola_adapters::history_store::{Change, HistoryError, HistoryStore};
use hemiola_components::journal::Record;
use hemiola_components::time::Nanos;
use serde::{Deserialize, Serialize};

use super::gather::Gathered;
use super::{Cycle, Entry, Evaluation, Gather, Ring};
use crate::clock::Stopwatch;
use crate::exit::{Exit, Failure};

/// The file in a session's folder.
const FILE: &str = "history.sqlite";

/// How long what is new waits at most before it is in the file.
pub const BEHIND: Duration = Duration::from_millis(250);

const CYCLES: &str = "cycles";
const EVALUATIONS: &str = "evaluations";

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Entries at most; `None` is all.
    pub limit: Option<usize>,
    /// Seconds after which an entry goes; `None` is never.
    pub ttl: Option<f64>,
}

/// How much is kept of each kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// Of cycles.
    pub cycles: Limits,
    /// Of evaluations.
    pub evaluations: Limits,
}

/// When a cycle began, and how long it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// The instant that the world came to.
    pub at: Nanos,
    /// On the wall clock.
    pub started_at: Nanos,
    /// By a clock that nobody sets.
    pub took: Duration,
}

/// Keeps cycles and evaluations.
pub struct Keeper {
    gather: Gather,
    cycles: Shelf<Cycle>,
    evaluations: Shelf<Evaluation>,
    store: Option<HistoryStore>,
    path: PathBuf,
    written: Stopwatch,
}

/// Entries of a kind, and how far they are in the file.
struct Shelf<T> {
    kind: &'static str,
    limits: Limits,
    ring: Ring<T>,
    /// The number given last.
    last: u64,
    /// The number of the last entry that is in the file.
    written: u64,
}

impl<T: Entry + Serialize + for<'de> Deserialize<'de>> Shelf<T> {
    fn new(kind: &'static str, limits: Limits) -> Self {
        let ttl = limits.ttl.and_then(super::normalised_ttl);
        Self { kind, limits, ring: Ring::new(limits.limit, ttl), last: 0, written: 0 }
    }

    fn begin(&mut self, store: &HistoryStore) -> Result<(), HistoryError> {
        // Limits are two numbers, which always make JSON.
        let terms = serde_json::to_string(&self.limits).unwrap_or_default();
        self.last = store.begin(self.kind, &terms)?;
        self.written = self.last;
        if self.ring.ttl().is_some() {
            // They go by their age, which the file does not know. One that cannot be read is gone with the next change.
            let known = store.entries(self.kind)?;
            known
                .iter()
                .filter_map(|row| serde_json::from_str(row).ok())
                .for_each(|entry| self.ring.push(entry));
        }
        Ok(())
    }

    /// What is new is in the file, or there is none. What is never to go need not stay in memory.
    fn wrote(&mut self) {
        self.written = self.last;
        if self.ring.limit().is_none() && self.ring.ttl().is_none() {
            self.ring.clear();
        }
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn change(&self) -> (&'static str, Change) {
        let new = self.ring.iter().skip_while(|entry| entry.sequence() <= self.written);
        // What derives `Serialize` and has no maps always makes JSON.
        let row = |entry: &T| (entry.sequence(), serde_json::to_string(entry).unwrap_or_default());
        // The file has entries from before this process, which the ring does not have when they go by number.
        let first = match self.ring.limit() {
            Some(limit) => self.last.saturating_sub(limit as u64) + 1,
            None => 0,
        };
        let aged = self.ring.ttl().and(self.ring.iter().next()).map_or(0, Entry::sequence);
        (self.kind, Change { added: new.map(row).collect(), first: first.max(aged), last: self.last })
    }
}

impl Keeper {
    /// In a session's folder. A file that is of no use is put aside; when there can be none, cycles are kept in memory.
    /// Gives what is wrong with the file, if anything is.
    #[must_use]
    pub fn new(folder: &Path, gather: Gather, terms: Terms) -> (Self, Option<String>) {
        let path = folder.join(FILE);
        let mut keeper = Self {
            gather,
            cycles: Shelf::new(CYCLES, terms.cycles),
            evaluations: Shelf::new(EVALUATIONS, terms.evaluations),
            store: None,
            path,
            written: Stopwatch::start(),
        };
        let trouble = match keeper.open() {
            Err(error) if error.is_damage() => {
                let aside = keeper.path.with_extension("sqlite.unusable");
                let moved = fs::rename(&keeper.path, &aside).map_err(|error| error.to_string());
                let begun = moved.and_then(|()| keeper.open().map_err(|error| error.to_string()));
                let ends =
                    begun.map_or_else(|error| format!(", and there is none: {error}"), |()| String::new());
                Some(format!("{error}: it is put aside as {}{ends}", aside.display()))
            }
            opened => opened.err().map(|error| error.to_string()),
        };
        (keeper, trouble)
    }

    fn open(&mut self) -> Result<(), HistoryError> {
        let store = HistoryStore::create(&self.path)?;
        self.cycles.begin(&store)?;
        self.evaluations.begin(&store)?;
        self.store = Some(store);
        Ok(())
    }

    /// Adds a cycle, and gives it if it is kept.
    pub fn add(&mut self, records: &[Record], timing: Timing) -> Option<&Cycle> {
        let Gathered { signals, results, evaluations } = self.gather.read(records, timing);
        for evaluation in evaluations {
            let sequence = self.evaluations.next();
            self.evaluations.ring.push(Evaluation { sequence, ..evaluation });
        }
        let cycle = Cycle {
            sequence: self.cycles.next(),
            at: timing.at,
            started_at: timing.started_at,
            duration_ns: u64::try_from(timing.took.as_nanos()).unwrap_or(u64::MAX),
            signals,
            results,
        };
        self.cycles.ring.push(cycle);
        self.cycles.ring.last()
    }

    /// Whether there is something that is not in the file yet.
    #[must_use]
    pub const fn is_behind(&self) -> bool {
        self.cycles.last > self.cycles.written
    }

    /// Writes what is new into the file, unless that was done just now.
    ///
    /// # Errors
    /// When the file cannot be written; it is tried again the next time.
    pub fn write(&mut self, at_once: bool) -> Result<(), HistoryError> {
        if !self.is_behind() || (!at_once && self.written.elapsed() < BEHIND) {
            return Ok(());
        }
        self.written = Stopwatch::start();
        if let Some(store) = &mut self.store {
            store.change(&[self.cycles.change(), self.evaluations.change()])?;
        }
        self.cycles.wrote();
        self.evaluations.wrote();
        Ok(())
    }
}

/// What a session's folder has.
#[derive(Clone, Debug, PartialEq)]
pub struct Read<T> {
    /// How much is kept.
    pub limits: Limits,
    /// The entries, oldest first.
    pub entries: Vec<T>,
}

/// A kind of entries that a session keeps.
pub trait Kind: Entry + for<'de> Deserialize<'de> {
    /// Its name in the file.
    const NAME: &'static str;
}

impl Kind for Cycle {
    const NAME: &'static str = CYCLES;
}

impl Kind for Evaluation {
    const NAME: &'static str = EVALUATIONS;
}

/// Reads what a session has kept; those that are too old at `now` are left out.
///
/// # Errors
/// When there is nothing, or it cannot be read.
pub fn read<T: Kind>(folder: &Path, now: Nanos) -> Result<Read<T>, Failure> {
    let path = folder.join(FILE);
    if !path.exists() {
        let message =
            format!("{}: no session has kept cycles there; begin one with `hemiola run`", path.display());
        return Err(Failure::new(Exit::Usage, message));
    }
    let damaged = |what: &dyn std::fmt::Display| {
        let message = format!("{what}; the next session puts it aside and begins another one");
        Failure::new(Exit::Verification, message)
    };
    let refused = |error: HistoryError| {
        if error.is_damage() { damaged(&error) } else { Failure::new(Exit::Operational, error.to_string()) }
    };
    let store = HistoryStore::read_only(&path).map_err(refused)?;
    let none = Limits { limit: None, ttl: None };
    let limits = match store.terms(T::NAME).map_err(refused)? {
        Some(terms) => serde_json::from_str(&terms).map_err(|error| damaged(&error))?,
        None => none,
    };
    let rows = store.entries(T::NAME).map_err(refused)?;
    let entries: Result<Vec<T>, _> = rows.iter().map(|row| serde_json::from_str(row)).collect();
    let mut entries = entries.map_err(|error| damaged(&format!("{}: {error}", path.display())))?;
    if let Some(ttl) = limits.ttl.and_then(super::normalised_ttl) {
        entries.retain(|entry: &T| now.get().saturating_sub(entry.time().get()) <= ttl.get());
    }
    Ok(Read { limits, entries })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Limits = Limits { limit: None, ttl: None };

    fn terms(limit: usize) -> Terms {
        Terms { cycles: Limits { limit: Some(limit), ttl: None }, evaluations: ALL }
    }

    fn keeper(folder: &Path, terms: Terms) -> (Keeper, Option<String>) {
        Keeper::new(folder, Gather::default(), terms)
    }

    fn cycle(second: i64) -> Timing {
        let at = Nanos::new(second * Nanos::SECOND.get());
        Timing { at, started_at: at, took: Duration::from_millis(3) }
    }

    fn numbers(folder: &Path, now: i64) -> Vec<u64> {
        let read: Read<Cycle> = read(folder, Nanos::new(now * Nanos::SECOND.get())).unwrap();
        read.entries.iter().map(|cycle| cycle.sequence).collect()
    }

    #[test]
    fn the_newest_cycles_are_in_the_file_and_their_numbers_go_on() {
        let folder = tempfile::tempdir().unwrap();
        for (from, to) in [(1, 6), (6, 8)] {
            let (mut keeper, trouble) = keeper(folder.path(), terms(4));
            assert_eq!(trouble, None);
            (from..to).for_each(|second| _ = keeper.add(&[], cycle(second)));
            assert!(keeper.is_behind());
            keeper.write(true).unwrap();
            assert!(!keeper.is_behind());
        }
        assert_eq!(numbers(folder.path(), 8), [4, 5, 6, 7]);
        let read: Read<Cycle> = read(folder.path(), Nanos::ZERO).unwrap();
        assert_eq!(read.limits, terms(4).cycles);
        let last = read.entries.last().unwrap();
        assert_eq!((last.at.get(), last.duration_ns), (7_000_000_000, 3_000_000));
        assert_eq!(last.finished_at().get(), 7_003_000_000);
    }

    #[test]
    fn what_is_too_old_goes_also_when_nothing_new_comes() {
        let folder = tempfile::tempdir().unwrap();
        for (from, to) in [(1, 4), (4, 6)] {
            let limits = Limits { limit: None, ttl: Some(2.5) };
            let (mut keeper, _) = keeper(folder.path(), Terms { cycles: limits, evaluations: ALL });
            (from..to).for_each(|second| _ = keeper.add(&[], cycle(second)));
            keeper.write(true).unwrap();
        }
        assert_eq!(numbers(folder.path(), 5), [3, 4, 5]);
        assert_eq!(numbers(folder.path(), 7), [5]);
    }

    #[test]
    fn what_is_never_to_go_is_in_the_file_and_not_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let (mut keeper, _) = keeper(folder.path(), Terms { cycles: ALL, evaluations: ALL });
        for second in 1..100 {
            keeper.add(&[], cycle(second));
            keeper.write(second % 10 == 0).unwrap();
            assert!(keeper.cycles.ring.len() <= 10);
        }
        keeper.write(true).unwrap();
        assert_eq!(numbers(folder.path(), 1), (1..100).collect::<Vec<_>>());
    }

    #[test]
    fn a_file_of_no_use_is_put_aside_and_a_session_goes_on_without_any() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "nothing that SQLite would take for a database".repeat(40))
            .unwrap();
        let error = read::<Cycle>(folder.path(), Nanos::ZERO).unwrap_err();
        assert_eq!(error.exit, Exit::Verification, "{error}");
        let (mut damaged, trouble) = keeper(folder.path(), terms(4));
        assert!(trouble.unwrap().contains("history.sqlite.unusable"));
        damaged.add(&[], cycle(1));
        damaged.write(true).unwrap();
        assert_eq!(numbers(folder.path(), 1), [1]);
        let nowhere = folder.path().join("nowhere");
        let (mut without, trouble) = keeper(&nowhere, terms(4));
        assert!(trouble.unwrap().contains("nowhere"));
        without.add(&[], cycle(1));
        without.write(true).unwrap();
        let none = read::<Cycle>(&nowhere, Nanos::ZERO).unwrap_err();
        assert_eq!(none.exit, Exit::Usage, "{none}");
    }
}
