//! What can go wrong with a store.

use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat};
use hemiola_components::time::{Interval, Nanos};
use thiserror::Error;

use super::check::Defect;

/// Why candles, quotes or targets could not be read or written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The root is not a folder.
    #[error(
        "there is no candle store at `{}`: fill one with `hemiola data seed`, or name another folder with `--data DIR`",
        root.display()
    )]
    NoStore {
        /// The folder that was looked for.
        root: PathBuf,
    },
    /// The operating system refused.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why it was refused.
        source: io::Error,
    },
    /// Candles beyond the limit of memory could not be put into temporary files.
    #[error(
        "{}: cannot keep candles in a temporary file: {source}: name a folder with more room with --temp-dir DIR, or \
         raise --memory-limit",
        folder.display()
    )]
    Scratch {
        /// The folder of the temporary files.
        folder: PathBuf,
        /// Why it was refused.
        source: io::Error,
    },
    /// A folder has the name of a file.
    #[error("{}: is a folder, where a Parquet file is expected", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// A file of no bytes or of no rows.
    #[error("{}: is empty ({what}): delete it or write it again", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What it has none of.
        what: &'static str,
    },
    /// A file that Parquet cannot make sense of.
    #[error("{}: is not a Parquet file, or is damaged ({reason}): fetch it again", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// A needed column is absent.
    #[error("{}: has no column `{column}`; its columns are {found}", path.display())]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column, or the alternatives.
        column: &'static str,
        /// The columns there are.
        found: String,
    },
    /// A column has a type that is not understood.
    #[error("{}: column `{column}` is of type {found}, expected {expected}", path.display())]
    WrongType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// Its type.
        found: String,
        /// The types that are understood.
        expected: &'static str,
    },
    /// Rows that break a rule.
    #[error(
        "{}: row {row}{}: {defect}{}",
        path.display(),
        at(time_column, *time),
        others(*bad)
    )]
    BadRow {
        /// The file.
        path: PathBuf,
        /// The first bad row, counted from 1.
        row: usize,
        /// The name of the column with the row's time.
        time_column: &'static str,
        /// The row's time, unless it is null.
        time: Option<Nanos>,
        /// What is wrong with the row.
        defect: Defect,
        /// How many rows of the file are bad.
        bad: usize,
    },
    /// A series is stored twice.
    #[error(
        "the {interval} candles are stored twice, in `{}` and in `{}`: remove one",
        first.display(),
        second.display()
    )]
    Ambiguous {
        /// The interval of the candles.
        interval: Interval,
        /// One place.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A folder of a partitioned series whose name is not a year or a month.
    #[error("{}: is not a partition: expected `year=YYYY/month=MM`", path.display())]
    PartitionName {
        /// The folder.
        path: PathBuf,
    },
    /// Demo candles would replace something else.
    #[error(
        "{}: does not say `source=synthetic`, so demo candles will not replace it: move it away or seed another folder",
        path.display()
    )]
    NotSynthetic {
        /// The file.
        path: PathBuf,
    },
    /// The demo candles asked for cannot be made.
    #[error("cannot make demo candles for {venue}:{symbol}: {reason}")]
    Seed {
        /// The venue asked for.
        venue: String,
        /// The symbol asked for.
        symbol: String,
        /// What is wrong with the request.
        reason: String,
    },
}

impl StoreError {
    /// Whether the data itself is at fault, rather than the request or access to it.
    #[must_use]
    pub const fn is_bad_data(&self) -> bool {
        match self {
            Self::Empty { .. }
            | Self::Corrupt { .. }
            | Self::MissingColumn { .. }
            | Self::WrongType { .. }
            | Self::BadRow { .. }
            | Self::Ambiguous { .. }
            | Self::PartitionName { .. } => true,
            Self::NoStore { .. }
            | Self::Io { .. }
            | Self::Scratch { .. }
            | Self::Folder { .. }
            | Self::NotSynthetic { .. }
            | Self::Seed { .. } => false,
        }
    }

    pub(crate) fn io(path: &Path, action: &'static str, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), action, source }
    }

    pub(crate) fn corrupt(path: &Path, reason: impl ToString) -> Self {
        Self::Corrupt { path: path.to_owned(), reason: reason.to_string() }
    }
}

pub(crate) fn rfc3339(time: Nanos) -> String {
    DateTime::from_timestamp_nanos(time.get()).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn at(column: &str, time: Option<Nanos>) -> String {
    time.map_or_else(String::new, |time| format!(" ({column} {})", rfc3339(time)))
}

fn others(bad: usize) -> String {
    if bad == 1 { String::new() } else { format!("; {bad} bad rows in this file") }
}
