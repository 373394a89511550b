//! Where the value of an option comes from: the command line, else an environment variable, else the configuration,
//! else the default that is built in.
//!
//! The table is the definition of the commands itself: names, types, ranges and defaults of the variables are those
//! of the options, so a variable is read exactly as its option would be.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::error::{ContextKind, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory as _, Parser as _};
use serde::Serialize;

use super::Cli;
use crate::config::nearest;
use crate::exit::{Exit, Failure};

pub(super) mod report;

/// The option of every command that asks for the sources.
pub(super) const EXPLAIN: &str = "explain_sources";

/// What is read from the process, so that tests can bring their own.
pub(super) trait Environment {
    /// The value of a variable.
    fn value(&self, name: &str) -> Option<OsString>;

    /// The names of all variables.
    fn names(&self) -> Vec<String>;
}

/// The environment of the process.
pub(super) struct Process;

impl Environment for Process {
    fn value(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn names(&self) -> Vec<String> {
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect()
    }
}

/// Who gave an option its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source {
    /// The default that is built in, or nothing.
    Default,
    /// The command line.
    Cli,
    /// An environment variable.
    Env,
    /// An environment variable that clears it.
    EnvDisabled,
    /// The configuration.
    CoreConfig,
}

/// Why a variable that is set does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reason {
    /// The command line says something else.
    CliOverride,
    /// It is empty.
    EmptyValue,
}

/// A variable that is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Override {
    /// The option, without its hyphens.
    pub(super) option: String,
    /// The variable.
    pub(super) variable: String,
    /// Its value; `***` when the option is called like a secret.
    pub(super) raw_value: String,
    /// Whether it counts.
    pub(super) applied: bool,
    /// What the option became.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parsed_value: Option<String>,
    /// Why it does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<Reason>,
}

/// An option of the command that was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sourced {
    /// The option, without its hyphens.
    pub(super) option: String,
    /// The environment variable that sets it.
    pub(super) variable: String,
    pub(super) source: Source,
    /// What it became; nothing when it has no value.
    pub(super) value: Option<String>,
}

/// The sources of a command's options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sources {
    /// The command, such as `data seed`.
    pub(super) command: String,
    pub(super) options: Vec<Sourced>,
    pub(super) overrides: Vec<Override>,
}

/// Why a command line cannot be used.
pub(super) enum Refused {
    /// What the parser says; help and version are among it.
    Parser(clap::Error),
    /// What the environment or a sentinel says.
    Value(Failure),
}

/// Parses the command line together with the environment.
pub(super) fn parse(
    arguments: &[OsString],
    environment: &dyn Environment,
) -> Result<(Cli, Sources), Refused> {
    let matches = Cli::command().try_get_matches_from(arguments).map_err(Refused::Parser)?;
    let root = Cli::command();
    let (path, leaf, found) = leaf(&root, &matches);
    let mut reader = Reader::new(&path, environment);
    for argument in leaf.get_positionals() {
        let values = found.get_raw(argument.get_id().as_str()).into_iter().flatten();
        reader.arguments.extend(values.map(ToOwned::to_owned));
    }
    for argument in options(leaf) {
        reader.read_command_line(argument, found).map_err(Refused::Value)?;
    }
    for argument in options(leaf) {
        reader.read_variable(argument, found).map_err(Refused::Value)?;
    }
    let explains = matches.get_flag(EXPLAIN) || found.get_flag(EXPLAIN);
    if explains {
        reader.arguments.push("--explain-sources".into());
    }
    let cli = Cli::try_parse_from(&reader.arguments).map_err(Refused::Parser)?;
    let matches = Cli::command().try_get_matches_from(&reader.arguments).map_err(Refused::Parser)?;
    let (_, leaf, found) = self::leaf(&root, &matches);
    Ok((cli, reader.finish(leaf, found)))
}

/// The sources of every command's options when the command line gives none.
pub(super) fn of_all_commands(environment: &dyn Environment) -> Result<Vec<Sources>, Failure> {
    let root = Cli::command();
    let mut paths = Vec::new();
    leaves(&root, &mut Vec::new(), &mut paths);
    let sources = paths.into_iter().map(|path| {
        let arguments: Vec<OsString> =
            std::iter::once("hemiola".to_owned()).chain(path).map(OsString::from).collect();
        match parse(&arguments, environment) {
            Ok((_, sources)) => Ok(sources),
            Err(Refused::Value(failure)) => Err(failure),
            Err(Refused::Parser(error)) => Err(Failure::new(Exit::Usage, error.to_string())),
        }
    });
    sources.collect()
}

/// Variables that look like ours and are nobody's, each with the one that was probably meant.
pub(super) fn misspelt(environment: &dyn Environment) -> Vec<(String, String)> {
    let root = Cli::command();
    let mut paths = Vec::new();
    leaves(&root, &mut Vec::new(), &mut paths);
    let known: Vec<String> = paths
        .iter()
        .flat_map(|path| {
            let leaf = path.iter().try_fold(&root, |command, name| command.find_subcommand(name));
            leaf.into_iter().flat_map(options).map(|argument| variable(path, argument)).collect::<Vec<_>>()
        })
        .collect();
    let ours = environment.names().into_iter().filter(|name| name.starts_with("HEMIOLA_"));
    ours.filter(|name| !known.contains(name))
        .filter_map(|name| nearest(&name, known.iter().map(String::as_str)).map(|near| (name, near)))
        .collect()
}

fn leaves(command: &Command, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let mut below = command.get_subcommands().filter(|one| one.get_name() != "help").peekable();
    if below.peek().is_none() {
        found.push(path.clone());
    }
    for command in below {
        path.push(command.get_name().to_owned());
        leaves(command, path, found);
        path.pop();
    }
}

/// The command that was called, with the way to it.
fn leaf<'c>(root: &'c Command, matches: &'c ArgMatches) -> (Vec<String>, &'c Command, &'c ArgMatches) {
    let (mut path, mut command, mut found) = (Vec::new(), root, matches);
    while let Some((name, below)) = found.subcommand() {
        let Some(next) = command.find_subcommand(name) else { break };
        path.push(name.to_owned());
        (command, found) = (next, below);
    }
    (path, command, found)
}

/// The options that have sources of their own.
fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    let shared = ["help", "version", EXPLAIN];
    command
        .get_arguments()
        .filter(move |one| one.get_long().is_some() && !shared.contains(&one.get_id().as_str()))
}

fn long(argument: &Arg) -> &str {
    argument.get_long().unwrap_or_default()
}

/// `HEMIOLA_DATA_SEED_START_DATE`.
fn variable(path: &[String], argument: &Arg) -> String {
    let words = path.iter().map(String::as_str).chain([long(argument)]);
    let name = words.collect::<Vec<_>>().join("_").replace('-', "_");
    format!("HEMIOLA_{}", name.to_uppercase())
}

fn is_flag(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::SetTrue)
}

fn takes(argument: &Arg, kind: &ValueParser) -> bool {
    argument.get_value_parser().type_id() == kind.type_id()
}

fn is_path(argument: &Arg) -> bool {
    takes(argument, &clap::value_parser!(PathBuf))
}

fn is_text(argument: &Arg) -> bool {
    is_path(argument) || takes(argument, &ValueParser::string())
}

/// What a text stands for, besides itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sentinel {
    Clear,
    Default,
}

fn sentinel(argument: &Arg, value: &OsStr, is_variable: bool) -> Option<Sentinel> {
    let word = value.to_str()?.trim().to_lowercase();
    let clears = match word.as_str() {
        "" | "none" | "null" => true,
        "off" | "disable" | "disabled" => is_variable && is_path(argument),
        _ => false,
    };
    match word.as_str() {
        _ if !is_text(argument) => None,
        "default" => Some(Sentinel::Default),
        _ => clears.then_some(Sentinel::Clear),
    }
}

/// Puts together the command line that is parsed in the end.
struct Reader<'e> {
    path: Vec<String>,
    environment: &'e dyn Environment,
    arguments: Vec<OsString>,
    /// Options whose value is said, by whom.
    given: Vec<(String, Source)>,
    overrides: Vec<Override>,
}

impl<'e> Reader<'e> {
    fn new(path: &[String], environment: &'e dyn Environment) -> Self {
        let arguments = std::iter::once("hemiola").chain(path.iter().map(String::as_str)).map(OsString::from);
        Self {
            path: path.to_vec(),
            environment,
            arguments: arguments.collect(),
            given: Vec::new(),
            overrides: Vec::new(),
        }
    }

    fn read_command_line(&mut self, argument: &Arg, found: &ArgMatches) -> Result<(), Failure> {
        let id = argument.get_id().as_str();
        if found.value_source(id) != Some(ValueSource::CommandLine) {
            return Ok(());
        }
        self.given.push((long(argument).to_owned(), Source::Cli));
        if is_flag(argument) {
            self.arguments.push(format!("--{}", long(argument)).into());
            return Ok(());
        }
        let values: Vec<_> = found.get_raw(id).into_iter().flatten().collect();
        if let [value] = values.as_slice()
            && let Some(sentinel) = sentinel(argument, value, false)
        {
            return clear(argument, sentinel, &format!("--{}", long(argument)));
        }
        self.arguments.extend(values.into_iter().map(|value| pair(argument, value)));
        Ok(())
    }

    fn read_variable(&mut self, argument: &Arg, found: &ArgMatches) -> Result<(), Failure> {
        let name = variable(&self.path, argument);
        let Some(value) = self.environment.value(&name) else { return Ok(()) };
        let mut entry = Override {
            option: long(argument).to_owned(),
            raw_value: masked(long(argument), &value.to_string_lossy()),
            variable: name,
            applied: false,
            parsed_value: None,
            reason: None,
        };
        if found.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine) {
            entry.reason = Some(Reason::CliOverride);
        } else if let Some(sentinel) = sentinel(argument, &value, true) {
            clear(argument, sentinel, &entry.variable)?;
            entry.applied = true;
            let source = if sentinel == Sentinel::Clear { Source::EnvDisabled } else { Source::Default };
            self.given.push((entry.option.clone(), source));
        } else if value.is_empty() {
            entry.reason = Some(Reason::EmptyValue);
        } else if let Some(more) = arguments_of(argument, &value, &entry.variable)? {
            self.try_arguments(more, &mut entry)?;
        } else {
            entry.applied = true;
            self.given.push((entry.option.clone(), Source::Env));
        }
        self.overrides.push(entry);
        Ok(())
    }

    /// Takes what a variable says, unless it does not go together with the command line.
    fn try_arguments(&mut self, more: Vec<OsString>, entry: &mut Override) -> Result<(), Failure> {
        let before = self.arguments.len();
        self.arguments.extend(more);
        match Cli::command().try_get_matches_from(&self.arguments) {
            Ok(_) => {
                entry.applied = true;
                self.given.push((entry.option.clone(), Source::Env));
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::ArgumentConflict => {
                self.arguments.truncate(before);
                entry.reason = Some(Reason::CliOverride);
                Ok(())
            }
            Err(error) => {
                let value = error.get(ContextKind::InvalidValue).map(ToString::to_string);
                let advice = match error.get(ContextKind::ValidValue) {
                    Some(valid) => format!(" (known: {valid})"),
                    None => String::new(),
                };
                let why = std::error::Error::source(&error).map(|why| format!(": {why}")).unwrap_or_default();
                let message = match value {
                    Some(_) => format!(
                        "{}: {} is no value of --{}{why}{advice}",
                        entry.variable, entry.raw_value, entry.option
                    ),
                    None => format!("{}: {}", entry.variable, error.render().to_string().trim_end()),
                };
                Err(Failure::new(Exit::Usage, message))
            }
        }
    }

    fn finish(mut self, leaf: &Command, found: &ArgMatches) -> Sources {
        let mut options = Vec::new();
        for argument in self::options(leaf) {
            let id = argument.get_id().as_str();
            let values: Vec<_> =
                found.get_raw(id).into_iter().flatten().map(|value| value.to_string_lossy()).collect();
            let value = (!values.is_empty()).then(|| masked(long(argument), &values.join(" ")));
            let source =
                self.given.iter().find(|(option, _)| option == long(argument)).map(|(_, source)| *source);
            for entry in
                self.overrides.iter_mut().filter(|entry| entry.applied && entry.option == long(argument))
            {
                entry.parsed_value.clone_from(&value);
            }
            options.push(Sourced {
                option: long(argument).to_owned(),
                variable: variable(&self.path, argument),
                source: source.unwrap_or(Source::Default),
                value,
            });
        }
        Sources { command: self.path.join(" "), options, overrides: self.overrides }
    }
}

fn pair(argument: &Arg, value: &OsStr) -> OsString {
    let mut pair = OsString::from(format!("--{}=", long(argument)));
    pair.push(value);
    pair
}

/// An option that cannot do without a value cannot be cleared.
fn clear(argument: &Arg, sentinel: Sentinel, name: &str) -> Result<(), Failure> {
    let default = argument.get_default_values().first().map(|default| default.to_string_lossy());
    match default {
        Some(default) if sentinel == Sentinel::Clear => {
            let message = format!("{name}: it needs a value, and this is none; the default is `{default}`");
            Err(Failure::new(Exit::Usage, message))
        }
        _ => Ok(()),
    }
}

/// The arguments that say what a variable says; nothing when it switches a flag off.
fn arguments_of(argument: &Arg, value: &OsStr, variable: &str) -> Result<Option<Vec<OsString>>, Failure> {
    if is_flag(argument) {
        let word = value.to_string_lossy().trim().to_lowercase();
        return match word.as_str() {
            "1" | "true" | "yes" | "on" => Ok(Some(vec![format!("--{}", long(argument)).into()])),
            "0" | "false" | "no" | "off" => Ok(None),
            _ => {
                let message =
                    format!("{variable}: write 1, true, yes or on, else 0, false, no or off, not `{word}`");
                Err(Failure::new(Exit::Usage, message))
            }
        };
    }
    if matches!(argument.get_action(), ArgAction::Append)
        && let Some(text) = value.to_str()
    {
        let words = text.split([' ', ',', ';']).filter(|word| !word.is_empty());
        return Ok(Some(words.map(|word| pair(argument, OsStr::new(word))).collect()));
    }
    Ok(Some(vec![pair(argument, value)]))
}

/// Whatever is called like a secret is not shown.
fn masked(option: &str, value: &str) -> String {
    const SECRETS: [&str; 5] = ["token", "secret", "key", "passphrase", "password"];
    let is_secret = option.split(['-', '_']).any(|word| SECRETS.contains(&word.to_lowercase().as_str()));
    if is_secret && !value.is_empty() { "***".to_owned() } else { value.to_owned() }
}

#[cfg(test)]
mod tests;
