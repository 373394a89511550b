//! `license`.

use std::path::{Path, PathBuf};

use crate::config::decode::Field;

/// Where it says which engines may be used.
#[derive(Clone, Debug)]
pub(crate) struct License {
    pub(crate) capabilities_path: PathBuf,
    /// Whether the configuration names it; a file that it does not name need not be there.
    pub(crate) is_named: bool,
}

impl License {
    pub(super) fn decode(field: Option<&Field<'_>>, folder: &Path) -> Self {
        const DEFAULT: &str = "capabilities.yaml";
        let mut name = None;
        if let Some(mut section) = field.and_then(Field::section) {
            name = section.optional("capabilities_path").and_then(|f| f.text());
            section.close();
        }
        Self { capabilities_path: folder.join(name.unwrap_or(DEFAULT)), is_named: name.is_some() }
    }
}
