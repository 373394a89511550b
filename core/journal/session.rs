//! The records that open and close a journal.

use hemiola_adapters::journal::{Algorithm, Chain, DecisionBody, MacKey, Values};
use hemiola_adapters::store::SourceFile;
use hemiola_components::time::Nanos;
use serde_json::{Value, json};

use super::control::ALL_PROFILES;
use super::draft::Draft;
use crate::config::plan::Plan;
use crate::job::Prepared;
use crate::modes::backtest::Outcome;
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
}

impl Opening {
    /// Of a run whose checkpoints the owner of this public key signs.
    #[must_use]
    pub fn new(prepared: &Prepared, checkpoint_key: Option<String>) -> Self {
        let file = |file: &SourceFile| {
            let name = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (file.blake3.clone(), name)
        };
        let mut files: Vec<_> = prepared.data.files.iter().map(file).collect();
        files.sort_unstable();
        let data: Value =
            files.into_iter().map(|(blake3, name)| json!({ "blake3": blake3, "name": name })).collect();
        Self {
            run_id: prepared.run_id.clone(),
            config_sha256: prepared.config_sha256.clone(),
            data: data.to_string(),
            checkpoint_key,
        }
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
        });
    }
}

/// Appends the record that closes the journal of a finished run.
pub(super) fn close(plan: &Plan, outcome: &Outcome, chain: &mut Chain, line: &mut Vec<u8>) {
    let records = chain.head().count + 1;
    own(plan, "journal_closed", outcome.timeline.end, chain, line, |draft| {
        draft.note("records", &records.to_string());
        draft.note("digest", &outcome.digest);
    });
}

/// Appends a record of the journal's own.
fn own(
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
