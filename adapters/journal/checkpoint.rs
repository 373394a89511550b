//! Checkpoints: signed statements of how long a journal is and what its last code is, kept at a second place.

use std::fmt;

use data_encoding::BASE64;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _,
};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use hemiola_components::time::Nanos;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::canonical;
use super::chain::Head;
use super::instant::{self, Fraction};
use super::key::KeyError;
use super::mac::Code;
use super::verify::parse;

/// How checkpoints are signed (RFC 8032).
const ALGORITHM: &str = "Ed25519";

/// A private key that signs checkpoints. It is zeroed when it goes.
#[derive(Clone)]
pub struct CheckpointKey(SigningKey);

/// The key that verifies checkpoints: anybody may have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// How long a journal was, and what its last code was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The run that its newest opening record names.
    pub run: String,
    /// Records, and the last one's code.
    pub head: Head,
    /// When it was signed.
    pub time: Nanos,
    /// Whether the last record closes the journal.
    pub closed: bool,
}

impl CheckpointKey {
    /// The key in a text: PKCS #8 in PEM, such as `openssl genpkey -algorithm ed25519` writes.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let key = str::from_utf8(text).ok().and_then(|text| SigningKey::from_pkcs8_pem(text).ok());
        let what = "is no Ed25519 private key in PEM: make one with `hemiola journal keygen` or \
                    `openssl genpkey -algorithm ed25519`";
        key.map(Self).ok_or_else(|| KeyError::Kind(format!("the key of the checkpoints {what}")))
    }

    /// The key of 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The key as [`Self::from_pem`] reads it.
    ///
    /// # Panics
    /// Never: every key has such a form.
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        self.0.to_pkcs8_pem(LineEnding::LF).expect("every key has this form")
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }
}

impl fmt::Debug for CheckpointKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CheckpointKey(of {})", self.public())
    }
}

impl PublicKey {
    /// The key in a text: SPKI in PEM, such as `openssl pkey -pubout` writes.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let what = "is no Ed25519 public key in PEM: `openssl pkey -in KEY -pubout` writes one";
        let key = VerifyingKey::from_public_key_pem(text).ok().map(Self);
        key.ok_or_else(|| KeyError::Kind(format!("the public key of the checkpoints {what}")))
    }

    /// The key as [`Self::from_pem`] reads it.
    ///
    /// # Panics
    /// Never: every key has such a form.
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.0.to_public_key_pem(LineEnding::LF).expect("every key has this form")
    }
}

/// Its 32 bytes in base64, as opening records name it.
impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&BASE64.encode(self.0.as_bytes()))
    }
}

impl Checkpoint {
    fn record(&self) -> Value {
        let mut time = Vec::new();
        instant::write(self.time, Fraction::Micros, &mut time);
        json!({
            "closed": self.closed.to_string(),
            "count": self.head.count.to_string(),
            "head": self.head.code.text(),
            "run": self.run,
            "time": String::from_utf8_lossy(&time),
        })
    }

    /// The checkpoint as a line, signed, with its line break.
    #[must_use]
    pub fn line(&self, key: &CheckpointKey) -> String {
        let mut record = self.record();
        let signature = key.0.sign(canonical::nested(&record).as_bytes());
        record["signature"] =
            json!({ "algorithm": ALGORITHM, "value": BASE64.encode(&signature.to_bytes()) });
        canonical::nested(&record) + "\n"
    }

    /// Reads a line and checks its signature.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(line: &str, key: &PublicKey) -> Result<Self, String> {
        let mut record = parse(line.as_bytes()).ok_or("it is no flat JSON object")?;
        let object = record.as_object_mut().ok_or("it is not an object")?;
        let signature = object.remove("signature").ok_or("it is not signed")?;
        if signature["algorithm"] != ALGORITHM {
            return Err(format!("it is signed by {} instead of {ALGORITHM}", signature["algorithm"]));
        }
        let value = signature["value"].as_str().and_then(|value| BASE64.decode(value.as_bytes()).ok());
        let value =
            value.and_then(|value| Signature::from_slice(&value).ok()).ok_or("its signature is none")?;
        let text = canonical::nested(&record);
        key.0
            .verify_strict(text.as_bytes(), &value)
            .map_err(|_| "its signature does not fit it and the key")?;
        let text = |name: &str| record[name].as_str();
        let read = || {
            let time = chrono::DateTime::parse_from_rfc3339(text("time")?).ok()?.timestamp_nanos_opt()?;
            let count = text("count")?.parse().ok()?;
            let head = Head { count, code: Code::read(text("head")?)? };
            let closed = text("closed")?.parse().ok()?;
            Some(Self { run: text("run")?.to_owned(), head, time: Nanos::new(time), closed })
        };
        read().ok_or_else(|| "it is signed, but says nothing this version knows".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> CheckpointKey {
        CheckpointKey::from_seed(&Zeroizing::new([seed; 32]))
    }

    fn checkpoint() -> Checkpoint {
        let head =
            Head { count: 10, code: Code::read("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=").unwrap() };
        Checkpoint { run: "abc".to_owned(), head, time: Nanos::new(1_704_067_200_120_000_000), closed: false }
    }

    #[test]
    fn a_checkpoint_reads_back_with_its_key_only() {
        let line = checkpoint().line(&key(1));
        assert_eq!(Checkpoint::read(&line, &key(1).public()), Ok(checkpoint()));
        assert!(Checkpoint::read(&line, &key(2).public()).unwrap_err().contains("does not fit"));
        assert!(line.ends_with("}\n"));
    }

    #[test]
    fn every_letter_of_a_checkpoint_counts() {
        let line = checkpoint().line(&key(1));
        for at in 0..line.len() - 1 {
            let mut other = line.clone().into_bytes();
            other[at] ^= 1;
            let other = String::from_utf8(other).unwrap();
            assert!(Checkpoint::read(&other, &key(1).public()).is_err(), "{other}");
        }
    }

    #[test]
    fn keys_read_back_from_pem() {
        let (private, public) = (key(3).to_pem(), key(3).public());
        assert_eq!(CheckpointKey::from_pem(private.as_bytes()).unwrap().public(), public);
        assert_eq!(PublicKey::from_pem(&public.to_pem()).unwrap(), public);
        assert!(CheckpointKey::from_pem(b"nothing").unwrap_err().to_string().contains("openssl"));
        assert!(PublicKey::from_pem(&private).is_err());
    }
}
