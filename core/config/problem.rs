//! What is wrong with a configuration, and where.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::Serialize;

/// Whether a problem stops the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can be used, but probably does not say what its author meant.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// The name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// One problem of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Whether it stops the load.
    pub severity: Severity,
    /// Stable name of the kind of problem, such as `unknown_key`.
    pub code: &'static str,
    /// The keys that lead to it, joined by dots; empty for the file as a whole.
    pub path: String,
    /// What was expected, what was found, what to do.
    pub message: String,
    /// The file as the caller named it.
    pub file: String,
    /// Line, from 1.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
    /// A known name close to the one found.
    pub suggestion: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { severity, code, path, message, file, line, column, suggestion } = self;
        write!(f, "{file}:{line}:{column}: {}[{code}]: ", severity.name())?;
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        f.write_str(message)?;
        match suggestion {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

/// Where something stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: String,
    pub(crate) line: u64,
    pub(crate) column: u64,
}

/// The problems of one file, collected by everyone who reads it.
#[derive(Debug)]
pub(crate) struct Problems {
    file: String,
    suggestions: Cell<u32>,
    found: RefCell<Vec<Problem>>,
}

impl Problems {
    pub(crate) fn new(file: &str) -> Self {
        Self { file: file.to_owned(), suggestions: Cell::new(0), found: RefCell::default() }
    }

    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    pub(crate) fn error(&self, place: &Place, code: &'static str, message: String) {
        self.add(Severity::Error, place, code, message, None);
    }

    pub(crate) fn warning(&self, place: &Place, code: &'static str, message: String) {
        self.add(Severity::Warning, place, code, message, None);
    }

    pub(crate) fn info(&self, place: &Place, code: &'static str, message: String) {
        self.add(Severity::Info, place, code, message, None);
    }

    pub(crate) fn report(&self, severity: Severity, place: &Place, code: &'static str, message: String) {
        self.add(severity, place, code, message, None);
    }

    /// An error about a name that is none of `known`.
    pub(crate) fn unknown<'a>(
        &self,
        place: &Place,
        code: &'static str,
        message: String,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        self.add(Severity::Error, place, code, message, self.suggestion(name, known));
    }

    /// A warning about a name that is none of `known`.
    pub(crate) fn unknown_warning<'a>(
        &self,
        place: &Place,
        code: &'static str,
        message: String,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        self.add(Severity::Warning, place, code, message, self.suggestion(name, known));
    }

    /// An error about a key that is none of `known`; they are listed when none of them is near.
    pub(crate) fn unknown_key(&self, place: &Place, key: &str, known: &[&str]) {
        let suggestion = self.suggestion(key, known.iter().copied());
        let mut message = format!("unknown key {}", quoted(key));
        if suggestion.is_none() {
            message = format!("{message} (known here: {})", listed(known.iter().copied()));
        }
        self.add(Severity::Error, place, "unknown_key", message, suggestion);
    }

    /// The nearest name. A file with more unknown names than this lacks something else, and looking for each
    /// among thousands takes seconds.
    fn suggestion<'a>(&self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
        const MOST: u32 = 200;
        self.suggestions.set(self.suggestions.get() + 1);
        (self.suggestions.get() <= MOST).then(|| nearest(name, known)).flatten()
    }

    fn add(
        &self,
        severity: Severity,
        place: &Place,
        code: &'static str,
        message: String,
        suggestion: Option<String>,
    ) {
        let Place { path, line, column } = place.clone();
        let file = self.file.clone();
        self.found.borrow_mut().push(Problem {
            severity,
            code,
            path,
            message,
            file,
            line,
            column,
            suggestion,
        });
    }

    pub(crate) fn append(&self, other: Self) {
        self.found.borrow_mut().extend(other.found.into_inner());
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.found.borrow().iter().any(|problem| problem.severity == Severity::Error)
    }

    /// All problems in the order of the file.
    pub(crate) fn into_sorted(self) -> Vec<Problem> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|problem| (problem.line, problem.column));
        found
    }
}

/// A text from the file, short enough for a message.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// Names for a message: all when few, else the first ones.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 12;
    let mut names = names.into_iter();
    let shown = names.by_ref().take(MOST).collect::<Vec<_>>().join(", ");
    match names.count() {
        0 if shown.is_empty() => "none".to_owned(),
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The known name that differs least from `name`, when it differs in at most a third of its letters.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    const LONGEST: usize = 64;
    let name = name.to_lowercase();
    if name.len() > LONGEST {
        return None;
    }
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (strsim::osa_distance(&name, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .filter(|(distance, candidate)| *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_like_a_compiler_message() {
        let problems = Problems::new("core.yaml");
        let place = Place { path: "strategies.a.engine".to_owned(), line: 4, column: 9 };
        problems.unknown(
            &place,
            "unknown_reference",
            "there is no engine `sma_cros`".to_owned(),
            "sma_cros",
            ["sma_cross"],
        );
        problems.warning(
            &Place { line: 2, column: 1, ..Place::default() },
            "duplicate_key",
            "twice".to_owned(),
        );
        assert!(problems.has_errors());
        let lines: Vec<_> = problems.into_sorted().iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "core.yaml:2:1: warning[duplicate_key]: twice",
                "core.yaml:4:9: error[unknown_reference]: strategies.a.engine: there is no engine `sma_cros`; did you mean `sma_cross`?",
            ]
        );
    }

    #[test]
    fn only_close_names_are_suggested() {
        let known = ["fast", "slow", "max_open_positions"];
        assert_eq!(nearest("fats", known).as_deref(), Some("fast"));
        assert_eq!(nearest("max_positions", known).as_deref(), Some("max_open_positions"));
        assert_eq!(nearest("FAST", known).as_deref(), Some("fast"));
        assert_eq!(nearest("threshold", known), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest(&"a".repeat(1_000), known), None);
    }

    #[test]
    fn messages_stay_short() {
        assert_eq!(quoted("ż".repeat(81).as_str()), format!("`{}…`", "ż".repeat(80)));
        assert_eq!(listed(["a", "b"]), "a, b");
        assert!(listed(["a"; 20]).ends_with(" and 8 more"));
    }
}
