//! Reading a journal's records in order, and saying which lines are none.

use std::fmt::Display;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use hemiola_adapters::journal::{Line, Lines, files};

use super::record::Record;
use super::said;
use crate::cli::say;
use crate::exit::{Exit, Failure};

/// Where a record stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) file: &'a Path,
    /// Which of the files that is.
    pub(super) index: usize,
    /// From 1 on.
    pub(super) line: u64,
    /// Among the records of all files, from 0 on.
    pub(super) position: u64,
}

/// The files of the journal that a command was given.
pub(super) fn find(path: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    let path = said(path, "PATH: a journal, a folder of its files, or - for standard input")?;
    let found = files(path).map_err(|error| cannot_read(path, "", &error))?;
    if found.is_empty() {
        let message = format!("{} holds no journal: no .jsonl, .jsonl.gz or .jsonl.zst", path.display());
        return Err(Failure::new(Exit::Operational, message));
    }
    Ok(found)
}

/// A reminder that reading proves nothing.
pub(super) fn hint() {
    say("note: signatures were not checked; `hemiola journal verify` does that");
}

/// Hands over the lines of a file.
pub(super) fn lines(
    file: &Path,
    mut see: impl FnMut(Line<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut lines = Lines::open(file).map_err(|error| cannot_read(file, "", &error))?;
    let mut last = 0;
    loop {
        match lines.next() {
            Ok(Some(line)) => {
                last = line.number;
                see(line)?;
            }
            Ok(None) => return Ok(()),
            Err(error) => return Err(cannot_read(file, &format!(" after line {last}"), &error)),
        }
    }
}

/// Hands over the records of files. Lines that are none are counted, said, and left out.
pub(super) fn records(
    files: &[PathBuf],
    damage: &mut Damage,
    mut see: impl FnMut(&Record, Place<'_>) -> Result<(), String>,
) -> Result<(), Failure> {
    let mut position = 0;
    for (index, file) in files.iter().enumerate() {
        lines(file, |line| {
            let place = Place { file, index, line: line.number, position };
            match Record::read(line.bytes) {
                Ok(record) => {
                    position += 1;
                    see(&record, place).unwrap_or_else(|why| damage.add(file, line.number, why));
                }
                Err(why) if !line.ended => {
                    damage.add(file, line.number, format!("the file ends in it; {why}"));
                }
                Err(why) => damage.add(file, line.number, why),
            }
            Ok(())
        })?;
    }
    Ok(())
}

pub(super) fn cannot_read(file: &Path, place: &str, error: &std::io::Error) -> Failure {
    let is_damage =
        matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof | ErrorKind::InvalidInput);
    let exit = if is_damage { Exit::Verification } else { Exit::Operational };
    Failure::new(exit, format!("cannot read {}{place}: {error}", file.display()))
}

/// Lines that are no records.
#[derive(Debug, Default)]
pub(super) struct Damage {
    count: u64,
    first: String,
}

impl Damage {
    /// Lines that are said one by one.
    const SAID: u64 = 10;

    pub(super) fn add(&mut self, file: &Path, line: u64, why: impl Display) {
        let place = format!("{}:{line}", file.display());
        if self.count < Self::SAID {
            say(format_args!("warning: {place}: {why}"));
        }
        if self.count == 0 {
            self.first = place;
        }
        self.count += 1;
    }

    /// Nothing, if all lines were records.
    pub(super) fn ended(&self) -> Result<(), Failure> {
        if self.count == 0 {
            return Ok(());
        }
        let lines =
            if self.count == 1 { "one line is".to_owned() } else { format!("{} lines are", self.count) };
        let message = format!(
            "{}: {lines} not as a journal has them, left out here; `hemiola journal verify` says what happened",
            self.first
        );
        Err(Failure::new(Exit::Verification, message))
    }
}
