//! The keys that a journal is verified with.

use std::path::PathBuf;

use clap::Args;
use hemiola_adapters::journal::verify::Keys;
use hemiola_adapters::journal::{KeyError, Secret, key_id};

use super::usage;
use crate::exit::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct KeyArguments {
    /// A file that holds an HMAC key and nobody else can read. What stands before an = is the key's name, as in
    /// desk-1=keys/desk-1.key; may be given several times, for a journal whose key was changed. Write ./a=b for a
    /// file that is called a=b.
    #[arg(long, value_name = "[ID=]FILE")]
    hmac_key_file: Vec<String>,
    /// An environment variable that holds an HMAC key; names as for --hmac-key-file.
    #[arg(long, value_name = "[ID=]NAME")]
    hmac_key_env: Vec<String>,
    /// The name of the one key that was given without a name. A key with a name is taken for records of that name
    /// only, one without for all.
    #[arg(long, value_name = "ID")]
    hmac_key_id: Option<String>,
    /// The only key name that records may have; may be given several times, for a journal whose key was changed.
    #[arg(long, value_name = "ID")]
    expected_key_id: Vec<String>,
}

/// `ID=PLACE`, or a place alone.
fn split(text: &str) -> (Option<String>, &str) {
    let named = text.split_once('=').and_then(|(id, place)| Some((key_id(id).ok()?, place)));
    named.map_or((None, text), |(id, place)| (Some(id), place))
}

impl KeyArguments {
    /// Reads the keys.
    pub(super) fn load(&self) -> Result<Keys, Failure> {
        let files = self.hmac_key_file.iter().map(|text| {
            let (id, place) = split(text);
            ("--hmac-key-file", id, Secret::File(PathBuf::from(place)))
        });
        let variables = self.hmac_key_env.iter().map(|text| {
            let (id, place) = split(text);
            ("--hmac-key-env", id, Secret::Variable(place.to_owned()))
        });
        let mut given: Vec<_> = files.chain(variables).collect();
        let mut unnamed = given.iter_mut().filter(|(_, id, _)| id.is_none());
        let first = unnamed.next();
        if let Some((option, ..)) = unnamed.next() {
            return Err(usage(format!(
                "{option}: of several keys each needs its name, as in {option} ID=..."
            )));
        }
        if let Some(id) = &self.hmac_key_id {
            let id = key_id(id).map_err(|error| usage(format!("--hmac-key-id: {error}")))?;
            let Some((_, name, _)) = first else {
                return Err(usage(format!(
                    "--hmac-key-id {id}: there is no key without a name that it could name"
                )));
            };
            *name = Some(id);
        }
        let mut keys = Keys::default();
        for (at, (option, id, secret)) in given.iter().enumerate() {
            if let Some(id) = id
                && given[..at].iter().any(|(_, other, _)| other.as_ref() == Some(id))
            {
                return Err(usage(format!("{option}: `{id}` names two keys; which one is it?")));
            }
            let secret = secret.load().map_err(|error| failure(option, &error))?;
            keys.add(id.clone(), &secret);
        }
        Ok(keys)
    }

    /// The names that records may have.
    pub(super) fn expected(&self) -> Result<Vec<String>, Failure> {
        let Some(first) = self.expected_key_id.first() else { return Ok(Vec::new()) };
        if self.hmac_key_file.is_empty() && self.hmac_key_env.is_empty() {
            return Err(usage(format!(
                "--expected-key-id {first}: a name proves nothing without its key: say --hmac-key-file or --hmac-key-env"
            )));
        }
        if let Some(id) = &self.hmac_key_id
            && !self.expected_key_id.contains(id)
        {
            return Err(usage(format!(
                "--hmac-key-id says that the key is `{id}`, and --expected-key-id expects `{first}`"
            )));
        }
        Ok(self.expected_key_id.clone())
    }
}

/// A key that cannot be read is an I/O error; one that is not kept secret, or is none, is for whoever called.
fn failure(option: &str, error: &KeyError) -> Failure {
    let exit = if matches!(error, KeyError::Io { .. }) { Exit::Operational } else { Exit::Usage };
    Failure::new(exit, format!("{option}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_before_the_first_equals_sign() {
        for (text, id, place) in [
            ("keys/desk.key", None, "keys/desk.key"),
            ("desk-1=keys/desk.key", Some("desk-1"), "keys/desk.key"),
            ("desk-1=a=b", Some("desk-1"), "a=b"),
            ("./a=b", None, "./a=b"),
            ("=b", None, "=b"),
        ] {
            assert_eq!(split(text), (id.map(ToOwned::to_owned), place), "{text}");
        }
    }
}
