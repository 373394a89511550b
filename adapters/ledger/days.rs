//! The files of a ledger: one per UTC day.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate};
use hemiola_components::time::Nanos;

use super::error::LedgerError;
use super::row::Row;
use crate::day_pattern::{DayPattern, date};

/// The name of a day's file when none is configured.
pub const PATTERN: &str = "ledger-%Y%m%d.jsonl";

/// For how many days files are kept when nothing is configured.
pub const RETENTION_DAYS: u32 = 730;

/// Where a ledger's files are and what they are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerDays {
    folder: PathBuf,
    pattern: DayPattern,
}

impl LedgerDays {
    /// The files of a folder by a strftime pattern; the folder need not exist yet.
    ///
    /// # Errors
    /// [`LedgerError::Pattern`] when two days would have the same file, or a file another folder.
    pub fn new(folder: &Path, pattern: &str) -> Result<Self, LedgerError> {
        match DayPattern::new(pattern) {
            Some(pattern) => Ok(Self { folder: folder.to_owned(), pattern }),
            None => Err(LedgerError::Pattern { pattern: pattern.to_owned() }),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of an instant's UTC day.
    #[must_use]
    pub fn file(&self, at: Nanos) -> PathBuf {
        self.folder.join(self.pattern.name(date(at)))
    }

    /// Every row of every file, days ascending and each in the order it was written.
    ///
    /// # Errors
    /// [`LedgerError::Io`] when something cannot be read, [`LedgerError::Line`] for the first line that is no row.
    pub fn rows(&self) -> Result<Vec<Row>, LedgerError> {
        let mut rows = Vec::new();
        for (_, path) in self.files()? {
            rows.extend(read(&path)?);
        }
        Ok(rows)
    }

    /// Deletes the files of days before the last `days`, `today` among them, and returns which.
    ///
    /// # Errors
    /// [`LedgerError::Io`] when the folder cannot be read or a file cannot be deleted.
    pub fn forget(&self, today: Nanos, days: u32) -> Result<Vec<PathBuf>, LedgerError> {
        let back = Days::new(u64::from(days.saturating_sub(1)));
        let Some(first) = date(today).checked_sub_days(back) else { return Ok(Vec::new()) };
        let old = self.files()?.into_iter().filter(|(day, _)| *day < first).map(|(_, path)| path);
        old.map(|path| {
            fs::remove_file(&path).map_err(LedgerError::io(&path, "delete"))?;
            Ok(path)
        })
        .collect()
    }

    /// The files there are, days ascending.
    fn files(&self) -> Result<Vec<(NaiveDate, PathBuf)>, LedgerError> {
        if !self.folder.exists() {
            return Ok(Vec::new());
        }
        let failed = || LedgerError::io(&self.folder, "read the folder");
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed())? {
            let entry = entry.map_err(failed())?;
            files.extend(
                entry
                    .file_name()
                    .to_str()
                    .and_then(|name| self.pattern.day_of(name))
                    .map(|day| (day, entry.path())),
            );
        }
        files.sort_unstable();
        Ok(files)
    }
}

/// The rows of a file.
///
/// # Errors
/// As for [`LedgerDays::rows`]; a last line that was torn is no row either.
pub fn read(path: &Path) -> Result<Vec<Row>, LedgerError> {
    let text = fs::read(path).map_err(LedgerError::io(path, "read"))?;
    let lines = text.split_inclusive(|byte| *byte == b'\n').enumerate();
    lines
        .map(|(index, line)| {
            let failed =
                |reason: String| LedgerError::Line { path: path.to_owned(), line: index + 1, reason };
            let line = line.strip_suffix(b"\n").ok_or_else(|| failed("it was torn by a crash".to_owned()))?;
            serde_json::from_slice(line).map_err(|error| failed(error.to_string()))
        })
        .collect()
}
