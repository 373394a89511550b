//! A CSV file that is appended to.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use ::csv::{ReaderBuilder, StringRecord};
use chrono::DateTime;
use hemiola_components::candle::Candle;
use hemiola_components::time::Nanos;

use super::file::{Part, Problem, Until};
use crate::store::StoreError;

/// Bytes that are read at once; no line is longer.
const BLOCK: usize = 1 << 22;

/// Bytes before the end of what was read that are looked at again, to tell an appended file from another one.
const KEPT: usize = 256;

const NUMBERS: [&str; 5] = ["open", "high", "low", "close", "volume"];

/// How far a file was read.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// Whole lines up to this byte were read.
    offset: u64,
    /// How many lines that are.
    lines: u64,
    /// The last bytes before the offset.
    kept: Vec<u8>,
    /// Whether its end has been reached.
    is_whole: bool,
    columns: Option<Columns>,
}

/// Which column is what.
#[derive(Clone, Copy, Debug)]
struct Columns {
    time: usize,
    /// Nanoseconds in one of a time's units.
    unit: i64,
    numbers: [usize; 5],
}

impl Tail {
    /// Reads the next lines, up to one that is torn or whose candle has not closed.
    pub(super) fn read(&mut self, path: &Path, until: Until) -> Result<Part, Problem> {
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|mut file| {
            self.resume(&mut file)?;
            file.seek(SeekFrom::Start(self.offset))?;
            file.take(BLOCK as u64).read_to_end(&mut bytes)
        });
        let count = read.map_err(|error| StoreError::io(path, "read", error))?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole == 0 && count == BLOCK {
            let (line, path) = (self.lines + 1, path.display());
            return Err(Problem::Bad(format!("{path}: line {line} is longer than {BLOCK} bytes")));
        }
        let mut part = Part { is_appended: self.is_whole, more: count == BLOCK, ..Part::default() };
        let mut flaws = 0_usize;
        for line in bytes[..whole].split_inclusive(|byte| *byte == b'\n') {
            if !line.trim_ascii().is_empty() {
                match self.line(path, line)? {
                    None => {}
                    Some(Ok(candle)) => {
                        if let Some(end) = until.waits_for(&candle) {
                            (part.waits, part.more) = (Some(end), false);
                            break;
                        }
                        part.candles.push(candle);
                    }
                    Some(Err(flaw)) => {
                        flaws += 1;
                        let line = self.lines + 1;
                        part.flaw.get_or_insert_with(|| format!("{}: line {line}: {flaw}", path.display()));
                    }
                }
            }
            self.advance(line);
        }
        self.is_whole |= !part.more;
        if let Some(flaw) = &mut part.flaw {
            _ = write!(flaw, "; {flaws} such lines are left out");
        }
        Ok(part)
    }

    /// Begins anew when the file is not what it was with something appended.
    fn resume(&mut self, file: &mut File) -> std::io::Result<()> {
        let mut kept = Vec::new();
        file.seek(SeekFrom::Start(self.offset - self.kept.len() as u64))?;
        file.by_ref().take(self.kept.len() as u64).read_to_end(&mut kept)?;
        if kept != self.kept {
            *self = Self::default();
        }
        Ok(())
    }

    fn advance(&mut self, line: &[u8]) {
        self.offset += line.len() as u64;
        self.lines += 1;
        self.kept.extend_from_slice(&line[line.len().saturating_sub(KEPT)..]);
        self.kept.drain(..self.kept.len().saturating_sub(KEPT));
    }

    /// The candle of a line; none of the line that names the columns.
    fn line(&mut self, path: &Path, line: &[u8]) -> Result<Option<Result<Candle, String>>, Problem> {
        let mut fields = StringRecord::new();
        let mut reader =
            ReaderBuilder::new().has_headers(false).buffer_capacity(line.len()).from_reader(line);
        let read = reader.read_record(&mut fields);
        let Some(columns) = self.columns else {
            read.map_err(|error| Problem::Bad(format!("{}: line 1: {error}", path.display())))?;
            self.columns = Some(Columns::named(path, &fields)?);
            return Ok(None);
        };
        Ok(Some(read.map_err(|error| error.to_string()).and_then(|_| columns.candle(&fields))))
    }
}

impl Columns {
    fn named(path: &Path, names: &StringRecord) -> Result<Self, StoreError> {
        let place = |name: &str| names.iter().position(|found| found.trim() == name);
        let missing = |column| StoreError::MissingColumn {
            path: path.to_owned(),
            column,
            found: names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        };
        let (time, unit) = match (place("open_time"), place("ts")) {
            (Some(place), _) => (place, 1_000_000),
            (None, Some(place)) => (place, 1),
            (None, None) => return Err(missing("open_time` or `ts")),
        };
        let mut numbers = [0; NUMBERS.len()];
        for (number, column) in numbers.iter_mut().zip(NUMBERS) {
            *number = place(column).ok_or_else(|| missing(column))?;
        }
        Ok(Self { time, unit, numbers })
    }

    fn candle(&self, fields: &StringRecord) -> Result<Candle, String> {
        let field = |place: usize, name: &str| {
            fields.get(place).map(str::trim).ok_or_else(|| format!("has no {name}"))
        };
        let time = field(self.time, "time")?;
        let open_time =
            instant(time, self.unit).ok_or_else(|| format!("`{time}` is not a time of a candle"))?;
        let number = |column: usize| {
            let text = field(self.numbers[column], NUMBERS[column])?;
            text.parse::<f64>().map_err(|_| format!("{} `{text}` is not a number", NUMBERS[column]))
        };
        Ok(Candle {
            open_time,
            open: number(0)?,
            high: number(1)?,
            low: number(2)?,
            close: number(3)?,
            volume: number(4)?,
        })
    }
}

/// A count of units of so many nanoseconds, or RFC 3339.
fn instant(text: &str, unit: i64) -> Option<Nanos> {
    if let Ok(count) = text.parse::<i64>() {
        return count.checked_mul(unit).map(Nanos::new);
    }
    DateTime::parse_from_rfc3339(text).ok()?.timestamp_nanos_opt().map(Nanos::new)
}
