//! What was verified, and how it ended.

use std::collections::BTreeMap;

use serde::Serialize;

use super::finding::Finding;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Whoever has the keys wrote every record, in this order.
    Valid,
    /// Records are linked and not signed, as was allowed: nothing is proven.
    Unsigned,
    /// There are findings.
    Failed,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// Its name, `-` for standard input.
    pub name: String,
    /// Its last line's number; blank lines at the end do not count.
    pub lines: u64,
}

/// What checkpoints cover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// Lines in the files of checkpoints.
    pub read: u64,
    /// Checkpoints that say what is there.
    pub fit: u64,
    /// Records up to the last one that fits.
    pub records: Option<u64>,
}

/// What was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How it ended.
    pub verdict: Verdict,
    /// The files, in their order.
    pub files: Vec<FileReport>,
    /// Good records.
    pub records: u64,
    /// Records without a signature among them.
    pub unsigned: u64,
    /// Good records by their event.
    pub events: BTreeMap<String, u64>,
    /// The names of the keys, in the order they signed.
    pub key_ids: Vec<String>,
    /// How they signed.
    pub algorithms: Vec<&'static str>,
    /// The timestamp of the first good record.
    pub first_time: Option<String>,
    /// The timestamp of the last good record.
    pub last_time: Option<String>,
    /// The runs that the opening records name.
    pub runs: Vec<String>,
    /// The number of the first good record; not 0 when earlier files were not given.
    pub first_record: Option<u64>,
    /// The file before, as the first record names it.
    pub previous_file: Option<String>,
    /// Whether a record closes the journal.
    pub is_closed: bool,
    /// The file in which it goes on, as the last record names it.
    pub next_file: Option<String>,
    /// What checkpoints cover; nothing without any.
    pub checkpoints: Option<Covered>,
    /// What was found, in the order of the files.
    pub findings: Vec<Finding>,
}
