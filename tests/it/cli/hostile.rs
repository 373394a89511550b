//! Files that nobody would write, and files that only look like a configuration.

use std::fmt::Write as _;
use std::fs::File;

use super::project::{CONFIG_FILE, Ended, Project};

/// Validates with 2 GB of memory at most.
fn validate(project: &Project) -> Ended {
    let program = env!("CARGO_BIN_EXE_hemiola");
    let mut command = std::process::Command::new("sh");
    command.current_dir(project.path("")).arg("-c");
    let limited = format!("ulimit -v 2000000; exec {program} config validate --config {CONFIG_FILE}");
    let output = command.arg(limited).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn refused(name: &str, bytes: impl AsRef<[u8]>) {
    let project = Project::empty();
    project.write(CONFIG_FILE, bytes);
    refused_as_it_is(name, &project);
}

fn refused_as_it_is(name: &str, project: &Project) {
    let ended = validate(project);
    assert_eq!(ended.code, Some(2), "{name}: {}{}", ended.stdout, ended.stderr);
    let place = ended.stdout.lines().next().unwrap_or_default();
    let mut parts = place.strip_prefix("config/core.yaml:").unwrap_or_default().split(':');
    let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok()).unwrap_or_default();
    assert!(number() > 0 && number() > 0, "{name} has no place: {place}");
    assert!(place.contains(": error[") || place.contains(": warning["), "{name}: {place}");
    assert!(ended.stdout.len() < 1 << 20, "{name}: {} bytes of answer", ended.stdout.len());
}

#[test]
fn what_is_no_configuration_is_refused_with_a_place() {
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("a: 1\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let core = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/config/core.yaml")).unwrap();
    let mut damaged = core.clone();
    damaged[2000] = 0xff;
    let tabs = String::from_utf8(core.clone()).unwrap().replace("\n  ", "\n\t");
    let binary: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    refused("empty", "");
    refused("comments", "# nothing\n# at all\n");
    refused("binary", binary);
    refused("invalid UTF-8", damaged);
    refused("UTF-16", utf16);
    refused("tabs", tabs);
    refused("zeros", vec![0; 4096]);
    refused("NUL in a text", b"risk_profiles: \"a\0b\"\n");
    refused("tags", "risk_profiles: !!python/object:os.system {}\n");
    refused("two documents", "a: 1\n---\nb: 2\n");
    refused("an open quote", "risk_profiles: \"open\n");
    refused("an unknown anchor", "risk_profiles: *nobody\n");
    refused("an anchor in itself", "risk_profiles: &a {b: *a}\n");
    refused("a merged number", "risk_profiles: {<<: 5}\n");
    refused("a key that is a map", "? {a: 1}\n: b\n");
}

#[test]
fn size_and_depth_are_bounded() {
    refused("deep lists", "[".repeat(10_000));
    refused("deep maps", "{a: ".repeat(10_000));
    let mut block = String::new();
    for level in 0..10_000 {
        writeln!(block, "{}a:", " ".repeat(level)).unwrap();
    }
    refused("deep blocks", &block[..block.len().min(15 << 20)]);
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let inner = format!("*a{}, ", level - 1).repeat(10);
        writeln!(bomb, "a{level}: &a{level} [{inner}]").unwrap();
    }
    refused("an alias bomb", bomb);
    let mut keys = String::new();
    for key in 0..100_000 {
        writeln!(keys, "key_{key}: {key}").unwrap();
    }
    refused("many keys", keys);
    refused("a long line", format!("risk_profiles: {}\n", "x".repeat(5 << 20)));
    refused("a long list", format!("risk_profiles: [{}]\n", "1, ".repeat(1 << 20)));
    let huge = Project::empty();
    huge.write(CONFIG_FILE, "");
    File::options().write(true).open(huge.path(CONFIG_FILE)).unwrap().set_len(1 << 30).unwrap();
    refused_as_it_is("a gigabyte", &huge);
    let folder = Project::empty();
    folder.write("config/core.yaml/core.yaml", "");
    refused_as_it_is("a folder", &folder);
}

#[test]
fn a_wrong_type_of_a_section_is_refused_at_its_place() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/core.yaml")).unwrap();
    let sections: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_suffix(':'))
        .filter(|name| !name.starts_with([' ', '#']))
        .collect();
    assert!(sections.len() >= 15, "{sections:?}");
    for section in sections {
        for value in ["5", "text", "[1, 2]", "true"] {
            refused(section, format!("{section}: {value}\n"));
        }
    }
}
