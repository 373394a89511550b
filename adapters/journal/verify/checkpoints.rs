//! What checkpoints say, beside what is there.

use super::finding::{Draft, Findings, Place, What};
use super::report::Covered;
use super::{VerifyError, error};
use crate::journal::{Checkpoint, Head, Lines, PublicKey};

/// Files of checkpoints, each read along with the journal.
pub struct Checkpoints {
    key: PublicKey,
    files: Vec<File>,
    /// The fewest records that any file's next checkpoint knows of.
    due: u64,
    covered: Covered,
}

struct File {
    name: String,
    lines: Lines,
    /// The next one, and its line.
    next: Option<(Checkpoint, u64)>,
    /// Records of the one before it.
    count: u64,
}

impl Checkpoints {
    /// No files yet; `key` verifies their lines.
    #[must_use]
    pub fn new(key: PublicKey) -> Self {
        Self { key, files: Vec::new(), due: 0, covered: Covered::default() }
    }

    /// Adds a file.
    pub fn add(&mut self, name: String, lines: Lines) {
        self.files.push(File { name, lines, next: None, count: 0 });
    }

    pub(super) const fn key(&self) -> &PublicKey {
        &self.key
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.name.as_str())
    }

    /// Reads the first checkpoint of each file. `first` is the number of the first of these files.
    pub(super) fn start(&mut self, first: usize, findings: &mut Findings) -> Result<(), VerifyError> {
        for (at, file) in self.files.iter_mut().enumerate() {
            file.advance(&self.key, first + at, &mut self.covered, findings)?;
        }
        self.wait();
        Ok(())
    }

    fn wait(&mut self) {
        let counts = self.files.iter().filter_map(|file| file.next.as_ref());
        self.due = counts.map(|(checkpoint, _)| checkpoint.head.count).min().unwrap_or(u64::MAX);
    }

    /// The journal has so many records, and the last one stands at `place`. `is_forked` says that it is another
    /// history, which is known; it is no longer when a checkpoint fits.
    pub(super) fn at(
        &mut self,
        head: Head,
        place: Place,
        is_forked: &mut bool,
        first: usize,
        findings: &mut Findings,
    ) -> Result<(), VerifyError> {
        if head.count < self.due {
            return Ok(());
        }
        for (at, file) in self.files.iter_mut().enumerate() {
            while let Some((checkpoint, line)) = &file.next
                && checkpoint.head.count <= head.count
            {
                if checkpoint.head == head {
                    self.covered.fit += 1;
                    self.covered.records = Some(head.count);
                    *is_forked = false;
                } else if checkpoint.head.count == head.count && !*is_forked {
                    *is_forked = true;
                    let text = format!(
                        "the checkpoint on {}:{line} says that another record was here: this is another history, \
                         or was signed again",
                        file.name
                    );
                    let seq = head.count.saturating_sub(1);
                    findings.push(Draft::new(What::Forked, place, text).records(seq, seq));
                }
                file.advance(&self.key, first + at, &mut self.covered, findings)?;
            }
        }
        self.wait();
        Ok(())
    }

    /// The checkpoint of the most records beyond `records`, as `FILE:LINE` and their number; and what was covered.
    pub(super) fn finish(
        mut self,
        records: u64,
        first: usize,
        findings: &mut Findings,
    ) -> Result<(Option<(String, u64)>, Covered), VerifyError> {
        let mut beyond: Option<(String, u64)> = None;
        for (at, file) in self.files.iter_mut().enumerate() {
            while let Some((checkpoint, line)) = &file.next {
                let most = beyond.as_ref().map_or(records, |(_, count)| *count);
                if checkpoint.head.count > most {
                    beyond = Some((format!("{}:{line}", file.name), checkpoint.head.count));
                }
                file.advance(&self.key, first + at, &mut self.covered, findings)?;
            }
        }
        Ok((beyond, self.covered))
    }
}

impl File {
    /// Reads the next good checkpoint.
    fn advance(
        &mut self,
        key: &PublicKey,
        number: usize,
        covered: &mut Covered,
        findings: &mut Findings,
    ) -> Result<(), VerifyError> {
        self.next = None;
        while let Some(line) = self.lines.next().map_err(|source| error(&self.name, source))? {
            covered.read += 1;
            let place = Place { file: number, line: line.number };
            let text = str::from_utf8(line.bytes).map_err(|_| "it is no text".to_owned());
            match text.and_then(|text| Checkpoint::read(text, key)) {
                Ok(checkpoint) if checkpoint.head.count < self.count => {
                    let text = "this checkpoint stands behind a later one";
                    findings.push(Draft::new(What::Reordered, place, text));
                }
                Ok(checkpoint) => {
                    self.count = checkpoint.head.count;
                    self.next = Some((checkpoint, line.number));
                    return Ok(());
                }
                Err(_) if !line.ended => {
                    let text = "the last checkpoint is not complete: a crash, or something cut it";
                    findings.push(Draft::new(What::Torn, place, text));
                }
                Err(why) => {
                    let text = format!("this checkpoint does not count: {why}");
                    findings.push(Draft::new(What::Edited, place, text));
                }
            }
        }
        Ok(())
    }
}
