//! The command line. Data go to stdout, everything else to stderr.

mod backtest;
mod bench;
mod compare;
mod config;
mod data;
mod explain;
mod journal;
mod over;
mod replay;
mod report;
mod risk;
mod run;
mod sched;
mod smoke;
mod sources;
mod sweep;
mod why;

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use hemiola_systems::signals::catalog::Catalog;
use serde_json::{Value, json};

use crate::config::{listed, nearest};
use crate::exit::{Exit, Failure};
use sources::Sources;

/// An ECS trading core: deterministic backtests of many strategies on one account.
#[derive(Debug, Parser)]
#[command(name = "hemiola", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Say where the value of each option comes from, and do nothing else.
    #[arg(long, global = true)]
    explain_sources: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run strategies over history and write the results into a folder.
    Backtest(Box<backtest::Arguments>),
    /// Speed: whole runs against hand-written loops.
    #[command(subcommand)]
    Bench(bench::Command),
    /// Configuration: what it may say.
    #[command(subcommand)]
    Config(config::Command),
    /// Candles: make up demo data.
    #[command(subcommand)]
    Data(data::Command),
    /// Decision journals: verify them, look into them, make tables of them, make keys.
    #[command(subcommand)]
    Journal(journal::Command),
    /// Read a session back from its inputs, and compare what it comes to.
    Replay(replay::Arguments),
    /// What sessions did lately.
    #[command(subcommand)]
    Report(report::Command),
    /// Risk states: look at them, halt trading and release it, repair.
    #[command(subcommand)]
    Risk(risk::Command),
    /// Run a session over a simulated venue until it is stopped, or let every schedule decide once.
    Run(Box<run::Arguments>),
    /// What schedules may do: suspend them, limit their signals, divide their capital.
    #[command(subcommand)]
    Sched(Box<sched::Command>),
    /// Smoke tests: a short run of everything that is configured.
    #[command(subcommand)]
    Smoke(smoke::Command),
    /// Run many variants of a configuration over the same history, and say what the best of them is worth.
    Sweep(Box<sweep::Arguments>),
}

/// The configuration when none is named.
const DEFAULT_CONFIG: &str = "config/core.yaml";

/// What to run out of the configuration.
#[derive(Debug, Args)]
struct Selected {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    config: PathBuf,
    /// The environment; the first of the file by default.
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// The scheduler; the first of the file by default.
    #[arg(long, value_name = "NAME")]
    scheduler: Option<String>,
}

/// How it answers.
#[derive(Debug, Args)]
struct Output {
    /// What goes to stdout.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

impl Output {
    fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// Runs the program with the process's arguments and the engines of `catalog`.
#[must_use]
pub fn run(catalog: &Catalog) -> Exit {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let ended = match sources::parse(&arguments, &sources::Process) {
        Ok((cli, sources)) => start(&cli, sources, catalog),
        Err(sources::Refused::Parser(error)) => {
            // Help and version are what was asked for; clap knows which stream each belongs on.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            return match error.print() {
                Err(error) if error.kind() != ErrorKind::BrokenPipe => Exit::Operational,
                _ => exit,
            };
        }
        Err(sources::Refused::Value(failure)) => Err(failure),
    };
    match ended {
        Ok(()) => Exit::Success,
        Err(failure) => {
            say(format_args!("error: {failure}"));
            failure.exit
        }
    }
}

fn start(cli: &Cli, sources: Sources, catalog: &Catalog) -> Result<(), Failure> {
    for (name, near) in sources::misspelt(&sources::Process) {
        say(format_args!("warning: no option has the variable {name}; did you mean {near}?"));
    }
    if cli.explain_sources {
        return sources::report::explain(sources, catalog);
    }
    sources.notes().for_each(say);
    match &cli.command {
        Command::Backtest(arguments) => backtest::run(arguments, catalog),
        Command::Bench(command) => bench::run(command),
        Command::Config(command) => config::run(command, catalog),
        Command::Data(command) => data::run(command, catalog),
        Command::Journal(command) => journal::run(command, catalog),
        Command::Replay(arguments) => replay::run(arguments, catalog),
        Command::Report(command) => report::run(command, catalog),
        Command::Risk(command) => risk::run(command, catalog),
        Command::Run(arguments) => run::run(arguments, catalog),
        Command::Sched(command) => sched::run(command, catalog),
        Command::Smoke(command) => smoke::run(command, catalog),
        Command::Sweep(arguments) => sweep::run(arguments, catalog),
    }
}

/// A name that an option gives and nothing has.
fn unknown(option: &str, what: &str, name: &str, known: &[&str]) -> Failure {
    let known = || known.iter().copied();
    let hint = match nearest(name, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", listed(known())),
    };
    Failure::new(Exit::Usage, format!("{option}: there is no {what} `{name}`; {hint}"))
}

/// A line on stderr. When even that cannot be written there is nobody left to tell.
fn say(line: impl Display) {
    _ = writeln!(io::stderr(), "{line}");
}

/// Text on stdout.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::new(Exit::Operational, format!("cannot write to stdout: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// The one document of `--format json`; `status` is `ok`, `warning` or `error`.
fn print_json(command: &str, status: &str, body: Value) -> Result<(), Failure> {
    print(&format!("{:#}\n", document(command, status, body)))
}

/// A document that says what it is.
fn document(command: &str, status: &str, mut body: Value) -> Value {
    body["schema"] = json!(format!("hemiola.{command}/1"));
    body["status"] = json!(status);
    body
}

/// Prints a failure as the one document, if documents were asked for.
fn report_failure(command: &str, format: Format, ended: Result<(), Failure>) -> Result<(), Failure> {
    if let (Err(failure), Format::Json) = (&ended, format) {
        print_json(command, "error", json!({ "exit_code": failure.exit as u8, "message": failure.message }))?;
    }
    ended
}
