//! Reads an input log and believes nothing in it that is not proven.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use memchr::memchr;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::InputLogError;
use super::line::{self, Sum};
use super::{name, segment};
use crate::journal::writer::Disk;

/// What the first line of a segment says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    /// The format.
    pub(super) format: String,
    /// The sum of the last line of the segment before.
    pub(super) after: String,
}

/// What the format is called.
pub(super) const FORMAT: &str = "hemiola.input/1";

/// Reads the entries of a log from a segment on. What is torn at its very end is left out.
///
/// # Errors
/// When the folder cannot be read, or a segment is missing.
pub fn read<D: Disk, T: DeserializeOwned>(
    disk: D,
    folder: &Path,
    from: u32,
) -> Result<Entries<D, T>, InputLogError> {
    let segments = segments(&disk, folder)?;
    let mut wanted: Vec<u32> = segments.into_iter().filter(|segment| *segment >= from).collect();
    if let Some(gap) = wanted.iter().zip(from..).find(|(segment, expected)| *segment != expected) {
        return Err(InputLogError::Missing { path: folder.join(name(gap.1)) });
    }
    wanted.reverse();
    Ok(Entries {
        disk,
        folder: folder.to_owned(),
        wanted,
        path: PathBuf::new(),
        bytes: Vec::new(),
        at: 0,
        line: 0,
        number: None,
        sum: None,
        entry: PhantomData,
    })
}

/// The segment that the line of a number is in, or would be.
///
/// # Errors
/// When the folder or the first line of a segment cannot be read.
pub fn segment_of<D: Disk>(disk: &D, folder: &Path, number: u64) -> Result<u32, InputLogError> {
    for segment in segments(disk, folder)?.into_iter().rev() {
        let path = folder.join(name(segment));
        let bytes = disk.read(&path, 0).map_err(InputLogError::io(&path, "read"))?;
        let Some(end) = memchr(b'\n', &bytes) else { continue };
        let damaged = |what| InputLogError::Damaged { path: path.clone(), line: 1, what };
        let head = line::read::<Head>(&bytes[..end], &line::FIRST).map_err(damaged)?;
        if head.number <= number {
            return Ok(segment);
        }
    }
    Ok(0)
}

/// The segments of a folder, ascending.
pub(super) fn segments<D: Disk>(disk: &D, folder: &Path) -> Result<Vec<u32>, InputLogError> {
    let names = disk.names(folder).map_err(InputLogError::io(folder, "read the folder"))?;
    let mut segments: Vec<u32> = names.iter().filter_map(|name| segment(name)).collect();
    segments.sort_unstable();
    Ok(segments)
}

/// The entries of a log with their numbers, in order.
pub struct Entries<D, T> {
    disk: D,
    folder: PathBuf,
    /// The segments to come, descending.
    wanted: Vec<u32>,
    path: PathBuf,
    bytes: Vec<u8>,
    at: usize,
    line: usize,
    number: Option<u64>,
    sum: Option<Sum>,
    entry: PhantomData<T>,
}

impl<D: Disk, T: DeserializeOwned> Entries<D, T> {
    fn damaged(&self, what: impl Into<String>) -> InputLogError {
        InputLogError::Damaged { path: self.path.clone(), line: self.line, what: what.into() }
    }

    /// Opens the next segment; `false` after the last.
    fn open(&mut self) -> Result<bool, InputLogError> {
        let Some(segment) = self.wanted.pop() else { return Ok(false) };
        self.path = self.folder.join(name(segment));
        self.bytes = self.disk.read(&self.path, 0).map_err(InputLogError::io(&self.path, "read"))?;
        (self.at, self.line) = (0, 0);
        let Some(bytes) = self.take_line()? else {
            // A segment that was begun and never got its first line.
            return if self.wanted.is_empty() {
                Ok(false)
            } else {
                Err(self.damaged("the first line is missing"))
            };
        };
        let head = line::read::<Head>(&bytes, &line::FIRST).map_err(|what| self.damaged(what))?;
        if head.entry.format != FORMAT {
            return Err(self.damaged(format!("the format is {}, not {FORMAT}", head.entry.format)));
        }
        let is_next = self.sum.is_none_or(|sum| head.entry.after.as_bytes() == sum);
        let is_numbered = self.number.is_none_or(|number| head.number == number);
        if !is_next || !is_numbered {
            return Err(self.damaged("the file does not go on where the one before it ends"));
        }
        (self.number, self.sum) = (Some(head.number), Some(head.sum));
        Ok(true)
    }

    /// The next whole line; what has no end is torn, which is only possible at the end of the last segment.
    fn take_line(&mut self) -> Result<Option<Vec<u8>>, InputLogError> {
        let rest = &self.bytes[self.at..];
        let Some(end) = memchr(b'\n', rest) else {
            if rest.is_empty() || self.wanted.is_empty() {
                return Ok(None);
            }
            self.line += 1;
            return Err(self.damaged("the line has no end, and a later file is there"));
        };
        let line = rest[..end].to_vec();
        self.at += end + 1;
        self.line += 1;
        Ok(Some(line))
    }

    fn step(&mut self) -> Result<Option<(u64, T)>, InputLogError> {
        loop {
            if let Some(before) = self.sum
                && let Some(bytes) = self.take_line()?
            {
                let line = line::read::<T>(&bytes, &before).map_err(|what| self.damaged(what))?;
                if self.number != Some(line.number) {
                    return Err(self.damaged(format!("the line has the number {}", line.number)));
                }
                (self.number, self.sum) = (Some(line.number + 1), Some(line.sum));
                return Ok(Some((line.number, line.entry)));
            }
            if !self.open()? {
                return Ok(None);
            }
        }
    }

    /// The number of the next line and the sum that it is bound to, and how many bytes of the last segment are whole
    /// lines; `None` when there is no line.
    pub(super) fn end(&self) -> Option<(u64, Sum, usize)> {
        Some((self.number?, self.sum?, self.at))
    }
}

impl<D: Disk, T: DeserializeOwned> Iterator for Entries<D, T> {
    type Item = Result<(u64, T), InputLogError>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.is_err() {
            (self.wanted, self.bytes, self.at) = (Vec::new(), Vec::new(), 0);
        }
        step.transpose()
    }
}
