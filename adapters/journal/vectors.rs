//! Conformance: records and canonical texts of the vectors, byte for byte.

use std::collections::BTreeMap;
use std::fs;

use chrono::DateTime;
use hemiola_components::time::Nanos;
use serde_json::Value;

use super::{DecisionBody, Field, canonical};
use crate::shared;

#[test]
fn vectors_journal_hmac_canonical() {
    let Some(folder) = shared::find("HEMIOLA_VECTORS", "vectors") else { return };
    let path = folder.join("journal_hmac.jsonl");
    let mut cases: BTreeMap<String, usize> = BTreeMap::new();
    for line in fs::read_to_string(&path).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (id, kind) = (&case["id"], case["kind"].as_str().unwrap());
        match kind {
            "record" => {
                assert_eq!(body(&case["event"]).line(), case["canonical"], "{id}");
                assert_eq!(canonical::nested(&case["record"]), case["canonical"], "{id}");
            }
            "payload" | "payload_float" => {
                assert_eq!(canonical::nested(&case["payload"]), case["canonical"], "{id}");
            }
            // These pin signatures, and hold no text to compare with.
            "verify" => {}
            other => panic!("{id}: `{other}` is not a known kind"),
        }
        *cases.entry(kind.to_owned()).or_default() += 1;
    }
    println!("{cases:?}");
    for kind in ["record", "payload", "payload_float"] {
        assert!(cases.get(kind).is_some_and(|count| *count > 0), "no cases of `{kind}`");
    }
}

fn body(event: &Value) -> DecisionBody {
    let text = |key: &str| event[key].as_str().unwrap();
    let timestamp = DateTime::parse_from_rfc3339(text("timestamp")).unwrap().timestamp_nanos_opt().unwrap();
    let mut body = DecisionBody::new(
        text("event_type"),
        Nanos::new(timestamp),
        text("environment"),
        text("portfolio"),
        text("risk_profile"),
    );
    for field in Field::ALL {
        match &event[field.name()] {
            Value::Null => {}
            Value::String(text) => {
                body.text(*field, text);
            }
            number => {
                body.number(*field, number.as_f64().unwrap()).unwrap();
            }
        }
    }
    for (key, value) in event["metadata"].as_object().into_iter().flatten() {
        body.metadata(key, value);
    }
    body
}
