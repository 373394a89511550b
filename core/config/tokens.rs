//! Tokens of those who may control a scheduler.

use super::Config;

/// Who may control a scheduler, and what of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its name.
    pub id: String,
    /// The environment variable that holds it.
    pub variable: Option<String>,
    /// The token itself.
    pub value: Option<String>,
    /// `algorithm:hex` of the token, or the hex of its SHA-256.
    pub hash: Option<String>,
    /// What it is good for.
    pub scopes: Vec<String>,
}

impl Config {
    /// The tokens of a scheduler, in the order of the file. Anybody may control it when there are none.
    #[must_use]
    pub fn tokens(&self, scheduler: &str) -> &[Token] {
        let found = self.model.schedulers.iter().find(|one| one.name == scheduler);
        found.map_or(&[], |scheduler| &scheduler.tokens)
    }
}
