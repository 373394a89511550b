//! `hemiola journal tail`.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::filter::{Filter, Filters};
use super::follow::Follower;
use super::read::{self, Damage, find, hint};
use super::record::Record;
use crate::clock::Stopwatch;
use crate::exit::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// A journal, a folder of its files, or - for standard input; .gz and .zst are read too.
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// How many records.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    lines: usize,
    /// Wait for more, in the next day's file too, until it is stopped.
    #[arg(long)]
    follow: bool,
    /// Print the lines as they are.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    filters: Filters,
}

/// How long nothing is looked at.
const PAUSE: Duration = Duration::from_millis(200);

/// A line with its place.
struct Kept {
    file: PathBuf,
    number: u64,
    bytes: Vec<u8>,
}

/// Takes lines, and keeps the last of those that are meant.
struct Last {
    most: usize,
    kept: VecDeque<Kept>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut filter = arguments.filters.read()?;
    let mut damage = Damage::default();
    let mut files = find(arguments.path.as_deref())?;
    let mut last = Last { most: arguments.lines, kept: VecDeque::new() };
    let mut follower = None;
    if arguments.follow {
        let mut started = Follower::new(arguments.path.as_deref().unwrap_or(Path::new("")), &mut files)?;
        started.poll(|file, number, line| {
            last.see(file, number, line, &mut filter, &mut damage);
            Ok(())
        })?;
        follower = Some(started);
    }
    before(&files, &mut last, &mut filter, &mut damage)?;
    for Kept { file, number, bytes } in &last.kept {
        if !write(file, *number, bytes, arguments.json, &mut damage)? {
            return Ok(());
        }
    }
    hint();
    let Some(mut follower) = follower else {
        filter.say_unknown();
        return damage.ended();
    };
    let mut is_read = true;
    while is_read {
        Stopwatch::start().wait_until(PAUSE);
        follower.poll(|file, number, line| {
            if is_read && is_meant(file, number, line, &mut filter, &mut damage) {
                is_read = write(file, number, line, arguments.json, &mut damage)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Fills up from files that come before what was kept, the newest first.
fn before(
    files: &[PathBuf],
    last: &mut Last,
    filter: &mut Filter,
    damage: &mut Damage,
) -> Result<(), Failure> {
    for file in files.iter().rev() {
        let most = last.most.saturating_sub(last.kept.len());
        if most == 0 {
            break;
        }
        let mut earlier = Last { most, kept: VecDeque::new() };
        read::lines(file, |line| {
            earlier.see(file, line.number, line.bytes, filter, damage);
            Ok(())
        })?;
        earlier.kept.append(&mut last.kept);
        last.kept = earlier.kept;
    }
    Ok(())
}

impl Last {
    fn see(&mut self, file: &Path, number: u64, line: &[u8], filter: &mut Filter, damage: &mut Damage) {
        if self.most == 0 || !is_meant(file, number, line, filter, damage) {
            return;
        }
        if self.kept.len() == self.most {
            self.kept.pop_front();
        }
        self.kept.push_back(Kept { file: file.to_owned(), number, bytes: line.to_vec() });
    }
}

/// Without a filter, lines are looked at only when they are printed.
fn is_meant(file: &Path, number: u64, line: &[u8], filter: &mut Filter, damage: &mut Damage) -> bool {
    filter.takes_all()
        || Record::read(line).and_then(|record| filter.takes(&record)).unwrap_or_else(|why| {
            damage.add(file, number, why);
            false
        })
}

/// Prints a record; `false` when nobody reads any more.
fn write(file: &Path, number: u64, line: &[u8], as_is: bool, damage: &mut Damage) -> Result<bool, Failure> {
    let mut text = match Record::read(line) {
        Ok(_) if as_is => line.to_vec(),
        Ok(record) => record.line().into_bytes(),
        Err(why) => {
            damage.add(file, number, why);
            return Ok(true);
        }
    };
    text.push(b'\n');
    match io::stdout().write_all(&text) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::new(Exit::Operational, format!("cannot write to stdout: {error}"))),
        Ok(()) => Ok(true),
    }
}
