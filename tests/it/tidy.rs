//! Rules of the code base that no compiler checks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file of the project, as paths from its root: what git tracks or would track.
fn files() -> Vec<String> {
    let listing = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output();
    let listing = listing.expect("the tests of a checkout run where git is");
    assert!(listing.status.success(), "git ls-files failed: not a checkout?");
    let names = String::from_utf8(listing.stdout).expect("file names are UTF-8");
    names.lines().filter(|name| root().join(name).is_file()).map(str::to_owned).collect()
}

fn rust_files() -> Vec<String> {
    files()
        .into_iter()
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// The names in a manifest's `[dependencies]`.
fn dependencies(manifest: &str) -> Vec<String> {
    let text = read(manifest);
    let section = text.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    lines
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn crates_import_only_what_the_layout_allows() {
    let allowed = |manifest: &str, crates: &[&str]| {
        for name in dependencies(manifest) {
            assert!(crates.contains(&name.as_str()), "{manifest} may not depend on {name}");
        }
    };
    allowed("components/Cargo.toml", &["bevy_ecs", "serde", "thiserror"]);
    allowed(
        "systems/Cargo.toml",
        &["bevy_ecs", "hemiola-components", "libm", "postcard", "rand_chacha", "serde", "sha2", "thiserror"],
    );
    let adapters = dependencies("adapters/Cargo.toml");
    for never in ["bevy_ecs", "hemiola-systems", "hemiola"] {
        assert!(!adapters.iter().any(|name| name == never), "an adapter never sees {never}");
    }
    assert!(adapters.contains(&"parquet".to_owned()), "the manifest was read");
}

#[test]
fn the_top_level_is_the_layout_and_nothing_else() {
    let known = [
        ".ci",
        ".gitignore",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "adapters",
        "benches",
        "clippy.toml",
        "components",
        "config",
        "core",
        "data",
        "docs",
        "rust-toolchain.toml",
        ".rustfmt.toml",
        "systems",
        "tests",
    ];
    for name in files() {
        let top = name.split('/').next().unwrap_or(&name);
        assert!(known.contains(&top), "{name} has no place at the top level");
    }
}

#[test]
fn files_are_short() {
    for name in rust_files() {
        let lines = read(&name).lines().count();
        assert!(lines <= 800, "{name} has {lines} lines: split it");
    }
}

#[test]
fn every_module_says_what_it_is() {
    for name in rust_files() {
        assert!(read(&name).starts_with("//!"), "{name} does not begin with a sentence on what it is");
    }
}

#[test]
fn nothing_is_promised_for_later() {
    let marks =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")];
    for name in rust_files() {
        let text = read(&name);
        for mark in marks {
            assert!(!text.contains(mark), "{name} contains {mark}");
        }
    }
}

#[test]
fn wall_time_is_read_in_one_place() {
    for name in rust_files().iter().filter(|name| !name.ends_with("core/clock.rs")) {
        let text = read(name);
        // The timer of the edge's runtime tells how long something takes, not when it is.
        let is_timer = |call: &str| call.starts_with("Instant") && text.contains("tokio::time::{Instant");
        for call in [concat!("Instant", "::now"), concat!("SystemTime", "::now"), concat!("Utc", "::now")] {
            assert!(!text.contains(call) || is_timer(call), "{name} reads the clock");
        }
    }
}

#[test]
fn the_changelog_has_this_version() {
    assert!(read("CHANGELOG.md").contains(&format!("## {}", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn every_dependency_is_explained() {
    let page = read("docs/dependencies.md");
    for manifest in ["Cargo.toml", "components/Cargo.toml", "systems/Cargo.toml", "adapters/Cargo.toml"] {
        for name in dependencies(manifest).iter().filter(|name| !name.starts_with("hemiola-")) {
            assert!(page.contains(&format!("| {name} |")), "docs/dependencies.md has no line for {name}");
        }
    }
}

#[test]
fn tracked_files_are_small() {
    for name in files() {
        let bytes = fs::metadata(root().join(&name)).unwrap().len();
        assert!(bytes <= 1 << 20, "{name} has {bytes} bytes");
    }
}
