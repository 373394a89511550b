//! A sweep as it was asked for, and the file that says so.

use std::fmt::Display;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::space::{Space, Wanted};
use crate::exit::{Exit, Failure};
use crate::job::{Job, Prepared};
use crate::results::manifest::files;
use crate::results::resolved;

/// What the manifest of a sweep says about itself.
pub const SCHEMA: &str = "hemiola.sweep/1";

/// The manifest's name in the folder of a sweep.
pub const MANIFEST: &str = "manifest.json";

/// What decides what a sweep comes to, apart from its data and this program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// The run that is varied.
    pub job: Job,
    /// How.
    #[serde(flatten)]
    pub wanted: Wanted,
    /// The statistic that the best variant has most of.
    pub rank: String,
    /// Windows of selection and of proof, see [`Walk::read`](super::walk::Walk::read).
    pub walk_forward: Option<String>,
    /// Whether what the selection is worth is worked out.
    pub selection_statistics: bool,
}

/// The manifest of a sweep that has not ended.
#[must_use]
pub fn manifest(spec: &Spec, prepared: &Prepared, space: &Space) -> Value {
    let mut manifest = json!({
        "schema": SCHEMA,
        "binary": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
        "sweep": spec,
        "variants": space.len(),
        "seed": resolved::SEED,
        "config_sha256": prepared.config_sha256,
        "configuration": resolved::configuration(&prepared.plan),
        "synthetic": prepared.data.is_synthetic(),
        "files": files(prepared),
    });
    let id = HEXLOWER.encode(&Sha256::digest(manifest.to_string()));
    manifest["sweep_id"] = json!(id);
    manifest["result"] = Value::Null;
    manifest
}

/// What is known of a sweep from its folder.
#[derive(Clone, Debug, Deserialize)]
pub struct Known {
    /// What it is.
    pub sweep: Spec,
    /// SHA-256 of everything it depends on: the same for the same sweep over the same data.
    pub sweep_id: String,
    /// What it came to, once it has ended.
    pub result: Value,
}

impl Known {
    /// Reads the manifest in a sweep's folder; `None` when there is no such file.
    ///
    /// # Errors
    /// When it cannot be read, or is not one of a sweep.
    pub fn read(folder: &Path) -> Result<Option<Self>, Failure> {
        let path = folder.join(MANIFEST);
        let failure = |exit, message: String| Failure::new(exit, format!("{}: {message}", path.display()));
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failure(Exit::Operational, format!("cannot read: {error}"))),
        };
        let foreign =
            |why: &dyn Display| failure(Exit::Usage, format!("is not the manifest of a sweep: {why}"));
        let document: Value = serde_json::from_slice(&bytes).map_err(|error| foreign(&error))?;
        match document.get("schema").and_then(Value::as_str) {
            Some(SCHEMA) => serde_json::from_value(document).map(Some).map_err(|error| foreign(&error)),
            Some(other) => {
                Err(foreign(&format!("its schema is `{other}`, and this version reads `{SCHEMA}`")))
            }
            None => Err(foreign(&"it has no `schema`")),
        }
    }
}
