//! `hemiola sched`.

pub(in crate::cli) mod place;
pub(in crate::cli) mod steps;

mod log;
mod restore;

use std::convert::Infallible;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;

use crate::cli::{Format, Output, print, print_json, report_failure};
use crate::config::Names;
use crate::exit::{Exit, Failure};
use crate::operator::session::Session;
use crate::operator::show::View;
use place::Place;
pub(in crate::cli) use place::who;
use steps::{Given, Step, Wanted};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the schedules of a scheduler and what they may do.
    List(Look),
    /// Suspend a schedule, or every schedule whose strategy has a tag.
    Suspend(Suspend),
    /// Lift a suspension.
    Resume(Resume),
    /// Print what is suspended.
    Suspensions(Look),
    /// Limits on signals.
    #[command(subcommand)]
    Limit(Limit),
    /// How the capital is divided.
    #[command(subcommand)]
    Capital(Capital),
    /// The policy that divides the capital.
    #[command(subcommand)]
    Policy(Policy),
    /// Change the distance of re-allocations.
    Interval(Interval),
    /// Print every action, as an operator log that `hemiola backtest --operator-log` replays.
    Log(log::Arguments),
    /// Put a backup in the place of an operator state.
    Restore(restore::Restore),
    /// Delete an operator state and its backup.
    Reset(restore::Reset),
}

#[derive(Debug, Subcommand)]
pub(super) enum Limit {
    /// Impose a limit in the place of what there was: STRATEGY:PROFILE=LIMIT.
    Set(SetLimit),
    /// Lift a limit: STRATEGY:PROFILE.
    Clear(ClearLimit),
    /// Print the limits.
    List(Look),
}

#[derive(Debug, Subcommand)]
pub(super) enum Capital {
    /// Print the shares of schedules, risk profiles and tags.
    Show(Look),
    /// Print how they came about.
    Diagnostics(Look),
    /// Divide the capital now, whatever the interval.
    Rebalance(Change),
}

#[derive(Debug, Subcommand)]
pub(super) enum Policy {
    /// Divide the capital by the policy of a file, JSON or YAML.
    Set(SetPolicy),
}

/// A name of the user's, taken as it is.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Name(pub(in crate::cli) String);

#[expect(clippy::unnecessary_wraps, reason = "what clap calls")]
pub(in crate::cli) fn name(text: &str) -> Result<Name, Infallible> {
    Ok(Name(text.to_owned()))
}

#[derive(Debug, Args)]
pub(super) struct Look {
    #[command(flatten)]
    place: Place,
    /// Write it as JSON into this file instead of printing it; the file appears whole or not at all.
    #[arg(long, value_name = "PATH")]
    export: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Change {
    #[command(flatten)]
    place: Place,
    /// Who does it; the user of the process by default.
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Ends {
    /// When it ends: a date or RFC 3339.
    #[arg(long, value_name = "INSTANT")]
    until: Option<String>,
    /// How long it holds: seconds, or `15m`, `2h`, `1d`.
    #[arg(long, value_name = "DURATION", conflicts_with = "until")]
    duration: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Suspend {
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    ends: Ends,
    #[command(flatten)]
    change: Change,
}

#[derive(Debug, Args)]
pub(super) struct Resume {
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    change: Change,
}

#[derive(Debug, Args)]
pub(super) struct TargetArguments {
    /// The schedule.
    #[arg(value_name = "SCHEDULE", value_parser = name)]
    schedule: Option<Name>,
    /// Every schedule whose strategy has this tag.
    #[arg(long, value_name = "TAG", value_parser = name, conflicts_with = "schedule")]
    tag: Option<Name>,
}

#[derive(Debug, Args)]
pub(super) struct SetLimit {
    /// STRATEGY:PROFILE=LIMIT.
    #[arg(value_name = "STRATEGY:PROFILE=LIMIT")]
    limit: Option<String>,
    #[command(flatten)]
    ends: Ends,
    #[command(flatten)]
    change: Change,
}

#[derive(Debug, Args)]
pub(super) struct ClearLimit {
    /// STRATEGY:PROFILE.
    #[arg(value_name = "STRATEGY:PROFILE")]
    limit: Option<String>,
    #[command(flatten)]
    change: Change,
}

#[derive(Debug, Args)]
pub(super) struct SetPolicy {
    /// The file with the policy.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Divide the capital at the next re-allocation, not now.
    #[arg(long)]
    skip_rebalance: bool,
    /// Take the interval that the policy recommends, if any.
    #[arg(long)]
    apply_interval: bool,
    #[command(flatten)]
    change: Change,
}

#[derive(Debug, Args)]
pub(super) struct Interval {
    /// Seconds, or a duration such as `1h`; `none` is every due instant.
    #[arg(value_name = "SECONDS", value_parser = name)]
    seconds: Option<Name>,
    #[command(flatten)]
    change: Change,
}

pub(super) fn run(command: &Command, catalog: &Catalog) -> Result<(), Failure> {
    match command {
        Command::List(look) => show("sched.list", look, View::Schedules, catalog),
        Command::Suspensions(look) => show("sched.suspensions", look, View::Suspensions, catalog),
        Command::Limit(Limit::List(look)) => show("sched.limit.list", look, View::Limits, catalog),
        Command::Capital(Capital::Show(look)) => show("sched.capital.show", look, View::Capital, catalog),
        Command::Capital(Capital::Diagnostics(look)) => {
            show("sched.capital.diagnostics", look, View::Diagnostics, catalog)
        }
        Command::Suspend(suspend) => {
            let given = given(&suspend.change, Some(&suspend.ends));
            change("sched.suspend", &suspend.change, catalog, |names, now| {
                Ok(vec![steps::suspend(suspend.target.read(names)?, &given, now)?])
            })
        }
        Command::Resume(resume) => change("sched.resume", &resume.change, catalog, |names, _| {
            Ok(vec![steps::resume(resume.target.read(names)?, resume.change.reason.clone())])
        }),
        Command::Limit(Limit::Set(set)) => {
            let given = given(&set.change, Some(&set.ends));
            change("sched.limit.set", &set.change, catalog, |names, now| {
                let text = said(set.limit.as_deref(), "STRATEGY:PROFILE=LIMIT")?;
                Ok(vec![steps::set_limit("limit set", text, &given, names, now)?])
            })
        }
        Command::Limit(Limit::Clear(clear)) => {
            change("sched.limit.clear", &clear.change, catalog, |names, _| {
                let text = said(clear.limit.as_deref(), "STRATEGY:PROFILE")?;
                Ok(vec![steps::clear_limit("limit clear", text, clear.change.reason.clone(), names)?])
            })
        }
        Command::Capital(Capital::Rebalance(arguments)) => {
            change("sched.capital.rebalance", arguments, catalog, |_, _| Ok(vec![steps::rebalance()]))
        }
        Command::Policy(Policy::Set(set)) => change("sched.policy.set", &set.change, catalog, |_, _| {
            let file = said(set.file.as_deref(), "FILE")?;
            steps::set_policy(file, !set.skip_rebalance, set.apply_interval, set.change.reason.as_deref())
        }),
        Command::Interval(interval) => change("sched.interval", &interval.change, catalog, |_, _| {
            let Name(text) = said(interval.seconds.as_ref(), "SECONDS, or none")?;
            Ok(vec![steps::set_interval(steps::read_interval("interval", text)?)])
        }),
        Command::Log(arguments) => log::run(arguments, catalog),
        Command::Restore(arguments) => restore::restore(arguments, catalog),
        Command::Reset(arguments) => restore::reset(arguments, catalog),
    }
}

impl TargetArguments {
    fn read(&self, names: &Names<'_>) -> Result<hemiola_components::control::Target, Failure> {
        match (&self.schedule, &self.tag) {
            (_, Some(Name(tag))) => steps::tag("--tag", tag, names),
            (schedule, None) => {
                let Name(schedule) = said(schedule.as_ref(), "SCHEDULE, or --tag TAG")?;
                steps::schedule("SCHEDULE", schedule, names)
            }
        }
    }
}

fn given(change: &Change, ends: Option<&Ends>) -> Given {
    Given {
        reason: change.reason.clone(),
        until: ends.and_then(|ends| ends.until.clone()),
        duration: ends.and_then(|ends| ends.duration.clone()),
        options: ["--reason", "--until", "--duration"],
    }
}

fn said<T>(argument: Option<T>, what: &str) -> Result<T, Failure> {
    argument.ok_or_else(|| Failure::new(Exit::Usage, format!("say {what}")))
}

fn show(command: &str, look: &Look, view: View, catalog: &Catalog) -> Result<(), Failure> {
    let perform = || {
        let wanted = Wanted { views: vec![(view, look.export.clone())], ..Wanted::default() };
        perform(command, &look.place.open(catalog)?, &wanted, look.place.now()?, look.output.format())
    };
    report_failure(command, look.output.format(), perform())
}

fn change(
    command: &str,
    arguments: &Change,
    catalog: &Catalog,
    steps: impl Fn(&Names<'_>, Nanos) -> Result<Vec<Step>, Failure>,
) -> Result<(), Failure> {
    let perform = || {
        let session = arguments.place.open_named(catalog)?;
        let now = arguments.place.now()?;
        let mut steps = steps(&Names::of(&session.plan), now)?;
        for step in &mut steps {
            step.why = step.why.take().or_else(|| arguments.reason.clone());
        }
        let wanted = Wanted { who: who(arguments.who.as_deref()), steps, views: Vec::new() };
        perform(command, &session, &wanted, now, arguments.output.format())
    };
    report_failure(command, arguments.output.format(), perform())
}

fn perform(
    command: &str,
    session: &Session,
    wanted: &Wanted,
    now: Nanos,
    format: Format,
) -> Result<(), Failure> {
    let done = wanted.perform(session, now)?;
    match format {
        Format::Text => print(&done.text),
        Format::Json => print_json(command, "ok", done.document),
    }
}
