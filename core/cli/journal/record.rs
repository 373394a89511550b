//! A record as it is read: signed or not, numbered or not.

use std::borrow::Cow;

use hemiola_adapters::journal::canonical;
use hemiola_components::time::Nanos;
use serde_json::{Map, Value};

use crate::instant;

/// The fields of a record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record(pub(super) Map<String, Value>);

impl Record {
    /// Reads a line, or says what is wrong with it.
    pub(super) fn read(line: &[u8]) -> Result<Self, String> {
        let value = serde_json::from_slice(line).map_err(|error| format!("it is not JSON: {error}"))?;
        match value {
            Value::Object(fields) if fields.get("event").is_some_and(Value::is_string) => Ok(Self(fields)),
            _ => Err("it is no object with an `event`".to_owned()),
        }
    }

    /// A field's text; of what is no text, its canonical JSON.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.get(name).map(text)
    }

    pub(super) fn event(&self) -> Cow<'_, str> {
        self.get("event").unwrap_or_default()
    }

    /// When it happened, or what is wrong with what it says.
    pub(super) fn time(&self) -> Result<Nanos, String> {
        let text = self.get("timestamp").ok_or("it has no `timestamp`")?;
        instant::parse(&text).map_err(|error| format!("`timestamp`: {error}"))
    }

    /// Its number in the chain, if it is in one.
    pub(super) fn seq(&self) -> Result<Option<u64>, String> {
        let number = |text: Cow<'_, str>| text.parse().map_err(|_| format!("`seq` is `{}`", plain(&text)));
        self.get("seq").map(number).transpose()
    }

    /// A line for people.
    pub(super) fn line(&self) -> String {
        let mut words = vec![self.get("timestamp").map_or_else(|| "-".to_owned(), Cow::into_owned)];
        words.extend(self.get("seq").map(|seq| format!("#{seq}")));
        words.push(self.event().into_owned());
        words.extend(
            ["schedule", "symbol"].into_iter().filter_map(|name| self.get(name)).map(Cow::into_owned),
        );
        let size = [("", "side"), ("", "quantity"), ("@ ", "price")];
        let size = size.into_iter().filter_map(|(sign, name)| Some(format!("{sign}{}", self.get(name)?)));
        let size = size.collect::<Vec<_>>().join(" ");
        words.extend(Some(size).filter(|size| !size.is_empty()));
        words.extend(self.get("status").map(Cow::into_owned));
        words.extend(NOTES.into_iter().filter_map(|name| Some(format!("{name}={}", self.get(name)?))));
        plain(&words.join("  "))
    }
}

/// What a line for people says beyond the standard fields, where there is something.
const NOTES: [&str; 18] = [
    "rule",
    "value",
    "limit",
    "code",
    "target",
    "limited_profile",
    "policy",
    "until",
    "reason",
    "who",
    "severity",
    "note",
    "run_id",
    "records",
    "next_file",
    "previous_file",
    "new_key_id",
    "torn_bytes",
];

pub(super) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(canonical::nested(other)),
    }
}

/// A text without what a terminal would obey.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() { plain.extend(letter.escape_default()) } else { plain.push(letter) }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        let line = r#"{"event":"operator_note","note":"\u001b[2J\nż\u009b","seq":"7","timestamp":"x"}"#;
        let record = Record::read(line.as_bytes()).unwrap();
        assert_eq!(record.line(), "x  #7  operator_note  note=\\u{1b}[2J\\nż\\u{9b}");
        assert!(record.time().unwrap_err().starts_with("`timestamp`: `x`"));
    }

    #[test]
    fn what_is_no_record_is_said() {
        for (line, why) in [
            ("", "it is not JSON"),
            ("{\"event\":\"a\"", "it is not JSON"),
            ("[1]", "no object with an `event`"),
            ("{\"event\":1}", "no object with an `event`"),
        ] {
            assert!(Record::read(line.as_bytes()).unwrap_err().contains(why), "{line}");
        }
        let record = Record::read(br#"{"event":"a","seq":"-1","n":1.50}"#).unwrap();
        assert_eq!(record.seq(), Err("`seq` is `-1`".to_owned()));
        assert_eq!(record.get("n").unwrap(), "1.5");
    }
}
