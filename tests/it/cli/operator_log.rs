//! `hemiola backtest --operator-log`.

use super::project::{CONFIG_FILE, Project};

fn project() -> Project {
    let project = Project::new();
    project.edit(CONFIG_FILE, "{engine: sma_cross,", "{engine: sma_cross, tags: [core],");
    project
}

#[test]
fn a_log_changes_the_run_its_identity_and_its_manifest() {
    let project = project();
    let plain = project.succeeds("backtest --output plain").digest().to_owned();
    project.write(
        "log.jsonl",
        "{\"at\":\"2024-03-03\",\"who\":\"ann\",\"why\":\"storm\",\"command\":\"suspend\",\"tag\":\"core\",\"duration_seconds\":86400}\n",
    );
    let held = project.succeeds("backtest --operator-log log.jsonl --output held").digest().to_owned();
    assert_ne!(held, plain);
    let (plain, manifest) = (project.json("plain/manifest.json"), project.json("held/manifest.json"));
    assert_ne!(plain["run_id"], manifest["run_id"]);
    assert_eq!(manifest["job"]["operator_log"], "log.jsonl");
    let files = manifest["files"].as_array().unwrap();
    assert!(files.iter().any(|file| file["path"] == "log.jsonl" && file["rows"] == 1), "{files:?}");
    assert!(project.text("held/decisions.jsonl").contains("schedule_suspended"));
    project.succeeds("backtest --verify held/manifest.json");
    project.edit("log.jsonl", "storm", "squall");
    let changed = project.run("backtest --verify held/manifest.json");
    assert_eq!(changed.code, Some(8));
    assert!(changed.stderr.contains("log.jsonl: BLAKE3 was "), "{}", changed.stderr);
}

#[test]
fn what_was_done_by_hand_replays() {
    let project = project();
    project.write(
        "policy.yaml",
        "name: blended\ncomponents: {calm: risk_parity, even: {policy: equal_weight, weight: 2}}\n",
    );
    for arguments in [
        "sched suspend hourly --reason storm --duration 5h --at 2024-03-03",
        "sched limit set crossing:open=1 --until 2024-03-06 --at 2024-03-04",
        "sched policy set policy.yaml --skip-rebalance --at 2024-03-05",
        "sched interval 2h --at 2024-03-05",
        "sched limit clear crossing:open --at 2024-03-05T01:00",
        "sched capital rebalance --at 2024-03-05T02:00",
        "sched suspend --tag core --at 2024-03-06",
        // The clock went backwards: the log stays in the order of time.
        "sched resume --tag core --at 2024-03-01",
    ] {
        project.succeeds(arguments);
    }
    let log = project.succeeds("sched log").stdout;
    assert_eq!(log.lines().count(), 8, "{log}");
    project.write("log.jsonl", &log);
    project.succeeds("backtest --operator-log log.jsonl --output out");
    let decisions = project.text("out/decisions.jsonl");
    for event in [
        "suspension_set",
        "suspension_expired",
        "signal_limit_set",
        "signal_limit_cleared",
        "capital_policy_set",
        "allocation_interval_set",
        "capital_rebalanced",
        "suspension_cleared",
    ] {
        assert!(decisions.contains(&format!("\"event\":\"{event}\"")), "no {event}");
    }
}

#[test]
fn a_log_with_anything_wrong_is_refused_whole() {
    let project = project();
    let good = "{\"at\":\"2024-03-03\",\"who\":\"ann\",\"command\":\"rebalance\"}";
    let line = |what: &str| format!("{{\"at\":\"2024-03-03\",\"who\":\"ann\",{what}}}");
    for (bad, says) in [
        ("nonsense".to_owned(), "log.jsonl:2:2: error[syntax]: not a JSON object on one line"),
        ("[1]".to_owned(), "log.jsonl:2:1: error[wrong_type]: expected an object"),
        ("{\"who\":\"ann\",\"command\":\"rebalance\"}".to_owned(), "the key `at` is required"),
        ("{\"at\":\"2024-03-03\",\"command\":\"rebalance\"}".to_owned(), "the key `who` is required"),
        (
            "{\"at\":\"soon\",\"who\":\"ann\",\"command\":\"rebalance\"}".to_owned(),
            "log.jsonl:2:7: error[bad_instant]",
        ),
        (
            "{\"at\":\"2024-03-02\",\"who\":\"ann\",\"command\":\"rebalance\"}".to_owned(),
            "log.jsonl:2:7: error[not_ascending]",
        ),
        (line("\"command\":\"rebalanc\""), "did you mean `rebalance`?"),
        (line("\"command\":\"rebalance\",\"wwhy\":\"x\""), "unknown key `wwhy`; did you mean `why`?"),
        (line("\"command\":\"rebalance\",\"who\":\"bob\""), "error[duplicate_key]"),
        (line("\"command\":\"suspend\",\"schedule\":\"hourl\""), "did you mean `hourly`?"),
        (line("\"command\":\"suspend\",\"tag\":\"cor\""), "did you mean `core`?"),
        (line("\"command\":\"suspend\",\"tag\":\"core\",\"schedule\":\"hourly\""), "must name one of"),
        (line("\"command\":\"suspend\",\"tag\":\"core\",\"duration_seconds\":0"), "error[out_of_range]"),
        (
            line("\"command\":\"suspend\",\"tag\":\"core\",\"duration_seconds\":9,\"until\":\"2024-03-04\""),
            "keep one of them",
        ),
        (
            line("\"command\":\"set_limit\",\"strategy\":\"crossing\",\"risk_profile\":\"opn\",\"limit\":1"),
            "did you mean `open`?",
        ),
        (
            line(
                "\"command\":\"set_limit\",\"strategy\":\"crossing\",\"risk_profile\":\"open\",\"limit\":1.5",
            ),
            "whole number",
        ),
        (line("\"command\":\"set_policy\",\"policy\":{\"name\":\"smothed\"}"), "did you mean `smoothed`?"),
        (line("\"command\":\"set_interval\",\"seconds\":-1"), "error[out_of_range]"),
    ] {
        project.write("log.jsonl", format!("{good}\n{bad}\n"));
        project.refuses("backtest --operator-log log.jsonl", 2, &[says]);
    }
    project.refuses(
        "backtest --operator-log nowhere.jsonl",
        2,
        &["cannot read the operator log nowhere.jsonl"],
    );
}
