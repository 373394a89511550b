//! The manifest: what a run depends on and what it came to, enough to run it again and compare.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::{fs, iter};

use hemiola_adapters::store::SourceFile;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{compare, resolved};
use crate::exit::{Exit, Failure};
use crate::job::{Job, Prepared};
use crate::market_data::{blake3_of, sha256_of};
use crate::modes::backtest::Outcome;

/// What a manifest says about itself.
pub const SCHEMA: &str = "hemiola.manifest/2";

/// The manifest of a run.
#[must_use]
pub fn build(job: &Job, prepared: &Prepared, outcome: &Outcome) -> Value {
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
        "files": files(prepared),
    })
}

/// What a run read, with hashes.
pub(crate) fn files(prepared: &Prepared) -> Value {
    let file = |file: &SourceFile| json!({ "path": file.path, "rows": file.rows, "blake3": file.blake3 });
    prepared.data.files.iter().map(file).collect()
}

/// The part of a manifest that a repetition needs.
#[derive(Clone, Debug, Deserialize)]
pub struct Manifest {
    /// Identity of the run.
    pub run_id: String,
    /// What it came to.
    pub digest: String,
    /// How it was asked for.
    pub job: Job,
    /// Of the configuration file.
    pub config_sha256: String,
    /// What was run, as [`resolved::configuration`] has it.
    pub configuration: Value,
    /// What was read.
    pub files: Vec<File>,
}

/// A file that a run read.
#[derive(Clone, Debug, Deserialize)]
pub struct File {
    /// Where it was.
    pub path: PathBuf,
    /// BLAKE3 hash of its bytes, lower-case hex.
    pub blake3: String,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// When there is none at `path`, or it is not one of ours.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let failure = |exit, message: String| Failure::new(exit, format!("{}: {message}", path.display()));
        let foreign =
            |why: &dyn Display| failure(Exit::Verification, format!("is not a manifest of a run: {why}"));
        let bytes =
            fs::read(path).map_err(|error| failure(Exit::Operational, format!("cannot read: {error}")))?;
        let document: Value = serde_json::from_slice(&bytes).map_err(|error| foreign(&error))?;
        match document.get("schema").and_then(Value::as_str) {
            Some(SCHEMA) => serde_json::from_value(document).map_err(|error| foreign(&error)),
            Some(compare::SCHEMA) => {
                let message =
                    "is that of a comparison: verify the manifest in the folder of one of its policies";
                Err(failure(Exit::Verification, message.to_owned()))
            }
            Some(schema) => {
                let message = format!(
                    "has the schema `{schema}`, and this version reads `{SCHEMA}`: verify it with the version that \
                     wrote it, or run it again"
                );
                Err(failure(Exit::Verification, message))
            }
            None => Err(foreign(&"it has no `schema`")),
        }
    }

    /// Every file the run depends on; the configuration first.
    pub fn inputs(&self) -> impl Iterator<Item = &Path> {
        iter::once(self.job.config.as_path()).chain(self.files.iter().map(|file| file.path.as_path()))
    }

    /// The inputs whose bytes are not what they were, without running anything.
    #[must_use]
    pub fn changed_inputs(&self) -> Vec<String> {
        let change = |hash, path: &Path, before: &str, now: Result<String, Failure>| match now {
            Ok(now) => (now != before).then(|| hash_changed(hash, path, before, &now)),
            Err(failure) => Some(failure.message),
        };
        let config = self.job.config.as_path();
        let config = change(SHA_256, config, &self.config_sha256, sha256_of(config));
        let files = self
            .files
            .iter()
            .filter_map(|file| change(BLAKE3, &file.path, &file.blake3, blake3_of(&file.path)));
        config.into_iter().chain(files).collect()
    }

    /// What differs between the run of this manifest and its repetition; empty when nothing does.
    #[must_use]
    pub fn differences(&self, prepared: &Prepared, outcome: &Outcome) -> Vec<String> {
        let mut differences = Vec::new();
        if self.config_sha256 != prepared.config_sha256 {
            let path = &self.job.config;
            differences.push(hash_changed(SHA_256, path, &self.config_sha256, &prepared.config_sha256));
        }
        let now = resolved::configuration(&prepared.plan);
        compare("configuration", &read_back(&self.configuration), &read_back(&now), &mut differences);
        for file in &self.files {
            let now = prepared.data.files.iter().find(|read| read.path == file.path);
            let now = now.map_or("not read", |now| now.blake3.as_str());
            if file.blake3 != now {
                differences.push(hash_changed(BLAKE3, &file.path, &file.blake3, now));
            }
        }
        for file in &prepared.data.files {
            if !self.files.iter().any(|before| before.path == file.path) {
                differences.push(hash_changed(BLAKE3, &file.path, "not read", &file.blake3));
            }
        }
        compare("the run id", &json!(self.run_id), &json!(prepared.run_id), &mut differences);
        compare("the digest", &json!(self.digest), &json!(outcome.digest), &mut differences);
        differences
    }
}

const SHA_256: &str = "SHA-256";
const BLAKE3: &str = "BLAKE3";

fn hash_changed(hash: &str, path: &Path, before: &str, now: &str) -> String {
    format!("{}: {hash} was {before} and is now {now}", path.display())
}

/// The value as a file has it: a float read from text may differ from the one that was written in its last bit.
fn read_back(value: &Value) -> Value {
    serde_json::from_str(&value.to_string()).expect("what was written as JSON is JSON")
}

/// Adds a line for each value below `name` that is another one now.
fn compare(name: &str, before: &Value, now: &Value, differences: &mut Vec<String>) {
    match (before, now) {
        (Value::Object(old), Value::Object(new)) => {
            for key in old.keys().chain(new.keys().filter(|key| !old.contains_key(*key))) {
                compare(&format!("{name}.{key}"), &before[key], &now[key], differences);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(&format!("{name}.{index}"), old, new, differences);
            }
        }
        _ if before == now => {}
        _ => {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            differences.push(format!("{name} was {} and is now {}", text(before), text(now)));
        }
    }
}
