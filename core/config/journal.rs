//! How an environment keeps its decision journal.

use std::path::PathBuf;

use hemiola_adapters::journal::{Algorithm, Secret, Target};
use hemiola_components::time::Nanos;

use super::Config;
use super::model::Environment;

/// What signs a journal, where it is, and what becomes of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalTerms {
    /// What signs records; without it they are not signed.
    pub signing: Option<SigningTerms>,
    /// Where checkpoints go, and what signs them.
    pub checkpoints: Option<CheckpointTerms>,
    /// The folder of its files; `None` when it is not kept in files.
    pub folder: Option<PathBuf>,
    /// The file of a day, as strftime writes its date.
    pub pattern: String,
    /// For how many days files are kept; for ever when it is not said.
    pub retention_days: Option<u32>,
}

/// The key of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningTerms {
    /// Where it is; `None` for the secret store, which this version does not read.
    pub secret: Option<Secret>,
    /// What records call it.
    pub id: Option<String>,
    /// How it signs.
    pub algorithm: Algorithm,
}

/// Checkpoints of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointTerms {
    /// Where the private key is.
    pub secret: Option<Secret>,
    /// Where they go.
    pub target: Target,
    /// After how many records there is one.
    pub every_records: u32,
    /// After how long there is one, if there was a record.
    pub every: Nanos,
}

impl Config {
    /// The journal of an environment by its name, of the first one without; `None` when there is no such environment.
    #[must_use]
    pub fn journal_terms(&self, environment: Option<&str>) -> Option<&JournalTerms> {
        let answers = |one: &&Environment| environment.is_none_or(|name| one.names().contains(&name));
        self.model.environments.iter().find(answers).map(|found| &found.journal)
    }
}
