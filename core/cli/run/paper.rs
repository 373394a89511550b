//! `hemiola run` without `--once`: a session that runs until its feed ends or it is stopped.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use clap::{Args, ValueEnum};
use hemiola_adapters::feed::FeedError;
use hemiola_adapters::feed::folder::FolderFeed;
use hemiola_adapters::feed::klines::{KlineFeed, KlineSettings};
use hemiola_adapters::feed::news::Wanted;
use hemiola_adapters::journal::writer::{JournalDays, System};
use hemiola_components::time::Nanos;
use hemiola_components::units::Quantity;
use hemiola_systems::signals::catalog::Catalog;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc;
use tracing::{error, info, warn};

use super::listen::{listen, micros};
use super::telemetry;
use crate::cli::sched::place::Place;
use crate::cli::{Format, Output, print, print_json, say};
use crate::clock::{self, Stopwatch};
use crate::config::{self, Config, FeedKind, FeedTerms};
use crate::cycles::{self, Cycle, counts};
use crate::exit::{Exit, Failure};
use crate::instant;
use crate::job::{Job, Prepared, latched};
use crate::memory::Memory;
use crate::modes::paper::alert::RuntimeAlert;
use crate::modes::paper::commit::JournalFiles;
use crate::modes::paper::history::{History, Speed};
use crate::modes::paper::live::Live;
use crate::modes::paper::operators;
use crate::modes::paper::pace::SchedulePace;
use crate::modes::paper::pulse::Pulse;
use crate::modes::paper::session::{
    self, Ended, OnStop, Pace as _, SessionError, Setting, Source, Stop, Time,
};
use crate::operator::rights::Right;
use crate::operator::session::Session;
use crate::pace::{Missed, Percentiles};
use crate::runtime_log;

/// How long a session that has met this many errors in a row waits at most before it begins again.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Lines of the input log between two snapshots.
const SNAPSHOT_EVERY: u64 = 5_000;

/// News on their way from a feed.
const NEWS: usize = 1_024;

/// A session that ran this long was sound.
const SOUND: Duration = Duration::from_mins(1);

#[derive(Debug, Args)]
pub(super) struct Paper {
    /// Where candles come from, in the place of the configuration's `feed.kind`.
    #[arg(long, value_name = "KIND")]
    feed: Option<Feed>,
    /// Seconds of history in one, such as 60x, or max; in the place of `feed.speed`.
    #[arg(long, value_name = "SPEED")]
    speed: Option<Speed>,
    /// First instant of a session over history. A date or RFC 3339.
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,
    /// Last instant of it.
    #[arg(long, value_name = "INSTANT")]
    to: Option<String>,
    /// What operators do meanwhile: an operator log.
    #[arg(long, value_name = "FILE")]
    operator_log: Option<PathBuf>,
    /// Cash at the start of a new session, in the place of the configuration's.
    #[arg(id = "paper_balance", long = "paper-balance", value_name = "AMOUNT")]
    balance: Option<f64>,
    /// Begin anew, with a fresh account; what there is of an earlier session is put aside.
    #[arg(long)]
    fresh: bool,
    /// What becomes of instants that passed while it could not keep up.
    #[arg(long, value_enum, default_value = "skip")]
    missed: MissedChoice,
    /// What becomes of positions and orders when it is stopped.
    #[arg(long, value_enum, default_value = "close")]
    on_stop: OnStopChoice,
    /// After this long a stop does not wait for anything any more, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    stop_timeout: u64,
    /// Give up after so many errors in a row.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    max_consecutive_errors: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Feed {
    /// Stored candles, on their own clock.
    History,
    /// A folder that grows.
    Folder,
    /// A venue's public interface.
    Klines,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnStopChoice {
    /// Take orders back and close positions at their last price.
    Close,
    /// Leave both.
    Keep,
    /// Take orders back and leave positions.
    CancelOnly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MissedChoice {
    /// They are passed over; the next one is on the grid.
    Skip,
    /// They follow at once, one after another.
    Burst,
    /// They are passed over, and the grid begins anew.
    Delay,
}

impl From<MissedChoice> for Missed {
    fn from(choice: MissedChoice) -> Self {
        match choice {
            MissedChoice::Skip => Self::Skip,
            MissedChoice::Burst => Self::Burst,
            MissedChoice::Delay => Self::Delay,
        }
    }
}

impl From<OnStopChoice> for OnStop {
    fn from(choice: OnStopChoice) -> Self {
        match choice {
            OnStopChoice::Close => Self::Close,
            OnStopChoice::Keep => Self::Keep,
            OnStopChoice::CancelOnly => Self::CancelOnly,
        }
    }
}

/// Runs a session and says how it ended.
pub(super) fn run(asked: &super::Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let super::Arguments { place, paper: arguments, output, emit_telemetry, .. } = asked;
    let operators = place.open_named(catalog)?;
    operators.require(Right::Write)?;
    let config = config::load(&place.selected.config, &catalog.specs())?;
    let environment = operators.plan.environment.clone();
    if config.is_live(Some(&environment)) {
        let message = format!(
            "environment `{environment}` trades real money, which this version does not: name a demo or paper one"
        );
        return Err(Failure::new(Exit::Security, message));
    }
    let terms = terms(arguments, &config, &environment);
    let job = job(place, arguments, &operators);
    let mut prepared = prepare(&job, &terms, catalog)?;
    // A session that goes on has latches of its own.
    prepared.plan.latches = latched(&config, &prepared.plan)?.0;
    say_balance(arguments, &config, &prepared);
    let folder = operators.folder.path().join("paper").join(&operators.plan.scheduler);
    if arguments.fresh {
        put_aside(&folder)?;
    }
    let log = config.log_terms(&environment).expect("the plan's environment is one of the configuration's");
    let log = runtime_log::begin(&environment, log)?;
    if let Some(log) = &log {
        say(format_args!("runtime log: {}", log.folder().display()));
    }
    let history =
        config.history_terms(&environment).expect("the plan's environment is one of the configuration's");
    let format = output.format();
    let hear = |cycle: &Cycle| emit(cycle, format);
    let hear = emit_telemetry.then_some(&hear as &(dyn Fn(&Cycle) + Sync));
    let launch = Launch {
        operators: &operators,
        prepared: &prepared,
        arguments,
        catalog,
        folder: &folder,
        history,
        hear,
    };
    info!(
        environment,
        scheduler = operators.plan.scheduler,
        run_id = prepared.run_id,
        feed = terms.kind.name(),
        version = env!("CARGO_PKG_VERSION"),
        "session begins"
    );
    let edge = edge()?;
    let mut source = source(&job, arguments, &terms, (&prepared, edge.handle()))?;
    let mut pace = SchedulePace::new(&prepared.plan, arguments.missed.into());
    let wall = (terms.kind != FeedKind::History).then_some((&mut pace, terms.grace));
    let ended =
        launch.run(source.as_mut(), wall).inspect_err(|failure| error!("session failed: {failure}"))?;
    report(&launch, &ended, &pace, output)
}

/// Where everything runs that waits: feeds and signals. The world has this thread for itself.
fn edge() -> Result<Runtime, Failure> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.map_err(|error| {
        Failure::new(Exit::Operational, format!("cannot start the threads of feeds: {error}"))
    })
}

fn terms(arguments: &Paper, config: &Config, environment: &str) -> FeedTerms {
    let mut terms = config
        .feed_terms(Some(environment))
        .cloned()
        .expect("the plan's environment is one of the configuration's");
    if let Some(feed) = arguments.feed {
        terms.kind = match feed {
            Feed::History => FeedKind::History,
            Feed::Folder => FeedKind::Folder,
            Feed::Klines => FeedKind::Klines,
        };
    }
    terms
}

fn job(place: &Place, arguments: &Paper, operators: &Session) -> Job {
    Job {
        environment: Some(operators.plan.environment.clone()),
        scheduler: Some(operators.plan.scheduler.clone()),
        from: arguments.from.clone(),
        to: arguments.to.clone(),
        operator_log: arguments.operator_log.clone(),
        paper_balance: arguments.balance,
        ..Job::of(&place.selected.config)
    }
}

fn prepare(job: &Job, terms: &FeedTerms, catalog: &Catalog) -> Result<Prepared, Failure> {
    let notice = &mut |notice: &str| say(notice);
    match terms.kind {
        FeedKind::History => job.prepare_all(&Memory::default(), catalog, notice),
        FeedKind::Folder | FeedKind::Klines if job.from.is_some() || job.to.is_some() => Err(Failure::new(
            Exit::Usage,
            "--from and --to go with --feed history: the wall clock has no window",
        )),
        FeedKind::Folder | FeedKind::Klines => job.prepare_without_candles(catalog, notice),
    }
}

/// Says what the account begins with, and where that comes from.
fn say_balance(arguments: &Paper, config: &Config, prepared: &Prepared) {
    let plan = &prepared.plan;
    let from = match arguments.balance {
        Some(_) => "--paper-balance",
        None if config.has_initial_balances(Some(&plan.environment)) => {
            "`initial_balances` of the environment"
        }
        None => "the default",
    };
    say(format_args!(
        "starting balance of a new session: {} {}, from {from}",
        plan.cash.get(),
        plan.valuation
    ));
}

fn source<'p>(
    job: &Job,
    arguments: &Paper,
    terms: &FeedTerms,
    (prepared, edge): (&'p Prepared, &Handle),
) -> Result<Box<dyn Source + 'p>, Failure> {
    if terms.kind == FeedKind::History {
        let usage = |error: String| Failure::new(Exit::Usage, format!("feed.speed: {error}"));
        let speed = arguments.speed.map_or_else(|| terms.speed.parse().map_err(usage), Ok)?;
        return Ok(Box::new(History::new(prepared, job.clone(), speed)));
    }
    let (edge, feed) = (edge.clone(), terms.clone());
    let open = move |wanted: Vec<Wanted>| {
        let (news, told) = mpsc::channel(NEWS);
        let refused = |error: FeedError| Failure::new(Exit::Usage, error.to_string());
        if feed.kind == FeedKind::Folder {
            let every = Duration::from_nanos(feed.poll.get().max(0).unsigned_abs());
            edge.spawn(FolderFeed::new(feed.path.clone(), wanted, every).map_err(refused)?.run(news));
        } else {
            let settings = KlineSettings { base_url: feed.base_url.clone(), ..KlineSettings::default() };
            edge.spawn(KlineFeed::new(settings, wanted, clock::now).map_err(refused)?.run(news));
        }
        Ok(told)
    };
    Ok(Box::new(Live::new(prepared, job.clone(), terms.grace, Box::new(open), &|message| say(message))))
}

/// Gives the folder of an earlier session another name.
fn put_aside(folder: &Path) -> Result<(), Failure> {
    if !folder.exists() {
        return Ok(());
    }
    let stamp = clock::now().millis();
    let aside = folder.with_extension(format!("ended-{stamp}"));
    fs::rename(folder, &aside).map_err(|error| {
        Failure::new(Exit::Operational, format!("{}: cannot put aside: {error}", folder.display()))
    })?;
    say(format_args!("the session so far is put aside in {}", aside.display()));
    Ok(())
}

/// A session that is run, again when that may help.
struct Launch<'a> {
    operators: &'a Session,
    prepared: &'a Prepared,
    arguments: &'a Paper,
    catalog: &'a Catalog,
    folder: &'a Path,
    history: cycles::Terms,
    hear: Option<&'a (dyn Fn(&Cycle) + Sync)>,
}

impl Launch<'_> {
    fn run(
        &self,
        source: &mut dyn Source,
        mut wall: Option<(&mut SchedulePace, Nanos)>,
    ) -> Result<Ended, Failure> {
        let stop = Arc::new(Stop::default());
        let pulse = Arc::new(Pulse::default());
        listen(&stop, &pulse, Duration::from_secs(self.arguments.stop_timeout))?;
        let mut errors = 0;
        loop {
            let stopwatch = Stopwatch::start();
            let time = match &mut wall {
                Some((pace, grace)) => Time::Wall { pace: &mut **pace, grace: *grace },
                None => Time::Feed,
            };
            let error = match self.attempt(source, time, &stop, &pulse) {
                Ok(ended) => return Ok(ended),
                Err(error) => error,
            };
            errors = if stopwatch.elapsed() > SOUND { 1 } else { errors + 1 };
            if !error.is_passing() || stop.asked() > 0 {
                return Err(error.into_failure());
            }
            if errors >= self.arguments.max_consecutive_errors {
                let message = format!("{errors} errors in a row, and no more are tried; the last: {error}");
                return Err(Failure::new(Exit::Operational, message));
            }
            let pause = Duration::from_secs(1 << errors.min(6)).min(LONGEST_PAUSE);
            say(format_args!("error: {error}; it is tried again in {} s", pause.as_secs()));
            error!(errors, pause_s = pause.as_secs(), "{error}; the session is begun again");
            let stopwatch = Stopwatch::start();
            while stopwatch.elapsed() < pause && stop.asked() == 0 {
                pulse.beat();
                Stopwatch::start().wait_until(Duration::from_millis(100));
            }
        }
    }

    fn attempt(
        &self,
        source: &mut dyn Source,
        time: Time<'_>,
        stop: &Stop,
        pulse: &Pulse,
    ) -> Result<Ended, SessionError> {
        let kept = operators::kept(self.operators, clock::now())?;
        let setting = Setting {
            prepared: self.prepared,
            catalog: self.catalog,
            folder: self.folder.to_owned(),
            disk: System,
            journal: self.journal()?,
            on_stop: self.arguments.on_stop.into(),
            snapshot_every: SNAPSHOT_EVERY,
            stop,
            pulse,
            kept,
            history: self.history,
            hear: self.hear,
            tell: &tell,
        };
        let (commands, given) = mpsc::unbounded_channel();
        thread::scope(|scope| {
            scope.spawn(move || operators::watch(self.operators, stop, &commands));
            session::run(setting, source, time, Some(given))
        })
    }

    fn journal(&self) -> Result<JournalFiles<System>, Failure> {
        let Prepared { journal: terms, run_id, plan, .. } = self.prepared;
        let signing = self.prepared.signing()?;
        let Some(folder) = &terms.folder else {
            say("note: this environment keeps no journal in files");
            return Ok(JournalFiles { days: None, signing, checkpoints: None });
        };
        if !signing.signs() && !plan.is_demo {
            let environment = &plan.environment;
            let message = format!(
                "the journal of `{environment}` is signed, and there is no key: name one in \
                 `environments.{environment}.decision_journal.signing_key_env`; only a demo goes without"
            );
            return Err(Failure::new(Exit::Security, message));
        }
        let days = JournalDays::new(folder, &terms.pattern, terms.retention_days)?;
        let checkpoints = signing.checkpoint_writer(terms, run_id)?;
        Ok(JournalFiles { days: Some(days), signing, checkpoints })
    }
}

fn report(launch: &Launch<'_>, ended: &Ended, pace: &SchedulePace, output: &Output) -> Result<(), Failure> {
    let plan = &launch.prepared.plan;
    let outcome = &ended.outcome;
    let open = outcome.holdings.iter().filter(|holding| holding.quantity != Quantity::ZERO).count();
    let [orders, fills, signals] = [
        outcome.telemetry.iter().map(|one| one.orders).sum::<u64>(),
        outcome.telemetry.iter().map(|one| one.fills).sum(),
        outcome.telemetry.iter().map(|one| one.signals).sum(),
    ];
    let (equity, cash) = (outcome.account.equity.get(), outcome.account.cash.get());
    let how = if ended.complete { "came to its end" } else { "stopped, and can go on" };
    let troubles: serde_json::Map<String, Value> =
        ended.troubles.iter().map(|(code, count)| ((*code).to_owned(), json!(count))).collect();
    let lateness = pace.lateness().map(|late| [late.raw(), late.corrected()].map(Percentiles::of));
    match output.format() {
        Format::Text => {
            let mut text = format!(
                "{}, {}: {how} at {}\n{} ticks, {signals} signals, {orders} orders, {fills} fills, {open} open positions\n\
                 equity {equity:.2} {}, cash {cash:.2}\n",
                plan.environment,
                plan.scheduler,
                instant::text(ended.at),
                ended.ticks,
                plan.valuation
            );
            text.extend(ended.troubles.iter().map(|(code, count)| format!("{code} {count}\n")));
            text.extend(lateness.map(|[raw, corrected]| {
                format!(
                    "{} wakes, late by {} (median), {} (p99), {} (p99.9), {} (most); corrected p99.9 {}\n",
                    raw.count,
                    micros(raw.p50),
                    micros(raw.p99),
                    micros(raw.p999),
                    micros(raw.max),
                    micros(corrected.p999)
                )
            }));
            let end = format!("session {}\ndigest {}\n", launch.folder.display(), ended.digest);
            text.push_str(&end);
            print(&text)?;
        }
        Format::Json => print_json(
            "run",
            "ok",
            json!({
                "environment": plan.environment,
                "scheduler": plan.scheduler,
                "complete": ended.complete,
                "at": instant::text(ended.at),
                "ticks": ended.ticks,
                "read_back": ended.read_back,
                "signals": signals,
                "orders": orders,
                "fills": fills,
                "open_positions": open,
                "equity": equity,
                "cash": cash,
                "troubles": troubles,
                "lateness_ns": lateness.map(|[raw, corrected]| json!({ "raw": raw, "corrected": corrected })),
                "session": launch.folder.display().to_string(),
                "digest": ended.digest,
            }),
        )?,
    }
    let complete = ended.complete;
    info!(complete, ticks = ended.ticks, orders, fills, equity, digest = ended.digest, "session ended");
    say("Shutdown complete");
    info!("Shutdown complete");
    Ok(())
}

/// A line of telemetry for each schedule that gave signals. The one document on stdout has no place for them.
fn emit(cycle: &Cycle, format: Format) {
    for (schedule, signals) in counts(cycle.signals.iter().map(|signal| &*signal.schedule)) {
        let line = telemetry(&schedule, signals, cycle.duration_ns as f64 / 1e6);
        match format {
            Format::Text => _ = print(&line),
            Format::Json => say(line.trim_end()),
        }
    }
}

/// Tells an alert to whoever looks on, and to the runtime log.
fn tell(alert: &RuntimeAlert) {
    say(alert.text());
    let RuntimeAlert { code, about, message, count, .. } = alert;
    match alert.severity {
        "info" => info!(code, about, count, "{message}"),
        "critical" => error!(code, about, count, "{message}"),
        _ => warn!(code, about, count, "{message}"),
    }
}
