//! Figures of past commits, a line each, so that a regression is seen.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::report::Row;
use crate::exit::{Exit, Failure};

/// A row is slower than before when its ratio to the hand-written loop has grown by more than this factor.
const SLOWER: f64 = 1.2;

/// The figures of one commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What names the commit.
    pub commit: String,
    /// Its rows.
    pub rows: Vec<Figure>,
}

/// What is kept of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// The workload.
    pub name: String,
    /// What it is: together with `name`, the row's identity.
    pub about: String,
    /// Processor time of the run, seconds.
    pub cpu_seconds: f64,
    /// Processor time as a multiple of the hand-written loop's; `None` where it was not timed.
    pub times_plain: Option<f64>,
}

impl Entry {
    /// The figures of these rows.
    #[must_use]
    pub fn new(commit: &str, rows: &[Row]) -> Self {
        let figure = |row: &Row| Figure {
            name: row.name.clone(),
            about: row.about.clone(),
            cpu_seconds: row.world.cpu.as_secs_f64(),
            times_plain: row.ratio(),
        };
        Self { commit: commit.to_owned(), rows: rows.iter().map(figure).collect() }
    }

    /// What has become slower since `past`, a sentence each. Only ratios are held against each other: times differ
    /// between machines and hours.
    #[must_use]
    pub fn slower_than(&self, past: &Self) -> Vec<String> {
        let slower = |now: &Figure| {
            let before = past.rows.iter().find(|row| (&row.name, &row.about) == (&now.name, &now.about))?;
            let (before, now_is) = (before.times_plain?, now.times_plain?);
            (now_is > before * SLOWER).then(|| {
                let (name, about, commit) = (&now.name, &now.about, &past.commit);
                format!("{name}, {about}: {now_is:.2} x plain, and {before:.2} at {commit}")
            })
        };
        self.rows.iter().filter_map(slower).collect()
    }
}

/// The newest figures of a file; `None` when there is no file yet.
///
/// # Errors
/// When the file cannot be read, or its last line is not one of figures.
pub fn newest(path: &Path) -> Result<Option<Entry>, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failure(path, &format!("cannot be read: {error}"))),
    };
    let Some((line, last)) = text.lines().enumerate().last() else { return Ok(None) };
    let entry = serde_json::from_str(last);
    entry.map(Some).map_err(|error| failure(path, &format!("line {}: {error}", line + 1)))
}

/// Adds a line.
///
/// # Errors
/// When it cannot be written.
pub fn add(path: &Path, entry: &Entry) -> Result<(), Failure> {
    let mut line = serde_json::to_string(entry).map_err(|error| failure(path, &error.to_string()))?;
    line.push('\n');
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
    written.map_err(|error| failure(path, &format!("cannot be written: {error}")))
}

fn failure(path: &Path, what: &str) -> Failure {
    Failure::new(Exit::Operational, format!("{}: {what}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(commit: &str, ratios: &[(&str, Option<f64>)]) -> Entry {
        let figure = |(name, times_plain): &(&str, Option<f64>)| Figure {
            name: (*name).to_owned(),
            about: "rows".to_owned(),
            cpu_seconds: 0.5,
            times_plain: *times_plain,
        };
        Entry { commit: commit.to_owned(), rows: ratios.iter().map(figure).collect() }
    }

    #[test]
    fn the_last_line_is_the_newest_and_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("figures.jsonl");
        assert_eq!(newest(&path).unwrap(), None);
        let [first, second] = ["one", "two"].map(|commit| entry(commit, &[("W1", Some(3.0)), ("S1", None)]));
        add(&path, &first).unwrap();
        add(&path, &second).unwrap();
        assert_eq!(newest(&path).unwrap(), Some(second));
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
        fs::write(&path, "{\"commit\": 3}\n").unwrap();
        let message = newest(&path).unwrap_err().message;
        assert!(message.contains("figures.jsonl: line 1: "), "{message}");
    }

    #[test]
    fn what_is_slower_by_more_than_a_fifth_is_said() {
        let past = entry("abc", &[("W1", Some(3.0)), ("W2", Some(2.0)), ("W3", None), ("S1", Some(1.0))]);
        let now = entry("def", &[("W1", Some(3.7)), ("W2", Some(2.3)), ("W3", Some(9.0)), ("S2", Some(9.0))]);
        assert_eq!(now.slower_than(&past), ["W1, rows: 3.70 x plain, and 3.00 at abc"]);
    }
}
