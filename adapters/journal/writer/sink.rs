//! The second place, to which checkpoints go.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use memchr::memrchr;

use super::disk::Disk;
use crate::journal::Target;
use crate::journal::key::shell;

/// A second place, ready to take lines.
pub(super) enum Sink<D: Disk> {
    /// The end of a file, synced.
    File { disk: D, path: PathBuf, file: D::File },
    /// Standard output.
    Stdout,
    /// A command line that is run for every checkpoint, reads it from its standard input and ends with 0 when it is kept.
    Command(String),
}

impl<D: Disk> Sink<D> {
    /// Opens a place. A line of a file that a crash cut short is cut away: the next checkpoint says more than it did.
    pub(super) fn open(disk: D, target: &Target) -> io::Result<Self> {
        match target {
            Target::File(path) => Self::file(disk, path),
            Target::Stdout => Ok(Self::Stdout),
            Target::Command(command) => Ok(Self::Command(command.clone())),
        }
    }

    fn file(disk: D, path: &Path) -> io::Result<Self> {
        let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        disk.create_folder(folder)?;
        let mut file = disk.open(path)?;
        let text = disk.read(path, 0)?;
        let whole = memrchr(b'\n', &text).map_or(0, |end| end + 1);
        if whole < text.len() {
            disk.set_length(&mut file, whole as u64)?;
            disk.sync(&mut file)?;
        }
        disk.sync_folder(folder)?;
        Ok(Self::File { disk, path: path.to_owned(), file })
    }

    /// Adds a line, and returns when it is there to stay.
    pub(super) fn write(&mut self, line: &str) -> io::Result<()> {
        match self {
            Self::File { disk, file, .. } => {
                disk.write(file, line.as_bytes())?;
                disk.sync(file)
            }
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(line.as_bytes())?;
                stdout.flush()
            }
            Self::Command(command) => pipe(command, line),
        }
    }

    /// What it is.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Stdout => "standard output".to_owned(),
            Self::Command(command) => format!("`{command}`"),
        }
    }
}

/// Opens a place for one line.
pub(in crate::journal) fn append_line(disk: impl Disk, target: &Target, line: &str) -> io::Result<()> {
    Sink::open(disk, target)?.write(line)
}

fn pipe(command: &str, line: &str) -> io::Result<()> {
    let mut child = shell(command).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    // A program that ends without reading says so by its status.
    let written = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(line.as_bytes()));
    let status = child.wait()?;
    if !status.success() {
        return Err(io::Error::other(format!("it ended with {status}")));
    }
    written
}
