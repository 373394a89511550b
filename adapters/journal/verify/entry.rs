//! One record on its own: whether its signature is there, is one, and fits.

use data_encoding::BASE64;
use serde_json::{Map, Value};

use super::flat::SIGNATURE;
use super::keys::Keys;
use crate::journal::{Algorithm, canonical};

/// What is asked of a record.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The keys at hand.
    pub keys: &'a Keys,
    /// The algorithm that may sign; any that is known, when none is given.
    pub algorithm: Option<Algorithm>,
    /// The names that the key may have; any, when none are given.
    pub key_ids: &'a [String],
    /// Whether a record without a signature passes.
    pub allow_unsigned: bool,
}

/// A record that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signed {
    /// It has no signature, and may have none.
    Not,
    /// Its signature fits.
    By {
        /// How it was signed.
        algorithm: Algorithm,
        /// What it calls its key.
        key_id: Option<String>,
        /// The signature's value.
        code: String,
    },
}

/// Why a record does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It has no signature.
    Unsigned,
    /// Its signature is no object, or has members that none has.
    BadStructure,
    /// It is signed in a way that may not sign here.
    UnsupportedAlgorithm,
    /// Its signature has no value.
    MissingValue,
    /// The value is no base64 (RFC 4648, section 4, with padding).
    BadBase64,
    /// It is signed, and there is no key to check it with.
    NoKey,
    /// It is signed by a key that is not at hand or not expected, or does not say by which.
    KeyIdMismatch,
    /// Its signature does not fit it and the key.
    BadSignature,
}

impl Fault {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::BadStructure => "bad_structure",
            Self::UnsupportedAlgorithm => "unsupported_algorithm",
            Self::MissingValue => "missing_value",
            Self::BadBase64 => "bad_base64",
            Self::NoKey => "no_key",
            Self::KeyIdMismatch => "key_id_mismatch",
            Self::BadSignature => "bad_signature",
        }
    }
}

/// Checks one record.
///
/// # Errors
/// The first fault, in the order of [`Fault`].
pub fn check(record: &Map<String, Value>, terms: &Terms<'_>) -> Result<Signed, Fault> {
    let signature = match record.get(SIGNATURE) {
        None | Some(Value::Null) => None,
        Some(Value::Object(signature)) => (!signature.is_empty()).then_some(signature),
        Some(_) => return Err(Fault::BadStructure),
    };
    let Some(signature) = signature else {
        return if terms.allow_unsigned { Ok(Signed::Not) } else { Err(Fault::Unsigned) };
    };
    if signature.keys().any(|name| !["algorithm", "key_id", "value"].contains(&name.as_str())) {
        return Err(Fault::BadStructure);
    }
    let key_id = match signature.get("key_id") {
        None => None,
        Some(id) => Some(id.as_str().ok_or(Fault::BadStructure)?),
    };
    let named = signature.get("algorithm").and_then(Value::as_str).and_then(Algorithm::named);
    let algorithm = named.filter(|algorithm| terms.algorithm.is_none_or(|only| only == *algorithm));
    let algorithm = algorithm.ok_or(Fault::UnsupportedAlgorithm)?;
    let code = signature.get("value").and_then(Value::as_str).ok_or(Fault::MissingValue)?;
    let bytes = BASE64.decode(code.as_bytes()).map_err(|_| Fault::BadBase64)?;
    if terms.keys.is_empty() {
        return Err(Fault::NoKey);
    }
    let is_expected = || key_id.is_some_and(|id| terms.key_ids.iter().any(|one| one == id));
    if !terms.key_ids.is_empty() && !is_expected() {
        return Err(Fault::KeyIdMismatch);
    }
    let key = terms.keys.get(key_id, algorithm).ok_or(Fault::KeyIdMismatch)?;
    if !key.verify(&[text(record).as_bytes()], &bytes) {
        return Err(Fault::BadSignature);
    }
    Ok(Signed::By { algorithm, key_id: key_id.map(ToOwned::to_owned), code: code.to_owned() })
}

/// What is signed of a record.
pub(super) fn text(record: &Map<String, Value>) -> String {
    let mut unsigned = record.clone();
    unsigned.remove(SIGNATURE);
    canonical::nested(&Value::Object(unsigned))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use zeroize::Zeroizing;

    use super::*;

    fn record(secret: &Zeroizing<Vec<u8>>, key_id: Option<&str>) -> Map<String, Value> {
        let mut keys = Keys::default();
        keys.add(None, secret);
        let mut record = json!({"event": "note", "who": "ż"});
        let text = canonical::nested(&record);
        let code = keys.get(None, Algorithm::HmacSha384).unwrap().sign(&[text.as_bytes()]);
        record[SIGNATURE] = json!({"algorithm": "HMAC-SHA384", "value": code.text()});
        if let Some(id) = key_id {
            record[SIGNATURE]["key_id"] = json!(id);
        }
        record.as_object().unwrap().clone()
    }

    #[test]
    fn a_name_that_is_expected_has_to_be_there() {
        let secret = Zeroizing::new(b"secret".to_vec());
        let mut keys = Keys::default();
        keys.add(None, &secret);
        let desk = ["desk".to_owned()];
        for (key_id, expected, found) in [
            (None, &[][..], Ok(())),
            (Some("other"), &[], Ok(())),
            (Some("desk"), &desk, Ok(())),
            (Some("other"), &desk, Err(Fault::KeyIdMismatch)),
            (None, &desk, Err(Fault::KeyIdMismatch)),
        ] {
            let terms = Terms { keys: &keys, algorithm: None, key_ids: expected, allow_unsigned: true };
            assert_eq!(check(&record(&secret, key_id), &terms).map(|_| ()), found);
        }
    }

    #[test]
    fn nothing_rides_along_in_a_signature() {
        let secret = Zeroizing::new(b"secret".to_vec());
        let mut keys = Keys::default();
        keys.add(None, &secret);
        let terms = Terms { keys: &keys, algorithm: None, key_ids: &[], allow_unsigned: true };
        for (name, value) in [("note", json!("x")), ("key_id", json!(7)), ("key_id", json!(null))] {
            let mut record = record(&secret, Some("desk"));
            record[SIGNATURE][name] = value;
            assert_eq!(check(&record, &terms), Err(Fault::BadStructure), "{name}");
        }
    }
}
