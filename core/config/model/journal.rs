//! The decision journal of an environment.

use std::path::Path;

use hemiola_adapters::journal::writer::PATTERN;
use hemiola_adapters::journal::{Algorithm, Secret, Target};
use hemiola_components::time::Nanos;

use crate::config::journal::{CheckpointTerms, JournalTerms, SigningTerms};
use crate::config::view::View;

impl JournalTerms {
    /// `field` is the environment's own section, `shared` the log of all environments, whose key counts where the
    /// environment names none.
    pub(super) fn decode(field: Option<&View<'_>>, shared: Option<&View<'_>>, folder: &Path) -> Self {
        let pattern = field.and_then(|field| field.text("filename_pattern"));
        let is_file = field.is_some_and(|field| field.text("backend") == Some("file"));
        let directory = field.and_then(|field| field.text("directory")).filter(|_| is_file);
        Self {
            signing: [field, shared].into_iter().flatten().find_map(|log| decode_signing(log, folder)),
            checkpoints: field
                .and_then(|field| field.get("checkpoints"))
                .map(|field| decode_checkpoints(&field, folder)),
            folder: directory.map(|directory| folder.join(directory)),
            pattern: pattern.unwrap_or(PATTERN).to_owned(),
            retention_days: field.and_then(|field| field.get("retention_days")?.own_count()),
        }
    }
}

fn decode_signing(log: &View<'_>, folder: &Path) -> Option<SigningTerms> {
    let secret = decode_secret(log, folder);
    if secret.is_none() && !log.has("signing_key_secret") {
        return None;
    }
    let algorithm = log.text("algorithm").and_then(Algorithm::named);
    Some(SigningTerms {
        secret,
        id: log.text("signing_key_id").map(str::to_owned),
        algorithm: algorithm.unwrap_or(Algorithm::HmacSha256),
    })
}

fn decode_checkpoints(field: &View<'_>, folder: &Path) -> CheckpointTerms {
    let target = match (field.text("path"), field.text("command")) {
        (Some(path), _) => Target::File(folder.join(path)),
        (_, Some(command)) => Target::Command(command.to_owned()),
        _ => Target::Stdout,
    };
    CheckpointTerms {
        secret: decode_secret(field, folder),
        target,
        every_records: field.count("every_records"),
        every: field.seconds("every_seconds").unwrap_or(Nanos::SECOND),
    }
}

fn decode_secret(log: &View<'_>, folder: &Path) -> Option<Secret> {
    let text = |key: &str| log.text(key);
    let variable = text("signing_key_env").map(|name| Secret::Variable(name.to_owned()));
    let file = || text("signing_key_path").map(|path| Secret::File(folder.join(path)));
    let command = || text("signing_key_command").map(|command| Secret::Command(command.to_owned()));
    let value = || text("signing_key_value").map(|value| Secret::Text(value.to_owned().into()));
    variable.or_else(file).or_else(command).or_else(value)
}
