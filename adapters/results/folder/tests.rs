//! Tests of the results folder.

use hemiola_components::time::Nanos;
use serde_json::json;

use super::*;
use crate::results::Column;

fn parent() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Results that hold `digest`, not committed yet.
fn results(target: &Path, digest: &str) -> ResultsFolder {
    let folder = ResultsFolder::create(target).unwrap();
    folder.json("manifest.json", &json!({"digest": digest})).unwrap();
    folder
}

fn digest(target: &Path) -> String {
    let manifest: Value = serde_json::from_slice(&fs::read(target.join("manifest.json")).unwrap()).unwrap();
    manifest["digest"].as_str().unwrap().to_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn more_lines_than_the_buffer_holds_are_all_there() {
    let parent = parent();
    let target = parent.path().join("run");
    let folder = results(&target, "a");
    let mut numbers = 0..2 * LINES_AT_ONCE / 8;
    let next = |line: &mut Vec<u8>| {
        numbers.next().map(|number| line.extend_from_slice(format!("{number:07}\n").as_bytes())).is_some()
    };
    folder.lines("decisions.jsonl", next).unwrap();
    folder.commit().unwrap();
    let text = fs::read_to_string(target.join("decisions.jsonl")).unwrap();
    assert!(text.ends_with('\n'));
    assert!(text.lines().enumerate().all(|(index, line)| line == format!("{index:07}")));
    assert_eq!(text.lines().count(), 2 * LINES_AT_ONCE / 8);
}

#[test]
fn a_commit_shows_all_files_at_once() {
    let parent = parent();
    let target = parent.path().join("reports/run");
    let folder = results(&target, "a");
    let table = Table::new(vec![("time", Column::Time(vec![Nanos::ZERO]))], Vec::new());
    folder.json("summary.json", &json!({"b": [1.5, null], "a": "ż"})).unwrap();
    let mut lines = ["{}\n", "{\"a\":\"1\"}\n"].into_iter();
    let next =
        |line: &mut Vec<u8>| lines.next().map(|text| line.extend_from_slice(text.as_bytes())).is_some();
    folder.lines("decisions.jsonl", next).unwrap();
    folder.lines("empty.jsonl", |_| false).unwrap();
    folder.text("report.html", "<p>").unwrap();
    folder.table("equity.parquet", &table).unwrap();
    assert!(!target.exists());

    let place = folder.commit().unwrap();
    assert_eq!(place, fs::canonicalize(&target).unwrap());
    assert_eq!(names(target.parent().unwrap()), ["run"]);
    let expected =
        ["decisions.jsonl", "empty.jsonl", "equity.parquet", "manifest.json", "report.html", "summary.json"];
    assert_eq!(names(&target), expected);
    let read = |name| fs::read_to_string(target.join(name)).unwrap();
    assert_eq!(read("summary.json"), "{\n  \"a\": \"ż\",\n  \"b\": [\n    1.5,\n    null\n  ]\n}\n");
    assert_eq!(read("decisions.jsonl"), "{}\n{\"a\":\"1\"}\n");
    assert_eq!(read("empty.jsonl"), "");
    assert_eq!(read("report.html"), "<p>");
    assert_eq!(fs::read(target.join("equity.parquet")).unwrap(), table.to_parquet().unwrap());
}

#[test]
fn a_commit_replaces_older_results_whole() {
    let parent = parent();
    let target = parent.path().join("run");
    let older = results(&target, "older");
    older.text("only_in_older.json", "{}").unwrap();
    older.commit().unwrap();
    let newer = results(&target, "newer");
    assert_eq!(digest(&target), "older");
    newer.commit().unwrap();
    assert_eq!(digest(&target), "newer");
    assert_eq!(names(&target), ["manifest.json"]);
    assert_eq!(names(parent.path()), ["run"]);
}

#[test]
fn an_empty_folder_is_replaced() {
    let parent = parent();
    let target = parent.path().join("run");
    fs::create_dir(&target).unwrap();
    results(&target, "a").commit().unwrap();
    assert_eq!(digest(&target), "a");
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let manifests = [None, Some(""), Some("[]"), Some("{}"), Some("{\"name\": \"extension\"}")];
    for manifest in manifests {
        let parent = parent();
        let target = parent.path().join("precious");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("thesis.txt"), "years").unwrap();
        if let Some(manifest) = manifest {
            fs::write(target.join("manifest.json"), manifest).unwrap();
        }
        let error = ResultsFolder::create(&target).unwrap_err();
        assert!(matches!(&error, ResultsError::Foreign(path) if path.ends_with("precious")), "{error}");
        assert!(error.to_string().contains("choose another output folder"));
        assert_eq!(fs::read_to_string(target.join("thesis.txt")).unwrap(), "years");
        assert_eq!(names(parent.path()), ["precious"]);
    }
}

#[test]
fn what_became_foreign_during_the_run_is_left_alone() {
    let parent = parent();
    let target = parent.path().join("run");
    let folder = results(&target, "a");
    fs::create_dir(&target).unwrap();
    fs::write(target.join("thesis.txt"), "years").unwrap();
    assert!(matches!(folder.commit(), Err(ResultsError::Foreign(_))));
    assert_eq!(names(&target), ["thesis.txt"]);
    assert_eq!(names(parent.path()), ["run"]);
}

#[test]
fn a_file_is_not_replaced() {
    let parent = parent();
    let target = parent.path().join("run");
    fs::write(&target, "text").unwrap();
    assert!(matches!(ResultsFolder::create(&target), Err(ResultsError::Foreign(_))));
    assert_eq!(fs::read_to_string(&target).unwrap(), "text");
}

#[test]
fn a_drop_leaves_nothing() {
    let parent = parent();
    let target = parent.path().join("run");
    results(&target, "a").commit().unwrap();
    let abandoned = results(&target, "b");
    assert_eq!(names(parent.path()).len(), 2);
    drop(abandoned);
    assert_eq!(names(parent.path()), ["run"]);
    assert_eq!(digest(&target), "a");
}

#[test]
fn a_failed_move_puts_the_older_results_back() {
    let parent = parent();
    let target = parent.path().join("run");
    results(&target, "older").commit().unwrap();
    let error = replace(&parent.path().join("missing"), &target).unwrap_err();
    assert!(matches!(error, ResultsError::Io { action: "move the results to", .. }), "{error}");
    assert_eq!(digest(&target), "older");
    assert_eq!(names(parent.path()), ["run"]);
}

#[test]
fn results_without_a_manifest_are_not_committed() {
    let parent = parent();
    let target = parent.path().join("run");
    let folder = ResultsFolder::create(&target).unwrap();
    folder.text("summary.json", "{}").unwrap();
    assert!(matches!(folder.commit(), Err(ResultsError::NoManifest(_))));
    assert_eq!(names(parent.path()), Vec::<String>::new());
}

#[test]
fn a_table_that_does_not_fit_names_its_file() {
    let parent = parent();
    let folder = ResultsFolder::create(&parent.path().join("run")).unwrap();
    let columns = vec![("a", Column::Flag(vec![true])), ("b", Column::Flag(vec![]))];
    let error = folder.table("weights.parquet", &Table::new(columns, Vec::new())).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("weights.parquet: column `b` has 0 rows"), "{message}");
}

#[test]
fn files_stay_in_the_folder_and_are_written_once() {
    let parent = parent();
    let folder = ResultsFolder::create(&parent.path().join("run")).unwrap();
    for name in ["", ".", "..", "../escaped", "a/b", "/absolute", "a/", "./a"] {
        assert!(matches!(folder.text(name, ""), Err(ResultsError::Name(_))), "{name}");
    }
    folder.text("once", "").unwrap();
    let error = folder.text("once", "").unwrap_err();
    assert!(
        matches!(&error, ResultsError::Io { source, .. } if source.kind() == io::ErrorKind::AlreadyExists)
    );
}

#[test]
fn a_path_without_a_name_is_refused() {
    let parent = parent();
    let error = ResultsFolder::create(&parent.path().join("missing/..")).unwrap_err();
    assert!(matches!(error, ResultsError::NoFolder(_)), "{error}");
}

#[cfg(unix)]
#[test]
fn a_link_keeps_pointing_at_the_results() {
    let parent = parent();
    let (disk, link) = (parent.path().join("disk"), parent.path().join("latest"));
    fs::create_dir(&disk).unwrap();
    std::os::unix::fs::symlink(&disk, &link).unwrap();
    results(&link, "a").commit().unwrap();
    assert_eq!(fs::read_link(&link).unwrap(), disk);
    assert_eq!(digest(&disk), "a");
    assert_eq!(names(parent.path()), ["disk", "latest"]);
}
