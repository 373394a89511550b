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
