//! When checkpoints are due, and signing them.

use std::io;
use std::sync::Arc;

use hemiola_components::time::Nanos;

use super::disk::Disk;
use super::error::WriterError;
use super::sink::Sink;
use crate::journal::{Checkpoint, CheckpointKey, Head, Target};

/// How often there are checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// After so many records; a commit with more of them has one.
    pub records: u64,
    /// And when the last one is this old and there are new records.
    pub interval: Nanos,
}

/// Signs checkpoints and sends them to a second place.
pub struct CheckpointWriter<D: Disk> {
    sink: Sink<D>,
    key: CheckpointKey,
    run: String,
    pace: Pace,
    clock: Box<dyn FnMut() -> Nanos + Send>,
    last: Nanos,
    count: u64,
}

impl<D: Disk> CheckpointWriter<D> {
    /// For the run of this name; `clock` tells the time.
    ///
    /// # Errors
    /// When the place cannot be opened.
    pub fn open(
        disk: D,
        target: &Target,
        key: CheckpointKey,
        run: String,
        pace: Pace,
        clock: Box<dyn FnMut() -> Nanos + Send>,
    ) -> io::Result<Self> {
        let mut clock = clock;
        let (sink, last) = (Sink::open(disk, target)?, clock());
        Ok(Self { sink, key, run, pace, clock, last, count: 0 })
    }

    /// The journal has so many records already.
    pub(super) const fn start(&mut self, count: u64) {
        self.count = count;
    }

    /// These records are durable.
    pub(super) fn at(&mut self, head: Head) -> Result<(), WriterError> {
        if head.count == self.count {
            return Ok(());
        }
        let time = (self.clock)();
        let age = time.get().saturating_sub(self.last.get());
        if head.count - self.count < self.pace.records && age < self.pace.interval.get() {
            return Ok(());
        }
        self.sign(head, time, false)
    }

    /// These are all records: the last one closes the journal.
    pub(super) fn close(&mut self, head: Head) -> Result<(), WriterError> {
        let time = (self.clock)();
        self.sign(head, time, true)
    }

    fn sign(&mut self, head: Head, time: Nanos, closed: bool) -> Result<(), WriterError> {
        let checkpoint = Checkpoint { run: self.run.clone(), head, time, closed };
        let written = self.sink.write(&checkpoint.line(&self.key));
        written
            .map_err(|error| WriterError::Checkpoint { place: self.sink.name(), source: Arc::new(error) })?;
        (self.last, self.count) = (time, head.count);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::atomic::{AtomicI64, Ordering};

    use zeroize::Zeroizing;

    use super::super::disk::System;
    use super::*;
    use crate::journal::Code;

    #[test]
    fn checkpoints_come_by_count_and_by_age_and_only_for_new_records() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, time) = (folder.path().join("kept"), Arc::new(AtomicI64::new(0)));
        let key = || CheckpointKey::from_seed(&Zeroizing::new([1; 32]));
        let pace = Pace { records: 10, interval: Nanos::SECOND };
        let clock = Arc::clone(&time);
        let clock = Box::new(move || Nanos::new(clock.load(Ordering::Relaxed)));
        let target = Target::File(kept.clone());
        let opened = CheckpointWriter::open(System, &target, key(), "run".to_owned(), pace, clock);
        let mut checkpoints = opened.unwrap();
        checkpoints.start(5);
        let head = |count| Head { count, code: Code::default() };
        let second = Nanos::SECOND.get();
        for (now, count) in [
            (0, 14),
            (0, 15),
            (second - 1, 16),
            (second, 16),
            (3 * second, 16),
            (3 * second, 17),
            (3 * second, 26),
            (3 * second, 27),
        ] {
            time.store(now, Ordering::Relaxed);
            checkpoints.at(head(count)).unwrap();
        }
        checkpoints.close(head(27)).unwrap();
        let text = fs::read_to_string(kept).unwrap();
        let read = |line| Checkpoint::read(line, &key().public()).unwrap();
        let counts: Vec<_> = text.lines().map(read).map(|one| (one.head.count, one.closed)).collect();
        assert_eq!(counts, [(15, false), (16, false), (17, false), (27, false), (27, true)]);
    }
}
