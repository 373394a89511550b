//! Where the value of an option comes from, in a run of the program.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::project::{Ended, Project};

fn explained(project: &Project, arguments: &str, variables: &[(&str, &str)]) -> Ended {
    let mut command = project.command(arguments);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn document(project: &Project, arguments: &str, variables: &[(&str, &str)]) -> Value {
    let ended = explained(project, &format!("{arguments} --explain-sources --json"), variables);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.json()
}

#[test]
fn each_variable_is_set_then_cleared_then_beaten() {
    let project = Project::new();
    let all = project.succeeds("config sources --json").json();
    let commands = all["commands"].as_array().unwrap();
    let backtest = commands.iter().find(|one| one["command"] == "backtest").unwrap();
    for option in ["environment", "scheduler", "data", "from", "to", "output"] {
        let variable = backtest["variables"][option].as_str().unwrap();
        let value = match option {
            "environment" => "desk",
            "scheduler" => "main",
            "from" | "to" => "2024-01-02",
            _ => "elsewhere",
        };
        let set = document(&project, "backtest", &[(variable, value)]);
        assert_eq!(
            (&set["parameter_sources"][option], &set["values"][option]),
            (&json!("env"), &json!(value))
        );
        let cleared = document(&project, "backtest", &[(variable, "NONE")]);
        assert_eq!(cleared["parameter_sources"][option], "env_disabled", "{option}");
        let beaten = document(&project, &format!("backtest --{option} {value}"), &[(variable, "other")]);
        assert_eq!(beaten["parameter_sources"][option], "cli", "{option}");
        let entry = &beaten["environment_overrides"]["entries"][0];
        assert_eq!((&entry["reason"], &entry["applied"]), (&json!("cli_override"), &json!(false)));
        assert_eq!(entry["raw_value"], "other");
    }
}

#[test]
fn a_variable_does_what_its_option_does() {
    let project = Project::new();
    let plain = project.succeeds("backtest --from 2024-01-03 --output by_option");
    let variables = [("HEMIOLA_BACKTEST_FROM", "2024-01-03"), ("HEMIOLA_BACKTEST_OUTPUT", "by_variable")];
    let ended = explained(&project, "backtest", &variables);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.digest(), plain.digest());
    assert!(project.path("by_variable/manifest.json").exists());
    let beaten = explained(&project, "backtest --output third", &variables);
    assert!(beaten.stderr.contains("note: HEMIOLA_BACKTEST_OUTPUT is set and not used"), "{}", beaten.stderr);
    let wrong = explained(&project, "data seed", &[("HEMIOLA_DATA_SEED_DAYS", "many")]);
    assert_eq!(wrong.code, Some(2));
    assert!(
        wrong.stderr.starts_with("error: HEMIOLA_DATA_SEED_DAYS: many is no value of --days"),
        "{}",
        wrong.stderr
    );
    let near = explained(&project, "config validate", &[("HEMIOLA_CONFIG_VALIDATE_STRCT", "1")]);
    assert!(near.stderr.contains("did you mean HEMIOLA_CONFIG_VALIDATE_STRICT?"), "{}", near.stderr);
}

#[test]
fn the_file_answers_what_nobody_else_says() {
    let project = Project::new();
    let found = document(&project, "backtest", &[]);
    assert_eq!(found["parameter_sources"]["data"], "core_config");
    assert_eq!(found["values"]["data"], "config/../data/ohlcv");
    assert_eq!(
        (&found["values"]["environment"], &found["values"]["scheduler"]),
        (&json!("desk"), &json!("main"))
    );
    let seed = explained(&project, "data seed --explain-sources", &[]).stdout;
    let row = |option: &str| seed.lines().find(|line| line.contains(option)).unwrap().to_owned();
    assert!(
        row("--output").contains("config/../data/ohlcv") && row("--output").contains("configuration"),
        "{seed}"
    );
    assert!(row("--days").contains("730") && row("--days").contains("default"), "{seed}");
    let before = project.snapshot("");
    explained(&project, "data seed --explain-sources", &[]);
    assert!(project.snapshot("") == before, "nothing is done");
}

#[test]
fn the_guide_shows_a_real_explanation() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let guide = fs::read_to_string(guide).unwrap();
    let (_, rest) = guide.split_once("--explain-sources\n").unwrap();
    let shown = rest.split("```").next().unwrap();
    let variables = [("HEMIOLA_BACKTEST_FROM", "2024-03-01"), ("HEMIOLA_BACKTEST_SCHEDULER", "satellite")];
    let ended =
        explained(&Project::shipped(), "backtest --scheduler core_multi --explain-sources", &variables);
    assert_eq!(ended.stdout, shown);
}
