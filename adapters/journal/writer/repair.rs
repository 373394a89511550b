//! Where a journal ends, and what a crash left behind its end.

use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use memchr::{memchr_iter, memrchr};
use serde_json::{Map, Value};

use super::days::JournalDays;
use super::disk::Disk;
use super::error::WriterError;
use crate::journal::mac::plain;
use crate::journal::verify::parse;
use crate::journal::{Code, Head, MacKey, canonical};

/// What was cut short behind the last whole line, now in a file of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// Where it is.
    pub file: PathBuf,
    /// How many bytes it has.
    pub bytes: u64,
}

/// The end of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// The last file with records; `None` before the first.
    pub(super) file: Option<String>,
    pub(super) head: Head,
    /// The file the last record says it goes on in.
    pub(super) next_file: Option<String>,
    pub(super) torn: Option<Torn>,
}

/// Finds the end of a journal and moves a torn line away.
pub(super) fn end(disk: &impl Disk, days: &JournalDays, key: Option<&MacKey>) -> Result<End, WriterError> {
    let mut end = End { file: None, head: Head::default(), next_file: None, torn: None };
    for name in days.files(disk)?.into_iter().rev() {
        let path = days.path(&name);
        if !days.is_name(&name) {
            let why = "it is the newest file and not named by the pattern, or compressed: correct the pattern, \
                       decompress it or name another folder";
            return Err(WriterError::refused(&path, why));
        }
        let (line, torn) = mend(disk, days.folder(), &path)?;
        end.torn = end.torn.or(torn);
        if let Some(line) = line {
            let last = Last::read(&line, key).map_err(|why| {
                WriterError::refused(&path, format!("its last record {why}: run `hemiola journal verify`"))
            })?;
            (end.file, end.head, end.next_file) = (Some(name), last.head, last.next_file);
            break;
        }
    }
    Ok(end)
}

/// The last whole line of a file; what stands behind it is moved into a side file.
fn mend(
    disk: &impl Disk,
    folder: &Path,
    path: &Path,
) -> Result<(Option<Vec<u8>>, Option<Torn>), WriterError> {
    let mut file = disk.open(path).map_err(WriterError::io(path, "open"))?;
    let length = disk.length(&file).map_err(WriterError::io(path, "see the length"))?;
    let (from, tail) = tail(disk, path, length)?;
    let whole = memrchr(b'\n', &tail).map_or(0, |end| end + 1);
    let line = tail[..whole].strip_suffix(b"\n").map(|lines| {
        let start = memrchr(b'\n', lines).map_or(0, |end| end + 1);
        lines[start..].to_vec()
    });
    let rest = &tail[whole..];
    let mut torn = None;
    if !rest.is_empty() {
        torn = Some(Torn { file: move_away(disk, folder, path, rest)?, bytes: rest.len() as u64 });
        disk.set_length(&mut file, from + whole as u64)
            .map_err(WriterError::io(path, "cut a torn line off"))?;
    }
    // What the last process wrote and did not sync is what the next record links to.
    disk.sync(&mut file).map_err(WriterError::io(path, "sync"))?;
    Ok((line, torn))
}

/// The end of a file with at least one whole line in it, if it has one, and where it begins.
fn tail(disk: &impl Disk, path: &Path, length: u64) -> Result<(u64, Vec<u8>), WriterError> {
    const FIRST: u64 = 1 << 16;
    let mut size = FIRST;
    loop {
        let from = length.saturating_sub(size);
        let tail = disk.read(path, from).map_err(WriterError::io(path, "read"))?;
        if from == 0 || memchr_iter(b'\n', &tail).nth(1).is_some() {
            return Ok((from, tail));
        }
        size *= 4;
    }
}

/// Writes a side file that is there as a whole or not at all.
fn move_away(disk: &impl Disk, folder: &Path, path: &Path, rest: &[u8]) -> Result<PathBuf, WriterError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let taken = disk.names(folder).map_err(WriterError::io(folder, "read the folder"))?;
    let names = (1_u64..).map(|number| match number {
        1 => format!("{name}.torn"),
        _ => format!("{name}.torn.{number}"),
    });
    let free = names.into_iter().find(|name| !taken.contains(name)).unwrap_or_default();
    let (side, part) = (folder.join(free), folder.join(format!("{name}.torn.part")));
    let mut file = disk.open(&part).map_err(WriterError::io(&part, "open"))?;
    disk.set_length(&mut file, 0).map_err(WriterError::io(&part, "empty"))?;
    disk.write(&mut file, rest).map_err(WriterError::io(&part, "write"))?;
    disk.sync(&mut file).map_err(WriterError::io(&part, "sync"))?;
    disk.rename(&part, &side).map_err(WriterError::io(&side, "rename a side file to this"))?;
    disk.sync_folder(folder).map_err(WriterError::io(folder, "sync the folder"))?;
    Ok(side)
}

/// The last record.
struct Last {
    head: Head,
    next_file: Option<String>,
}

impl Last {
    /// Reads it; or says what is wrong with it.
    fn read(line: &[u8], key: Option<&MacKey>) -> Result<Self, String> {
        let Some(Value::Object(mut record)) = parse(line) else { return Err("is no record".to_owned()) };
        let signature = record.remove("signature");
        let text = |name: &str| record.get(name).and_then(Value::as_str);
        let seq = text("seq").and_then(|seq| seq.parse::<u64>().ok()).filter(|seq| *seq < u64::MAX);
        let count = seq.ok_or("has no number")? + 1;
        let code = match (signature, key) {
            (None, None) => plain(&[canonical::nested(&Value::Object(record.clone())).as_bytes()]),
            (Some(signature), Some(key)) => signed(&record, &signature, key)?,
            (None, Some(_)) => {
                return Err("is not signed, and there is a key: name another folder".to_owned());
            }
            (Some(_), None) => return Err("is signed, and there is no key: configure it".to_owned()),
        };
        let goes_on = text("event") == Some("journal_rotated");
        let next_file = text("next_file").filter(|_| goes_on).map(ToOwned::to_owned);
        Ok(Self { head: Head { count, code }, next_file })
    }
}

/// The code of a record that this key has signed, or that hands over to it.
fn signed(record: &Map<String, Value>, signature: &Value, key: &MacKey) -> Result<Code, String> {
    let text = |name: &str| record.get(name).and_then(Value::as_str);
    let value = signature["value"].as_str().unwrap_or_default();
    let (id, algorithm, code, is_handed_over) = match text("event") {
        Some("key_rotated") => (text("new_key_id"), text("new_algorithm"), text("new_key_mac"), true),
        _ => (signature["key_id"].as_str(), signature["algorithm"].as_str(), Some(value), false),
    };
    if id != key.id() || algorithm != Some(key.algorithm().name()) {
        let name = |id: Option<&str>| id.map_or("one without a name".to_owned(), |id| format!("`{id}`"));
        return Err(format!(
            "asks for another key than {} with {}: {} with {} signs here, which can hand over to it; if this is right",
            name(key.id()),
            key.algorithm().name(),
            name(id),
            algorithm.unwrap_or("nothing")
        ));
    }
    let mut record = record.clone();
    if is_handed_over {
        record.remove("new_key_mac");
    }
    let bytes = code.and_then(|code| BASE64.decode(code.as_bytes()).ok());
    let record = canonical::nested(&Value::Object(record));
    if !bytes.is_some_and(|bytes| key.verify(&[record.as_bytes()], &bytes)) {
        return Err("was changed, or another key signed it".to_owned());
    }
    Code::read(value).ok_or_else(|| "has a signature that is none".to_owned())
}
