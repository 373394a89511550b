//! What a session takes in and what comes of it is written down: first the inputs, then what the world did about them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hemiola_adapters::input_log::{InputLog, InputLogError};
use hemiola_adapters::journal::writer::{CheckpointWriter, Disk, JournalDays, Settings, Writer, WriterError};
use hemiola_adapters::journal::{Chain, Head};
use hemiola_components::journal::Record;
use hemiola_components::time::Nanos;
use hemiola_systems::risk::calendar::day_of;
use thiserror::Error;

use super::alert::RuntimeAlert;
use super::entry::Entry;
use super::shots::{self, Beside, Shot};
use crate::cycles::Timing;
use crate::job::Prepared;
use crate::journal::{Opening, Scribe, Signing, close, decisions};
use crate::snapshot::Saved;

/// Why something cannot be written down.
#[derive(Clone, Debug, Error)]
pub enum CommitError {
    /// The input log.
    #[error(transparent)]
    Inputs(#[from] InputLogError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] WriterError),
    /// The journal knows of more than the inputs give.
    #[error(
        "the journal has {journal} lines on decisions, and the inputs give {inputs}: the input log has lost its end; \
         put it back from a backup, or begin anew with --fresh"
    )]
    Ahead {
        /// Lines of the journal.
        journal: u64,
        /// Lines that the inputs give.
        inputs: u64,
    },
    /// The journal knows of less than a snapshot.
    #[error(
        "the journal has {journal} lines on decisions, and the session had written {snapshot}: it has lost its end; see \
         `hemiola journal verify`, and put it back from a backup, or begin anew with --fresh"
    )]
    Behind {
        /// Lines of the journal.
        journal: u64,
        /// Lines that the session had written.
        snapshot: u64,
    },
}

/// Something for a session's files.
#[derive(Debug)]
pub enum Outgoing {
    /// What is about to be taken in.
    Input(Entry),
    /// What came of it, and when it was worked out.
    Cycle(Vec<Record>, Timing),
    /// What came of what was read back.
    Records(Vec<Record>),
    /// What the session says of its surroundings.
    Alert(RuntimeAlert),
    /// What it has come to; lines and weights are filled in.
    Shot(Box<Saved>, Beside),
}

/// A record of the journal.
enum Item {
    Opened(Nanos, Box<Opening>),
    Happened(Record),
    Alert(RuntimeAlert),
    Closed(Nanos, String),
}

type Seal<'p> = Box<dyn FnMut(&Item, &mut Chain, &mut Vec<u8>) + Send + 'p>;

/// The files of a session, open for writing.
pub struct Committer<'p, D: Disk> {
    disk: D,
    folder: PathBuf,
    run_id: &'p str,
    log: InputLog<D>,
    journal: Option<Writer<D, Seal<'p>>>,
    scribe: Arc<Mutex<Scribe<'p>>>,
    signing: Signing,
    /// Records that had a line.
    written: Arc<AtomicU64>,
    /// Lines on decisions that the journal had when it was opened.
    had: u64,
    /// Lines on decisions that the world has come to.
    lines: u64,
    /// The UTC day of the journal's last record.
    day: i64,
}

/// How a session keeps its journal.
pub struct JournalFiles<D: Disk> {
    /// Where; `None` when it keeps none.
    pub days: Option<JournalDays>,
    /// What signs it.
    pub signing: Signing,
    /// What signs checkpoints.
    pub checkpoints: Option<CheckpointWriter<D>>,
}

impl<'p, D: Disk> Committer<'p, D> {
    /// Opens the files of a session. Journal records of the opening are stamped with `at`.
    ///
    /// # Errors
    /// When they are damaged, another process has them, or the system refuses.
    pub fn open(
        disk: D,
        folder: &Path,
        prepared: &'p Prepared,
        journal: JournalFiles<D>,
        at: Nanos,
    ) -> Result<Self, CommitError> {
        let (log, _) = InputLog::open(disk.clone(), folder)?;
        let scribe = Arc::new(Mutex::new(Scribe::new(prepared)));
        let JournalFiles { days, signing, checkpoints } = journal;
        let mut committer = Self {
            disk: disk.clone(),
            folder: folder.to_owned(),
            run_id: &prepared.run_id,
            log,
            journal: None,
            scribe,
            signing,
            written: Arc::default(),
            had: 0,
            lines: 0,
            day: i64::MIN,
        };
        if let Some(days) = days {
            committer.had = decisions(&disk, &days)?;
            committer.open_journal(disk, days, checkpoints, prepared, at)?;
        }
        Ok(committer)
    }

    fn open_journal(
        &mut self,
        disk: D,
        days: JournalDays,
        checkpoints: Option<CheckpointWriter<D>>,
        prepared: &'p Prepared,
        at: Nanos,
    ) -> Result<(), CommitError> {
        let plan = &prepared.plan;
        let settings = Settings {
            days,
            environment: plan.environment.clone(),
            portfolio: plan.scheduler.clone(),
            key: self.signing.key().cloned(),
        };
        let (scribe, written) = (Arc::clone(&self.scribe), Arc::clone(&self.written));
        let seal: Seal<'p> = Box::new(move |item, chain, line| match item {
            Item::Opened(at, opening) => opening.write(plan, *at, chain, line),
            Item::Happened(record) => {
                let has_line =
                    scribe.lock().unwrap_or_else(PoisonError::into_inner).record(record, chain, line);
                written.fetch_add(u64::from(has_line), Ordering::Relaxed);
            }
            Item::Alert(alert) => alert.write(plan, chain, line),
            Item::Closed(at, digest) => close(plan, *at, Some(digest), chain, line),
        });
        let (mut writer, torn) = Writer::open(disk, settings, checkpoints, seal)?;
        let opening = Opening::new(prepared, self.signing.checkpoint_key()).after(torn).going_on(self.had);
        writer.append(at, &Item::Opened(at, Box::new(opening)))?;
        writer.commit()?;
        self.journal = Some(writer);
        Ok(())
    }

    /// Number of the next line of the input log.
    #[must_use]
    pub const fn next_input(&self) -> u64 {
        self.log.next()
    }

    /// Adds something; the next commit makes it durable. Of records that are read back, those that the journal has
    /// already are passed over.
    ///
    /// # Errors
    /// As for [`Self::commit`].
    pub fn add(&mut self, outgoing: Outgoing) -> Result<(), CommitError> {
        match outgoing {
            Outgoing::Input(entry) => self.log.append(&entry)?,
            Outgoing::Cycle(records, _) | Outgoing::Records(records) => {
                for record in records {
                    self.record(record)?;
                }
            }
            Outgoing::Alert(alert) => {
                if let Some(journal) = &mut self.journal {
                    self.log.commit()?;
                    journal.append(alert.at, &Item::Alert(alert))?;
                }
            }
            Outgoing::Shot(world, beside) => self.shoot(*world, beside)?,
        }
        Ok(())
    }

    /// Writes a snapshot of what has been added, and goes on in a new file.
    fn shoot(&mut self, world: Saved, beside: Beside) -> Result<(), CommitError> {
        self.commit()?;
        let weights = self.scribe.lock().unwrap_or_else(PoisonError::into_inner).weights();
        let next = self.log.next();
        let beside = Beside { lines: self.lines, weights, ..beside };
        shots::write(&self.disk, &self.folder, self.run_id, &Shot { next, world, beside })?;
        Ok(self.log.roll()?)
    }

    /// Goes on after a snapshot: what came before it is not read back.
    pub fn go_on(&mut self, beside: &Beside) {
        self.lines = beside.lines;
        self.scribe.lock().unwrap_or_else(PoisonError::into_inner).go_on(&beside.weights);
    }

    fn record(&mut self, record: Record) -> Result<(), CommitError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        if day_of(record.at) != self.day {
            // A journal that begins another day's file writes what it has, and nothing of it goes before its inputs.
            self.log.commit()?;
            self.day = day_of(record.at);
        }
        if self.lines < self.had {
            let mut chain = self.signing.chain(Head::default());
            let mut scribe = self.scribe.lock().unwrap_or_else(PoisonError::into_inner);
            self.lines += u64::from(scribe.record(&record, &mut chain, &mut Vec::new()));
            return Ok(());
        }
        let before = self.written.load(Ordering::Relaxed);
        journal.append(record.at, &Item::Happened(record))?;
        self.lines += self.written.load(Ordering::Relaxed) - before;
        Ok(())
    }

    /// Says that everything that was read back has been added.
    ///
    /// # Errors
    /// [`CommitError::Ahead`] when the journal knows of more than that.
    pub const fn read_back(&self) -> Result<(), CommitError> {
        if self.journal.is_some() && self.lines < self.had {
            return Err(CommitError::Ahead { journal: self.had, inputs: self.lines });
        }
        Ok(())
    }

    /// Whether the journal has everything that a snapshot counts.
    ///
    /// # Errors
    /// [`CommitError::Behind`] when it has not.
    pub const fn check(&self, beside: &Beside) -> Result<(), CommitError> {
        if self.journal.is_some() && self.had < beside.lines {
            return Err(CommitError::Behind { journal: self.had, snapshot: beside.lines });
        }
        Ok(())
    }

    /// Makes durable what was added: the inputs first.
    ///
    /// # Errors
    /// What the system refused. The files are to be opened anew then.
    pub fn commit(&mut self) -> Result<(), CommitError> {
        self.log.commit()?;
        match &mut self.journal {
            Some(journal) => Ok(journal.commit()?),
            None => Ok(()),
        }
    }

    /// Closes the journal.
    ///
    /// # Errors
    /// What the system refused.
    pub fn close(mut self, at: Nanos, digest: String) -> Result<(), CommitError> {
        self.log.commit()?;
        if let Some(journal) = self.journal {
            journal.close(at, &Item::Closed(at, digest))?;
        }
        Ok(())
    }
}
