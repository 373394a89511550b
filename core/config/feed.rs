//! Where an environment's candles come from while a session runs.

use std::path::PathBuf;

use hemiola_components::time::Nanos;

use super::Config;
use super::model::{Environment, Mode};

/// Where candles come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedKind {
    /// Stored candles, on their own clock.
    History,
    /// A folder that grows.
    Folder,
    /// A venue's public interface.
    Klines,
}

impl FeedKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::History, Self::Folder, Self::Klines];

    /// The name in configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::Folder => "folder",
            Self::Klines => "klines",
        }
    }

    /// The one of this name; history when there is none.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(Self::History)
    }
}

/// A feed and what it is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedTerms {
    /// Where candles come from.
    pub kind: FeedKind,
    /// How fast history goes by.
    pub speed: String,
    /// The folder that grows.
    pub path: PathBuf,
    /// The venue's public interface.
    pub base_url: String,
    /// How often the folder is looked at.
    pub poll: Nanos,
    /// How late a candle may come.
    pub grace: Nanos,
}

impl Config {
    fn environment(&self, name: Option<&str>) -> Option<&Environment> {
        let answers = |one: &&Environment| name.is_none_or(|name| one.names().contains(&name));
        self.model.environments.iter().find(answers)
    }

    /// The feed of an environment by its name, of the first one without; `None` when there is no such environment.
    #[must_use]
    pub fn feed_terms(&self, environment: Option<&str>) -> Option<&FeedTerms> {
        self.environment(environment).map(|found| &found.feed)
    }

    /// Whether real money is traded in an environment.
    #[must_use]
    pub fn is_live(&self, environment: Option<&str>) -> bool {
        self.environment(environment).is_some_and(|found| found.mode == Mode::Live)
    }

    /// Whether an environment says what its simulated account begins with.
    #[must_use]
    pub fn has_initial_balances(&self, environment: Option<&str>) -> bool {
        self.environment(environment).is_some_and(|found| found.has_balances)
    }
}
