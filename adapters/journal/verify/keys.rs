//! The keys at hand.

use zeroize::Zeroizing;

use crate::journal::{Algorithm, MacKey};

/// Keys that may have signed a journal, by the names that records give them.
#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    states: [MacKey; Algorithm::ALL.len()],
}

impl Keys {
    /// Adds a key. One without a name is taken for any name that no other key has. A second key of the same name is
    /// never asked.
    pub fn add(&mut self, id: Option<String>, secret: &Zeroizing<Vec<u8>>) {
        let states = Algorithm::ALL.map(|algorithm| MacKey::new(algorithm, None, secret));
        self.0.push(Key { id, states });
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key for a record that calls its key `id`. A key that has a name is not taken for records that have none.
    pub(super) fn get(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&MacKey> {
        let named = self.0.iter().find(|key| key.id.is_some() && key.id.as_deref() == id);
        let key = named.or_else(|| self.0.iter().find(|key| key.id.is_none()))?;
        key.states.iter().find(|state| state.algorithm() == algorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_without_a_name_is_taken_for_the_rest() {
        let mut keys = Keys::default();
        let secret = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
        let code = |keys: &Keys, id| {
            keys.get(id, Algorithm::HmacSha384).map(|key| key.sign(&[b"text"]).text().to_owned())
        };
        assert!(keys.is_empty() && code(&keys, None).is_none());
        keys.add(Some("one".into()), &secret("1"));
        let one = code(&keys, Some("one"));
        assert!(one.is_some() && code(&keys, None).is_none() && code(&keys, Some("two")).is_none());
        keys.add(None, &secret("2"));
        assert_eq!(code(&keys, Some("one")), one);
        assert!(code(&keys, Some("two")).is_some_and(|two| Some(two) != one));
        assert_eq!(code(&keys, Some("two")), code(&keys, None));
    }
}
