//! `hemiola report` over a session that was run, and the runtime log that it left.

use std::fs;

use serde_json::Value;

use super::project::{CONFIG_FILE, Ended, Project};
use super::tables::Table;

const SESSION: &str = "var/state/demo/paper/core_multi";

const CYCLES: &str = "report cycles --environment demo";
const EVALUATIONS: &str = "report evaluations --environment demo";

/// The demo candles of a month, as fast as it goes.
fn session(project: &Project, arguments: &str) -> Ended {
    project.succeeds(&format!("run --environment demo --from 2024-06-01 --to 2024-07-01 {arguments}"))
}

/// Lets the demo environment say more.
fn set(project: &Project, lines: &str) {
    let after = "    data_cache_path: ../data/ohlcv     # where the candles are\n";
    project.edit(CONFIG_FILE, after, &format!("{after}{lines}"));
}

#[test]
fn what_a_session_did_is_reported_in_every_form() {
    let project = Project::shipped();
    set(&project, "    cycle_history: {limit: 100}\n    risk_evaluations: {limit: -1}\n");
    let ended = session(&project, "--json").json();
    let report = project.succeeds(&format!("{CYCLES} --json")).json();
    assert_eq!(report["config"]["limit"], 100);
    let entries = report["entries"].as_array().unwrap();
    assert_eq!((entries.len(), &report["summary"]["total"]), (100, &Value::from(100)));
    let sequences: Vec<u64> = entries.iter().map(|entry| entry["sequence"].as_u64().unwrap()).collect();
    assert!(sequences.windows(2).all(|pair| pair[1] == pair[0] + 1), "{sequences:?}");
    let signals: usize = entries.iter().map(|entry| entry["signals"].as_array().unwrap().len()).sum();
    assert_eq!(report["summary"]["signals"]["total"], signals as f64);
    let by_side = report["summary"]["signals_by_side"].as_object().unwrap();
    assert_eq!(by_side.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), signals as u64);

    let evaluations = project.succeeds(&format!("{EVALUATIONS} --json")).json();
    assert_eq!(evaluations["config"]["limit"], -1);
    let approved = &evaluations["summary"]["verdicts"]["approved"];
    assert_eq!(approved, &ended["orders"], "every order passed the gate");

    let limited = format!("report cycles --session {SESSION} --limit 5 --reverse");
    let newest = project.succeeds(&format!("{limited} --json")).json();
    let newest: Vec<&Value> = newest["entries"].as_array().unwrap().iter().collect();
    assert_eq!(newest, entries.iter().rev().take(5).collect::<Vec<_>>());
    let csv = project.succeeds(&format!("{limited} --format csv")).stdout;
    assert!(
        csv.starts_with("sequence,at,started_at,finished_at,duration_s,signals,orders,results,"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 6);
    let written = project.succeeds(&format!("{limited} --format parquet --output cycles.parquet"));
    assert_eq!(written.stdout, "cycles.parquet: 5 rows\n");
    assert_eq!(Table::read(&project.path("cycles.parquet")).rows(), 5);
    let text = project.succeeds(CYCLES).stdout;
    assert!(text.contains("100 cycles, numbers ") && text.contains("duration, ms"), "{text}");
}

#[test]
fn a_report_of_nothing_and_a_table_without_a_file_are_refused() {
    let project = Project::shipped();
    project.refuses(CYCLES, 2, &["begin one with `hemiola run`"]);
    session(&project, "");
    for (arguments, says) in [
        ("--format parquet", "--output FILE"),
        ("--output x.json", "--output goes with"),
        ("--since yesterday", "--since"),
    ] {
        project.refuses(&format!("{EVALUATIONS} {arguments}"), 2, &[says]);
    }
    fs::write(project.path(&format!("{SESSION}/history.sqlite")), "no history".repeat(200)).unwrap();
    project.refuses(EVALUATIONS, 8, &["history.sqlite", "puts it aside"]);
}

#[test]
fn the_runtime_log_has_as_much_as_it_is_to_have_in_the_form_it_is_to_have() {
    let project = Project::shipped();
    session(&project, "");
    let files = fs::read_dir(project.path("logs/runtime")).unwrap().map(|file| file.unwrap().path());
    let text: String = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    assert!(text.contains(" INFO session begins environment=\"demo\""), "{text}");
    assert!(text.contains("Shutdown complete") && !text.contains("order submitted"), "{text}");
    set(
        &project,
        "    runtime_log: {format: json, level: trace, directory: ../logs/json, rotation: never}\n",
    );
    let told = session(&project, "--fresh --emit-telemetry").stdout;
    let lines = told.lines().filter(|line| line.starts_with("[telemetry] schedule="));
    assert!(
        lines.filter(|line| line.contains(" signals=") && line.contains(" latency_ms=")).count() > 10,
        "{told}"
    );
    let text = project.text("logs/json/demo.log");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let orders = lines.iter().filter(|line| line["message"] == "order submitted").count();
    assert!(orders > 10, "{orders}");
    assert!(lines.iter().all(|line| line["timestamp"].is_string() && line["level"].is_string()));
    project.edit(CONFIG_FILE, "level: trace", "level: \"off\"");
    project.remove("logs/json");
    session(&project, "--fresh");
    assert!(!project.path("logs/json").exists());
}
