//! A line: its number, an entry, and a sum over both and the sum of the line before.

use data_encoding::HEXLOWER;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

/// Characters of a sum: half of a SHA-256 in hex. It finds damage; a forger is what the signed journal is for.
const WIDTH: usize = 32;

/// Between an entry and the sum.
const BETWEEN: &str = ",\"sum\":\"";

/// The sum of a line.
pub(super) type Sum = [u8; WIDTH];

/// Before the first line.
pub(super) const FIRST: Sum = [b'0'; WIDTH];

/// Appends the line of an entry, and gives its sum.
pub(super) fn write(
    number: u64,
    entry: &impl Serialize,
    before: &Sum,
    lines: &mut Vec<u8>,
) -> serde_json::Result<Sum> {
    let start = lines.len();
    lines.extend_from_slice(format!("{{\"n\":{number},\"entry\":").as_bytes());
    if let Err(error) = serde_json::to_writer(&mut *lines, entry) {
        lines.truncate(start);
        return Err(error);
    }
    let sum = sum(before, &lines[start..]);
    lines.extend_from_slice(BETWEEN.as_bytes());
    lines.extend_from_slice(&sum);
    lines.extend_from_slice(b"\"}\n");
    Ok(sum)
}

/// A line that was read.
pub(super) struct Line<T> {
    pub(super) number: u64,
    pub(super) entry: T,
    pub(super) sum: Sum,
}

/// What the sum is over, as it stands.
#[derive(Deserialize)]
struct Body<'a> {
    n: u64,
    #[serde(borrow)]
    entry: &'a RawValue,
}

/// Reads a line without its end. `before` is the sum of the line before; without it only the line itself is checked as
/// far as that goes.
pub(super) fn read<T: DeserializeOwned>(line: &[u8], before: &Sum) -> Result<Line<T>, String> {
    let (body, sum) = split(line).ok_or("the line is not one of an input log")?;
    if self::sum(before, body) != sum {
        return Err("the line or the one before it is not what was written".to_owned());
    }
    let body = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let text = format!("{body}}}");
    let read: Body<'_> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let entry = serde_json::from_str(read.entry.get())
        .map_err(|error| format!("the entry is not one of this version: {error}"))?;
    Ok(Line { number: read.n, entry, sum })
}

/// What the sum is over, and the sum.
fn split(line: &[u8]) -> Option<(&[u8], Sum)> {
    let rest = line.strip_suffix(b"\"}")?;
    let (rest, sum) = rest.split_at_checked(rest.len().checked_sub(WIDTH)?)?;
    Some((rest.strip_suffix(BETWEEN.as_bytes())?, sum.try_into().ok()?))
}

fn sum(before: &Sum, body: &[u8]) -> Sum {
    let hash = Sha256::new().chain_update(before).chain_update(body).finalize();
    let mut sum = FIRST;
    HEXLOWER.encode_mut(&hash[..WIDTH / 2], &mut sum);
    sum
}
