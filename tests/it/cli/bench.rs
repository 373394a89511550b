//! `hemiola bench`.

use serde_json::Value;

use super::project::Project;

fn rows(document: &Value) -> Vec<(String, f64)> {
    let rows = document["rows"].as_array().unwrap().iter();
    rows.map(|row| (row["name"].as_str().unwrap().to_owned(), row["fills"].as_f64().unwrap())).collect()
}

#[test]
fn workloads_are_checked_timed_and_kept() {
    let project = Project::empty();
    let arguments = "bench run --quick --only s1,s2,s4 --against plain --history past.jsonl --format json";
    let first = project.succeeds(&format!("{arguments} --commit one")).json();
    let names: Vec<String> = rows(&first).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["S1", "S2", "S4", "S4", "S4", "S4"]);
    let s4: Vec<f64> = rows(&first)[2..].iter().map(|(_, fills)| *fills).collect();
    assert_eq!(s4, [250.0, 1_000.0, 4_000.0, 16_000.0]);
    for row in first["rows"].as_array().unwrap() {
        for figure in ["cpu_seconds", "assembly_cpu_seconds", "plain_cpu_seconds", "times_plain"] {
            assert!(row[figure].as_f64().unwrap() > 0.0, "{figure} of {row}");
        }
    }
    let before = project.text("past.jsonl");
    assert!(before.starts_with(r#"{"commit":"one","rows":[{"name":"S1","#), "{before}");

    let mut quick: Value = serde_json::from_str(&before).unwrap();
    quick["rows"][0]["times_plain"] = 0.001.into();
    let quick = format!("{quick}\n");
    project.write("past.jsonl", &quick);
    let slower = project.succeeds(arguments);
    assert!(slower.stderr.contains("slower: S1, 1 strategy, 1 series: "), "{}", slower.stderr);
    assert!(slower.stderr.contains(" at one\n"), "{}", slower.stderr);
    assert_eq!(project.text("past.jsonl"), quick, "without a name nothing is added");
}

#[test]
fn workloads_without_their_files_are_skipped_and_said() {
    let project = Project::empty();
    let mut command = project.command("bench run --quick --only w1,s1");
    let output = command.env_remove("PEERS_DATA").output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{err}");
    assert!(out.contains("w1  skipped: no candles\n") && out.contains("S1"), "{out}");
    assert!(err.contains("w1: skipped, since PEERS_DATA does not name the folder of its candles"), "{err}");
}

#[test]
fn a_file_of_figures_that_is_none_is_refused_with_its_line() {
    let project = Project::empty();
    project.write("past.jsonl", "{\"commit\":\"one\",\"rows\":[]}\nnothing\n");
    let arguments = "bench run --quick --only s1 --against plain --history past.jsonl --commit two";
    project.refuses(arguments, 1, &["past.jsonl: line 2: "]);
    assert!(!project.text("past.jsonl").contains("two"));
}

#[test]
fn a_scheduler_under_load_is_measured() {
    let project = Project::empty();
    let arguments =
        "bench scheduler --iterations 6 --schedules 5 --signals 3 --period-ms 2 --output out/load.json";
    let printed = project.succeeds(&format!("{arguments} --format json")).json();
    assert_eq!(project.json("out/load.json"), printed, "the file is what is printed");
    assert_eq!(printed["schema"], "hemiola.bench.scheduler/1");
    assert_eq!((&printed["iterations"], &printed["schedules"]), (&6.into(), &5.into()));
    assert_eq!(printed["signals_emitted"], 6 * 5 * 3);
    assert_eq!((&printed["orders"], &printed["fills"]), (&90.into(), &75.into()));
    assert_eq!(printed["settings"]["memory_budget"], 3072.0);
    let latency = |name: &str| printed["latency_ms"][name].as_f64().unwrap();
    let ascending = ["p50", "p95", "p99", "p99.9", "max"].map(latency);
    assert!(ascending[0] > 1e-4 && ascending.is_sorted(), "{ascending:?}");
    assert_eq!(printed["max_latency_ms"], latency("max"));
    assert!(printed["lateness_ms"]["p50"].is_number());
    assert!(printed["resources"]["cpu_percent"]["measured"].as_f64().unwrap() > 0.0);

    let text = project.succeeds("bench scheduler --period-ms 0").stdout;
    assert!(text.contains("10 ticks of 3 schedules in ") && text.contains(": 120 signals, "), "{text}");
    assert!(!text.contains("began late"), "without a period nothing is late:\n{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_budget_that_is_used_up_is_an_error() {
    let project = Project::empty();
    let ended = project.run("bench scheduler --memory-budget 1 --format json");
    assert_eq!(ended.code, Some(8), "{}", ended.stderr);
    let document = ended.json();
    assert_eq!((&document["status"], &document["resource_status"]), (&"error".into(), &"error".into()));
    assert_eq!(document["resources"]["memory_mb"]["status"], "error");
    assert!(document["resources"]["memory_mb"]["ratio"].as_f64().unwrap() >= 1.0);
    assert!(ended.stderr.contains("error: over budget: memory_mb "), "{}", ended.stderr);
    let never_rests = project.succeeds("bench scheduler --cpu-budget 1 --period-ms 0 --format json").json();
    assert_eq!(never_rests["resources"]["cpu_percent"]["status"], "not judged");
}

#[test]
fn loads_and_budgets_that_are_none_are_refused() {
    let project = Project::empty();
    project.refuses("bench scheduler --latency-ms 2", 2, &["latencies are measured here", "--period-ms"]);
    project.write("folder/file", "");
    project.refuses("bench scheduler --output folder", 1, &["cannot write folder"]);
    for bad in ["--iterations 0", "--schedules x", "--signals 1.5", "--cpu-budget 0.5", "--memory-budget nan"]
    {
        let ended = project.run(&format!("bench scheduler {bad}"));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{bad}");
        assert!(ended.stderr.contains(bad.split(' ').next().unwrap()), "{}", ended.stderr);
    }
}
