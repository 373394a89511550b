//! Message authentication codes: what a record's signature is, and what the next record links to.

use std::fmt;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac};
use sha2::{Digest as _, Sha256, Sha384};
use zeroize::Zeroizing;

/// How records are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256 (RFC 2104, FIPS 180-4): 32 bytes.
    HmacSha256,
    /// HMAC with SHA-384: 48 bytes.
    HmacSha384,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::HmacSha256, Self::HmacSha384];

    /// As a signature says it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "HMAC-SHA256",
            Self::HmacSha384 => "HMAC-SHA384",
        }
    }

    /// The algorithm of a name, letter by letter.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Bytes of a code.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::HmacSha256 => 32,
            Self::HmacSha384 => 48,
        }
    }
}

/// A secret with its name, ready to sign. What is left in memory of it is zeroed when it goes.
#[derive(Clone)]
pub struct MacKey {
    id: Option<String>,
    state: State,
}

/// A key that has been hashed into the first block of both passes.
#[derive(Clone)]
enum State {
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
}

impl MacKey {
    /// The key with these bytes, of any length. `id` is what records call it.
    ///
    /// # Panics
    /// Never: HMAC takes keys of any length.
    #[must_use]
    pub fn new(algorithm: Algorithm, id: Option<String>, secret: &Zeroizing<Vec<u8>>) -> Self {
        const ANY: &str = "HMAC takes keys of any length";
        let state = match algorithm {
            Algorithm::HmacSha256 => State::Sha256(Hmac::new_from_slice(secret).expect(ANY)),
            Algorithm::HmacSha384 => State::Sha384(Hmac::new_from_slice(secret).expect(ANY)),
        };
        Self { id, state }
    }

    /// What records call it.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// How it signs.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.state {
            State::Sha256(_) => Algorithm::HmacSha256,
            State::Sha384(_) => Algorithm::HmacSha384,
        }
    }

    /// The code of these pieces, one after the other.
    #[must_use]
    pub fn sign(&self, pieces: &[&[u8]]) -> Code {
        match &self.state {
            State::Sha256(keyed) => Code::of(&fed(keyed, pieces).finalize().into_bytes()),
            State::Sha384(keyed) => Code::of(&fed(keyed, pieces).finalize().into_bytes()),
        }
    }

    /// Whether this is the code of these pieces, in a time that does not depend on it.
    #[must_use]
    pub fn verify(&self, pieces: &[&[u8]], code: &[u8]) -> bool {
        match &self.state {
            State::Sha256(keyed) => fed(keyed, pieces).verify_slice(code).is_ok(),
            State::Sha384(keyed) => fed(keyed, pieces).verify_slice(code).is_ok(),
        }
    }
}

fn fed<M: Mac + Clone>(keyed: &M, pieces: &[&[u8]]) -> M {
    pieces.iter().fold(keyed.clone(), Mac::chain_update)
}

impl fmt::Debug for MacKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MacKey({}, {:?})", self.algorithm().name(), self.id)
    }
}

/// The hash that links the records of a journal without a key: anybody can make it again.
#[must_use]
pub(super) fn plain(pieces: &[&[u8]]) -> Code {
    let hash = pieces.iter().fold(Sha256::new(), Sha256::chain_update);
    Code::of(&hash.finalize())
}

/// A code as records hold it: padded base64 (RFC 4648, section 4).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code {
    text: [u8; Self::LONGEST],
    length: usize,
}

impl Code {
    /// Base64 of 48 bytes.
    const LONGEST: usize = 64;

    fn of(bytes: &[u8]) -> Self {
        let mut text = [0; Self::LONGEST];
        let length = BASE64.encode_len(bytes.len());
        BASE64.encode_mut(bytes, &mut text[..length]);
        Self { text, length }
    }

    /// The code that a record holds; `None` when it is longer than any code.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut code = Self { length: text.len(), ..Self::default() };
        code.text.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(code)
    }

    /// The text; empty before the first record.
    ///
    /// # Panics
    /// Never: a code is made of text.
    #[must_use]
    pub fn text(&self) -> &str {
        str::from_utf8(&self.text[..self.length]).expect("a code is made of text")
    }
}

impl Default for Code {
    fn default() -> Self {
        Self { text: [0; Self::LONGEST], length: 0 }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Code({})", self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Zeroizing::new(b"Jefe".to_vec());
        for (algorithm, expected) in [
            (Algorithm::HmacSha256, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="),
            (Algorithm::HmacSha384, "r0XS43ZIQDFhf3jStYprG5x+9GT1oBtH5C7Dc2MiRF6OIkDKXmnix4syOez6shZJ"),
        ] {
            let key = MacKey::new(algorithm, None, &secret);
            assert_eq!(key.sign(&[b"what do ya want ", b"for nothing?"]).text(), expected);
            let bytes = BASE64.decode(expected.as_bytes()).unwrap();
            assert_eq!(bytes.len(), algorithm.size());
            assert!(key.verify(&[b"what do ya want for nothing?"], &bytes));
            assert!(!key.verify(&[b"what do ya want for nothing!"], &bytes));
            assert!(!key.verify(&[b"what do ya want for nothing?"], &bytes[1..]));
        }
        assert_eq!(plain(&[b"a", b"bc"]).text(), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    }

    #[test]
    fn a_key_does_not_show_itself() {
        let key =
            MacKey::new(Algorithm::HmacSha256, Some("desk".into()), &Zeroizing::new(b"hunter2".to_vec()));
        assert_eq!(format!("{key:?}"), "MacKey(HMAC-SHA256, Some(\"desk\"))");
    }

    #[test]
    fn what_is_longer_than_any_code_is_none() {
        assert!(Code::read(&"a".repeat(64)).is_some_and(|code| code.text().len() == 64));
        assert_eq!(Code::read(&"a".repeat(65)), None);
    }
}
