//! Where the files of a series are.

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike as _, Months, NaiveDate, NaiveTime};
use hemiola_components::time::{Interval, Nanos};

use super::error::StoreError;

/// The folder that partitioned series are written to, and may be read from.
pub(crate) const PARTITIONED: &str = "ohlcv_parquet";

/// The file of a partition.
pub(crate) const PARTITION_FILE: &str = "data.parquet";

/// How the names of Parquet files end.
pub(crate) const PARQUET: &str = "parquet";

/// Where a series is.
#[derive(Debug)]
pub(crate) enum Location {
    /// In one file.
    File(PathBuf),
    /// In a folder, in one file per month, oldest first; at least one.
    Months(PathBuf, Vec<(PathBuf, Range<Nanos>)>),
}

impl Location {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Months(path, _) => path,
        }
    }

    /// The files in time order, each with the time it may hold.
    pub(crate) fn files(&self) -> Vec<(&Path, Option<&Range<Nanos>>)> {
        match self {
            Self::File(path) => vec![(path, None)],
            Self::Months(_, months) => {
                months.iter().map(|(path, month)| (path.as_path(), Some(month))).collect()
            }
        }
    }
}

/// Every series in the folders of a venue's symbol, in order of interval and path, in files whose names end so.
pub(crate) fn series(
    root: &Path,
    venue: &str,
    symbol: &str,
    extensions: &[&str],
) -> Result<Vec<(Interval, Location)>, StoreError> {
    let stem = |name: &str| {
        let (stem, extension) = name.rsplit_once('.')?;
        extensions.contains(&extension).then(|| stem.parse().ok())?
    };
    let mut found = Vec::new();
    for base in [root.to_owned(), root.join(PARTITIONED)] {
        for (name, path) in entries(&base.join(folder_name(venue)).join(folder_name(symbol)))? {
            if let Some(interval) = stem(&name) {
                found.push((interval, Location::File(path)));
            } else if let Ok(interval) = name.parse()
                && path.is_dir()
            {
                let months = months(&path, extensions)?;
                if !months.is_empty() {
                    found.push((interval, Location::Months(path, months)));
                }
            }
        }
    }
    found.sort_by(|(a, x), (b, y)| (a, x.path()).cmp(&(b, y.path())));
    Ok(found)
}

/// The partitions of a series, oldest first.
fn months(folder: &Path, extensions: &[&str]) -> Result<Vec<(PathBuf, Range<Nanos>)>, StoreError> {
    let mut found = Vec::new();
    for (name, year_folder) in entries(folder)? {
        let Some(year) = name.strip_prefix("year=") else { continue };
        for (name, month_folder) in entries(&year_folder)? {
            let Some(month) = name.strip_prefix("month=") else { continue };
            let range = month_range(year, month)
                .ok_or_else(|| StoreError::PartitionName { path: month_folder.clone() })?;
            for extension in extensions {
                let file = month_folder.join(PARTITION_FILE).with_extension(extension);
                if file.try_exists().map_err(|error| StoreError::io(&file, "open", error))? {
                    found.push((file, range.clone()));
                }
            }
        }
    }
    found.sort_by_key(|(_, range)| range.start);
    Ok(found)
}

fn month_range(year: &str, month: &str) -> Option<Range<Nanos>> {
    let first = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1)?;
    let midnight =
        |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp_nanos_opt().map(Nanos::new);
    Some(midnight(first)?..midnight(first.checked_add_months(Months::new(1))?)?)
}

/// The month folder that an open time belongs in, below the folder of its series.
pub(crate) fn month_folder(open: Nanos) -> PathBuf {
    let day = DateTime::from_timestamp_nanos(open.get());
    PathBuf::from(format!("year={:04}", day.year())).join(format!("month={:02}", day.month()))
}

/// A venue or symbol as the name of one folder: whatever could lead elsewhere is percent-encoded.
pub(crate) fn folder_name(name: &str) -> String {
    let mut folder = String::with_capacity(name.len());
    for (position, character) in name.char_indices() {
        if matches!(character, '/' | '\\' | ':' | '%')
            || character.is_control()
            || (position, character) == (0, '.')
        {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                write!(folder, "%{byte:02X}").expect("a String takes any text");
            }
        } else {
            folder.push(character);
        }
    }
    folder
}

/// What a folder holds, by name; nothing when there is no such folder.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, StoreError> {
    let list = || -> std::io::Result<Vec<(String, PathBuf)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string() {
                found.push((name, entry.path()));
            }
        }
        found.sort_unstable();
        Ok(found)
    };
    match list() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        result => result.map_err(|error| StoreError::io(folder, "list", error)),
    }
}
