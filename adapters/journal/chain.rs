//! The chain: every record says its number and the code of the one before it, and signs that.

use super::form::{Part, Values};
use super::mac::{Algorithm, Code, MacKey, plain};

/// What comes between a signed text and its signature.
const SIGNATURE: &[u8] = br#","signature":{"algorithm":""#;

/// What a record says about its place: parts of the line for [`DecisionBody::linked`](super::DecisionBody::linked).
#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub(super) seq: Part<'static>,
    pub(super) prev: Part<'static>,
    pub(super) key_id: Option<Part<'static>>,
}

/// A journal's end: how many records it has and what the next one links to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Records up to here: the next one's `seq`.
    pub count: u64,
    /// The last one's code; empty before the first.
    pub code: Code,
}

/// Numbers, links and signs records.
#[derive(Clone, Debug)]
pub struct Chain {
    key: Option<MacKey>,
    /// What follows a signed text, up to the code.
    tail: Vec<u8>,
    head: Head,
}

impl Chain {
    /// A chain that goes on behind `head`; without a key its links are plain hashes and nothing is signed.
    #[must_use]
    pub fn new(key: Option<MacKey>, head: Head) -> Self {
        let tail = key.as_ref().map(tail_of).unwrap_or_default();
        Self { key, tail, head }
    }

    /// How many records there are, and what the next one links to.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    /// The key that signs.
    #[must_use]
    pub const fn key(&self) -> Option<&MacKey> {
        self.key.as_ref()
    }

    /// Takes another key for the records from the next one on.
    pub fn change(&mut self, key: MacKey) {
        self.tail = tail_of(&key);
        self.key = Some(key);
    }

    /// Forgets the values of the last line and puts the next record's place before all others.
    pub fn begin(&self, values: &mut Values) -> Link {
        values.clear();
        let seq = values.unsigned(self.head.count);
        let prev = values.text(self.head.code.text());
        let key_id = self.key.as_ref().and_then(MacKey::id).map(|id| values.text(id));
        Link { seq, prev, key_id }
    }

    /// Signs the canonical record that starts at `start`, and adds its signature and a line break. The next record
    /// links to this one.
    pub fn seal(&mut self, line: &mut Vec<u8>, start: usize) {
        let record = &line[start..];
        let code = match &self.key {
            Some(key) => key.sign(&[record]),
            None => plain(&[record]),
        };
        if self.key.is_some() {
            line.pop();
            line.extend_from_slice(&self.tail);
            line.extend_from_slice(code.text().as_bytes());
            line.extend_from_slice(br#""}}"#);
        }
        line.push(b'\n');
        self.head = Head { count: self.head.count + 1, code };
    }
}

fn tail_of(key: &MacKey) -> Vec<u8> {
    tail(key.algorithm(), key.id())
}

/// What follows a signed text, up to the code.
pub(super) fn tail(algorithm: Algorithm, key_id: Option<&str>) -> Vec<u8> {
    let mut tail = SIGNATURE.to_vec();
    tail.extend_from_slice(algorithm.name().as_bytes());
    if let Some(id) = key_id {
        tail.extend_from_slice(br#"","key_id":""#);
        tail.extend_from_slice(id.as_bytes());
    }
    tail.extend_from_slice(br#"","value":""#);
    tail
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use zeroize::Zeroizing;

    use super::super::{DecisionBody, Field, canonical};
    use super::*;

    fn lines(key: Option<MacKey>) -> Vec<Value> {
        let mut chain = Chain::new(key, Head::default());
        let (mut values, mut text) = (Values::default(), Vec::new());
        for price in [1.0, 2.5] {
            let link = chain.begin(&mut values);
            let price = values.decimal(price);
            let mut body = DecisionBody::new(
                "order_executed",
                hemiola_components::time::Nanos::ZERO,
                "demo",
                "main",
                "calm",
            );
            body.linked(&link).parts(Field::Price, &[price]).metadata("prev", &json!("mine"));
            let start = text.len();
            body.form().write(&values, &mut text);
            chain.seal(&mut text, start);
        }
        assert_eq!(chain.head().count, 2);
        String::from_utf8(text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn every_record_signs_its_number_and_the_one_before() {
        for algorithm in Algorithm::ALL {
            let key = MacKey::new(algorithm, Some("desk-1".into()), &Zeroizing::new(b"secret".to_vec()));
            let mut prev = json!("");
            for (seq, mut record) in lines(Some(key.clone())).into_iter().enumerate() {
                let signature = record.as_object_mut().unwrap().remove("signature").unwrap();
                assert_eq!(record["seq"], json!(seq.to_string()));
                assert_eq!(record["prev"], prev);
                assert_eq!((&record["key_id"], &record["meta_prev"]), (&json!("desk-1"), &json!("mine")));
                let code = key.sign(&[canonical::nested(&record).as_bytes()]);
                let expected =
                    json!({ "algorithm": algorithm.name(), "key_id": "desk-1", "value": code.text() });
                assert_eq!(signature, expected);
                prev = json!(code.text());
            }
        }
    }

    #[test]
    fn without_a_key_records_are_linked_and_not_signed() {
        let records = lines(None);
        assert_eq!(records[1]["prev"], json!(plain(&[canonical::nested(&records[0]).as_bytes()]).text()));
        assert!(
            records.iter().all(|record| record.get("signature").is_none() && record.get("key_id").is_none())
        );
    }
}
