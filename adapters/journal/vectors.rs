//! Conformance: records, canonical texts and signatures of the vectors, byte for byte, and verdicts on signed records.

use std::collections::BTreeMap;
use std::fs;

use chrono::DateTime;
use hemiola_components::time::Nanos;
use serde_json::Value;
use zeroize::Zeroizing;

use super::verify::{Keys, Signed, Terms, check};
use super::{Algorithm, DecisionBody, Field, MacKey, canonical};
use crate::shared;

#[test]
fn vectors_journal_hmac() {
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
                assert_is_signed(&case, &case["record"]);
            }
            "payload" | "payload_float" => {
                assert_eq!(canonical::nested(&case["payload"]), case["canonical"], "{id}");
                assert_is_signed(&case, &case["payload"]);
            }
            "verify" => assert_eq!(verdict(&case).err(), case["error"].as_str(), "{id}"),
            other => panic!("{id}: `{other}` is not a known kind"),
        }
        *cases.entry(kind.to_owned()).or_default() += 1;
    }
    println!("{cases:?}");
    for kind in ["record", "payload", "payload_float", "verify"] {
        assert!(cases.get(kind).is_some_and(|count| *count > 0), "no cases of `{kind}`");
    }
}

fn secret(case: &Value) -> Option<Zeroizing<Vec<u8>>> {
    case["key"].as_str().map(|key| Zeroizing::new(key.as_bytes().to_vec()))
}

/// The signature of the case is the one we make, and we accept it.
fn assert_is_signed(case: &Value, record: &Value) {
    let (id, secret) = (&case["id"], secret(case).unwrap());
    let key_id = case["key_id"].as_str().map(ToOwned::to_owned);
    let key = MacKey::new(Algorithm::HmacSha256, key_id.clone(), &secret);
    let code = key.sign(&[case["canonical"].as_str().unwrap().as_bytes()]);
    assert_eq!(case["signature"]["value"], code.text(), "{id}");
    let mut keys = Keys::default();
    keys.add(key_id.clone(), &secret);
    let mut signed = record.as_object().unwrap().clone();
    signed.insert("signature".to_owned(), case["signature"].clone());
    let terms = Terms { keys: &keys, algorithm: None, key_ids: &[], allow_unsigned: false };
    let expected = Signed::By { algorithm: Algorithm::HmacSha256, key_id, code: code.text().to_owned() };
    assert_eq!(check(&signed, &terms), Ok(expected), "{id}");
}

fn verdict(case: &Value) -> Result<Signed, &'static str> {
    let mut keys = Keys::default();
    if let Some(secret) = secret(case) {
        keys.add(None, &secret);
    }
    let key_ids: Vec<_> = case["expected_key_id"].as_str().map(ToOwned::to_owned).into_iter().collect();
    let terms = Terms {
        keys: &keys,
        algorithm: Some(Algorithm::HmacSha256),
        key_ids: &key_ids,
        allow_unsigned: case["allow_unsigned"].as_bool().unwrap(),
    };
    let ended = check(case["entry"].as_object().unwrap(), &terms).map_err(super::verify::Fault::name);
    assert_eq!(ended.is_ok(), case["valid"].as_bool().unwrap(), "{}: {ended:?}", case["id"]);
    ended
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
