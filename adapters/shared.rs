//! Material that lies beside the project, for tests that do without it when it is not there.

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// `$variable`, or `default` in the folder beside the project; `None`, said aloud, when there is nothing. With
/// `HEMIOLA_REQUIRE_SHARED` set, nothing is a failure.
pub(crate) fn find(variable: &str, default: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(default);
    let path = env::var_os(variable).map_or_else(beside, PathBuf::from);
    if path.exists() {
        return Some(path);
    }
    let message = format!("{} is not there: set {variable}", path.display());
    assert!(env::var_os("HEMIOLA_REQUIRE_SHARED").is_none(), "{message}");
    // Past the runner's capture: a skip that nobody sees would look like a pass.
    _ = writeln!(io::stderr(), "skipped: {message}");
    None
}
