//! Writes a journal: durable before anybody relies on it, one file per UTC day, and no further after an error.

mod checkpoints;
mod days;
mod disk;
mod error;
#[cfg(test)]
mod model;
mod queue;
mod repair;
mod sink;
#[cfg(test)]
mod tests;

use hemiola_components::time::Nanos;
use serde_json::Value;

use super::{Chain, DecisionBody, Head, MacKey, Values};
pub use checkpoints::{CheckpointWriter, Pace};
pub use days::{JournalDays, PATTERN};
pub use disk::{Disk, System};
pub use error::WriterError;
pub use queue::{Batch, Queue, Stopped, Ticket};
pub use repair::Torn;
pub(super) use sink::append_line;

/// The file in a journal's folder that is locked while it is written.
const LOCK: &str = "journal.lock";

/// What the journal's own records are about.
const PROFILE: &str = "portfolio";

/// What a journal is written with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its files.
    pub days: JournalDays,
    /// The environment its own records name.
    pub environment: String,
    /// The portfolio they name.
    pub portfolio: String,
    /// What signs; without it the journal is unsigned.
    pub key: Option<MacKey>,
}

/// A journal open for writing. `F` makes an item's records: sealed lines of the chain.
pub struct Writer<D: Disk, F> {
    disk: D,
    settings: Settings,
    chain: Chain,
    seal: F,
    place: Place<D::File>,
    /// Days since the epoch up to which items are known to belong here; spares a look at the pattern for each.
    day: i64,
    /// Lines that are not written yet.
    buffer: Vec<u8>,
    /// Nothing was appended since it was opened.
    is_fresh: bool,
    /// A day began whose first records are not durable yet.
    new_day: Option<Nanos>,
    checkpoints: Option<CheckpointWriter<D>>,
    stopped: Option<WriterError>,
    _lock: D::Lock,
}

/// Where the next record goes.
enum Place<F> {
    /// The first file.
    Nowhere,
    /// The file that the last record names.
    Next { name: String, previous: String },
    /// This file.
    Open { name: String, file: F },
}

impl<D: Disk, F> Writer<D, F> {
    /// Opens a journal at its end. What a crash tore is moved away and returned, for the opening record.
    ///
    /// # Errors
    /// [`WriterError::Busy`] when another process writes it, [`WriterError::Refused`] when its last record is not
    /// what this key has signed, and the system's.
    pub fn open(
        disk: D,
        settings: Settings,
        checkpoints: Option<CheckpointWriter<D>>,
        seal: F,
    ) -> Result<(Self, Option<Torn>), WriterError> {
        let days = &settings.days;
        let folder = days.folder();
        disk.create_folder(folder).map_err(WriterError::io(folder, "create the folder"))?;
        if let Some(parent) = folder.parent().filter(|parent| *parent != std::path::Path::new("")) {
            disk.sync_folder(parent).map_err(WriterError::io(parent, "sync the folder"))?;
        }
        let path = days.path(LOCK);
        let lock = disk.lock(&path).map_err(WriterError::io(&path, "lock"))?;
        let lock = lock.ok_or_else(|| WriterError::Busy { folder: folder.to_owned() })?;
        let end = repair::end(&disk, days, settings.key.as_ref())?;
        let place = match (end.file, end.next_file) {
            (None, _) => Place::Nowhere,
            (Some(previous), Some(name)) if days.is_name(&name) && name > previous => {
                Place::Next { name, previous }
            }
            (Some(name), Some(next)) => {
                let why =
                    format!("its last record goes on in `{next}`, which is no later file of this journal");
                return Err(WriterError::refused(&days.path(&name), why));
            }
            (Some(name), None) => {
                let path = days.path(&name);
                Place::Open { name, file: disk.open(&path).map_err(WriterError::io(&path, "open"))? }
            }
        };
        let mut checkpoints = checkpoints;
        if let Some(checkpoints) = &mut checkpoints {
            checkpoints.start(end.head.count);
        }
        let writer = Self {
            disk,
            chain: Chain::new(settings.key.clone(), end.head),
            settings,
            seal,
            place,
            day: i64::MIN,
            buffer: Vec::new(),
            is_fresh: true,
            new_day: None,
            checkpoints,
            stopped: None,
            _lock: lock,
        };
        Ok((writer, end.torn))
    }

    /// How many records there are with those that wait for a commit, and what the next one links to.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.chain.head()
    }

    /// Adds an item's records, which the next commit makes durable. The first item of a later UTC day begins the
    /// file of that day; the very first one after opening, which tells of the opening, still goes where the journal
    /// ended.
    ///
    /// # Errors
    /// As for [`Self::commit`].
    pub fn append<T>(&mut self, at: Nanos, item: &T) -> Result<(), WriterError>
    where
        F: FnMut(&T, &mut Chain, &mut Vec<u8>),
    {
        self.or_stop(|writer| {
            writer.turn(at)?;
            (writer.seal)(item, &mut writer.chain, &mut writer.buffer);
            Ok(())
        })
    }

    /// Makes durable what was added: one write and one sync, and a checkpoint when it is due.
    ///
    /// # Errors
    /// What the system refused. From then on the journal is stopped: nothing is tried again, and every call returns
    /// the same error. What was added since the last commit may be there or not.
    pub fn commit(&mut self) -> Result<(), WriterError> {
        self.or_stop(|writer| {
            writer.flush()?;
            let head = writer.chain.head();
            writer.checkpoints.as_mut().map_or(Ok(()), |checkpoints| checkpoints.at(head))
        })
    }

    /// Adds the record that closes the journal, and a checkpoint that says so.
    ///
    /// # Errors
    /// As for [`Self::commit`].
    pub fn close<T>(mut self, at: Nanos, item: &T) -> Result<Head, WriterError>
    where
        F: FnMut(&T, &mut Chain, &mut Vec<u8>),
    {
        self.append(at, item)?;
        self.or_stop(Self::flush)?;
        let head = self.head();
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.close(head)?;
        }
        Ok(head)
    }

    /// Hands over to another key, which signs the records from the next one on. Durable on return.
    ///
    /// # Errors
    /// As for [`Self::commit`], and [`WriterError::Unsigned`] when the journal has no key.
    pub fn change_key(&mut self, at: Nanos, key: MacKey) -> Result<(), WriterError> {
        self.or_stop(|writer| {
            if writer.chain.key().is_none() {
                return Err(WriterError::Unsigned);
            }
            writer.turn(at)?;
            writer.hand_over(at, key);
            Ok(())
        })?;
        self.commit()
    }

    fn hand_over(&mut self, at: Nanos, key: MacKey) {
        let mut values = Values::default();
        let mut body = self.body("key_rotated", at);
        body.linked(&self.chain.begin(&mut values)).metadata("new_algorithm", &key.algorithm().name().into());
        if let Some(id) = key.id() {
            body.metadata("new_key_id", &id.into());
        }
        let mut signed = Vec::new();
        body.form().write(&values, &mut signed);
        body.metadata("new_key_mac", &key.sign(&[&signed]).text().into());
        self.record(&body, &values);
        self.chain.change(key);
    }

    /// Runs a step; an error stops the journal.
    fn or_stop(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<(), WriterError>,
    ) -> Result<(), WriterError> {
        match &self.stopped {
            Some(error) => Err(error.clone()),
            None => step(self).inspect_err(|error| self.stopped = Some(error.clone())),
        }
    }

    /// Goes to the file in which the next record belongs.
    fn turn(&mut self, at: Nanos) -> Result<(), WriterError> {
        let day = at.get().div_euclid(Nanos::DAY.get());
        if day <= self.day {
            return Ok(());
        }
        let is_first = std::mem::take(&mut self.is_fresh);
        let today = self.settings.days.name(at);
        let (name, previous) = match &self.place {
            Place::Nowhere => {
                self.day = day;
                return self.begin(today);
            }
            Place::Next { name, previous } => (name.clone(), previous.clone()),
            Place::Open { .. } if is_first => return Ok(()),
            // A clock that goes back begins no file.
            Place::Open { name, .. } if today <= *name => {
                self.day = day;
                return Ok(());
            }
            Place::Open { name, .. } => {
                let previous = name.clone();
                self.own("journal_rotated", at, &[("next_file", today.as_str().into())]);
                self.flush()?;
                self.day = day;
                (today, previous)
            }
        };
        self.begin(name)?;
        let records = self.chain.head().count.to_string();
        self.own(
            "journal_continued",
            at,
            &[("previous_file", previous.into()), ("previous_records", records.into())],
        );
        self.new_day = Some(at);
        Ok(())
    }

    /// Goes on in a new file.
    fn begin(&mut self, name: String) -> Result<(), WriterError> {
        let (path, folder) = (self.settings.days.path(&name), self.settings.days.folder());
        let file = self.disk.open(&path).map_err(WriterError::io(&path, "create"))?;
        self.disk.sync_folder(folder).map_err(WriterError::io(folder, "sync the folder"))?;
        self.place = Place::Open { name, file };
        Ok(())
    }

    /// Writes what waits. Old files go only when the new one says where it goes on from.
    fn flush(&mut self) -> Result<(), WriterError> {
        if let Place::Open { name, file } = &mut self.place
            && !self.buffer.is_empty()
        {
            let path = self.settings.days.path(name);
            self.disk.write(file, &self.buffer).map_err(WriterError::io(&path, "write"))?;
            self.disk.sync(file).map_err(WriterError::io(&path, "sync"))?;
            self.buffer.clear();
        }
        match self.new_day.take() {
            Some(today) => self.settings.days.forget(&self.disk, today),
            None => Ok(()),
        }
    }

    fn body(&self, event: &str, at: Nanos) -> DecisionBody {
        let Settings { environment, portfolio, .. } = &self.settings;
        DecisionBody::new(event, at, environment, portfolio, PROFILE)
    }

    /// Adds a record of the journal's own.
    fn own(&mut self, event: &str, at: Nanos, says: &[(&str, Value)]) {
        let mut values = Values::default();
        let mut body = self.body(event, at);
        body.linked(&self.chain.begin(&mut values));
        for (name, value) in says {
            body.metadata(name, value);
        }
        self.record(&body, &values);
    }

    fn record(&mut self, body: &DecisionBody, values: &Values) {
        let start = self.buffer.len();
        body.form().write(values, &mut self.buffer);
        self.chain.seal(&mut self.buffer, start);
    }
}
