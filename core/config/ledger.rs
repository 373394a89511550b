//! How an environment keeps its paper ledger.

use super::Config;
use super::model::Environment;

/// How the files of a ledger are called, and what becomes of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerTerms {
    /// The file of a day, as strftime writes its date.
    pub pattern: String,
    /// For how many days files are kept; for ever when it is not said.
    pub retention_days: Option<u32>,
    /// Whether every line is forced to the disk.
    pub syncs: bool,
}

impl Config {
    /// The ledger of an environment by its name, of the first one without; `None` when there is no such environment.
    #[must_use]
    pub fn ledger_terms(&self, environment: Option<&str>) -> Option<&LedgerTerms> {
        let answers = |one: &&Environment| environment.is_none_or(|name| one.names().contains(&name));
        self.model.environments.iter().find(answers).map(|found| &found.ledger)
    }
}
