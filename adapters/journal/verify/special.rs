//! Records of the journal's own that say something about those that follow.

use std::borrow::Cow;

use data_encoding::BASE64;
use serde_json::{Map, Value};

use super::entry;
use super::finding::{Draft, Findings, Place, What};
use super::keys::Keys;
use super::signers::Signers;
use crate::journal::{Algorithm, PublicKey};

/// Such a record, whose signature fits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Special<'a> {
    pub(super) object: &'a Map<String, Value>,
    pub(super) seq: u64,
    pub(super) place: Place,
}

impl<'a> Special<'a> {
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.object.get(name).and_then(Value::as_str)
    }

    fn draft(&self, what: What, text: impl Into<Cow<'static, str>>) -> Draft {
        let draft = Draft::new(what, self.place, text).records(self.seq, self.seq);
        draft.when(self.text("timestamp").unwrap_or_default())
    }

    /// An opening record names the key of its checkpoints.
    pub(super) fn check_checkpoint_key(&self, key: Option<&PublicKey>, findings: &mut Findings) {
        if let Some((says, key)) = self.text("checkpoint_key").zip(key)
            && says != key.to_string()
        {
            let text =
                format!("it says that {says} signs the checkpoints, and the key that was given is {key}");
            findings.push(self.draft(What::UnknownKey, text));
        }
    }

    /// The first record that is here names the run.
    pub(super) fn check_run(&self, expected: Option<&str>, findings: &mut Findings) {
        let Some(expected) = expected else { return };
        let text = match self.text("run_id") {
            Some(run_id) if run_id == expected => return,
            Some(run_id) => {
                format!("it opens run {run_id}, and run {expected} was expected: another journal")
            }
            None => format!(
                "it opens no run, and run {expected} was expected: give the files from the first one on"
            ),
        };
        findings.push(self.draft(What::Forked, text));
    }

    /// From the next record on another key signs, which has signed this record too.
    pub(super) fn hand_over(&self, keys: &Keys, signers: &mut Signers, findings: &mut Findings) {
        let id = self.text("new_key_id").filter(|id| !id.is_empty());
        let Some(algorithm) = self.text("new_algorithm").and_then(Algorithm::named) else {
            let text = "it hands over to a key with an algorithm that this version does not know";
            findings.push(self.draft(What::UnknownKey, text));
            return;
        };
        signers.change(self.seq + 1, id, algorithm, keys);
        // Without the new key the records that follow say what is missing.
        let Some(key) = keys.get(id, algorithm) else { return };
        let mut signed = self.object.clone();
        signed.remove("new_key_mac");
        let code = self.text("new_key_mac").and_then(|code| BASE64.decode(code.as_bytes()).ok());
        if !code.is_some_and(|code| key.verify(&[entry::text(&signed).as_bytes()], &code)) {
            let text = "the key it hands over to has not signed it: it is another key";
            findings.push(self.draft(What::UnknownKey, text));
        }
    }
}
