//! The capabilities file: which engines may be used. Where there is none, all of them.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use hemiola_adapters::store::blake3_hex;
use hemiola_components::strategy::EngineSpec;

use super::field::Field;
use super::problem::{Problem, Problems, listed, quoted};
use super::{Config, ConfigError, read_bytes, read_tree};

/// The capabilities that a file grants. `granted` is the guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The file.
    pub path: PathBuf,
    /// BLAKE3 hash of its bytes, lower-case hex.
    pub blake3: String,
    /// What may be used.
    pub granted: BTreeSet<String>,
    /// Names that no engine has.
    pub warnings: Vec<Problem>,
}

impl Config {
    /// The capabilities that were granted; `None` when no file restricts them.
    ///
    /// # Errors
    /// When the configuration names a file that is not there, or the file cannot be read or used.
    pub fn capabilities(&self, engines: &[EngineSpec]) -> Result<Option<Capabilities>, ConfigError> {
        let license = &self.model.license;
        if !license.is_named && is_absent(&license.capabilities_path) {
            return Ok(None);
        }
        read(&license.capabilities_path, engines).map(Some)
    }
}

/// Whether there is nothing of that name: not even a link that leads nowhere, or what may not be looked at.
fn is_absent(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn read(path: &Path, engines: &[EngineSpec]) -> Result<Capabilities, ConfigError> {
    let bytes = read_bytes("capabilities file", path)?;
    let problems = Problems::new(&path.display().to_string());
    let granted = read_tree(&bytes, &problems)
        .and_then(|root| decode(&Field::root(&problems, &root), engines))
        .unwrap_or_default();
    if problems.has_errors() {
        return Err(ConfigError::Invalid(problems.into_sorted()));
    }
    let blake3 = blake3_hex(&bytes);
    Ok(Capabilities { path: path.to_owned(), blake3, granted, warnings: problems.into_sorted() })
}

fn decode(root: &Field<'_>, engines: &[EngineSpec]) -> Option<BTreeSet<String>> {
    let mut section = root.section()?;
    let mut known: Vec<_> = engines.iter().map(|engine| engine.classification.capability).collect();
    known.sort_unstable();
    known.dedup();
    let mut granted = BTreeSet::new();
    let list = section.optional("capabilities");
    if list.is_none() {
        section.missing("capabilities");
    }
    for item in list.and_then(|list| list.list()).unwrap_or_default() {
        let Some(name) = item.text() else { continue };
        if !known.contains(&name) {
            let known = known.iter().copied();
            let message =
                format!("no engine has the capability {} (known: {})", quoted(name), listed(known.clone()));
            root.problems.unknown_warning(&item.place(), "unknown_capability", message, name, known);
        }
        granted.insert(name.to_owned());
    }
    section.close();
    Some(granted)
}
