//! `hemiola config`: what it says and how it ends.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::project::{CONFIG_FILE, Project};

fn codes(problems: &Value) -> Vec<&str> {
    problems.as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap()).collect()
}

/// The project's configuration with the last line of its scheduler written twice.
fn repeated() -> Project {
    let project = Project::new();
    let again = "      hourly: {strategy: crossing, interval: 1h}\n";
    project.write(CONFIG_FILE, project.text(CONFIG_FILE) + again);
    project
}

#[test]
fn the_shipped_file_is_valid_strictly_and_every_section_without_effect_is_said_once() {
    let shipped = Project::shipped();
    let document = shipped.succeeds("config validate --strict --json").json();
    assert_eq!((&document["valid"], &document["status"]), (&json!(true), &json!("ok")));
    assert_eq!((&document["errors"], &document["warnings"]), (&json!([]), &json!([])));
    let notes = document["notes"].as_array().unwrap();
    let mut sections: Vec<_> = notes.iter().map(|note| note["path"].as_str().unwrap()).collect();
    assert!(["alerts", "reporting", "runtime", "environments"].iter().all(|name| sections.contains(name)));
    sections.sort_unstable();
    let before = sections.len();
    sections.dedup();
    assert_eq!(sections.len(), before);
    for note in notes {
        assert_eq!((&note["code"], &note["severity"]), (&json!("not_used_yet"), &json!("info")));
    }
}

#[test]
fn a_repeated_key_is_a_warning_and_strictly_an_error() {
    let project = repeated();
    let document = project.succeeds("config validate --format json").json();
    assert_eq!(
        (&document["status"], codes(&document["warnings"])),
        (&json!("warning"), vec!["duplicate_key"])
    );
    let strict = project.run("config validate --json --strict");
    assert_eq!(strict.code, Some(2));
    let document = strict.json();
    assert_eq!((&document["valid"], codes(&document["errors"])), (&json!(false), vec!["duplicate_key"]));
    let error = &document["errors"][0];
    assert_eq!((&error["line"], &error["file"]), (&json!(23), &json!(CONFIG_FILE)));
    assert!(error["message"].as_str().unwrap().contains("at line 22"), "{error}");
}

#[test]
fn other_warnings_end_with_their_own_code_when_none_are_allowed() {
    let project = Project::new();
    project.edit(CONFIG_FILE, "interval: 1h}\n", "interval: 1h, max_signals: 0}\n");
    project.succeeds("config validate");
    let strict = project.run("config validate --strict");
    assert_eq!(strict.code, Some(11), "{}", strict.stderr);
    assert!(strict.stdout.contains("warning[raised]"), "{}", strict.stdout);
    assert!(strict.stderr.contains("--strict allows none"), "{}", strict.stderr);
}

#[test]
fn a_problem_is_shown_with_its_line_and_a_mark_under_its_column() {
    let project = Project::new();
    project.edit(CONFIG_FILE, "taker_fee: 0.001", "taker_fee: free");
    let ended = project.run("config validate");
    assert_eq!(ended.code, Some(2));
    let lines: Vec<_> = ended.stdout.lines().collect();
    assert!(
        lines[0].starts_with("config/core.yaml:16:66: error[wrong_type]: environments.desk."),
        "{}",
        lines[0]
    );
    assert_eq!(lines[2].find('^'), lines[1].find("free"));
    assert_eq!(*lines.last().unwrap(), "config/core.yaml is not valid: 1 error, 0 warnings");
    assert_eq!(ended.stderr, "error: config/core.yaml: 1 error, 0 warnings\n");
}

#[test]
fn a_profile_narrows_the_check_to_environments_of_its_kind() {
    let project = Project::new();
    let live = "  live: {exchange: nowhere, environment: live, data_cache_path: ., instrument_universe: pair, risk_profile: open}\n";
    project.edit(CONFIG_FILE, "strategies:\n", &format!("{live}strategies:\n"));
    assert_eq!(project.run("config validate").code, Some(2));
    assert_eq!(project.run("config validate --profile live").code, Some(2));
    project.succeeds("config validate --profile paper");
    let unknown = project.run("config validate --profile papier --json");
    let document = unknown.json();
    assert_eq!((unknown.code, codes(&document["warnings"])), (Some(2), vec!["unknown_profile"]));
    assert_eq!(document["warnings"][0]["suggestion"], "paper");
}

#[test]
fn what_is_shown_resolved_means_the_same() {
    let shipped = Project::shipped();
    let resolved = shipped.succeeds("config show --resolved").stdout;
    shipped.write("config/resolved.yaml", &resolved);
    let tree = |config: &str| {
        shipped.succeeds(&format!("config show --resolved --json --config {config}")).json()["config"].take()
    };
    assert!(tree("config/resolved.yaml") == tree(CONFIG_FILE), "nothing is left to resolve");
    for scheduler in ["core_multi", "satellite"] {
        let digest = |config: &str| {
            let run = format!("backtest --config {config} --scheduler {scheduler} --to 2024-03-01");
            shipped.succeeds(&run).digest().to_owned()
        };
        assert_eq!(digest("config/resolved.yaml"), digest(CONFIG_FILE), "{scheduler}");
    }
    let written = shipped.succeeds("config show --format json").json();
    assert_eq!(written["config"]["environments"]["binance_paper"]["aliases"], json!(["paper"]));
    assert!(written["config"]["risk_profiles"]["balanced"].get("instrument_limit_pct").is_none());
}

#[test]
fn secrets_are_masked_and_their_places_are_not() {
    let project = Project::new();
    project.edit(
        CONFIG_FILE,
        "    environment: paper\n",
        "    environment: demo\n    adapter_factories: {mine: {api_key: hunter2, url: example}}\n",
    );
    let metrics = "runtime: {metrics_service: {auth_token: hunter2, grpc_metadata: {authorization: {value: hunter2}}}, risk_service: {auth_token_env: TOKEN}}\n";
    project.write(CONFIG_FILE, metrics.to_owned() + &project.text(CONFIG_FILE));
    for arguments in
        ["config show", "config show --resolved", "config show --json", "config show --resolved --json"]
    {
        let shown = project.succeeds(arguments);
        assert!(!shown.stdout.contains("hunter2"), "{arguments}: {}", shown.stdout);
        assert!(
            shown.stdout.contains("***") && shown.stdout.contains("TOKEN"),
            "{arguments}: {}",
            shown.stdout
        );
    }
    let warned = project.run("config validate --json").json();
    assert_eq!(codes(&warned["warnings"]), ["secret_in_file"; 3]);
    project.edit(CONFIG_FILE, "    environment: demo\n", "    environment: paper\n");
    let refused = project.run("config validate --json");
    assert_eq!((refused.code, codes(&refused.json()["errors"])), (Some(2), vec!["secret_in_file"; 3]));
}

#[test]
fn profiles_say_who_uses_them() {
    let shipped = Project::shipped();
    let document = shipped.succeeds("config profiles --environment live --json").json();
    assert_eq!(document["environment_profile"], "conservative");
    assert_eq!(document["available_profiles"], json!(["conservative", "balanced", "aggressive"]));
    assert_eq!(document["environments"], json!(["demo", "binance_paper", "binance_live"]));
    let balanced = &document["profiles"][1];
    assert_eq!(balanced["classification"], "balanced");
    assert_eq!(balanced["associated_environments"], json!(["demo", "binance_paper"]));
    assert_eq!(balanced["limits"]["max_position_pct"], 0.3);
    assert_eq!(balanced["data_quality"]["min_ok_ratio"], 0.9);
    assert_eq!(balanced["deployment_pipeline"], json!(["demo", "paper", "live"]));
    let text = shipped.succeeds("config profiles").stdout;
    assert!(text.contains("max_daily_loss_pct") && !text.contains("not enforced"), "{text}");
    shipped.refuses("config profiles --environment binance_liv", 2, &["did you mean `binance_live`?"]);
}

#[test]
fn an_environment_answers_to_its_aliases() {
    let shipped = Project::shipped();
    shipped.succeeds("data seed --quiet --days 10 --environment paper");
    let ended = shipped.succeeds("backtest --environment paper --decisions none --json").json();
    assert_eq!(ended["status"], "warning");
}

#[test]
fn a_policy_of_a_file_is_checked_alone() {
    let project = Project::empty();
    project.write("policy.yaml", "name: smoothed\nalpha: 0.5\nbase: signal_strngth\n");
    let ended = project.run("config validate --policy policy.yaml");
    assert_eq!(ended.code, Some(2));
    assert!(ended.stdout.contains("policy.yaml:3:7: error[unknown_reference]: base: "), "{}", ended.stdout);
    project.write("policy.yaml", "{\"name\": \"smoothed\", \"alpha\": 0.5}");
    project.succeeds("config validate --policy policy.yaml");
    project.write("policy.yaml", "name: fixed_weight\nweights:\n  a: 0\n  b: much\n");
    let ended = project.run("config validate --policy policy.yaml");
    assert_eq!(ended.code, Some(2));
    assert!(ended.stdout.contains("policy.yaml:3:3: error[no_weight]: weights: "), "{}", ended.stdout);
}

#[test]
fn a_weight_that_is_no_number_is_a_warning_and_strictly_an_error() {
    let project = Project::new();
    project.edit(
        CONFIG_FILE,
        "  main:\n",
        "  main:\n    capital_policy: {name: fixed_weight, weights: {hourly: 1, crossing: much}}\n",
    );
    let place = "config/core.yaml:21:73";
    let ended = project.succeeds("config validate");
    assert!(ended.stdout.contains(&format!("{place}: warning[skipped_weight]: ")), "{}", ended.stdout);
    let strict = project.run("config validate --strict");
    assert_eq!(strict.code, Some(2));
    assert!(strict.stdout.contains(&format!("{place}: error[skipped_weight]: ")), "{}", strict.stdout);
}

/// What a run leaves undone is said at every run.
#[test]
fn limits_without_effect_are_said_at_every_run() {
    let project = Project::new();
    project.edit(
        CONFIG_FILE,
        "preset: manual",
        "preset: manual, data_quality: {min_ok_ratio: 0.5, max_gap_minutes: 60}",
    );
    let ended = project.succeeds("backtest --output out");
    assert!(ended.stderr.contains("without effect in this version: data_quality"), "{}", ended.stderr);
}

/// Each mistake of docs/configuration.md with what the program says to it.
#[test]
fn the_mistakes_of_the_guide_are_answered_as_it_says() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let guide = fs::read_to_string(guide).unwrap();
    let block = |text: &str, language: &str| {
        let (_, rest) = text.split_once(&format!("```{language}\n")).unwrap();
        rest.split("```").next().unwrap().to_owned()
    };
    let mistakes: Vec<_> = guide.split("\n### ").skip(1).collect();
    assert_eq!(mistakes.len(), 5);
    for mistake in mistakes {
        let edit = block(mistake, "diff");
        let line = |sign: char| -> String {
            edit.lines().filter_map(|line| line.strip_prefix(sign)).flat_map(|line| [line, "\n"]).collect()
        };
        let shipped = Project::shipped();
        shipped.edit(CONFIG_FILE, &line('-'), &line('+'));
        let strict = if mistake.contains("--strict") { " --strict" } else { "" };
        let ended = shipped.run(&format!("config validate{strict}"));
        assert_eq!(ended.code, Some(2), "{mistake}");
        let said: String = ended
            .stdout
            .lines()
            .filter(|line| !line.contains("info[") && !line.contains(" is not valid: "))
            .flat_map(|line| [line.trim_end(), "\n"])
            .collect();
        assert_eq!(block(mistake, "text").trim_end(), said.trim_end(), "{mistake}");
    }
}
