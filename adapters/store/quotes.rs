//! Best bids and offers of an instrument, from a file beside its candles.
//!
//! A quote is known from the instant at which a reader of the feed could have acted on it: a row of `book_ticker`
//! when it was received, a row of `quotes_1m` when its minute is over, for it holds the minute's last quotes.

use std::path::Path;

use hemiola_components::market::Quotes;
use hemiola_components::time::Nanos;

use super::check::{self, Check, Defect, Findings};
use super::columns::{self, MILLISECOND, NUMBER_TYPES, Nulls, TIME_TYPES};
use super::error::StoreError;
use super::table::Table;
use super::{CandleStore, SourceFile, layout};

/// The quotes of an instrument and where they came from.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedQuotes {
    /// At least one quote; times rise strictly.
    pub quotes: Quotes,
    /// The smaller of the two sizes displayed with each quote, base units; absent when the file has none.
    pub sizes: Option<Vec<f64>>,
    /// What is worth knowing about them.
    pub report: QuotesReport,
    /// The file that was read.
    pub file: SourceFile,
}

/// What a file of quotes looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotesReport {
    /// How many quotes there are.
    pub quotes: usize,
    /// Rows dropped because a later row has the same time.
    pub dropped: usize,
    /// When the first quote was known.
    pub first: Nanos,
    /// When the last quote was known.
    pub last: Nanos,
    /// Rows that were sent after they were received: one of the two clocks is wrong.
    pub received_early: usize,
    /// By how much at most.
    pub earliest: Nanos,
    /// Whether the file says that its quotes are made up.
    pub synthetic: bool,
}

/// A kind of file, with its columns.
struct Format {
    file: &'static str,
    time: &'static str,
    /// What a bare integer in `time` counts, in nanoseconds.
    unit: i64,
    /// How long after its time a row is known.
    delay: Nanos,
    /// Whether rows of the same time follow each other; the last one then stands.
    repeats: bool,
    bid: &'static str,
    ask: &'static str,
    sizes: [&'static str; 2],
    /// The exchange's own time, if the feed has one; zero where it carries none.
    sent: Option<&'static str>,
}

/// The first that an instrument has is read.
const FORMATS: [Format; 2] = [
    Format {
        file: "book_ticker.parquet",
        time: "local_time_ns",
        unit: 1,
        delay: Nanos::ZERO,
        repeats: true,
        bid: "bid",
        ask: "ask",
        sizes: ["bid_qty", "ask_qty"],
        sent: Some("event_time"),
    },
    Format {
        file: "quotes_1m.parquet",
        time: "open_time",
        unit: MILLISECOND,
        delay: Nanos::new(60 * Nanos::SECOND.get()),
        repeats: false,
        bid: "bid_close",
        ask: "ask_close",
        sizes: ["bid_size", "ask_size"],
        sent: None,
    },
];

impl CandleStore {
    /// Reads and checks the quotes of an instrument, or `None` when it has none: `book_ticker.parquet` in its plain
    /// folder, else `quotes_1m.parquet`.
    ///
    /// `symbols` are alternative names of the folder; the first that has quotes is read.
    ///
    /// # Errors
    /// When the file cannot be read, is not what it should be, or has a bad row.
    pub fn quotes(
        &self,
        venue: &str,
        symbols: &[&str],
        check: Check,
    ) -> Result<Option<LoadedQuotes>, StoreError> {
        for symbol in symbols {
            let folder = self.root.join(layout::folder_name(venue)).join(layout::folder_name(symbol));
            for format in &FORMATS {
                let path = folder.join(format.file);
                if path.try_exists().map_err(|error| StoreError::io(&path, "open", error))? {
                    return load(&path, format, check).map(Some);
                }
            }
        }
        Ok(None)
    }
}

fn load(path: &Path, format: &Format, check: Check) -> Result<LoadedQuotes, StoreError> {
    let rows = Rows::read(path, format)?;
    let mut loaded = LoadedQuotes {
        quotes: Quotes::default(),
        sizes: rows.sizes.is_some().then(Vec::new),
        report: QuotesReport { synthetic: rows.synthetic, ..QuotesReport::default() },
        file: rows.source.clone(),
    };
    let mut findings = Findings::default();
    for row in 0..rows.time.len() {
        findings.note(row, loaded.take(&rows, row, format, check));
    }
    let time = |row| (rows.nulls.get(&row) != Some(&format.time)).then(|| rows.time[row]);
    findings.into_result(path, format.time, time)?;
    let (quotes, report) = (&loaded.quotes.time, &mut loaded.report);
    report.quotes = quotes.len();
    report.first = quotes[0];
    report.last = quotes[quotes.len() - 1];
    Ok(loaded)
}

/// The rows of a file, as they are.
struct Rows {
    source: SourceFile,
    synthetic: bool,
    time: Vec<Nanos>,
    bid: Vec<f64>,
    ask: Vec<f64>,
    sizes: Option<[Vec<f64>; 2]>,
    /// Zero where it is not known; empty without such a column.
    sent: Vec<Nanos>,
    nulls: Nulls,
}

impl Rows {
    fn read(path: &Path, format: &Format) -> Result<Self, StoreError> {
        let table = Table::open(path)?;
        table.require(format.time, TIME_TYPES, columns::is_time)?;
        let [bid_size, ask_size] = format.sizes;
        let has_sizes = format.sizes.iter().any(|column| table.column_type(column).is_some());
        let mut wanted = vec![format.time, format.bid, format.ask];
        if has_sizes {
            wanted.extend(format.sizes);
        }
        for number in &wanted[1..] {
            table.require(number, NUMBER_TYPES, columns::is_number)?;
        }
        if let Some(sent) = format.sent.filter(|sent| table.column_type(sent).is_some()) {
            table.require(sent, TIME_TYPES, columns::is_time)?;
            wanted.push(sent);
        }

        let synthetic = table.is_synthetic();
        let (mut time, mut sent) = (Vec::new(), Vec::new());
        let [mut bid, mut ask, mut bids, mut asks] = std::array::from_fn(|_| Vec::new());
        let (mut nulls, mut unsent) = (Nulls::new(), Nulls::new());
        let source = table.read(&wanted, |columns| {
            let offset = time.len();
            for (name, column) in wanted.iter().copied().zip(columns) {
                let is_sent = Some(name) == format.sent;
                columns::note_nulls(if is_sent { &mut unsent } else { &mut nulls }, column, name, offset);
                match name {
                    _ if is_sent => columns::append_times(&mut sent, column, MILLISECOND),
                    _ if name == format.time => columns::append_times(&mut time, column, format.unit),
                    _ if name == format.bid => columns::append_numbers(&mut bid, column),
                    _ if name == format.ask => columns::append_numbers(&mut ask, column),
                    _ if name == bid_size => columns::append_numbers(&mut bids, column),
                    _ if name == ask_size => columns::append_numbers(&mut asks, column),
                    _ => unreachable!("a column that nobody asked for"),
                }
            }
        })?;
        for row in unsent.into_keys() {
            sent[row] = Nanos::ZERO;
        }
        let sizes = has_sizes.then_some([bids, asks]);
        Ok(Self { source, synthetic, time, bid, ask, sizes, sent, nulls })
    }

    /// What is demanded of a row's numbers.
    fn check(&self, row: usize, format: &Format) -> Result<(), Defect> {
        let (bid, ask) = (self.bid[row], self.ask[row]);
        for (column, price) in [(format.bid, bid), (format.ask, ask)] {
            if !price.is_finite() {
                return Err(Defect::NotFinite(column, price));
            }
            if price <= 0.0 {
                return Err(Defect::NotPositive(column, price));
            }
        }
        if bid > ask {
            return Err(Defect::Crossed(bid, ask));
        }
        for (column, sizes) in format.sizes.into_iter().zip(self.sizes.iter().flatten()) {
            if !sizes[row].is_finite() {
                return Err(Defect::NotFinite(column, sizes[row]));
            }
            if sizes[row] < 0.0 {
                return Err(Defect::Negative(column, sizes[row]));
            }
        }
        Ok(())
    }
}

impl LoadedQuotes {
    /// Takes a row as the newest quote, in place of one of the same time.
    fn take(&mut self, rows: &Rows, row: usize, format: &Format, check: Check) -> Result<(), Defect> {
        if let Some(column) = rows.nulls.get(&row) {
            return Err(Defect::Null(column));
        }
        check::plausible(rows.time[row])?;
        let known = rows.time[row] + format.delay;
        if let Some(previous) = self.quotes.time.last().copied() {
            match check::later(previous - format.delay, rows.time[row]) {
                Err(Defect::Duplicate) if format.repeats => self.drop_last(),
                verdict => verdict?,
            }
        }
        self.quotes.time.push(known);
        self.quotes.bid.push(rows.bid[row]);
        self.quotes.ask.push(rows.ask[row]);
        if let (Some(all), Some([bids, asks])) = (&mut self.sizes, &rows.sizes) {
            all.push(bids[row].min(asks[row]));
        }
        if let Some(sent) = rows.sent.get(row).filter(|sent| **sent > known) {
            self.report.received_early += 1;
            self.report.earliest = self.report.earliest.max(*sent - known);
        }
        if check == Check::Full { rows.check(row, format) } else { Ok(()) }
    }

    fn drop_last(&mut self) {
        self.quotes.time.pop();
        self.quotes.bid.pop();
        self.quotes.ask.pop();
        if let Some(sizes) = &mut self.sizes {
            sizes.pop();
        }
        self.report.dropped += 1;
    }
}
