//! Notes of an operator: signed, in a session of their own.

use hemiola_adapters::journal::writer::{JournalDays, Settings, System, Writer};
use hemiola_adapters::journal::{Chain, Head};
use hemiola_components::time::Nanos;
use sha2::{Digest as _, Sha256};

use super::session::{self, Opening, own};
use super::signing::Signing;
use crate::assembly::Window;
use crate::config::journal::JournalTerms;
use crate::config::plan::Plan;
use crate::exit::{Exit, Failure};
use crate::results::resolved;

/// What somebody wants to be known later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Who says it.
    pub who: String,
    /// What.
    pub text: String,
    /// How bad it is: `info`, `warning` or `critical`.
    pub severity: &'static str,
}

/// A record of the session.
enum Entry<'a> {
    Opened(Opening),
    Noted(&'a Note),
    Closed,
}

/// Appends a note to the journal of an environment, durable on return. Gives the journal's end.
///
/// # Errors
/// When the environment keeps no journal in files, another process writes it, or it cannot be written.
pub fn append(
    plan: &Plan,
    terms: &JournalTerms,
    config_sha256: String,
    note: &Note,
    at: Nanos,
) -> Result<Head, Failure> {
    let environment = &plan.environment;
    let Some(folder) = &terms.folder else {
        let message = format!(
            "environment `{environment}` keeps no journal in files: write `backend: file` and `directory` in \
             `environments.{environment}.decision_journal`"
        );
        return Err(Failure::new(Exit::Usage, message));
    };
    let signing = Signing::load(terms)?;
    if !signing.signs() && !plan.is_demo {
        let message = format!(
            "the journal of `{environment}` is signed, and there is no key: name one in \
             `environments.{environment}.decision_journal.signing_key_env`; only a demo goes without"
        );
        return Err(Failure::new(Exit::Security, message));
    }
    let identity = resolved::identity(plan, Window::default()).to_string();
    let run_id = data_encoding::HEXLOWER.encode(&Sha256::digest(identity));
    let opening = Opening::of(run_id.clone(), config_sha256, &[], signing.checkpoint_key());
    let settings = Settings {
        days: JournalDays::new(folder, &terms.pattern, terms.retention_days)?,
        environment: environment.clone(),
        portfolio: plan.scheduler.clone(),
        key: signing.key().cloned(),
    };
    let seal = |entry: &Entry<'_>, chain: &mut Chain, lines: &mut Vec<u8>| match entry {
        Entry::Opened(opening) => opening.write(plan, at, chain, lines),
        Entry::Noted(note) => own(plan, "operator_note", at, chain, lines, |draft| {
            draft.note("who", &note.who);
            draft.note("note", &note.text);
            draft.note("severity", note.severity);
        }),
        Entry::Closed => session::close(plan, at, None, chain, lines),
    };
    let checkpoints = signing.checkpoint_writer(terms, &run_id)?;
    let (mut writer, torn) = Writer::open(System, settings, checkpoints, seal)?;
    writer.append(at, &Entry::Opened(opening.after(torn)))?;
    writer.append(at, &Entry::Noted(note))?;
    Ok(writer.close(at, &Entry::Closed)?)
}
