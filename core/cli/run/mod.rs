//! `hemiola run`.

pub(in crate::cli) mod flags;
mod listen;
mod paper;

use std::path::PathBuf;

use clap::Args;
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;
use serde_json::{Value, json};

use super::sched::place::{Place, who};
use super::sched::steps::{self, Given, Step, Wanted};
use super::{Format, Output, print, print_json, report_failure, say};
use crate::clock::Stopwatch;
use crate::config::Names;
use crate::config::plan::Plan;
use crate::exit::{Exit, Failure};
use crate::job::Job;
use crate::operator::once::{self, Line, Ran};
use crate::operator::rights::Right;
use crate::operator::session::Session;
use crate::operator::state::Ended;
use flags::Act;

#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Let every schedule make its newest decision over the stored candles, once, and end.
    #[arg(long)]
    once: bool,
    /// Run even though something was changed or shown before.
    #[arg(long)]
    run_after_management: bool,
    /// Read everything, say what would run, and run nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print a line of telemetry for each schedule; a session prints one for each that gives signals, whenever it does.
    #[arg(long)]
    emit_telemetry: bool,
    /// Who changes something; the user of the process by default.
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    #[command(flatten)]
    paper: paper::Paper,
    #[command(flatten)]
    management: flags::Given,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    report_failure("run", arguments.output.format(), perform(arguments, catalog))
}

/// What goes to stdout in the end.
struct Report {
    text: String,
    document: Value,
    failed: Vec<String>,
}

fn perform(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let usage = |message: &str| Err(Failure::new(Exit::Usage, message));
    for (flag, _) in arguments.management.all() {
        say(format_args!("note: --{} is now `hemiola {}`", flag.long, flag.modern));
    }
    let is_once = arguments.once || arguments.management.has(Act::Once);
    if arguments.management.has(Act::Forever) && is_once {
        return usage("--run-forever and --once exclude each other");
    }
    let session = arguments.place.open(catalog)?;
    let now = arguments.place.now()?;
    let wanted = arguments.wanted(&session, now)?;
    let manages = !wanted.steps.is_empty() || !wanted.views.is_empty();
    if arguments.dry_run {
        if manages {
            return usage("--dry-run changes and shows nothing else: leave the other flags out");
        }
        return dry_run(arguments, &session);
    }
    if !manages && !is_once {
        return paper::run(arguments, catalog);
    }
    let mut report = Report { text: String::new(), document: json!({}), failed: Vec::new() };
    if manages {
        let session =
            if wanted.steps.is_empty() { session.clone() } else { arguments.place.open_named(catalog)? };
        let done = wanted.perform(&session, now)?;
        (report.text, report.document) = (done.text, done.document);
    }
    if is_once && (!manages || arguments.run_after_management) {
        run_once(arguments, &session, catalog, now, &mut report)?;
    } else if is_once {
        say("note: nothing was run: say --run-after-management to run after what was changed or shown");
    }
    match arguments.output.format() {
        Format::Text => print(&report.text)?,
        Format::Json => {
            let status = if report.failed.is_empty() { "ok" } else { "error" };
            print_json("run", status, report.document)?;
        }
    }
    if !report.failed.is_empty() {
        return Err(Failure::new(Exit::Operational, format!("failed: {}", report.failed.join(", "))));
    }
    if !is_once && arguments.run_after_management {
        return paper::run(arguments, catalog);
    }
    Ok(())
}

fn dry_run(arguments: &Arguments, session: &Session) -> Result<(), Failure> {
    let Plan { environment, scheduler, schedules, strategies, risk_profiles, .. } = &session.plan;
    let mut text = format!("{environment}, {scheduler}: {} schedules\n", schedules.len());
    let mut documents = Vec::new();
    for schedule in schedules {
        let strategy = &strategies[schedule.strategy].name;
        let profile = &risk_profiles[schedule.risk_profile].name;
        let cadence = schedule.cadence.every.seconds();
        let name = &schedule.name;
        let line = format!("- {name}: strategy {strategy}, profile {profile}, cadence {cadence:.2}s\n");
        text.push_str(&line);
        documents.push(json!({
            "schedule": name,
            "strategy": strategy,
            "risk_profile": profile,
            "cadence_seconds": cadence,
        }));
    }
    if arguments.emit_telemetry {
        text += &schedules.iter().map(|schedule| telemetry(&schedule.name, 0, 0.0)).collect::<String>();
    }
    match arguments.output.format() {
        Format::Text => print(&text),
        Format::Json => {
            let body = json!({ "environment": environment, "scheduler": scheduler, "plan": documents });
            print_json("run", "ok", body)
        }
    }
}

fn telemetry(schedule: &str, signals: usize, latency_ms: f64) -> String {
    format!("[telemetry] schedule={schedule} signals={signals} latency_ms={latency_ms:.2}\n")
}

fn run_once(
    arguments: &Arguments,
    session: &Session,
    catalog: &Catalog,
    now: Nanos,
    report: &mut Report,
) -> Result<(), Failure> {
    session.require(Right::Write)?;
    let selected = &arguments.place.selected;
    let job = Job {
        environment: selected.environment.clone(),
        scheduler: selected.scheduler.clone(),
        risk_state: true,
        ..Job::of(&selected.config)
    };
    let mut change = session.begin(now)?;
    let prepared = job.prepare(catalog, &mut |notice| say(notice))?;
    steps::say_ended(&change.ended);
    let stopwatch = Stopwatch::start();
    let lines = once::run(&prepared.plan, &prepared.data, &mut change.state, catalog, now)?;
    let latency_ms = stopwatch.elapsed().as_secs_f64() * 1e3;
    let ended: Vec<String> = change.ended.iter().map(Ended::text).collect();
    change.save()?;
    report.text += &lines.iter().map(|line| line.text() + "\n").collect::<String>();
    if arguments.emit_telemetry {
        let line = |line: &Line| telemetry(&line.schedule, line.signals(), latency_ms);
        report.text += &lines.iter().map(line).collect::<String>();
        let rows = lines.iter().map(
            |line| json!({ "schedule": line.schedule, "signals": line.signals(), "latency_ms": latency_ms }),
        );
        report.document["telemetry"] = rows.collect();
    }
    let document = &mut report.document;
    document["environment"] = json!(session.plan.environment);
    document["scheduler"] = json!(session.plan.scheduler);
    document["as_of"] = json!(crate::instant::text(now));
    if document.get("ended").is_none_or(|ended| ended == &json!([])) {
        document["ended"] = json!(ended);
    }
    document["runs"] = lines.iter().map(Line::document).collect();
    let failed = lines.into_iter().filter_map(|line| match line.result {
        Ran::Failed(why) => Some(format!("{} ({why})", line.schedule)),
        _ => None,
    });
    report.failed = failed.collect();
    Ok(())
}

impl Arguments {
    /// Everything that is changed, in the order in which it is done, then everything that is shown.
    fn wanted(&self, session: &Session, now: Nanos) -> Result<Wanted, Failure> {
        let given = &self.management;
        let names = Names::of(&session.plan);
        let suspension = self.terms(
            Act::Suspension,
            ["--suspension-reason", "--suspension-until", "--suspension-duration"],
            &[Act::SuspendSchedule, Act::SuspendTag],
        )?;
        let limit = self.terms(
            Act::Limit,
            ["--signal-limit-reason", "--signal-limit-until", "--signal-limit-duration"],
            &[Act::SetLimit],
        )?;
        self.require_policy(Act::SkipRebalance, "--skip-policy-rebalance")?;
        self.require_policy(Act::ApplyInterval, "--apply-policy-interval")?;
        let mut wanted: Vec<Step> = Vec::new();
        for name in given.values(Act::ResumeSchedule) {
            wanted.push(steps::resume(steps::schedule("--resume-schedule", name, &names)?, None));
        }
        for tag in given.values(Act::ResumeTag) {
            wanted.push(steps::resume(steps::tag("--resume-tag", tag, &names)?, None));
        }
        for text in given.values(Act::SetLimit) {
            wanted.push(steps::set_limit("--set-signal-limit", text, &limit, &names, now)?);
        }
        for text in given.values(Act::ClearLimit) {
            wanted.push(steps::clear_limit("--clear-signal-limit", text, None, &names)?);
        }
        for name in given.values(Act::SuspendSchedule) {
            let target = steps::schedule("--suspend-schedule", name, &names)?;
            wanted.push(steps::suspend(target, &suspension, now)?);
        }
        for tag in given.values(Act::SuspendTag) {
            wanted.push(steps::suspend(steps::tag("--suspend-tag", tag, &names)?, &suspension, now)?);
        }
        for file in given.values(Act::SetPolicy) {
            let (skips, applies) = (given.has(Act::SkipRebalance), given.has(Act::ApplyInterval));
            wanted.extend(steps::set_policy(PathBuf::from(file).as_path(), !skips, applies, None)?);
        }
        for text in given.values(Act::SetInterval) {
            wanted.push(steps::set_interval(steps::read_interval("--set-allocation-interval", text)?));
        }
        if given.has(Act::Rebalance) {
            wanted.push(steps::rebalance());
        }
        let mut views = Vec::new();
        for (flag, values) in given.all() {
            match flag.act {
                Act::Show(view) => views.push((view, None)),
                Act::Export(view) => {
                    views.extend(values.iter().map(|path| (view, Some(PathBuf::from(path)))));
                }
                _ => {}
            }
        }
        Ok(Wanted { who: who(self.who.as_deref()), steps: wanted, views })
    }

    /// Reason, end and duration, which go with something.
    fn terms(
        &self,
        of: fn(usize) -> Act,
        options: [&'static str; 3],
        with: &[Act],
    ) -> Result<Given, Failure> {
        let [reason, until, duration] =
            [0, 1, 2].map(|place| self.management.values(of(place)).next().map(ToOwned::to_owned));
        let given = Given { reason, until, duration, options };
        if given.is_said() && !with.iter().any(|act| self.management.has(*act)) {
            let said = [&given.reason, &given.until, &given.duration];
            let option = said.iter().zip(options).find(|(value, _)| value.is_some());
            let option = option.map_or("", |(_, option)| option);
            let known = flags::FLAGS.iter().filter(|flag| with.contains(&flag.act));
            let known: Vec<String> = known.map(|flag| format!("--{}", flag.long)).collect();
            let message = format!("{option} says nothing alone: it goes with {}", known.join(" or "));
            return Err(Failure::new(Exit::Usage, message));
        }
        Ok(given)
    }

    fn require_policy(&self, act: Act, option: &str) -> Result<(), Failure> {
        if !self.management.has(act) || self.management.has(Act::SetPolicy) {
            return Ok(());
        }
        let message = format!("{option} says nothing alone: it goes with --set-capital-policy");
        Err(Failure::new(Exit::Usage, message))
    }
}
