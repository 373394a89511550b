//! Operator logs: what somebody did to schedules and when, one JSON object per line.

use std::path::Path;

use hemiola_components::capital::Policy;
use hemiola_components::control::{Command, Expiry, OperatorAction, Target};
use hemiola_components::time::Nanos;

use super::check::policy_at;
use super::field::Field;
use super::model::policy;
use super::plan::Plan;
use super::problem::{Place, Problems, quoted};
use super::section::Section;
use super::tree::{self, Node, Value};
use super::view::View;
use super::{ConfigError, read_bytes};
use crate::instant;

/// The commands by their names in a log.
pub const COMMANDS: [&str; 9] = [
    "suspend",
    "resume",
    "set_limit",
    "clear_limit",
    "set_policy",
    "set_interval",
    "rebalance",
    "cancel_orders",
    "flatten",
];

/// What commands may name: a scheduler's schedules with what they run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names<'p> {
    /// Schedules, in the order of the file.
    pub schedules: Vec<&'p str>,
    /// Tags of their strategies.
    pub tags: Vec<&'p str>,
    /// Their strategies.
    pub strategies: Vec<&'p str>,
    /// Their risk profiles.
    pub risk_profiles: Vec<&'p str>,
}

impl<'p> Names<'p> {
    /// Those of a plan.
    #[must_use]
    pub fn of(plan: &'p Plan) -> Self {
        let tags = plan.strategies.iter().flat_map(|one| &one.definition.tags);
        let mut tags: Vec<&str> = tags.map(String::as_str).collect();
        tags.sort_unstable();
        tags.dedup();
        Self {
            schedules: plan.schedules.iter().map(|one| one.name.as_str()).collect(),
            tags,
            strategies: plan.strategies.iter().map(|one| one.name.as_str()).collect(),
            risk_profiles: plan.risk_profiles.iter().map(|one| one.name.as_str()).collect(),
        }
    }
}

/// Reads an operator log for a scheduler that has these names. The actions are in the order of time.
///
/// # Errors
/// [`ConfigError::Unreadable`] when the file cannot be read, else [`ConfigError::Invalid`] with everything that
/// is wrong with it: nothing of it is to be applied then.
pub fn load_operator_log(path: &Path, names: &Names<'_>) -> Result<Vec<OperatorAction>, ConfigError> {
    let bytes = read_bytes("operator log", path)?;
    parse_operator_log(&path.display().to_string(), &bytes, names)
}

/// Reads an operator log that stands elsewhere than in a file; `name` is what messages call it.
///
/// # Errors
/// [`ConfigError::Invalid`] as for [`load_operator_log`].
pub fn parse_operator_log(
    name: &str,
    bytes: &[u8],
    names: &Names<'_>,
) -> Result<Vec<OperatorAction>, ConfigError> {
    let problems = Problems::new(name);
    let actions = match std::str::from_utf8(bytes) {
        Ok(text) => read(text, names, &problems),
        Err(error) => {
            let (read, _) = bytes.split_at(error.valid_up_to());
            let read = String::from_utf8_lossy(read);
            let (line, column) =
                (read.matches('\n').count() + 1, read.chars().rev().take_while(|c| *c != '\n').count() + 1);
            let place = Place { line: line as u64, column: column as u64, ..Place::default() };
            problems.error(&place, "syntax", "the text is not UTF-8".to_owned());
            Vec::new()
        }
    };
    if problems.has_errors() { Err(ConfigError::Invalid(problems.into_sorted())) } else { Ok(actions) }
}

fn read(text: &str, names: &Names<'_>, problems: &Problems) -> Vec<OperatorAction> {
    let mut actions: Vec<OperatorAction> = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let Some(node) = parse(line, number, problems) else { continue };
        let Some((action, at)) = action(&Field::root(problems, &node), names) else { continue };
        if let Some(earlier) = actions.last().filter(|earlier| earlier.at > action.at) {
            let message = format!(
                "is before the line above, which is at {}: the lines are in the order of time",
                instant::text(earlier.at)
            );
            problems.error(&at, "not_ascending", message);
        }
        actions.push(action);
    }
    actions
}

/// A line as a tree with the positions of the file.
fn parse(line: &str, number: u64, problems: &Problems) -> Option<Node> {
    let at = |column| Place { line: number, column, ..Place::default() };
    // The other parser knows where things stand, and takes more than JSON.
    if let Err(error) = serde_json::from_str::<serde_json::Value>(line) {
        let column = line.get(..error.column().saturating_sub(1)).map_or(1, |read| read.chars().count() + 1);
        let message = error.to_string();
        let end = format!(" at line 1 column {}", error.column());
        let message = format!("not a JSON object on one line: {}", message.trim_end_matches(&end));
        problems.error(&at(column as u64), "syntax", message);
        return None;
    }
    match tree::parse(line) {
        Ok((mut node, repeated)) => {
            settle(&mut node, number);
            for one in repeated {
                let place = Place { path: one.path, line: number, column: one.last.column };
                problems.error(&place, "duplicate_key", "the key stands here already".to_owned());
            }
            Some(node)
        }
        Err(error) => {
            problems.error(&at(error.position.column), "syntax", error.message);
            None
        }
    }
}

/// Puts a tree onto its line.
fn settle(node: &mut Node, line: u64) {
    node.position.line = line;
    match &mut node.value {
        Value::Sequence(items) => items.iter_mut().for_each(|item| settle(item, line)),
        Value::Map(entries) => {
            for entry in entries {
                entry.position.line = line;
                settle(&mut entry.node, line);
            }
        }
        _ => {}
    }
}

/// An action, and where its instant stands.
fn action(field: &Field<'_>, names: &Names<'_>) -> Option<(OperatorAction, Place)> {
    let mut section = section(field)?;
    let at = required(&mut section, "at");
    let who = required(&mut section, "who").and_then(|who| who.text().map(ToOwned::to_owned));
    let why = section.optional("why").and_then(|why| why.text().map(ToOwned::to_owned));
    let name = required(&mut section, "command").and_then(|name| name.word(&COMMANDS));
    let what = name.and_then(|name| command(name, &mut section, names));
    if name.is_some() {
        section.close();
    }
    let at = at?;
    let instant = instant::parse(at.instant()?).ok()?;
    Some((OperatorAction { at: instant, who: who?, why, what: what? }, at.place()))
}

/// A map, which here is never nothing.
fn section<'t>(field: &Field<'t>) -> Option<Section<'t>> {
    if field.is_map() {
        return field.section();
    }
    field.wrong_type("an object with `at`, `who` and `command`");
    None
}

fn required<'t>(section: &mut Section<'t>, key: &'static str) -> Option<Field<'t>> {
    let found = section.optional(key);
    if found.is_none() {
        let mut place = section.field.place();
        key.clone_into(&mut place.path);
        section.field.problems.error(&place, "missing_key", format!("the key `{key}` is required"));
    }
    found
}

fn command(name: &str, section: &mut Section<'_>, names: &Names<'_>) -> Option<Command> {
    match name {
        "suspend" => {
            let (target, expiry) = (target(section, names), expiry(section));
            Some(Command::Suspend { target: target?, expiry: expiry? })
        }
        "resume" => Some(Command::Resume { target: target(section, names)? }),
        "set_limit" => {
            let key = limited(section, names);
            let limit = required(section, "limit").and_then(|limit| limit.count(0..=u32::MAX));
            let expiry = expiry(section);
            let (strategy, risk_profile) = key?;
            Some(Command::SetLimit { strategy, risk_profile, limit: limit?, expiry: expiry? })
        }
        "clear_limit" => {
            let (strategy, risk_profile) = limited(section, names)?;
            Some(Command::ClearLimit { strategy, risk_profile })
        }
        "set_policy" => {
            let policy = required(section, "policy").and_then(|policy| read_policy(&policy));
            let rebalances = section.optional("rebalance").map_or(Some(true), |flag| flag.flag());
            Some(Command::SetPolicy { policy: Box::new(policy?), rebalances: rebalances? })
        }
        "set_interval" => {
            let seconds = required(section, "seconds")?;
            if seconds.node.value == Value::Null {
                return Some(Command::SetInterval { cool_down: None });
            }
            Some(Command::SetInterval { cool_down: Some(nanos(seconds.seconds(1e-9)?)) })
        }
        "cancel_orders" => Some(Command::CancelOrders),
        "flatten" => Some(Command::Flatten),
        _ => Some(Command::Rebalance),
    }
}

fn read_policy(field: &Field<'_>) -> Option<Policy> {
    let checked = policy_at(field)?;
    let mut view = View::root(field.problems, &checked);
    (view.key, view.path) = (field.key, field.path.clone());
    Some(policy::decode(&view))
}

fn target(section: &mut Section<'_>, names: &Names<'_>) -> Option<Target> {
    match (section.optional("schedule"), section.optional("tag")) {
        (Some(name), None) => Some(Target::Schedule(known(&name, "schedule", &names.schedules)?.to_owned())),
        (None, Some(name)) => Some(Target::Tag(known(&name, "tag", &names.tags)?.to_owned())),
        _ => {
            section.field.error("target", "must name one of `schedule` and `tag`");
            None
        }
    }
}

fn limited(section: &mut Section<'_>, names: &Names<'_>) -> Option<(String, String)> {
    let strategy = required(section, "strategy");
    let profile = required(section, "risk_profile");
    let strategy = strategy.and_then(|name| known(&name, "strategy", &names.strategies));
    let profile = profile.and_then(|name| known(&name, "risk profile", &names.risk_profiles));
    Some((strategy?.to_owned(), profile?.to_owned()))
}

fn known<'t>(field: &Field<'t>, what: &str, known: &[&str]) -> Option<&'t str> {
    let name = field.text()?;
    if !known.contains(&name) {
        field.unknown_reference(what, name, known);
        return None;
    }
    Some(name)
}

fn expiry(section: &mut Section<'_>) -> Option<Expiry> {
    match (section.optional("until"), section.optional("duration_seconds")) {
        (Some(_), Some(duration)) => {
            let message = format!("says the same as {}: keep one of them", quoted("until"));
            section.field.problems.error(&duration.key_place(), "conflict", message);
            None
        }
        (Some(until), None) => Some(Expiry::At(instant::parse(until.instant()?).ok()?)),
        (None, Some(duration)) => Some(Expiry::After(nanos(duration.seconds(1e-9)?))),
        (None, None) => Some(Expiry::Never),
    }
}

/// Seconds that are a hundred years at most.
fn nanos(seconds: f64) -> Nanos {
    #[expect(clippy::cast_possible_truncation, reason = "a hundred years fit")]
    Nanos::new((seconds * Nanos::SECOND.get() as f64).round() as i64)
}
