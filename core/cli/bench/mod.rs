//! `hemiola bench`.

mod jitter;
mod scheduler;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::{Format, Output, print, print_json, report_failure, say};
use crate::bench::history::{self, Entry};
use crate::bench::report::{self, Row};
use crate::bench::workload::{self, Size, Workload};
use crate::bench::{self, Timing, end_to_end, journaled, sweep};
use crate::exit::Failure;
use crate::results::Decisions;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the open workloads, check what they come to, and say what they took.
    Run(Arguments),
    /// Put many schedules that signal at every tick on one world, and time each tick.
    Scheduler(scheduler::Arguments),
    /// How late schedules are woken, in turns with the machine's own wakes.
    Jitter(jitter::Arguments),
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which workloads; all by default.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Set>,
    /// Time the hand-written loop as well, in turns with the world.
    #[arg(long, value_enum)]
    against: Option<Against>,
    /// How often each is run; the median counts.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    repeats: u16,
    /// A hundredth of the made-up candles and one run each: to see that it runs.
    #[arg(long)]
    quick: bool,
    /// A file with the figures of past commits, a line each: say what is slower than in its last line.
    #[arg(long, value_name = "FILE", requires = "against")]
    history: Option<PathBuf>,
    /// Add the figures to that file, under this name.
    #[arg(long, value_name = "NAME", requires = "history")]
    commit: Option<String>,
    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Against {
    /// The same as a plain loop in the same process.
    Plain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Set {
    /// One series, all cash in and out; its file is in $PEERS_DATA.
    W1,
    /// W1 from its file to its results, without decisions and with them; its file is in $PEERS_DATA.
    #[value(name = "w1-e2e")]
    W1E2e,
    /// A thousand variants over one series; its file is in $PEERS_DATA.
    W2,
    /// A hundred series, one account; its file is in $PEERS_DATA.
    W3,
    /// One strategy, one series of a million made-up candles.
    S1,
    /// A hundred strategies, ten series of half a million made-up candles, one account.
    S2,
    /// S2 with every limit in force and a signed journal.
    S3,
    /// 250 to 16,000 fills.
    S4,
    /// A sweep of 10,000 variants, killed half-way and resumed.
    S5,
    /// 10 to 10,000 variants.
    Variants,
    /// 10 thousand to 10 million candles.
    Candles,
}

/// Where the files of the open workloads are.
const FOLDER: &str = "PEERS_DATA";

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Run(arguments) => report_failure("bench", arguments.output.format(), bench(arguments)),
        Command::Scheduler(arguments) => scheduler::run(arguments),
        Command::Jitter(arguments) => jitter::run(arguments),
    }
}

fn bench(arguments: &Arguments) -> Result<(), Failure> {
    let size = if arguments.quick { Size::Quick } else { Size::Full };
    let timing = Timing {
        repeats: if arguments.quick { 1 } else { arguments.repeats.into() },
        against_plain: arguments.against.is_some(),
    };
    let sets = if arguments.only.is_empty() { Set::value_variants() } else { &arguments.only };
    let (mut rows, mut skipped) = (Vec::new(), Vec::new());
    for set in sets {
        let workloads = set.workloads(size);
        if workloads.is_empty() {
            let name = set.name();
            say(format_args!("{name}: skipped, since {FOLDER} does not name the folder of its candles"));
            skipped.push(name);
        }
        for turn in workloads {
            rows.push(turn(timing)?);
        }
    }
    if let Some(path) = &arguments.history {
        let entry = Entry::new(arguments.commit.as_deref().unwrap_or_default(), &rows);
        let past = history::newest(path)?;
        for slower in past.iter().flat_map(|past| entry.slower_than(past)) {
            say(format_args!("slower: {slower}"));
        }
        if arguments.commit.is_some() {
            history::add(path, &entry)?;
        }
    }
    if arguments.output.format() == Format::Json {
        let rows: Vec<Value> = rows.iter().map(Row::to_json).collect();
        return print_json("bench", "ok", json!({ "rows": rows, "skipped": skipped }));
    }
    print(&report::table(&rows, &skipped))
}

/// Makes a workload when it is its turn, so that only one is in memory, and times it.
type Turn = Box<dyn FnOnce(Timing) -> Result<Row, Failure>>;

fn turn(make: impl FnOnce() -> Result<Workload, Failure> + 'static) -> Turn {
    Box::new(move |timing| {
        let workload = make()?;
        say(format_args!("{}: {}", workload.name, workload.about));
        bench::time(&workload, timing)
    })
}

fn made(make: impl FnOnce() -> Workload + 'static) -> Turn {
    turn(move || Ok(make()))
}

/// A workload that times itself.
fn own(about: &'static str, time: impl FnOnce(Timing) -> Result<Row, Failure> + 'static) -> Turn {
    Box::new(move |timing| {
        say(about);
        time(timing)
    })
}

fn whole(folder: PathBuf, decisions: Decisions) -> Turn {
    Box::new(move |timing| {
        let work = end_to_end::w1(&folder, decisions)?;
        say(format_args!("{}: {}", work.name, work.about));
        end_to_end::time(&work, timing)
    })
}

impl Set {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Its workloads; none when their files are not there.
    fn workloads(self, size: Size) -> Vec<Turn> {
        let folder = || std::env::var_os(FOLDER).map(PathBuf::from);
        let file = |make: fn(&Path) -> Result<Workload, Failure>| -> Vec<Turn> {
            folder().map(|folder| turn(move || make(&folder))).into_iter().collect()
        };
        match self {
            Self::W1 => file(workload::w1),
            Self::W1E2e => {
                let each = |folder: PathBuf| {
                    end_to_end::decisions().map(|decisions| whole(folder.clone(), decisions))
                };
                folder().map(each).into_iter().flatten().collect()
            }
            Self::W2 => file(workload::w2),
            Self::W3 => file(workload::w3),
            Self::S1 => vec![made(move || workload::s1(size))],
            Self::S2 => vec![made(move || workload::s2(size))],
            Self::S3 => vec![own("S3: S2 with limits and a signed journal", move |timing| {
                journaled::time(size, timing)
            })],
            Self::S5 => vec![own("S5: a sweep killed half-way", move |timing| sweep::time(size, timing))],
            Self::S4 => [250, 1_000, 4_000, 16_000].map(|fills| made(move || workload::s4(fills))).into(),
            Self::Variants => [10, 100, 1_000, 10_000]
                .map(|accounts| made(move || workload::many(accounts, size.of(20_000))))
                .into(),
            Self::Candles => [10_000, 100_000, 1_000_000, 10_000_000]
                .map(|candles| made(move || workload::long(size.of(candles))))
                .into(),
        }
    }
}
