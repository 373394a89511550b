//! A line as the object it holds, read so that no two readers can see different things in it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The member that holds the signature.
pub(super) const SIGNATURE: &str = "signature";

/// The record in a line: all of its values are texts, but for its signature. `None` when it is anything else, or a
/// key is there twice.
pub(in crate::journal) fn parse(line: &[u8]) -> Option<Value> {
    let Once(value) = serde_json::from_slice(line).ok()?;
    let object = value.as_object()?;
    let is_flat = object.iter().all(|(name, value)| name == SIGNATURE || value.is_string());
    is_flat.then_some(value)
}

/// A value in which no key is there twice.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor).map(Self)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Once(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Once(value))) = entries.next_entry::<String, Once>()? {
            if map.insert(key, value).is_some() {
                return Err(A::Error::custom("a key is there twice"));
            }
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_flat_and_says_everything_once() {
        let line = br#"{"a":"1", "b":"\u0062","signature":{"value":"x","n":[1,-2,0.5,null,true]}}"#;
        let expected =
            json!({"a": "1", "b": "b", "signature": {"value": "x", "n": [1, -2, 0.5, null, true]}});
        assert_eq!(parse(line), Some(expected));
        for line in [
            r#"{"a":"1","a":"1"}"#,
            r#"{"a":"1","\u0061":"1"}"#,
            r#"{"signature":{"value":"x","value":"x"}}"#,
            r#"{"a":1}"#,
            r#"{"a":null}"#,
            r#"["a"]"#,
            r#"{"a":"1"} {}"#,
            r#"{"a":"1""#,
            "{\"a\":\"\u{1}\"}",
            "",
        ] {
            assert_eq!(parse(line.as_bytes()), None, "{line}");
        }
        assert_eq!(parse(b"{\"a\":\"\xff\"}"), None);
    }
}
