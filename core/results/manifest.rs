//! The manifest: what a run depends on and what it came to, enough to run it again and compare.

use serde::Deserialize;
use serde_json::{Value, json};

use super::resolved;
use crate::exit::{Exit, Failure};
use crate::job::{Job, Prepared};
use crate::modes::backtest::Outcome;

/// What a manifest says about itself.
pub const SCHEMA: &str = "hemiola.manifest/1";

/// The manifest of a run.
#[must_use]
pub fn build(job: &Job, prepared: &Prepared, outcome: &Outcome) -> Value {
    let file = |file: &hemiola_adapters::store::SourceFile| json!({ "path": file.path, "rows": file.rows, "sha256": file.sha256 });
    json!({
        "schema": SCHEMA,
        "run_id": prepared.run_id,
        "digest": outcome.digest,
        "binary": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
        "job": job,
        "seed": resolved::SEED,
        "config_sha256": prepared.config_sha256,
        "configuration": resolved::configuration(&prepared.plan),
        "synthetic": prepared.data.is_synthetic(),
        "files": prepared.data.files.iter().map(file).collect::<Vec<_>>(),
    })
}

/// The part of a manifest that a repetition needs.
#[derive(Clone, Debug, Deserialize)]
pub struct Manifest {
    /// Must be [`SCHEMA`].
    pub schema: String,
    /// Identity of the run.
    pub run_id: String,
    /// What it came to.
    pub digest: String,
    /// How it was asked for.
    pub job: Job,
    /// Of the configuration file.
    pub config_sha256: String,
    /// What was read.
    pub files: Vec<File>,
}

/// A file that a run read.
#[derive(Clone, Debug, Deserialize)]
pub struct File {
    /// Where it was.
    pub path: std::path::PathBuf,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// When there is none at `path`, or it is not one of ours.
    pub fn read(path: &std::path::Path) -> Result<Self, Failure> {
        let at = |error: String| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::new(Exit::Operational, at(format!("cannot read: {error}"))))?;
        let manifest: Self = serde_json::from_str(&text).map_err(|error| {
            Failure::new(Exit::Verification, at(format!("is not a manifest of a run: {error}")))
        })?;
        if manifest.schema != SCHEMA {
            let message =
                at(format!("has the schema `{}`, and this version reads `{SCHEMA}`", manifest.schema));
            return Err(Failure::new(Exit::Verification, message));
        }
        Ok(manifest)
    }

    /// What differs between the run of this manifest and its repetition; empty when nothing does.
    #[must_use]
    pub fn differences(&self, prepared: &Prepared, outcome: &Outcome) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |what: &str, before: &str, now: &str| {
            if before != now {
                differences.push(format!("{what} was {before} and is now {now}"));
            }
        };
        compare("the configuration file's SHA-256", &self.config_sha256, &prepared.config_sha256);
        compare("the run id", &self.run_id, &prepared.run_id);
        for file in &self.files {
            let now = prepared.data.files.iter().find(|read| read.path == file.path);
            let now = now.map_or("not read", |now| now.sha256.as_str());
            compare(&format!("{}: SHA-256", file.path.display()), &file.sha256, now);
        }
        for file in &prepared.data.files {
            if !self.files.iter().any(|before| before.path == file.path) {
                compare(&format!("{}: SHA-256", file.path.display()), "not read", &file.sha256);
            }
        }
        compare("the digest", &self.digest, &outcome.digest);
        differences
    }
}
