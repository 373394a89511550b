//! What a session says of itself, in files.

use std::path::{Path, PathBuf};

use tracing::level_filters::LevelFilter;

use super::Config;
use super::view::View;

/// Where it goes, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTerms {
    /// The folder of its files.
    pub directory: PathBuf,
    /// The least that is written.
    pub level: LevelFilter,
    /// Whether each line is a JSON object.
    pub is_json: bool,
    /// When another file is begun.
    pub rotation: Rotation,
    /// How many files are kept.
    pub files: usize,
}

/// When another file is begun, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// At midnight.
    Daily,
    /// At each full hour.
    Hourly,
    /// Never.
    Never,
}

impl LogTerms {
    pub(super) fn decode(field: Option<&View<'_>>, folder: &Path) -> Self {
        let text = |key: &str| field.and_then(|field| field.text(key)).unwrap_or_default();
        Self {
            directory: folder.join(text("directory")),
            level: text("level").parse().unwrap_or(LevelFilter::INFO),
            is_json: text("format") == "json",
            rotation: match text("rotation") {
                "hourly" => Rotation::Hourly,
                "never" => Rotation::Never,
                _ => Rotation::Daily,
            },
            files: field.and_then(|field| field.get("retention_files")?.own_count()).unwrap_or(1) as usize,
        }
    }
}

impl Config {
    /// The runtime log of an environment by its name; `None` when there is no such environment.
    #[must_use]
    pub fn log_terms(&self, environment: &str) -> Option<&LogTerms> {
        let found = self.model.environments.iter().find(|one| one.names().contains(&environment));
        found.map(|found| &found.runtime_log)
    }

    /// How many cycles of sessions of an environment are kept; `None` when there is no such environment.
    #[must_use]
    pub fn history_terms(&self, environment: &str) -> Option<crate::cycles::Terms> {
        let found = self.model.environments.iter().find(|one| one.names().contains(&environment));
        found.map(|found| found.history)
    }
}
