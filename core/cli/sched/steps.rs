//! What is done to a scheduler by one command line: all changes first, then everything that is shown.

use std::env;
use std::path::{Path, PathBuf};

use hemiola_adapters::results::write_file;
use hemiola_components::control::{Command, ControlError, Expiry, Target, Terms};
use hemiola_components::time::Nanos;
use serde_json::{Map, Value, json};

use crate::cli::{say, unknown};
use crate::config::{Names, PolicyFile, load_policy_file};
use crate::exit::{Exit, Failure};
use crate::operator::rights::Right;
use crate::operator::session::{Seen, Session};
use crate::operator::show::{Shown, View};
use crate::operator::state::Ended;
use crate::signal_limit::{parse_assignment, parse_target};

/// A change, and what people are told of it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) what: Command,
    pub(crate) why: Option<String>,
    pub(crate) done: String,
}

/// What is wanted of a scheduler.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) who: String,
    pub(crate) steps: Vec<Step>,
    /// What is shown, and where it goes; stdout when it goes nowhere.
    pub(crate) views: Vec<(View, Option<PathBuf>)>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) text: String,
    pub(crate) document: Value,
}

impl Wanted {
    /// Checks rights, changes, exports; what is to be printed is in the result.
    pub(crate) fn perform(&self, session: &Session, now: Nanos) -> Result<Done, Failure> {
        if !self.steps.is_empty() {
            session.require(Right::Write)?;
        }
        if !self.views.is_empty() || self.steps.is_empty() {
            session.require(Right::Read)?;
        }
        let seen = self.change(session, now)?;
        say_ended(&seen.ended);
        let mut text: String = self.steps.iter().flat_map(|step| [step.done.as_str(), "\n"]).collect();
        let mut document = json!({
            "environment": session.plan.environment,
            "scheduler": session.plan.scheduler,
            "source": session.folder.database(),
            "as_of": crate::instant::text(now),
            "ended": seen.ended.iter().map(Ended::text).collect::<Vec<_>>(),
        });
        if !self.steps.is_empty() {
            let changes = self.steps.iter().map(|step| crate::operator::log::command(&step.what));
            document["changed"] = changes.collect();
        }
        let shown = Shown { plan: &session.plan, state: &seen.state, now };
        let mut exported = Map::new();
        for (view, path) in &self.views {
            let snapshot = shown.snapshot(*view);
            match path {
                None => {
                    text += &shown.text(*view);
                    document[view.key()] = snapshot;
                }
                Some(path) => {
                    let path = write(path, &snapshot)?;
                    let line = format!("{}: written to {}\n", view.key(), path.display());
                    text.push_str(&line);
                    exported.insert(view.key().to_owned(), json!(path));
                }
            }
        }
        if !exported.is_empty() {
            document["exported"] = exported.into();
        }
        Ok(Done { text, document })
    }

    fn change(&self, session: &Session, now: Nanos) -> Result<Seen, Failure> {
        if self.steps.is_empty() {
            return session.look(now);
        }
        let mut change = session.begin(now)?;
        for step in &self.steps {
            change.act(&self.who, step.why.as_deref(), step.what.clone())?;
        }
        let ended = change.ended.clone();
        Ok(Seen { state: change.save()?, ended })
    }
}

pub(crate) fn say_ended(ended: &[Ended]) {
    for one in ended {
        say(format_args!("note: {}", one.text()));
    }
}

/// Writes a document; a leading `~` is the user's home. Returns the file's path.
fn write(path: &Path, snapshot: &Value) -> Result<PathBuf, Failure> {
    let path = match (path.strip_prefix("~"), env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    };
    write_file(&path, format!("{snapshot:#}\n").as_bytes())?;
    Ok(path)
}

/// Why and how long; `options` are what the command line calls them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) reason: Option<String>,
    pub(crate) until: Option<String>,
    pub(crate) duration: Option<String>,
    pub(crate) options: [&'static str; 3],
}

impl Given {
    /// Whether anything is said.
    pub(crate) fn is_said(&self) -> bool {
        self.reason.is_some() || self.until.is_some() || self.duration.is_some()
    }

    fn why(&self) -> Option<String> {
        let terms = Terms { reason: self.reason.clone(), ..Terms::default() };
        terms.reason()
    }

    fn expiry(&self, now: Nanos) -> Result<Expiry, Failure> {
        let [_, until, duration] = self.options;
        let usage = |message: String| Failure::new(Exit::Usage, message);
        if self.until.is_some() && self.duration.is_some() {
            return Err(usage(format!("{until} and {duration} say the same: keep one of them")));
        }
        let end = super::place::read_instant(until, self.until.as_deref())?;
        if let Some(past) = end.filter(|end| *end <= now) {
            let message = format!("{until}: {} is not in the future", crate::instant::text(past));
            return Err(usage(message));
        }
        let seconds = self.duration.as_deref().map(|text| {
            let advice =
                || usage(format!("{duration}: `{text}` is no duration: write seconds, or `15m`, `2h`, `1d`"));
            crate::duration::parse(text).ok_or_else(advice)
        });
        let terms = Terms { until: end, duration_seconds: seconds.transpose()?, reason: None };
        terms.expiry().map_err(|error: ControlError| usage(format!("{duration}: {error}")))
    }
}

pub(crate) fn suspend(target: Target, given: &Given, now: Nanos) -> Result<Step, Failure> {
    let expiry = given.expiry(now)?;
    let done = format!("{} {}: suspended{}", target.scope(), target.name(), until(expiry, now));
    Ok(Step { what: Command::Suspend { target, expiry }, why: given.why(), done })
}

pub(crate) fn resume(target: Target, why: Option<String>) -> Step {
    let done = format!("{} {}: resumed", target.scope(), target.name());
    Step { what: Command::Resume { target }, why, done }
}

fn until(expiry: Expiry, now: Nanos) -> String {
    match expiry {
        Expiry::Never => String::new(),
        ends => format!(" until {}", crate::instant::text(ends.instant(now))),
    }
}

/// `STRATEGY:PROFILE=LIMIT`.
pub(crate) fn set_limit(
    option: &str,
    text: &str,
    given: &Given,
    names: &Names<'_>,
    now: Nanos,
) -> Result<Step, Failure> {
    let refused = || Failure::new(Exit::Usage, format!("{option}: `{text}` is not STRATEGY:PROFILE=LIMIT"));
    let ((strategy, profile), limit) = parse_assignment(text).ok_or_else(refused)?;
    check_limited(option, (strategy, profile), names)?;
    if !(0.0..=f64::from(u32::MAX)).contains(&limit) {
        let message = format!("{option}: a limit is a number of signals from 0, not {limit}");
        return Err(Failure::new(Exit::Usage, message));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and within u32")]
    let limit = limit as u32;
    let expiry = given.expiry(now)?;
    let done = format!("{strategy}:{profile}: limit {limit}{}", until(expiry, now));
    let what =
        Command::SetLimit { strategy: strategy.to_owned(), risk_profile: profile.to_owned(), limit, expiry };
    Ok(Step { what, why: given.why(), done })
}

/// `STRATEGY:PROFILE`.
pub(crate) fn clear_limit(
    option: &str,
    text: &str,
    why: Option<String>,
    names: &Names<'_>,
) -> Result<Step, Failure> {
    let refused = || Failure::new(Exit::Usage, format!("{option}: `{text}` is not STRATEGY:PROFILE"));
    let (strategy, profile) = parse_target(text).ok_or_else(refused)?;
    check_limited(option, (strategy, profile), names)?;
    let what = Command::ClearLimit { strategy: strategy.to_owned(), risk_profile: profile.to_owned() };
    Ok(Step { what, why, done: format!("{strategy}:{profile}: no limit") })
}

fn check_limited(option: &str, (strategy, profile): (&str, &str), names: &Names<'_>) -> Result<(), Failure> {
    check(option, "strategy", strategy, &names.strategies)?;
    check(option, "risk profile", profile, &names.risk_profiles)
}

pub(crate) fn schedule(option: &str, name: &str, names: &Names<'_>) -> Result<Target, Failure> {
    let name = name.trim();
    check(option, "schedule", name, &names.schedules)?;
    Ok(Target::Schedule(name.to_owned()))
}

pub(crate) fn tag(option: &str, name: &str, names: &Names<'_>) -> Result<Target, Failure> {
    let name = name.trim();
    check(option, "tag", name, &names.tags)?;
    Ok(Target::Tag(name.to_owned()))
}

fn check(option: &str, what: &str, name: &str, known: &[&str]) -> Result<(), Failure> {
    if known.contains(&name) { Ok(()) } else { Err(unknown(option, what, name, known)) }
}

/// The steps that a policy file makes: the policy, and with `applies` its own interval.
pub(crate) fn set_policy(
    path: &Path,
    rebalances: bool,
    applies: bool,
    why: Option<&str>,
) -> Result<Vec<Step>, Failure> {
    let PolicyFile { policy, interval, warnings } = load_policy_file(path)?;
    warnings.iter().for_each(say);
    let why = why.map(ToOwned::to_owned);
    let mut steps = Vec::new();
    if let Some(interval) = interval.filter(|_| applies) {
        steps.push(Step { why: why.clone(), ..set_interval(Some(interval)) });
    }
    let done = format!("capital policy: {}", policy.name);
    steps.push(Step { what: Command::SetPolicy { policy: Box::new(policy), rebalances }, why, done });
    Ok(steps)
}

pub(crate) fn set_interval(cool_down: Option<Nanos>) -> Step {
    let done = match cool_down {
        Some(length) => format!("re-allocation interval: {}s", length.seconds()),
        None => "re-allocation interval: every due instant".to_owned(),
    };
    Step { what: Command::SetInterval { cool_down }, why: None, done }
}

/// Seconds or a duration; `none` is every due instant.
pub(crate) fn read_interval(option: &str, text: &str) -> Result<Option<Nanos>, Failure> {
    if text.trim().eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    let refused = || {
        Failure::new(
            Exit::Usage,
            format!("{option}: `{text}` is no interval: write seconds above zero, `1h`, or none"),
        )
    };
    let seconds = crate::duration::parse(text).ok_or_else(refused)?;
    let terms = Terms { duration_seconds: Some(seconds), ..Terms::default() };
    match terms.expiry() {
        Ok(Expiry::After(length)) => Ok(Some(length)),
        _ => Err(refused()),
    }
}

pub(crate) fn rebalance() -> Step {
    Step { what: Command::Rebalance, why: None, done: "capital: divided anew".to_owned() }
}
