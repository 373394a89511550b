//! What is written about the configuration outside the program is what the program says.

use std::fs;
use std::path::{Path, PathBuf};

use hemiola::config;
use hemiola_systems::signals::catalog::Catalog;

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(project().join(path)).unwrap()
}

#[test]
fn the_reference_is_written_from_the_tables() {
    let command = "hemiola config reference > docs/reference/configuration.md";
    assert!(
        read("docs/reference/configuration.md") == config::reference(),
        "write it again with `{command}`"
    );
}

#[test]
fn the_schema_beside_the_shipped_file_is_the_programs() {
    let schema = format!("{:#}\n", config::schema(&Catalog::built_in().specs()));
    let command = "hemiola config schema > config/core.schema.json";
    assert!(read("config/core.schema.json") == schema, "write it again with `{command}`");
    let first = read("config/core.yaml").lines().next().unwrap().to_owned();
    assert_eq!(first, "# yaml-language-server: $schema=core.schema.json");
}

#[test]
fn every_shipped_configuration_and_policy_is_valid_without_a_warning() {
    let configurations =
        ["core.yaml", "real_market.yaml", "arbitrage.yaml", "bench/w1.yaml", "bench/w3.yaml"];
    for name in configurations {
        let path = project().join("config").join(name);
        let config =
            config::load(&path, &Catalog::built_in().specs()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(config.warnings(), [], "{name}");
    }
    let mut names: Vec<PathBuf> =
        fs::read_dir(project().join("config/policies")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert_eq!(names.len(), 11, "a file for each policy");
    for path in names {
        let (policy, warnings) = config::load_policy(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(warnings, []);
        let stem = path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(hemiola_components::capital::PolicyKind::name(&policy.kind), stem);
    }
}
