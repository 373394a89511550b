//! Writes an input log.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde::de::IgnoredAny;

use super::error::InputLogError;
use super::line::{self, Sum};
use super::name;
use super::read::{FORMAT, Head, read, segments};
use crate::journal::writer::Disk;

/// An input log open at its end. After an error it is to be opened anew: what was added since the last commit may be
/// there or not.
pub struct InputLog<D: Disk> {
    disk: D,
    folder: PathBuf,
    segment: u32,
    path: PathBuf,
    file: D::File,
    /// Number of the next line.
    number: u64,
    sum: Sum,
    /// Lines that are not written yet.
    buffer: Vec<u8>,
}

impl<D: Disk> InputLog<D> {
    /// Opens the log of a folder at its end, or begins one. What a crash tore off its last line is moved into a side
    /// file, whose path is given. All of the last segment is checked, and nothing of those before it.
    ///
    /// # Errors
    /// When a line is damaged, or the system refuses.
    pub fn open(disk: D, folder: &Path) -> Result<(Self, Option<PathBuf>), InputLogError> {
        disk.create_folder(folder).map_err(InputLogError::io(folder, "create the folder"))?;
        let Some(segment) = segments(&disk, folder)?.last().copied() else {
            return Ok((Self::begin(disk, folder, 0, 0, line::FIRST)?, None));
        };
        let mut entries = read::<_, IgnoredAny>(disk.clone(), folder, segment)?;
        entries.by_ref().try_for_each(|entry| entry.map(|_| ()))?;
        let path = folder.join(name(segment));
        let Some((number, sum, whole)) = entries.end() else {
            return Self::rebegin(disk, folder, segment).map(|log| (log, None));
        };
        let mut file = disk.open(&path).map_err(InputLogError::io(&path, "open"))?;
        let torn = disk.read(&path, whole as u64).map_err(InputLogError::io(&path, "read"))?;
        let mut side = None;
        if !torn.is_empty() {
            side = Some(move_away(&disk, folder, &path, &torn)?);
            disk.set_length(&mut file, whole as u64)
                .map_err(InputLogError::io(&path, "cut a torn line off"))?;
        }
        // What the last process wrote and did not sync is what the next line is bound to.
        disk.sync(&mut file).map_err(InputLogError::io(&path, "sync"))?;
        let folder = folder.to_owned();
        Ok((Self { disk, folder, segment, path, file, number, sum, buffer: Vec::new() }, side))
    }

    /// A segment whose first line was never whole begins anew, after the one before it.
    fn rebegin(disk: D, folder: &Path, segment: u32) -> Result<Self, InputLogError> {
        let Some(before) = segment.checked_sub(1) else {
            return Self::begin(disk, folder, 0, 0, line::FIRST);
        };
        let path = folder.join(name(segment));
        disk.remove(&path).map_err(InputLogError::io(&path, "delete a file without a line"))?;
        let mut entries = read::<_, IgnoredAny>(disk.clone(), folder, before)?;
        entries.by_ref().try_for_each(|entry| entry.map(|_| ()))?;
        let missing = || InputLogError::Missing { path: folder.join(name(before)) };
        let (number, sum, _) = entries.end().ok_or_else(missing)?;
        Self::begin(disk, folder, segment, number, sum)
    }

    fn begin(disk: D, folder: &Path, segment: u32, number: u64, after: Sum) -> Result<Self, InputLogError> {
        let path = folder.join(name(segment));
        let mut file = disk.open(&path).map_err(InputLogError::io(&path, "open"))?;
        disk.set_length(&mut file, 0).map_err(InputLogError::io(&path, "empty"))?;
        let head = Head { format: FORMAT.to_owned(), after: String::from_utf8_lossy(&after).into_owned() };
        let mut lines = Vec::new();
        let sum = line::write(number, &head, &line::FIRST, &mut lines)
            .map_err(|error| InputLogError::io(&path, "write")(error.into()))?;
        disk.write(&mut file, &lines).map_err(InputLogError::io(&path, "write"))?;
        disk.sync(&mut file).map_err(InputLogError::io(&path, "sync"))?;
        disk.sync_folder(folder).map_err(InputLogError::io(folder, "sync the folder"))?;
        let folder = folder.to_owned();
        Ok(Self { disk, folder, segment, path, file, number, sum, buffer: lines }.emptied())
    }

    fn emptied(mut self) -> Self {
        self.buffer.clear();
        self
    }

    /// Number of the next line.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.number
    }

    /// The segment that is written.
    #[must_use]
    pub const fn segment(&self) -> u32 {
        self.segment
    }

    /// Adds an entry, which the next commit makes durable.
    ///
    /// # Errors
    /// When it has no JSON form; nothing has changed then.
    pub fn append(&mut self, entry: &impl Serialize) -> Result<(), InputLogError> {
        let refused = |error: serde_json::Error| InputLogError::Io {
            path: self.path.clone(),
            action: "write an entry",
            source: Arc::new(error.into()),
        };
        self.sum = line::write(self.number, entry, &self.sum, &mut self.buffer).map_err(refused)?;
        self.number += 1;
        Ok(())
    }

    /// Makes durable what was added: one write and one sync.
    ///
    /// # Errors
    /// What the system refused.
    pub fn commit(&mut self) -> Result<(), InputLogError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.disk.write(&mut self.file, &self.buffer).map_err(InputLogError::io(&self.path, "write"))?;
        self.disk.sync(&mut self.file).map_err(InputLogError::io(&self.path, "sync"))?;
        self.buffer.clear();
        Ok(())
    }

    /// Goes on in a new segment; what was added is durable.
    ///
    /// # Errors
    /// What the system refused.
    pub fn roll(&mut self) -> Result<(), InputLogError> {
        self.commit()?;
        *self = Self::begin(self.disk.clone(), &self.folder, self.segment + 1, self.number, self.sum)?;
        Ok(())
    }
}

/// Puts what was torn off into a file beside the log.
fn move_away<D: Disk>(disk: &D, folder: &Path, path: &Path, torn: &[u8]) -> Result<PathBuf, InputLogError> {
    let names = disk.names(folder).map_err(InputLogError::io(folder, "read the folder"))?;
    let stem = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let taken = |name: &String| names.contains(name);
    let mut free = (1_u32..).map(|number| format!("{stem}.torn.{number}")).filter(|name| !taken(name));
    let side = folder.join(free.next().unwrap_or_default());
    let part = folder.join(format!("{stem}.torn.part"));
    let mut file = disk.open(&part).map_err(InputLogError::io(&part, "open"))?;
    disk.set_length(&mut file, 0).map_err(InputLogError::io(&part, "empty"))?;
    disk.write(&mut file, torn).map_err(InputLogError::io(&part, "write"))?;
    disk.sync(&mut file).map_err(InputLogError::io(&part, "sync"))?;
    disk.rename(&part, &side).map_err(InputLogError::io(&side, "rename a side file to this"))?;
    disk.sync_folder(folder).map_err(InputLogError::io(folder, "sync the folder"))?;
    Ok(side)
}
