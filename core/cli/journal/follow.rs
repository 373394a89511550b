//! A journal that grows: what is added to its newest file, and to those that come after it.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, ErrorKind, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use hemiola_adapters::journal::files;

use super::read::cannot_read;
use crate::cli::say;
use crate::exit::{Exit, Failure};

/// Where reading has got to.
pub(super) struct Follower {
    /// A folder or a file.
    path: PathBuf,
    current: Option<PathBuf>,
    /// Bytes and lines of the current file that have been handed over.
    offset: u64,
    line: u64,
}

impl Follower {
    /// Follows the newest file of a journal from its beginning, and takes it out of `files`; nothing is added to one
    /// that is compressed.
    pub(super) fn new(path: &Path, files: &mut Vec<PathBuf>) -> Result<Self, Failure> {
        if !path.is_dir() && !is_plain(path) {
            let message =
                format!("--follow: nothing is added to {}: name a plain file or a folder", path.display());
            return Err(Failure::new(Exit::Usage, message));
        }
        fs::metadata(path).map_err(|error| cannot_read(path, "", &error))?;
        let current = files.last().cloned();
        _ = files.pop_if(|file| is_plain(file));
        Ok(Self { path: path.to_owned(), current, offset: 0, line: 0 })
    }

    /// Hands over the lines that are new and ended.
    pub(super) fn poll(
        &mut self,
        mut see: impl FnMut(&Path, u64, &[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        loop {
            self.read_on(&mut see)?;
            let Some(next) = self.next()? else { return Ok(()) };
            // Whatever is added to a file is there before the file after it.
            self.read_on(&mut see)?;
            (self.current, self.offset, self.line) = (Some(next), 0, 0);
        }
    }

    fn next(&self) -> Result<Option<PathBuf>, Failure> {
        if !self.path.is_dir() {
            return Ok(None);
        }
        let files = files(&self.path).map_err(|error| cannot_read(&self.path, "", &error))?;
        Ok(files.into_iter().find(|file| is_plain(file) && Some(file) > self.current.as_ref()))
    }

    fn read_on(
        &mut self,
        see: &mut impl FnMut(&Path, u64, &[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Some(path) = self.current.as_ref().filter(|path| is_plain(path)) else { return Ok(()) };
        let failed = |error| cannot_read(path, "", &error);
        let mut file = match File::open(path) {
            Ok(file) => file,
            // It was put away, complete.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        let length = file.metadata().map_err(failed)?.len();
        if length < self.offset {
            say(format_args!(
                "warning: {} is shorter than it was: records were taken away; run `hemiola journal verify`",
                path.display()
            ));
            self.offset = length;
        }
        file.seek(SeekFrom::Start(self.offset)).map_err(failed)?;
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).map_err(failed)?;
            if line.pop() != Some(b'\n') {
                return Ok(());
            }
            self.offset += read as u64;
            self.line += 1;
            if !line.trim_ascii().is_empty() {
                see(path, self.line, &line)?;
            }
        }
    }
}

fn is_plain(file: &Path) -> bool {
    file != Path::new("-") && !file.extension().is_some_and(|end| end == "gz" || end == "zst")
}
