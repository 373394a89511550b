//! A configuration as it is shown: in the order of the file, secrets masked.

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use super::check::{is_key_material, is_secret_name};
use super::tree::{Entry, Node, Value};

/// What stands in the place of a secret.
const MASK: &str = "***";

/// A tree without its positions and secrets.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'t> {
    node: &'t Node,
    /// Whether it stands under a key that is called like a secret.
    is_secret: bool,
}

impl<'t> Shown<'t> {
    pub(crate) fn new(node: &'t Node) -> Self {
        Self { node, is_secret: false }
    }

    /// The value of a key; a secret's own keys name places, except for those that hold a value.
    fn child(self, entry: &'t Entry) -> Self {
        let inside = self.is_secret
            && entry.key.starts_with("value")
            && !entry.key.contains("env")
            && !entry.key.contains("file");
        Self { node: &entry.node, is_secret: inside || is_secret_name(&entry.key) }
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.node.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(_) | Value::Text(_) if self.is_secret => serializer.serialize_str(MASK),
            Value::Number(value) if value.fract() == 0.0 && value.abs() < 1e15 =>
            {
                #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
                serializer.serialize_i64(*value as i64)
            }
            Value::Number(value) => serializer.serialize_f64(*value),
            Value::Text(text) if is_key_material(text) => serializer.serialize_str(MASK),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Sequence(items) => {
                let mut sequence = serializer.serialize_seq(Some(items.len()))?;
                for node in items {
                    sequence.serialize_element(&Self { node, is_secret: self.is_secret })?;
                }
                sequence.end()
            }
            Value::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for entry in entries {
                    map.serialize_entry(&entry.key, &self.child(entry))?;
                }
                map.end()
            }
        }
    }
}
