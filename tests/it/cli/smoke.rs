//! `hemiola smoke`.

use serde_json::Value;

use super::project::Project;

/// Runs what must end with `code` and an error document that says `says`, and change nothing.
fn refuses(project: &Project, arguments: &str, code: i32, says: &str) {
    let before = project.snapshot("");
    let ended = project.run(arguments);
    assert_eq!(ended.code, Some(code), "{arguments}: {}", ended.stderr);
    let document = ended.json();
    assert_eq!((&document["status"], &document["exit_code"]), (&"error".into(), &code.into()));
    assert!(document["message"].as_str().unwrap().contains(says), "{arguments}: {document}");
    assert!(project.snapshot("") == before, "{arguments} changed something on disk");
}

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn every_schedule_of_the_demo_runs_alone() {
    let project = Project::shipped();
    let ended = project.succeeds("smoke demo --cycles 40");
    assert!(ended.stderr.contains("making up demo candles"), "{}", ended.stderr);
    let document = ended.json();
    assert_eq!((&document["schema"], &document["status"]), (&"hemiola.smoke.demo/1".into(), &"ok".into()));
    assert_eq!(document["cycles"], 40);
    let schedules =
        ["crossing_day", "grid_majors", "reversion_majors", "spread_majors", "trend_all", "volatility_all"];
    assert_eq!(names(&document["emitted_signals"]), schedules, "one that emits nothing is there too");
    assert_eq!(names(&document["telemetry"]), schedules);
    for schedule in schedules {
        let telemetry = &document["telemetry"][schedule];
        assert!(
            telemetry["signals"].is_number() && telemetry["latency_ms"] == 0.0,
            "{schedule}: {telemetry}"
        );
    }
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!((lines[0], lines[1]), ("{", "  \"cycles\": 40,"), "two spaces, sorted");
    assert_eq!(project.succeeds("smoke demo --cycles 40").stdout, ended.stdout);
    let top: Vec<_> =
        project.snapshot("data").into_keys().filter(|path| path.components().count() == 1).collect();
    assert_eq!(top, [std::path::PathBuf::from("ohlcv")], "a smoke test leaves no results");
}

/// A demo whose one schedule follows targets, so that each cycle has a signal.
fn targets() -> Project {
    let project = Project::new();
    project.edit("config/core.yaml", "environment: paper", "environment: demo");
    project.edit("config/core.yaml", "  desk:", "  demo:");
    project.edit("config/core.yaml", "interval: 1h}", "interval: 1h, warmup_bars: 24, cadence_seconds: 4h}");
    project
}

#[test]
fn cycles_begin_after_the_warm_up_and_end_with_the_candles() {
    let project = targets();
    let crossing = |cycles: u32| {
        let ended = project.succeeds(&format!("smoke demo --cycles {cycles}"));
        (ended.json()["emitted_signals"]["hourly"].as_u64().unwrap(), ended.stderr)
    };
    // 176 hours are left, a cycle every four of them.
    let (all, said) = crossing(44);
    assert!(!said.contains("warning"), "{said}");
    assert!(all > 0);
    let (beyond, said) = crossing(45);
    assert_eq!(beyond, all);
    assert!(said.contains("warning: schedule `hourly` was due 44 times, then its candles ended"), "{said}");
    let few: Vec<u64> = (1..=5).map(|cycles| crossing(cycles).0).collect();
    assert!(few.is_sorted() && few[4] <= 10, "at most one signal per cycle and instrument: {few:?}");
}

#[test]
fn only_demos_are_smoked() {
    let project = Project::shipped();
    refuses(&project, "smoke demo --environment paper", 2, "`paper` is no demo");
    refuses(&project, "smoke demo --environment dmo", 2, "did you mean `demo`?");
    refuses(&project, "smoke demo --scheduler core", 2, "there is no scheduler `core`");
    refuses(&project, "smoke demo --data nowhere", 1, "nowhere");
    let targets = targets();
    targets.edit("config/core.yaml", "warmup_bars: 24", "warmup_bars: 200");
    refuses(&targets, "smoke demo", 7, "no candle");
}
