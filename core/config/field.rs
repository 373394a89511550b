//! Reads values out of the tree as the file has it and reports what does not fit, with its place.

use std::ops::{Bound, RangeBounds, RangeInclusive};

use chrono::NaiveTime;
use hemiola_components::time::{Interval, IntervalError, Nanos};

use super::check::NameSet;
use super::located::Located;
use super::problem::{listed, quoted};
use super::section::Section;
use super::tree::Value;
use crate::{duration, instant};

/// A hundred years. Instants further away do not fit the time line.
const MOST_SECONDS: f64 = 100.0 * 365.25 * 86_400.0;

/// A tree as the file has it.
pub(crate) enum Written {}

/// A value as the file has it.
pub(crate) type Field<'t> = Located<'t, Written>;

impl<'t> Field<'t> {
    pub(crate) fn wrong_type(&self, expected: &str) {
        let found = match &self.node.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => format!("the boolean {value}"),
            Value::Number(value) => format!("the number {}", shown(*value)),
            Value::Text(value) => format!("the text {}", quoted(value)),
            Value::Sequence(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        };
        self.error("wrong_type", format!("expected {expected}, found {found}"));
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.node.value, Value::Sequence(_))
    }

    /// A text that is not empty.
    pub(crate) fn text(&self) -> Option<&'t str> {
        match &self.node.value {
            Value::Text(text) if text.trim().is_empty() => {
                self.error("empty", "expected a text, found an empty one");
                None
            }
            Value::Text(text) => Some(text),
            Value::Number(_) | Value::Bool(_) => {
                self.wrong_type("a text (put it in quotes)");
                None
            }
            _ => {
                self.wrong_type("a text");
                None
            }
        }
    }

    /// A name in the file system or in results: no separators, nothing invisible.
    pub(crate) fn folder_name(&self) -> Option<&'t str> {
        let text = self.text()?;
        let unfit = |c: char| c == '/' || c == '\\' || c == ':' || c.is_control() || c.is_whitespace();
        if text.contains(unfit) || text.starts_with('.') {
            self.error(
                "invalid_name",
                format!(
                    "{} names a folder: it may hold no `/`, `\\`, `:` or space and not begin with `.`",
                    quoted(text)
                ),
            );
            return None;
        }
        Some(text)
    }

    /// One of `known`; `what` says of what kind.
    pub(crate) fn reference(&self, what: &str, known: &NameSet<'_>) -> Option<&'t str> {
        let name = self.text()?;
        if known.sorted.contains(name) {
            return Some(name);
        }
        self.unknown_reference(what, name, &known.ordered);
        None
    }

    /// One of `known` in upper or lower case, as it is written there; `what` says of what kind.
    pub(crate) fn reference_in_any_case<'k>(&self, what: &str, known: &[&'k str]) -> Option<&'k str> {
        let name = self.text()?;
        let lower = name.to_lowercase();
        let found = known.iter().find(|known| known.to_lowercase() == lower).copied();
        if found.is_none() {
            self.unknown_reference(what, name, known);
        }
        found
    }

    pub(crate) fn unknown_reference(&self, what: &str, name: &str, known: &[&str]) {
        let message =
            format!("there is no {what} {} (known: {})", quoted(name), listed(known.iter().copied()));
        self.problems.unknown(&self.place(), "unknown_reference", message, name, known.iter().copied());
    }

    /// One of a few words.
    pub(crate) fn word(&self, words: &[&'static str]) -> Option<&'t str> {
        let word = self.text()?;
        if words.contains(&word) {
            return Some(word);
        }
        let known = listed(words.iter().copied());
        let message = format!("{} is not among the choices here ({known})", quoted(word));
        self.problems.unknown(&self.place(), "unknown_value", message, word, words.iter().copied());
        None
    }

    /// A text, a finite number or a boolean.
    pub(crate) fn scalar(&self) -> Option<Value> {
        match &self.node.value {
            value @ (Value::Bool(_) | Value::Text(_)) => Some(value.clone()),
            Value::Number(_) => self.number(..).map(Value::Number),
            _ => {
                self.wrong_type("a text, a number or a boolean");
                None
            }
        }
    }

    /// A boolean.
    pub(crate) fn flag(&self) -> Option<bool> {
        if let Value::Bool(value) = self.node.value {
            return Some(value);
        }
        self.wrong_type("`true` or `false`");
        None
    }

    /// The name of an environment variable.
    pub(crate) fn variable(&self) -> Option<&'t str> {
        let name = self.text()?;
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !name.chars().all(fits) || name.starts_with(|c: char| c.is_ascii_digit()) {
            let message = format!("{} is no name of an environment variable", quoted(name));
            self.error("invalid_name", message);
            return None;
        }
        if name.chars().any(|c| c.is_ascii_lowercase()) {
            let message = format!("environment variables are written in upper case: {}", name.to_uppercase());
            self.problems.warning(&self.place(), "lower_case_variable", message);
        }
        Some(name)
    }

    /// A date or RFC 3339.
    pub(crate) fn instant(&self) -> Option<&'t str> {
        let text = self.text()?;
        match instant::parse(text) {
            Ok(_) => Some(text),
            Err(message) => {
                self.error("bad_instant", message);
                None
            }
        }
    }

    /// Hours and minutes.
    pub(crate) fn time_of_day(&self) -> Option<&'t str> {
        let text = self.text()?;
        let fits = text.len() == 5 && NaiveTime::parse_from_str(text, "%H:%M").is_ok();
        if !fits {
            self.error(
                "bad_time",
                format!("{} is no time of day: write hours and minutes as in \"21:00\"", quoted(text)),
            );
        }
        fits.then_some(text)
    }

    /// A finite number within `range`.
    pub(crate) fn number(&self, range: impl RangeBounds<f64>) -> Option<f64> {
        self.number_called("a number", range)
    }

    /// A finite number that may stand in quotes; beyond a bound that is allowed itself it counts as the bound.
    pub(crate) fn numeric(&self, range: impl RangeBounds<f64>) -> Option<f64> {
        let value = match &self.node.value {
            Value::Text(text) => text.trim().parse().ok(),
            _ => self.number_called("a number", ..),
        };
        let Some(value) = value.filter(|value: &f64| value.is_finite()) else {
            if self.node.text().is_some() {
                self.wrong_type("a number");
            }
            return None;
        };
        let bound = match (range.start_bound(), range.end_bound()) {
            (Bound::Included(low), _) if value < *low => *low,
            (_, Bound::Included(high)) if value > *high => *high,
            _ => return self.within("a number", value, range),
        };
        let message = format!("{} counts as {bound}: write that", shown(value));
        self.problems.warning(&self.place(), "clamped", message);
        Some(bound)
    }

    /// Whether it is a text that is no number; nothing is reported.
    pub(crate) fn is_other_text(&self) -> bool {
        self.node.text().is_some_and(|text| !text.trim().parse().is_ok_and(f64::is_finite))
    }

    /// A boolean in any of the ways that people write one.
    pub(crate) fn switch(&self) -> Option<bool> {
        let word = match &self.node.value {
            Value::Bool(value) => return Some(*value),
            Value::Number(value) if *value == 1.0 => return Some(true),
            Value::Number(value) if *value == 0.0 => return Some(false),
            Value::Text(text) => text.trim().to_lowercase(),
            _ => String::new(),
        };
        match word.as_str() {
            "1" | "true" | "yes" | "y" | "on" => Some(true),
            "0" | "false" | "no" | "n" | "off" => Some(false),
            _ => {
                self.wrong_type("`true` or `false`");
                None
            }
        }
    }

    fn number_called(&self, expected: &str, range: impl RangeBounds<f64>) -> Option<f64> {
        let value = match &self.node.value {
            Value::Number(value) => *value,
            Value::Text(text) if text.parse().is_ok_and(f64::is_finite) => {
                self.wrong_type(&format!("{expected} (write it without quotes)"));
                return None;
            }
            Value::Text(text) if percent(text).is_some() => {
                let fraction = percent(text).map(shown).unwrap_or_default();
                self.wrong_type(&format!("{expected} (as a fraction: {fraction})"));
                return None;
            }
            _ => {
                self.wrong_type(expected);
                return None;
            }
        };
        self.within(expected, value, range)
    }

    fn within(&self, expected: &str, value: f64, range: impl RangeBounds<f64>) -> Option<f64> {
        if !value.is_finite() {
            self.error("not_finite", format!("expected {expected}, found {value}"));
            return None;
        }
        if !range.contains(&value) {
            self.error("out_of_range", format!("must be {}, found {}", described(&range), shown(value)));
            return None;
        }
        Some(value)
    }

    /// A whole number within `range`.
    pub(crate) fn count(&self, range: RangeInclusive<u32>) -> Option<u32> {
        let bounds = f64::from(*range.start())..=f64::from(*range.end());
        let value = self.whole_within(bounds)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and within u32")]
        Some(value as u32)
    }

    /// A whole number of either sign, of 32 bits.
    pub(crate) fn whole(&self) -> Option<f64> {
        self.whole_within(f64::from(i32::MIN)..=f64::from(i32::MAX))
    }

    fn whole_within(&self, bounds: RangeInclusive<f64>) -> Option<f64> {
        let value = self.number_called("a whole number", bounds)?;
        if value.fract() != 0.0 {
            self.wrong_type("a whole number");
            return None;
        }
        Some(value)
    }

    /// Seconds, as a number or as a duration such as `15m`.
    pub(crate) fn seconds(&self, least: f64) -> Option<f64> {
        let range = least..=MOST_SECONDS;
        let Value::Text(text) = &self.node.value else {
            return self.number_called("seconds, or a duration such as `15m`", range);
        };
        let Some(seconds) = duration::parse(text) else {
            self.wrong_type("seconds, or a duration such as `30s`, `15m`, `2h` or `1d`");
            return None;
        };
        self.within("a duration", seconds, range)
    }

    /// A whole number of any sign; nothing is reported.
    pub(crate) fn any_whole(&self) -> Option<f64> {
        match self.node.value {
            Value::Number(value) if value.fract() == 0.0 => Some(value),
            _ => None,
        }
    }

    /// Seconds of any sign; nothing is reported.
    pub(crate) fn any_seconds(&self) -> Option<f64> {
        match &self.node.value {
            Value::Number(value) if value.is_finite() => Some(*value),
            Value::Text(text) => duration::parse(text),
            _ => None,
        }
    }

    /// The length of a candle as people write it.
    pub(crate) fn interval(&self) -> Option<&'t str> {
        let text = self.interval_text()?;
        match text.parse::<Interval>() {
            Ok(_) | Err(IntervalError::Month(_)) => Some(text),
            Err(error) => {
                self.error("bad_interval", error.to_string());
                None
            }
        }
    }

    /// The length of a candle that can be counted in, at most a year.
    pub(crate) fn candle(&self) -> Option<&'t str> {
        const LONGEST: i64 = 366 * Nanos::DAY.get();
        let text = self.interval_text()?;
        match text.parse::<Interval>() {
            Ok(interval) if interval.length().get() <= LONGEST => return Some(text),
            Ok(_) => {
                self.error("bad_interval", format!("{} is longer than a year of 366 days", quoted(text)));
            }
            Err(error) => self.error("bad_interval", error.to_string()),
        }
        None
    }

    fn interval_text(&self) -> Option<&'t str> {
        let Value::Text(text) = &self.node.value else {
            self.wrong_type("an interval such as `15m`, `1h` or `1d`");
            return None;
        };
        Some(text)
    }

    /// The items of a list; anything else is reported.
    pub(crate) fn list(&self) -> Option<Vec<Self>> {
        if !self.is_list() {
            self.wrong_type("a list");
            return None;
        }
        Some(self.items())
    }

    /// The entries of a map whose keys are names given by the user.
    pub(crate) fn named(&self, what: &str, may_be_empty: bool) -> Option<Vec<Self>> {
        let entries = match &self.node.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => {
                self.wrong_type(&format!("a map of {what}"));
                return None;
            }
        };
        if entries.is_empty() && !may_be_empty {
            self.problems.error(&self.key_place(), "empty", format!("needs {what}, holds none"));
        }
        let fields: Vec<_> = entries.iter().map(|entry| self.child(entry)).collect();
        for field in &fields {
            let name = field.name;
            if name.is_empty() || name.trim() != name || name.contains(|c: char| c == ':' || c.is_control()) {
                let message = format!(
                    "{} is no name: it may hold no `:` and no space at its ends, and not be empty",
                    quoted(name)
                );
                self.problems.error(&field.key_place(), "invalid_name", message);
            }
        }
        Some(fields)
    }

    /// The map as a section with keys known to us.
    pub(crate) fn section(&self) -> Option<Section<'t>> {
        let entries = match &self.node.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => {
                self.wrong_type("a map");
                return None;
            }
        };
        Some(Section::new(self.clone(), entries))
    }
}

/// The fraction that a text such as `25%` means.
fn percent(text: &str) -> Option<f64> {
    let number: f64 = text.trim().strip_suffix('%')?.trim_end().parse().ok()?;
    number.is_finite().then_some(number / 100.0)
}

/// A number as people write it, in powers of ten when it would be a long row of digits.
fn shown(value: f64) -> String {
    let plain = value == 0.0 || (1e-9..1e15).contains(&value.abs());
    if plain { value.to_string() } else { format!("{value:e}") }
}

fn described(range: &impl RangeBounds<f64>) -> String {
    let low = match range.start_bound() {
        Bound::Included(low) => Some(format!("at least {low}")),
        Bound::Excluded(low) => Some(format!("greater than {low}")),
        Bound::Unbounded => None,
    };
    let high = match range.end_bound() {
        Bound::Included(high) => Some(format!("at most {high}")),
        Bound::Excluded(high) => Some(format!("less than {high}")),
        Bound::Unbounded => None,
    };
    low.into_iter().chain(high).collect::<Vec<_>>().join(" and ")
}
