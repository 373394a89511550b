//! Appends rows to the file of their day.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::days::LedgerDays;
use super::error::LedgerError;
use super::row::Row;

/// A ledger open for writing. The file of the day is locked while it is open.
#[derive(Debug)]
pub struct Ledger {
    days: LedgerDays,
    syncs: bool,
    open: Option<(PathBuf, File)>,
}

/// The end of a line that a crash cut short, now in a file of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The file it stood in.
    pub from: PathBuf,
    /// Where it is.
    pub to: PathBuf,
    /// How many bytes it has.
    pub bytes: usize,
}

impl Ledger {
    /// A ledger in these files; with `syncs`, a row that was appended survives the loss of power.
    #[must_use]
    pub const fn new(days: LedgerDays, syncs: bool) -> Self {
        Self { days, syncs, open: None }
    }

    /// Appends a row to the file of its UTC day, in one write. Returns what was torn in that file, when there was
    /// something, the first time it is opened.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] when another process writes the file, [`LedgerError::Io`] when the system refuses.
    pub fn append(&mut self, row: &Row) -> Result<Option<Torn>, LedgerError> {
        let path = self.days.file(row.timestamp);
        let (mut file, torn) = match self.open.take() {
            Some((open, file)) if open == path => (file, None),
            _ => open(&path)?,
        };
        file.write_all((row.line() + "\n").as_bytes()).map_err(LedgerError::io(&path, "append a row"))?;
        if self.syncs {
            file.sync_data().map_err(LedgerError::io(&path, "sync"))?;
        }
        self.open = Some((path, file));
        Ok(torn)
    }
}

/// Opens a file at its end, behind its last whole line.
fn open(path: &Path) -> Result<(File, Option<Torn>), LedgerError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder).map_err(LedgerError::io(folder, "create the folder"))?;
    let mut file = File::options()
        .read(true)
        .append(true)
        .create(true)
        .open(path)
        .map_err(LedgerError::io(path, "open"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(LedgerError::Busy { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => return Err(LedgerError::io(path, "lock")(error)),
    }
    let torn = mend(&mut file, path).map_err(LedgerError::io(path, "move a torn line away"))?;
    Ok((file, torn))
}

/// Moves what stands behind the last whole line into the side file.
fn mend(file: &mut File, path: &Path) -> io::Result<Option<Torn>> {
    let mut text = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut text)?;
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let tail = &text[whole..];
    if tail.is_empty() {
        return Ok(None);
    }
    let mut to = path.to_owned().into_os_string();
    to.push(".corrupt");
    let to = PathBuf::from(to);
    let mut side = File::options().append(true).create(true).open(&to)?;
    side.write_all(&[tail, b"\n"].concat())?;
    side.sync_all()?;
    file.set_len(whole as u64)?;
    file.seek(SeekFrom::End(0))?;
    file.sync_all()?;
    Ok(Some(Torn { from: path.to_owned(), to, bytes: tail.len() }))
}
