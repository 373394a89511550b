//! Configuration: a spanned tree of YAML, checked as a whole, becomes a [`Plan`].
//!
//! [`load`] reports every problem of a file in one run, each with line and column. What it accepts is accepted
//! for good: only a selection can still fail.
//!
//! What has no effect in this version is checked and said ([`Config::notes`]). What a strategy is filed under (`tags`,
//! `risk_classes`, `required_data`, `risk_hooks`, `metadata`) is part of a run's identity, and decides nothing.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use hemiola_components::capital::Policy;
use hemiola_components::market::Instrument;
use hemiola_components::strategy::EngineSpec;
use thiserror::Error;

use model::{Environment, Mode, Model, Scheduler};
use plan::Plan;
use problem::{Place, Problems, quoted};
use tree::{Node, Position};
use view::View;

pub use feed::{FeedKind, FeedTerms};
pub use operator_log::{COMMANDS, Names, load_operator_log, parse_operator_log};
pub use policy_file::{PolicyFile, kept_policy, load_policy_file};
pub use problem::{Problem, Severity};
pub(crate) use problem::{listed, nearest};
pub use reference::reference;
pub use runtime_log::{LogTerms, Rotation};
pub use schema::schema;
pub use setting::{Scalar, Setting};
pub use show::Shown;
pub use variant::is_policy_file;

mod assemble;
pub mod capabilities;
mod changed;
mod check;
pub mod definition;
mod feed;
mod field;
mod groups;
pub mod journal;
pub mod ledger;
pub mod limits;
mod located;
mod model;
mod operator_log;
pub mod plan;
mod policy_file;
mod problem;
pub mod profiles;
mod reference;
mod resolve;
mod risk_limits;
mod rules;
mod runtime_log;
mod schema;
mod scope;
mod section;
mod setting;
mod shape;
mod show;
pub mod tokens;
mod tree;
mod variant;
mod view;

#[cfg(test)]
mod tests;

/// Why there is no configuration.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the {what} {}: {source}", path.display())]
    Unreadable {
        /// What kind of file.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file, or what was selected from it, cannot be used. Sorted by place; warnings and notes included.
    #[error("{}", lines(.0))]
    Invalid(Vec<Problem>),
}

fn lines(problems: &[Problem]) -> String {
    let matters = problems.iter().filter(|problem| problem.severity != Severity::Info);
    matters.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Bytes of the largest file that is read.
pub const LARGEST: u64 = 16 * 1024 * 1024;

/// What to run out of a configuration. `None` is the first in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Name of the environment.
    pub environment: Option<String>,
    /// Name of the scheduler.
    pub scheduler: Option<String>,
    /// Takes the place of the environment's universe: a schedule without `instruments` uses all of them.
    pub instruments: Option<Vec<Instrument>>,
    /// Schedules that are left out.
    pub without: Vec<String>,
}

/// A configuration without errors.
#[derive(Clone, Debug)]
pub struct Config {
    file: String,
    written: Node,
    resolved: Node,
    model: Model,
    warnings: Vec<Problem>,
    notes: Vec<Problem>,
}

/// What a check looks at, and how strictly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only environments of this kind: `demo`, `paper` or `live`.
    pub profile: Option<String>,
    /// Whether a repeated key, or a weight that is no number, is an error.
    pub strict: bool,
}

/// Reads and checks a configuration file against the engines there are.
///
/// # Errors
/// [`ConfigError::Unreadable`] when the file cannot be read, else [`ConfigError::Invalid`] with everything that
/// is wrong with it.
pub fn load(path: &Path, engines: &[EngineSpec]) -> Result<Config, ConfigError> {
    load_within(path, engines, &Scope::default())
}

/// The same within a scope.
///
/// # Errors
/// As [`load`].
pub fn load_within(path: &Path, engines: &[EngineSpec], scope: &Scope) -> Result<Config, ConfigError> {
    let bytes = read_bytes("configuration", path)?;
    parse(path, &bytes, engines, scope, Problems::new(&path.display().to_string()))
}

/// Checks a file that holds a capital policy alone; warnings come with it.
///
/// # Errors
/// As [`load`].
pub fn load_policy(path: &Path) -> Result<(Policy, Vec<Problem>), ConfigError> {
    let bytes = read_bytes("capital policy", path)?;
    let problems = Problems::new(&path.display().to_string());
    let checked = read_tree(&bytes, &problems).and_then(|root| check::check_policy(&root, &problems));
    let policy = checked.map(|root| model::policy::decode(&View::root(&problems, &root)));
    let failed = problems.has_errors();
    let found = problems.into_sorted();
    match policy {
        Some(policy) if !failed => Ok((policy, found)),
        _ => Err(ConfigError::Invalid(found)),
    }
}

fn read_bytes(what: &'static str, path: &Path) -> Result<Vec<u8>, ConfigError> {
    let refused = |code: &'static str, message: String| {
        let problems = Problems::new(&path.display().to_string());
        problems.error(&Place { line: 1, column: 1, ..Place::default() }, code, message);
        ConfigError::Invalid(problems.into_sorted())
    };
    if path.is_dir() {
        return Err(refused("not_a_file", "this is a folder: name a file in it".to_owned()));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|source| ConfigError::Unreadable { what, path: path.to_owned(), source })?;
    if bytes.len() as u64 > LARGEST {
        return Err(refused("too_large", "the file is larger than 16 MiB".to_owned()));
    }
    Ok(bytes)
}

fn parse(
    path: &Path,
    bytes: &[u8],
    engines: &[EngineSpec],
    scope: &Scope,
    problems: Problems,
) -> Result<Config, ConfigError> {
    let written = read_tree(bytes, &problems);
    build(path, written, engines, scope, problems)
}

/// A configuration from the tree of a file, which is not there when the file is no YAML.
fn build(
    path: &Path,
    written: Option<Node>,
    engines: &[EngineSpec],
    scope: &Scope,
    problems: Problems,
) -> Result<Config, ConfigError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mode = scope::mode(scope, &problems);
    let checked = written.as_ref().and_then(|root| check::check(root, engines, mode, &problems));
    let model = checked.as_ref().map(|root| {
        let root = View::root(&problems, root);
        rules::check(&root);
        Model::decode(&root, folder, engines)
    });
    if let Some(model) = &model {
        for scheduler in &model.schedulers {
            check_scheduler(model, scheduler, mode, &problems);
        }
    }
    let file = problems.file().to_owned();
    let mut found = problems.into_sorted();
    scope::apply(scope, mode, model.as_ref(), &mut found);
    if found.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(ConfigError::Invalid(found));
    }
    let (Some(written), Some(checked), Some(model)) = (written, checked, model) else {
        return Err(ConfigError::Invalid(found));
    };
    let (notes, warnings) = found.into_iter().partition(|problem| problem.severity == Severity::Info);
    let resolved = resolve::resolve(checked, &model);
    Ok(Config { file, written, resolved, model, warnings, notes })
}

/// The tree of a file; `None` when it is no YAML.
fn read_tree(bytes: &[u8], problems: &Problems) -> Option<Node> {
    let at = |position: Position| Place { line: position.line, column: position.column, ..Place::default() };
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let (valid, _) = bytes.split_at(error.valid_up_to());
            let valid = String::from_utf8_lossy(valid);
            let line = valid.matches('\n').count() as u64 + 1;
            let column = valid.rsplit('\n').next().map_or(0, |last| last.chars().count() as u64) + 1;
            problems.error(&at(Position { line, column }), "syntax", "the text is not UTF-8".to_owned());
            return None;
        }
    };
    match tree::parse(text) {
        Ok((root, repeated)) => {
            for tree::Repeated { path, first, last } in repeated {
                let before = first.map_or(String::new(), |first| format!(" at line {}", first.line));
                let message =
                    format!("the key stands here already{before}; this one at line {} counts", last.line);
                problems.warning(&Place { path, ..at(last) }, "duplicate_key", message);
            }
            Some(root)
        }
        Err(error) => {
            problems.error(&at(error.position), "syntax", error.message);
            None
        }
    }
}

/// A scheduler must fit one environment at least; if it fits none, the first one's objections are reported.
fn check_scheduler(model: &Model, scheduler: &Scheduler, mode: Option<Mode>, problems: &Problems) {
    let mut rejected = None;
    let counts = |environment: &&Environment| mode.is_none_or(|mode| mode == environment.mode);
    for environment in model.environments.iter().filter(counts) {
        let found = Problems::new(problems.file());
        assemble::assemble(model, environment, scheduler, None, &found);
        if !found.has_errors() {
            problems.append(found);
            return;
        }
        rejected = rejected.or(Some(found));
    }
    if let Some(found) = rejected {
        problems.append(found);
    }
}

impl Config {
    /// What is probably not meant, sorted by place.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// As the file has it: the last of repeated keys, aliases expanded, secrets masked.
    #[must_use]
    pub fn as_written(&self) -> Shown<'_> {
        Shown::new(&self.written)
    }

    /// As the program understands it: one spelling of each key, defaults filled in, secrets masked. It is a
    /// configuration of the same meaning, for a file in the same folder.
    #[must_use]
    pub fn as_resolved(&self) -> Shown<'_> {
        Shown::new(&self.resolved)
    }

    /// What is checked and has no effect yet, sorted by place.
    #[must_use]
    pub fn notes(&self) -> &[Problem] {
        &self.notes
    }

    /// The Plan of what was selected.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] when a selected name does not exist, or when the scheduler does not fit the
    /// environment or the instruments.
    pub fn plan(&self, selection: &Selection) -> Result<Plan, ConfigError> {
        let Model { environments, environments_place, schedulers, schedulers_place, .. } = &self.model;
        let problems = Problems::new(&self.file);
        let environment = select(
            environments,
            Environment::names,
            selection.environment.as_deref(),
            ("environment", environments_place),
            &problems,
        );
        let scheduler = select(
            schedulers,
            |scheduler| vec![scheduler.name.as_str()],
            selection.scheduler.as_deref(),
            ("scheduler", schedulers_place),
            &problems,
        );
        if selection.instruments.as_ref().is_some_and(Vec::is_empty) {
            let message = "no instruments were given to take the place of the universe".to_owned();
            problems.error(environments_place, "empty", message);
        }
        let plan = environment.zip(scheduler).map(|(environment, scheduler)| {
            let instruments = selection.instruments.as_deref();
            if environment.universe.is_empty() && instruments.is_none() {
                let message = "a run needs an `instrument_universe` in its environment".to_owned();
                problems.error(&environment.place, "missing_key", message);
            }
            let mut scheduler = scheduler.clone();
            scheduler.schedules.retain(|schedule| !selection.without.contains(&schedule.name));
            assemble::assemble(&self.model, environment, &scheduler, instruments, &problems)
        });
        match plan {
            Some(plan) if !problems.has_errors() => Ok(plan),
            _ => Err(ConfigError::Invalid(problems.into_sorted())),
        }
    }
}

/// The first, or the one that has the wanted name among its own.
fn select<'m, T>(
    all: &'m [T],
    names: impl Fn(&'m T) -> Vec<&'m str>,
    wanted: Option<&str>,
    (what, place): (&str, &Place),
    problems: &Problems,
) -> Option<&'m T> {
    let Some(wanted) = wanted else { return all.first() };
    let found = all.iter().find(|item| names(item).contains(&wanted));
    if found.is_none() {
        let known = || all.iter().flat_map(&names);
        let message = format!("there is no {what} {} (known: {})", quoted(wanted), listed(known()));
        problems.unknown(place, "unknown_reference", message, wanted, known());
    }
    found
}
