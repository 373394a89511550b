//! What the order of records is read from.

use std::borrow::Cow;

use data_encoding::BASE64;
use memchr::{memchr, memmem};
use serde_json::{Map, Value};

use crate::journal::{Algorithm, Code, MacKey, chain, key_id};

/// A good record as far as the verifier looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) seq: u64,
    pub(super) prev: Code,
    pub(super) code: Code,
    pub(super) event: Cow<'a, str>,
    /// Its timestamp.
    pub(super) when: Cow<'a, str>,
}

impl<'a> Record<'a> {
    /// The record with this code in an object; `None` when it has no place in a chain.
    pub(super) fn of(object: &'a Map<String, Value>, code: &str) -> Option<Self> {
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        Some(Self {
            seq: number(text("seq")?)?,
            prev: Code::read(text("prev")?)?,
            code: Code::read(code)?,
            event: text("event").unwrap_or_default().into(),
            when: text("timestamp").unwrap_or_default().into(),
        })
    }
}

/// A decimal number in its shortest form, with room for more above it.
pub(super) fn number(text: &str) -> Option<u64> {
    const MOST: u64 = i64::MAX.unsigned_abs();
    let is_shortest = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|number| is_shortest && *number <= MOST)
}

/// Reads the lines of one key as the writer writes them, without looking at more of them than it has to.
#[derive(Clone, Debug)]
pub(super) struct Fast {
    key: MacKey,
    /// What stands between the signed text and the signature's value.
    tail: Vec<u8>,
    /// The record's own member with the key's name.
    key_id: Option<memmem::Finder<'static>>,
    members: [memmem::Finder<'static>; 4],
}

impl Fast {
    /// `None` when the name would need escapes.
    pub(super) fn new(key: &MacKey, algorithm: Algorithm, id: Option<&str>) -> Option<Self> {
        if id.is_some_and(|id| key_id(id).is_err()) {
            return None;
        }
        let finder = |text: &str| memmem::Finder::new(text).into_owned();
        Some(Self {
            key: key.clone(),
            tail: chain::tail(algorithm, id),
            key_id: id.map(|id| finder(&format!(r#""key_id":"{id}""#))),
            members: [r#""event":""#, r#""prev":""#, r#""seq":""#, r#""timestamp":""#].map(finder),
        })
    }

    /// The record in a line; `None` when the line has another form or is not good.
    pub(super) fn read<'a>(&self, line: &'a [u8]) -> Option<Record<'a>> {
        let size = self.key.algorithm().size();
        let line = line.strip_suffix(br#""}}"#)?;
        let (front, value) = line.split_at_checked(line.len().checked_sub(BASE64.encode_len(size))?)?;
        let text = front.strip_suffix(self.tail.as_slice())?;
        let mut code = [0; 48];
        let bytes = BASE64.decode_len(value.len()).ok()?;
        let length = BASE64.decode_mut(value, code.get_mut(..bytes)?).ok()?;
        if !self.key.verify(&[text, b"}"], &code[..length]) {
            return None;
        }
        // A quote inside a text is escaped, so none of these can be found inside one; the keys are in order.
        let [event, prev, seq, timestamp] = &self.members;
        let (event, rest) = member(text, event)?;
        let rest = match &self.key_id {
            Some(key_id) => &rest[key_id.find(rest)?..],
            None => rest,
        };
        let (prev, rest) = member(rest, prev)?;
        let (seq, rest) = member(rest, seq)?;
        let (when, _) = member(rest, timestamp)?;
        Some(Record {
            seq: number(seq)?,
            prev: Code::read(prev)?,
            code: Code::read(str::from_utf8(value).ok()?)?,
            event: event.into(),
            when: when.into(),
        })
    }
}

/// The value of a member, and what comes behind it; `None` when it has escapes.
fn member<'a>(text: &'a [u8], finder: &memmem::Finder<'_>) -> Option<(&'a str, &'a [u8])> {
    let value = &text[finder.find(text)? + finder.needle().len()..];
    let (value, rest) = value.split_at(memchr(b'"', value)?);
    let value = str::from_utf8(value).ok()?;
    (!value.contains('\\')).then_some((value, rest))
}
