//! The files of a journal: one per UTC day.

use std::path::{Path, PathBuf};

use chrono::Days;
use hemiola_components::time::Nanos;

use super::WriterError;
use super::disk::Disk;
use crate::day_pattern::{DayPattern, date};

/// The name of a day's file when none is configured.
pub const PATTERN: &str = "decisions-%Y%m%d.jsonl";

/// What ends the name of a file that is written.
const PLAIN: &str = ".jsonl";

/// What ends the name of a file that was compressed afterwards.
const COMPRESSED: [&str; 2] = [".gz", ".zst"];

/// Where a journal's files are, what they are called and how long they are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalDays {
    folder: PathBuf,
    pattern: DayPattern,
    keep: Option<u32>,
}

impl JournalDays {
    /// The files of a folder by a strftime pattern; the folder need not exist yet. Files of days before the last
    /// `keep` are removed when a new day begins; none are without it.
    ///
    /// # Errors
    /// [`WriterError::Pattern`] when the names do not tell the days apart or are not in their order.
    pub fn new(folder: &Path, pattern: &str, keep: Option<u32>) -> Result<Self, WriterError> {
        let days = DayPattern::new(pattern).filter(|days| days.is_ascending() && pattern.ends_with(PLAIN));
        match days {
            Some(pattern) => Ok(Self { folder: folder.to_owned(), pattern, keep }),
            None => Err(WriterError::Pattern { pattern: pattern.to_owned() }),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The name of the file of an instant's UTC day.
    pub(super) fn name(&self, at: Nanos) -> String {
        self.pattern.name(date(at))
    }

    /// Whether a name is that of a day's file.
    pub(super) fn is_name(&self, name: &str) -> bool {
        self.pattern.day_of(name).is_some()
    }

    /// The files of any journal in the folder, in its order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn paths(&self, disk: &impl Disk) -> Result<Vec<PathBuf>, WriterError> {
        Ok(self.files(disk)?.iter().map(|name| self.path(name)).collect())
    }

    /// The names of the files of any journal in the folder, as a verifier reads them, in its order.
    pub(super) fn files(&self, disk: &impl Disk) -> Result<Vec<String>, WriterError> {
        let mut names = disk.names(&self.folder).map_err(WriterError::io(&self.folder, "read the folder"))?;
        names.retain(|name| uncompressed(name).ends_with(PLAIN));
        names.sort_unstable();
        Ok(names)
    }

    /// Removes the files of days that are no longer kept, when it is the day of this instant.
    pub(super) fn forget(&self, disk: &impl Disk, today: Nanos) -> Result<(), WriterError> {
        let back = self.keep.map(|days| Days::new(u64::from(days.max(1) - 1)));
        let Some(first) = back.and_then(|back| date(today).checked_sub_days(back)) else { return Ok(()) };
        let mut any = false;
        for name in self.files(disk)? {
            if self.pattern.day_of(uncompressed(&name)).is_some_and(|day| day < first) {
                let path = self.path(&name);
                disk.remove(&path).map_err(WriterError::io(&path, "delete what is older than is kept"))?;
                any = true;
            }
        }
        if any {
            disk.sync_folder(&self.folder).map_err(WriterError::io(&self.folder, "sync the folder"))?;
        }
        Ok(())
    }
}

/// The name before a file was compressed.
fn uncompressed(name: &str) -> &str {
    COMPRESSED.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_days() {
        let pattern = |pattern| JournalDays::new(Path::new("journal"), pattern, None);
        for good in [PATTERN, "%Y-%m-%d.jsonl", "%Y.%j.jsonl"] {
            assert!(pattern(good).is_ok(), "{good}");
        }
        for bad in ["%d%m%Y.jsonl", "%Y%m.jsonl", "%Y%m%d.json", "%Y/%m%d.jsonl", "%Y%b%d.jsonl", "%!.jsonl"]
        {
            let error = pattern(bad).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{bad}` is no pattern")), "{error}");
        }
    }
}
