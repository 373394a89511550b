//! The records that open and close a journal.

use hemiola_adapters::journal::writer::Torn;
use hemiola_adapters::journal::{Algorithm, Chain, DecisionBody, MacKey, Values};
use hemiola_adapters::store::SourceFile;
use hemiola_components::time::Nanos;
use serde_json::{Value, json};

use super::control::ALL_PROFILES;
use super::draft::Draft;
use crate::config::plan::Plan;
use crate::job::Prepared;
use crate::results::resolved;

/// What the format of a journal is called.
const FORMAT: &str = "hemiola.journal/1";

/// What a journal binds itself to: the run, the program, and all that went in.
#[derive(Clone, Debug)]
pub struct Opening {
    run_id: String,
    config_sha256: String,
    /// BLAKE3 hashes and names of the files that were read, as a JSON list, sorted.
    data: String,
    checkpoint_key: Option<String>,
    /// What a crash left, now in a side file.
    torn: Option<Torn>,
    /// Lines on decisions that the journal has already, when the session goes on with them.
    decisions: Option<u64>,
}

impl Opening {
    /// Of a run whose checkpoints the owner of this public key signs.
    #[must_use]
    pub fn new(prepared: &Prepared, checkpoint_key: Option<String>) -> Self {
        let (run_id, config_sha256) = (prepared.run_id.clone(), prepared.config_sha256.clone());
        Self::of(run_id, config_sha256, &prepared.data.files, checkpoint_key)
    }

    /// Of a session that reads these files.
    #[must_use]
    pub fn of(
        run_id: String,
        config_sha256: String,
        files: &[SourceFile],
        checkpoint_key: Option<String>,
    ) -> Self {
        let file = |file: &SourceFile| {
            let name = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (file.blake3.clone(), name)
        };
        let mut files: Vec<_> = files.iter().map(file).collect();
        files.sort_unstable();
        let data: Value =
            files.into_iter().map(|(blake3, name)| json!({ "blake3": blake3, "name": name })).collect();
        Self { run_id, config_sha256, data: data.to_string(), checkpoint_key, torn: None, decisions: None }
    }

    /// The same after a crash.
    #[must_use]
    pub fn after(self, torn: Option<Torn>) -> Self {
        Self { torn, ..self }
    }

    /// The same of a session that goes on after so many lines on decisions.
    #[must_use]
    pub fn going_on(self, decisions: u64) -> Self {
        Self { decisions: Some(decisions), ..self }
    }

    /// Appends the record that opens a journal, or opens it again.
    pub fn write(&self, plan: &Plan, at: Nanos, chain: &mut Chain, line: &mut Vec<u8>) {
        let algorithm = chain.key().map_or("none", |key: &MacKey| Algorithm::name(key.algorithm()));
        own(plan, "journal_opened", at, chain, line, |draft| {
            draft.note("format", FORMAT);
            draft.note("algorithm", algorithm);
            draft.note("binary", concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")));
            draft.note("run_id", &self.run_id);
            draft.note("config_sha256", &self.config_sha256);
            draft.note("data", &self.data);
            if plan.is_demo {
                draft.flag("demo", true);
            }
            draft.note("seed", &resolved::SEED.to_string());
            draft.note("currency", &plan.valuation);
            draft.float("initial_cash", plan.cash.get());
            if let Some(key) = &self.checkpoint_key {
                draft.note("checkpoint_key", key);
            }
            if let Some(decisions) = self.decisions {
                draft.note("decisions", &decisions.to_string());
            }
            if let Some(Torn { file, bytes }) = &self.torn {
                draft.note("torn_bytes", &bytes.to_string());
                draft.note("torn_file", &file.file_name().unwrap_or_default().to_string_lossy());
            }
        });
    }
}

/// Appends the record that closes a journal, with the digest of what the run came to.
pub(crate) fn close(plan: &Plan, at: Nanos, digest: Option<&str>, chain: &mut Chain, line: &mut Vec<u8>) {
    let records = chain.head().count + 1;
    own(plan, "journal_closed", at, chain, line, |draft| {
        draft.note("records", &records.to_string());
        if let Some(digest) = digest {
            draft.note("digest", digest);
        }
    });
}

/// Appends a record of the journal's own.
pub(crate) fn own(
    plan: &Plan,
    event: &str,
    at: Nanos,
    chain: &mut Chain,
    line: &mut Vec<u8>,
    say: impl FnOnce(&mut Draft<'_>),
) {
    let start = line.len();
    let mut values = Values::default();
    let link = chain.begin(&mut values);
    let at = values.timestamp(at);
    let mut body = DecisionBody::stamped(event, at, &plan.environment, &plan.scheduler, ALL_PROFILES);
    body.linked(&link);
    let mut draft = Draft { values: &mut values, body: Some(body) };
    say(&mut draft);
    draft.write(line);
    chain.seal(line, start);
}
