//! Rows that say by themselves whether they are whole.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::Fault;

/// A row's content: canonical JSON (sorted keys, no blanks), and the BLAKE3 hash of its bytes in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) body: String,
    pub(super) hash: String,
}

impl Sealed {
    /// Fails when the value would not read back as itself, as numbers that are not finite do not.
    pub(super) fn new<T: Serialize + DeserializeOwned + PartialEq>(value: &T) -> Result<Self, String> {
        let tree = serde_json::to_value(value).map_err(|error| error.to_string())?;
        let body = tree.to_string();
        match serde_json::from_str::<T>(&body) {
            Ok(read) if read == *value => {}
            _ => return Err("it holds a number that is not finite".to_owned()),
        }
        let hash = blake3::hash(body.as_bytes()).to_hex().to_string();
        Ok(Self { body, hash })
    }

    /// The value, when the hash is that of the body.
    pub(super) fn open<T: DeserializeOwned>(&self, what: &str) -> Result<T, Fault> {
        if blake3::hash(self.body.as_bytes()).to_hex().as_str() != self.hash {
            return Err(Fault::Damage(format!("the hash of {what} is not that of its content")));
        }
        serde_json::from_str(&self.body).map_err(|error| Fault::Damage(format!("{what}: {error}")))
    }
}

/// Names every row there is, so that one that is missing, or an older one in its place, is found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seal {
    /// The hash of each record, by profile.
    pub(super) records: BTreeMap<String, String>,
    /// How many events there are.
    #[serde(rename = "transitions")]
    pub(super) events: i64,
    /// The hash of the last one.
    pub(super) last: Option<String>,
}
