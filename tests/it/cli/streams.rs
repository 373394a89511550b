//! Stdout and stderr.

use std::fs::File;
use std::process::Stdio;

use super::project::Project;

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let project = Project::new();
    for arguments in ["backtest --output out", "backtest --output out --format json", "--help", "--version"] {
        let mut command = project.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments}");
        assert_eq!(output.status.code(), Some(0), "{arguments}");
    }
    assert!(project.path("out/manifest.json").exists());
}

#[test]
fn stderr_that_nobody_reads_changes_nothing() {
    let project = Project::new();
    for (arguments, code) in [("backtest --output out", 0), ("backtest --data nowhere", 1)] {
        let mut command = project.command(arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stderr.take());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{arguments}");
    }
}

#[test]
fn stdout_that_cannot_be_written_is_a_failure() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        println!("skipped: there is no /dev/full here");
        return;
    };
    let project = Project::new();
    let output = project.command("backtest --output out").stdout(full).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("error: cannot write to stdout: "), "{stderr}");
}

#[test]
fn failures_are_documents_too() {
    let project = Project::new();
    let ended = project.run("backtest --data nowhere --format json");
    assert_eq!(ended.code, Some(1));
    let document = ended.json();
    assert_eq!(document["schema"], "hemiola.backtest/1");
    assert_eq!((&document["status"], &document["exit_code"]), (&"error".into(), &1.into()));
    let message = document["message"].as_str().unwrap();
    assert!(message.starts_with("there is no candle store at `nowhere`"), "{message}");
    assert_eq!(ended.stderr, format!("error: {message}\n"));
}

#[test]
fn every_command_has_help() {
    let project = Project::empty();
    for (command, says) in [
        ("", "backtest"),
        ("backtest", "--verify"),
        ("config", "engines"),
        ("config engines", "--format"),
        ("data", "seed"),
        ("data seed", "--days"),
    ] {
        let ended = project.succeeds(&format!("{command} --help"));
        assert!(ended.stdout.contains(says), "{}", ended.stdout);
        assert_eq!(ended.stderr, "");
    }
    assert_eq!(project.succeeds("--version").stdout, format!("hemiola {}\n", env!("CARGO_PKG_VERSION")));
    for arguments in ["", "fly", "data"] {
        let ended = project.run(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments}");
        assert!(ended.stderr.contains("Usage: "), "{}", ended.stderr);
    }
}
