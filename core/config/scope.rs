//! What a check looks at, and how strictly.

use super::Scope;
use super::model::{Mode, Model};
use super::problem::{Place, Problem, Problems, Severity, quoted};

/// The kind of environments that count; all of them when no kind or an unknown one is asked for.
pub(super) fn mode(scope: &Scope, problems: &Problems) -> Option<Mode> {
    let wanted = scope.profile.as_deref()?;
    let found = Mode::ALL.into_iter().find(|mode| mode.name() == wanted);
    if found.is_none() {
        let place = Place { line: 1, column: 1, ..Place::default() };
        let names = Mode::ALL.map(Mode::name);
        let message =
            format!("there is no profile {} (known: {}): all are checked", quoted(wanted), names.join(", "));
        problems.unknown_warning(&place, "unknown_profile", message, wanted, names);
    }
    found
}

/// Kinds of warnings that are errors to a strict check: what the file says does not count.
const STRICTLY_ERRORS: [&str; 2] = ["duplicate_key", "skipped_weight"];

/// Takes away what was found in environments of other kinds, and makes warnings errors when that was asked for.
pub(super) fn apply(scope: &Scope, mode: Option<Mode>, model: Option<&Model>, found: &mut Vec<Problem>) {
    if let (Some(mode), Some(model)) = (mode, model) {
        let others: Vec<_> = model
            .environments
            .iter()
            .filter(|environment| environment.mode != mode)
            .map(|environment| format!("environments.{}", environment.name))
            .collect();
        let inside = |path: &str, outer: &str| {
            path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        found.retain(|problem| !others.iter().any(|outer| inside(&problem.path, outer)));
    }
    let is_error = |problem: &&mut Problem| scope.strict && STRICTLY_ERRORS.contains(&problem.code);
    for problem in found.iter_mut().filter(is_error) {
        problem.severity = Severity::Error;
    }
}
