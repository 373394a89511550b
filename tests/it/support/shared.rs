//! Material that lies beside the project, found through environment variables. Tests do without it when it is
//! not there, and say so; with `HEMIOLA_REQUIRE_SHARED` set they fail instead.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

/// `$variable`, or `default` beside the project; `None`, said aloud, when there is nothing.
fn find(variable: &str, default: PathBuf, needed: &str) -> Option<PathBuf> {
    let path = env::var_os(variable).map_or(default, PathBuf::from);
    if path.join(needed).exists() {
        return Some(path);
    }
    let message = format!("{} is not there: set {variable}", path.join(needed).display());
    assert!(env::var_os("HEMIOLA_REQUIRE_SHARED").is_none(), "{message}");
    // Past the runner's capture: a skip that nobody sees would look like a pass.
    _ = writeln!(io::stderr(), "skipped: {message}");
    None
}

fn beside(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join("shared").join(path)
}

/// Real candles.
pub(crate) fn market_data() -> Option<PathBuf> {
    find("HEMIOLA_MARKET_DATA", beside("data/market"), "README.md")
}

/// The folder with `expected.json`.
pub(crate) fn workloads() -> Option<PathBuf> {
    find("HEMIOLA_BENCH", beside("bench"), "expected.json")
}

/// A generated workload, such as `w1.parquet`.
pub(crate) fn workload(file: &str) -> Option<PathBuf> {
    let default = env::var_os("HEMIOLA_BENCH").map_or_else(|| beside("bench"), PathBuf::from).join("data");
    Some(find("PEERS_DATA", default, file)?.join(file))
}

/// The folder of conformance cases.
pub(crate) fn vectors(file: &str) -> Option<PathBuf> {
    Some(find("HEMIOLA_VECTORS", beside("vectors"), file)?.join(file))
}

/// A seed document by the number it begins with.
pub(crate) fn seed(number: &str) -> Option<String> {
    let folder = find("HEMIOLA_SEEDS", beside("seeds"), "")?;
    let begins = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(number))
    };
    let mut paths = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let path = paths.find(begins).unwrap_or_else(|| panic!("{} has no document {number}", folder.display()));
    Some(fs::read_to_string(path).unwrap())
}

/// A document of the specification.
pub(crate) fn specification(file: &str) -> Option<String> {
    Some(fs::read_to_string(find("HEMIOLA_SPEC", beside("spec"), file)?.join(file)).unwrap())
}
