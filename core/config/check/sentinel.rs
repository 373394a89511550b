//! Words that stand for no value, or for the built-in one.

use crate::config::field::Field;
use crate::config::problem::quoted;
use crate::config::shape::{Key, Kind, Literal, Presence};
use crate::config::tree::Value;

use super::known::Known;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sentinel {
    /// `NONE`, `NULL` or an empty text: as if the key had no value.
    Clear,
    /// `DEFAULT`: as if the key were not there.
    Default,
    /// The first kind, where a value is needed; it has been reported.
    Refused,
}

/// What the value of a text or a list stands for. A name that the file defines stands for itself.
pub(super) fn of(field: &Field<'_>, key: &Key, known: &Known<'_>) -> Option<Sentinel> {
    if matches!(key.presence, Presence::Required) || !takes_texts(&key.kind) {
        return None;
    }
    let word = match &field.node.value {
        Value::Null => "",
        Value::Text(text) => text.trim(),
        _ => return None,
    };
    if let Kind::Reference(names) = key.kind
        && known.names(names).sorted.contains(word)
    {
        return None;
    }
    if word.eq_ignore_ascii_case("default") {
        return Some(Sentinel::Default);
    }
    if !word.is_empty() && !word.eq_ignore_ascii_case("none") && !word.eq_ignore_ascii_case("null") {
        return None;
    }
    match key.presence {
        Presence::Default(Literal::Text(default)) => {
            let message = format!(
                "cannot do without a value, and {} is none: remove the key for `{default}`",
                if word.is_empty() { "nothing".to_owned() } else { quoted(word) }
            );
            field.error("cleared", message);
            Some(Sentinel::Refused)
        }
        _ => Some(Sentinel::Clear),
    }
}

fn takes_texts(kind: &Kind) -> bool {
    match kind {
        Kind::Text
        | Kind::Secret
        | Kind::Folder
        | Kind::Path
        | Kind::Variable
        | Kind::Interval
        | Kind::Candle
        | Kind::Instant
        | Kind::TimeOfDay
        | Kind::Word(_)
        | Kind::Reference(_)
        | Kind::Policy
        | Kind::List(_)
        | Kind::OneOrMany(_) => true,
        Kind::Either(kinds) => kinds.iter().any(takes_texts),
        _ => false,
    }
}
