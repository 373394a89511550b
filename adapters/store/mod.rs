//! Candles, quotes and target positions from Parquet files.
//!
//! What leaves this module has been checked, so that the world can rely on it: bad rows are errors that name file and
//! row, never repaired. Only quotes that another one replaces at the same instant are dropped, and counted.

mod bytes;
mod candles;
mod check;
mod columns;
mod decode;
#[cfg(test)]
mod decode_test;
mod demand;
mod error;
#[cfg(test)]
pub(crate) mod fixture;
mod flat;
pub(crate) mod layout;
#[cfg(test)]
mod market_data_test;
mod output;
mod pages;
mod parallel;
mod quote_candles;
mod quotes;
#[cfg(test)]
mod quotes_test;
mod rows;
mod series;
#[cfg(test)]
mod series_test;
mod spill;
#[cfg(test)]
mod spill_test;
mod statistics;
pub(crate) mod table;
mod targets;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use hemiola_components::candle::Candle;
use hemiola_components::market::Bars;
use hemiola_components::time::{Interval, Nanos};

pub use self::check::{Check, Defect};
pub use self::demand::{Demand, Stretch};
pub use self::error::StoreError;
pub(crate) use self::error::rfc3339;
pub use self::flat::{OpenFile, load_file};
pub use self::quotes::{LoadedQuotes, QuotesReport};
pub use self::spill::{Plain, Scratch, Spill};
pub use self::targets::load_targets;

use self::bytes::Small;
use self::candles::CandleFile;
use self::layout::Location;
use self::series::Opened;

/// One candle series and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedSeries {
    /// At least one candle.
    pub bars: Bars,
    /// What is worth knowing about them.
    pub report: SeriesReport,
    /// The files that were read, in time order.
    pub files: Vec<SourceFile>,
}

/// What a series looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesReport {
    /// How many candles there are.
    pub bars: usize,
    /// How often the open time jumps by more than one interval.
    pub gaps: usize,
    /// How many candles are missing in those jumps.
    pub missing: u64,
    /// Candles in which nobody traded.
    pub zero_volume: usize,
    /// When the first candle opened.
    pub first_open: Nanos,
    /// When the last candle opened.
    pub last_open: Nanos,
    /// Whether a file of the series says that its candles are made up.
    pub synthetic: bool,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it is, as it was opened.
    pub path: PathBuf,
    /// BLAKE3 hash of its bytes, in lower-case hexadecimal digits.
    pub blake3: String,
    /// Rows in the file, those of other symbols included.
    pub rows: usize,
}

/// The BLAKE3 hash of bytes, in lower-case hexadecimal digits.
#[must_use]
pub fn blake3_hex(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// A folder of candle files, one series per venue, symbol and interval.
///
/// A series is a file `<venue>/<symbol>/<interval>.parquet` or the files
/// `<venue>/<symbol>/<interval>/year=YYYY/month=MM/data.parquet`; either may be below `ohlcv_parquet/`. Quotes are in
/// `<venue>/<symbol>/book_ticker.parquet` or `<venue>/<symbol>/quotes_1m.parquet`.
#[derive(Clone, Debug)]
pub struct CandleStore {
    root: PathBuf,
    scratch: Option<Scratch>,
}

impl CandleStore {
    /// The store in a folder that exists.
    ///
    /// # Errors
    /// When there is no such folder, or it cannot be looked at.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        match fs::metadata(root) {
            Ok(metadata) if metadata.is_dir() => Ok(Self { root: root.to_owned(), scratch: None }),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::io(root, "open", error)),
            _ => Err(StoreError::NoStore { root: root.to_owned() }),
        }
    }

    /// The same store, whose candles are put into temporary files instead of into memory.
    #[must_use]
    pub fn spilling_into(self, scratch: Scratch) -> Self {
        Self { scratch: Some(scratch), ..self }
    }

    /// Which intervals of an instrument are stored, shortest first.
    ///
    /// `symbols` are alternative names of its folder.
    ///
    /// # Errors
    /// When a folder cannot be listed, or a partition's name cannot be understood.
    pub fn intervals(&self, venue: &str, symbols: &[&str]) -> Result<Vec<Interval>, StoreError> {
        let mut intervals = Vec::new();
        for symbol in symbols {
            intervals.extend(
                layout::series(&self.root, venue, symbol, &[layout::PARQUET])?
                    .into_iter()
                    .map(|(interval, _)| interval),
            );
        }
        intervals.sort_unstable();
        intervals.dedup();
        Ok(intervals)
    }

    /// Reads and checks a series, or `None` when it is not stored.
    ///
    /// `symbols` are alternative names of the instrument's folder; the first that has the interval is read.
    ///
    /// # Errors
    /// When a file cannot be read, is not what it should be, or has a bad row.
    pub fn load(
        &self,
        venue: &str,
        symbols: &[&str],
        interval: Interval,
        demand: impl Into<Demand>,
    ) -> Result<Option<LoadedSeries>, StoreError> {
        let demand = demand.into();
        let Some(location) = self.find(venue, symbols, interval)? else { return Ok(None) };
        let small = if self.scratch.is_some() { Small::Map } else { Small::Read };
        opened(&location, &demand, small)?.read(interval, &demand, self.scratch.as_ref()).map(Some)
    }

    /// The bytes that the columns of a series and the running sums of its closes take once they are decoded; 0 when it
    /// is not stored.
    ///
    /// # Errors
    /// When a file cannot be read, or is not what it should be.
    pub fn bytes(
        &self,
        venue: &str,
        symbols: &[&str],
        interval: Interval,
        demand: &Demand,
    ) -> Result<u64, StoreError> {
        let Some(location) = self.find(venue, symbols, interval)? else { return Ok(0) };
        Ok(opened(&location, demand, Small::Map)?.bytes(demand))
    }

    fn find(
        &self,
        venue: &str,
        symbols: &[&str],
        interval: Interval,
    ) -> Result<Option<Location>, StoreError> {
        find(&self.root, venue, symbols, interval, &[layout::PARQUET])
    }
}

/// Where a series is: in the folder of the first symbol that has the interval.
pub(crate) fn find(
    root: &Path,
    venue: &str,
    symbols: &[&str],
    interval: Interval,
    extensions: &[&str],
) -> Result<Option<Location>, StoreError> {
    for symbol in symbols {
        let mut found = layout::series(root, venue, symbol, extensions)?;
        found.retain(|(stored, _)| *stored == interval);
        if let [(_, first), (_, second), ..] = found.as_slice() {
            return Err(StoreError::Ambiguous {
                interval,
                first: first.path().to_owned(),
                second: second.path().to_owned(),
            });
        }
        if let Some((_, location)) = found.pop() {
            return Ok(Some(location));
        }
    }
    Ok(None)
}

/// Candles as a file has them.
pub(crate) struct AsStored {
    /// Nothing about them has been checked.
    pub(crate) candles: Vec<Candle>,
    /// The first row without a value, counted from 1, the column, and how many such rows there are. They are left out.
    pub(crate) nulls: Option<(usize, &'static str, usize)>,
}

/// The candles of one file from an instant on, and maybe some before it. It may be written to meanwhile.
pub(crate) fn as_stored(path: &Path, since: Nanos) -> Result<AsStored, StoreError> {
    let stretch = Stretch { from: Some(since), ..Stretch::default() };
    Opened::new(vec![(CandleFile::open(path, None, Small::ReadAll)?, None)], &stretch)?.into_stored(&stretch)
}

fn opened(location: &Location, demand: &Demand, small: Small) -> Result<Opened, StoreError> {
    let open = |(path, month): (&Path, Option<&Range<Nanos>>)| {
        Ok((CandleFile::open(path, None, small)?, month.cloned()))
    };
    let files = location.files().into_iter().map(open).collect::<Result<_, StoreError>>()?;
    Opened::new(files, &demand.stretch)
}
