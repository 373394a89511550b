//! The file that says which engines may be used.

use std::fs;

use super::*;
use crate::config::capabilities::Capabilities;

/// A folder with [`BASE`] in it, and what its configuration makes of the capabilities there.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(text: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("core.yaml"), text).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), bytes).unwrap();
    }

    fn capabilities(&self) -> Result<Option<Capabilities>, ConfigError> {
        let config = load(&self.0.path().join("core.yaml"), &engines()).unwrap();
        config.capabilities(&engines())
    }
}

const NAMED: &str = "license: {capabilities_path: granted.json}\n";

#[test]
fn names_of_a_file_are_granted() {
    let folder = Folder::new(BASE);
    assert_eq!(folder.capabilities().unwrap(), None, "no file restricts nothing");
    for text in [
        "# Ours.\ncapabilities: [trend_follower, custom]\n",
        "capabilities:\n- custom\n- trend_follower\n- custom\n",
        "{\n\t\"capabilities\": [\n\t\t\"trend_follower\",\n\t\t\"custom\"\n\t]\n}\n",
    ] {
        folder.write("capabilities.yaml", text);
        let found = folder.capabilities().unwrap().unwrap();
        assert!(found.granted.iter().eq(["custom", "trend_follower"]), "{text}");
        assert_eq!((found.warnings.len(), found.blake3.len()), (0, 64));
        assert_eq!(found.path, folder.0.path().join("capabilities.yaml"));
    }
    folder.write("capabilities.yaml", "capabilities: []");
    assert!(folder.capabilities().unwrap().unwrap().granted.is_empty(), "nothing is granted");
}

#[test]
fn the_configuration_may_name_the_file_and_then_it_must_be_there() {
    let folder = Folder::new(NAMED.to_owned() + BASE);
    folder.write("capabilities.yaml", "capabilities: [");
    let absent = folder.capabilities().unwrap_err();
    assert!(matches!(&absent, ConfigError::Unreadable { path, .. } if path.ends_with("granted.json")));
    assert!(absent.to_string().starts_with("cannot read the capabilities file "), "{absent}");
    folder.write("granted.json", r#"{"capabilities": ["custom"]}"#);
    assert!(folder.capabilities().unwrap().unwrap().granted.iter().eq(["custom"]));
}

#[test]
fn a_file_that_cannot_be_read_never_allows() {
    let folder = Folder::new(BASE);
    fs::create_dir(folder.0.path().join("capabilities.yaml")).unwrap();
    let Err(ConfigError::Invalid(found)) = folder.capabilities() else { panic!("a folder is no file") };
    assert_eq!(found[0].code, "not_a_file");

    #[cfg(unix)]
    {
        let folder = Folder::new(BASE);
        std::os::unix::fs::symlink("nowhere", folder.0.path().join("capabilities.yaml")).unwrap();
        assert!(matches!(folder.capabilities(), Err(ConfigError::Unreadable { .. })));
    }
}

#[test]
fn a_broken_file_is_told_what_is_wrong_with_it() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "1:1 missing_key capabilities\n"),
        (b"{}", "1:1 missing_key capabilities\n"),
        (b"- custom\n", "1:1 wrong_type\n"),
        (b"capabilities: [custom\n", "1:15 syntax\n"),
        (b"capabilities: [\xff]\n", "1:16 syntax\n"),
        (b"capabilities:\n", "1:1 wrong_type capabilities\n"),
        (b"capabilities: custom\n", "1:15 wrong_type capabilities\n"),
        (b"capabilities: {custom: true}\n", "1:15 wrong_type capabilities\n"),
        (b"capabilities: [custom, 5, '']\n", "1:24 wrong_type capabilities[1]\n1:27 empty capabilities[2]\n"),
        (b"capabilities: [custom]\ncapability: []\n", "2:1 unknown_key capability\n"),
    ];
    for (text, expected) in cases {
        let folder = Folder::new(BASE);
        folder.write("capabilities.yaml", text);
        let Err(ConfigError::Invalid(found)) = folder.capabilities() else {
            panic!("{expected} is no error")
        };
        assert_eq!(summary(&found), *expected);
        assert!(found[0].file.ends_with("capabilities.yaml"));
    }
}

#[test]
fn a_capability_that_no_engine_has_is_a_warning_with_the_nearest() {
    let folder = Folder::new(BASE);
    folder.write("capabilities.yaml", "capabilities: [trend_folower]\n");
    let found = folder.capabilities().unwrap().unwrap();
    assert_eq!(summary(&found.warnings), "1:16 warning unknown_capability capabilities[0]\n");
    assert_eq!(found.warnings[0].suggestion.as_deref(), Some("trend_follower"));
    assert!(found.granted.iter().eq(["trend_folower"]), "and it is not read as the nearest");
}
