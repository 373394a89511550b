//! `license`.

use std::path::{Path, PathBuf};

use crate::config::view::View;

/// Where it says which engines may be used.
#[derive(Clone, Debug)]
pub(crate) struct License {
    pub(crate) capabilities_path: PathBuf,
    /// Whether the configuration names it; a file that it does not name need not be there.
    pub(crate) is_named: bool,
}

impl License {
    pub(super) fn decode(field: Option<View<'_>>, folder: &Path) -> Self {
        const DEFAULT: &str = "capabilities.yaml";
        let name = field.and_then(|field| field.text("capabilities_path").map(ToOwned::to_owned));
        let is_named = name.is_some();
        Self { capabilities_path: folder.join(name.as_deref().unwrap_or(DEFAULT)), is_named }
    }
}
