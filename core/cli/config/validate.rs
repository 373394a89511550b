//! `hemiola config validate`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use hemiola_systems::signals::catalog::Catalog;
use serde_json::{Value, json};

use crate::cli::{DEFAULT_CONFIG, Format, Output, print, print_json, report_failure};
use crate::config::{self, ConfigError, Problem, Scope, Severity};
use crate::exit::{Exit, Failure};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    config: PathBuf,
    /// A repeated key is an error, and warnings end with exit code 11.
    #[arg(long)]
    strict: bool,
    /// Check only environments of this kind: demo, paper or live.
    #[arg(long, value_name = "KIND")]
    profile: Option<String>,
    /// Check a file that holds a capital policy alone, instead.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "profile"])]
    policy: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// What was found in a file.
struct Findings<'f> {
    file: &'f Path,
    problems: Vec<Problem>,
}

pub(super) fn run(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let found = match find(arguments, catalog) {
        Ok(found) => found,
        Err(failure) => return report_failure("config_validate", arguments.output.format(), Err(failure)),
    };
    match arguments.output.format() {
        Format::Text => print(&found.text())?,
        Format::Json => print_json("config_validate", found.status(), found.document())?,
    }
    let [errors, warnings] = [Severity::Error, Severity::Warning].map(|severity| found.of(severity).count());
    let counts = format!("{}: {}", found.file.display(), found.counts());
    if errors > 0 {
        return Err(Failure::new(Exit::Usage, counts));
    }
    if arguments.strict && warnings > 0 {
        return Err(Failure::new(Exit::Warnings, format!("{counts}, and --strict allows none")));
    }
    Ok(())
}

fn find<'a>(arguments: &'a Arguments, catalog: &Catalog) -> Result<Findings<'a>, Failure> {
    let file = arguments.policy.as_ref().unwrap_or(&arguments.config);
    let scope = Scope { profile: arguments.profile.clone(), strict: arguments.strict };
    let found = match &arguments.policy {
        Some(path) => config::load_policy(path).map(|(_, warnings)| warnings),
        None => config::load_within(file, &catalog.specs(), &scope)
            .map(|config| [config.warnings(), config.notes()].concat()),
    };
    let problems = match found {
        Ok(problems) | Err(ConfigError::Invalid(problems)) => problems,
        Err(error) => return Err(error.into()),
    };
    Ok(Findings { file, problems })
}

impl Findings<'_> {
    fn of(&self, severity: Severity) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(move |problem| problem.severity == severity)
    }

    fn counts(&self) -> String {
        let count = |severity, one: &str| {
            let count = self.of(severity).count();
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {one}{plural}")
        };
        format!("{}, {}", count(Severity::Error, "error"), count(Severity::Warning, "warning"))
    }

    fn status(&self) -> &'static str {
        match (self.of(Severity::Error).next(), self.of(Severity::Warning).next()) {
            (Some(_), _) => "error",
            (None, Some(_)) => "warning",
            (None, None) => "ok",
        }
    }

    fn document(&self) -> Value {
        let of = |severity| self.of(severity).collect::<Vec<_>>();
        json!({
            "file": self.file,
            "valid": self.of(Severity::Error).next().is_none(),
            "errors": of(Severity::Error),
            "warnings": of(Severity::Warning),
            "notes": of(Severity::Info),
        })
    }

    /// Each problem with the line that it is about, then what has no effect, then what it comes to.
    fn text(&self) -> String {
        let source = source(self.file);
        let lines: Vec<&str> = source.lines().collect();
        let mut text = String::new();
        for problem in self.problems.iter().filter(|problem| problem.severity != Severity::Info) {
            let number = usize::try_from(problem.line).unwrap_or(usize::MAX);
            let line = number.checked_sub(1).and_then(|index| lines.get(index));
            let excerpt = line.map(|line| excerpt(line, number, problem.column)).unwrap_or_default();
            writeln!(text, "{problem}\n{excerpt}").expect("a text takes everything");
        }
        for note in self.of(Severity::Info) {
            writeln!(text, "{note}").expect("a text takes everything");
        }
        let verdict = if self.of(Severity::Error).next().is_none() { "valid" } else { "not valid" };
        writeln!(text, "{} is {verdict}: {}", self.file.display(), self.counts())
            .expect("a text takes everything");
        text
    }
}

/// The text of a file that is small enough to have been checked; nothing of any other.
fn source(path: &Path) -> String {
    let is_small = fs::metadata(path).is_ok_and(|status| status.is_file() && status.len() <= config::LARGEST);
    if is_small { fs::read_to_string(path).unwrap_or_default() } else { String::new() }
}

/// The part of a line around a column, with a mark below it.
fn excerpt(line: &str, number: usize, column: u64) -> String {
    const WIDEST: usize = 100;
    let column = usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1);
    let line = line.replace('\t', " ");
    let start = if column < WIDEST - 20 { 0 } else { column - WIDEST / 2 };
    let part: String = line.chars().skip(start).take(WIDEST).collect();
    let number = number.to_string();
    let margin = " ".repeat(number.len());
    let mark = " ".repeat(column - start.min(column));
    let ahead = if start > 0 { "…" } else { " " };
    format!("  {number} |{ahead}{}\n  {margin} | {mark}^\n", part.trim_end())
}
