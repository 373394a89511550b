//! `journal verify`, as a user calls it.

use std::fs;
use std::process::Stdio;

use hemiola_adapters::journal::{Algorithm, Checkpoint, CheckpointKey};
use hemiola_adapters::journal::{Chain, DecisionBody, Head, MacKey, Values};
use hemiola_components::time::Nanos;
use serde_json::json;
use zeroize::Zeroizing;

use super::project::{Ended, Project};
use crate::support::journals::{Journal, RUN, key};

const RECORDS: usize = 12;

fn checkpoint_key() -> CheckpointKey {
    CheckpointKey::from_seed(&Zeroizing::new([7; 32]))
}

/// A journal of an opening record, ten decisions and a closing record, and its checkpoints.
fn journal(key: Option<&MacKey>) -> (String, String) {
    let algorithm = key.map_or("none", |key| key.algorithm().name());
    let mut chain = Chain::new(key.cloned(), Head::default());
    let (mut values, mut text, mut checkpoints) = (Values::default(), Vec::new(), String::new());
    for at in 0..RECORDS {
        let event = match at {
            0 => "journal_opened",
            at if at + 1 == RECORDS => "journal_closed",
            _ => "order_executed",
        };
        let time = Nanos::new(i64::try_from(at).unwrap());
        let link = chain.begin(&mut values);
        let mut body = DecisionBody::new(event, time, "demo", "main", "calm");
        body.linked(&link);
        if at == 0 {
            body.metadata("algorithm", &json!(algorithm)).metadata("run_id", &json!("r-1"));
            body.metadata("demo", &json!(true));
        }
        let start = text.len();
        body.form().write(&values, &mut text);
        chain.seal(&mut text, start);
        let head = chain.head();
        checkpoints +=
            &Checkpoint { run: "r-1".into(), head, time, closed: at + 1 == RECORDS }.line(&checkpoint_key());
    }
    (String::from_utf8(text).unwrap(), checkpoints)
}

fn private(project: &Project, name: &str, text: &str) {
    project.write(name, text);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(project.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// A signed journal in two files, its keys and checkpoints.
fn desk() -> Project {
    let project = Project::empty();
    let key = MacKey::new(Algorithm::HmacSha256, Some("desk-1".into()), &Zeroizing::new(b"secret".to_vec()));
    let (text, checkpoints) = journal(Some(&key));
    let half = text.match_indices('\n').nth(5).unwrap().0 + 1;
    project.write("journal/decisions-20240101.jsonl", &text[..half]);
    project.write(
        "journal/decisions-20240102.jsonl.zst",
        zstd::encode_all(&text.as_bytes()[half..], 1).unwrap(),
    );
    project.write("all.jsonl", &text);
    project.write("checkpoints.jsonl", checkpoints);
    project.write("checkpoints.pem", checkpoint_key().public().to_pem());
    private(&project, "desk.key", "secret\n");
    private(&project, "other.key", "another\n");
    project
}

#[test]
fn a_journal_verifies_from_a_folder_files_or_standard_input() {
    let project = desk();
    let ended = project.succeeds("journal verify journal --hmac-key-file desk-1=desk.key");
    assert_eq!(ended.stderr, "");
    assert_eq!(
        ended.stdout,
        "valid: 12 records in 2 files from 1970-01-01T00:00:00+00:00 to 1970-01-01T00:00:00+00:00, signed by desk-1 \
         (HMAC-SHA256)\n"
    );
    let held = "--checkpoints checkpoints.jsonl --checkpoint-key checkpoints.pem";
    let ended = project.succeeds(&format!(
        "journal verify all.jsonl --hmac-key-file desk.key --hmac-key-id desk-1 --expected-key-id desk-1 {held} \
         --min-event-count order_executed=10 --max-event-count order_executed=10 --report report.json --json"
    ));
    let document = ended.json();
    assert_eq!(document, project.json("report.json"));
    assert_eq!(
        (&document["schema"], &document["status"]),
        (&json!("hemiola.journal.verify/1"), &json!("ok"))
    );
    assert_eq!((&document["verdict"], &document["records"]), (&json!("valid"), &json!(12)));
    assert_eq!(document["checkpoints"], json!({"read": 12, "fit": 12, "records": 12}));

    let mut command = project.command("journal verify - --hmac-key-env DESK_KEY");
    let input = fs::File::open(project.path("all.jsonl")).unwrap();
    let output = command.env("DESK_KEY", "secret").stdin(Stdio::from(input)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut command = project.command("journal verify all.jsonl");
    let output = command.env("HEMIOLA_JOURNAL_VERIFY_HMAC_KEY_FILE", "desk-1=desk.key").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn fails(project: &Project, arguments: &str, code: i32, says: &[&str]) -> Ended {
    let ended = project.run(arguments);
    assert_eq!(ended.code, Some(code), "{arguments}: {}", ended.stderr);
    for needle in says {
        assert!(ended.stderr.contains(needle), "{arguments}: no {needle} in {}", ended.stderr);
    }
    ended
}

#[test]
fn a_finding_is_a_line_with_its_place_and_the_first_one_decides() {
    let project = desk();
    let verify = "journal verify all.jsonl --hmac-key-file desk-1=desk.key";
    project.edit("all.jsonl", "\"seq\":\"4\"", "\"seq\":\"44\"");
    let ended =
        fails(&project, verify, 80, &["all.jsonl:5: edited: record 4: ", "(1970-01-01T00:00:00+00:00)\n"]);
    assert_eq!(ended.stdout, "failed: 1 finding, 11 records in 1 file are good\n");
    let text = project.text("all.jsonl");
    let kept: Vec<_> = text.lines().take(10).collect();
    project.write("all.jsonl", kept.join("\n") + "\n");
    let says = ["all.jsonl:5: edited: ", "all.jsonl:10: not_closed: ", "2 findings, first edited"];
    fails(&project, verify, 80, &says);
    let ended = fails(&project, &format!("{verify} --json --report report.json"), 80, &says);
    let document = ended.json();
    assert_eq!((&document["status"], &document["exit_code"]), (&json!("error"), &json!(80)));
    assert_eq!(document["findings"][0]["what"], "edited");
    assert_eq!(document["findings"][1]["line"], 10);
    assert_eq!(project.json("report.json"), document);
    let lenient = format!("{verify} --checkpoints checkpoints.jsonl --checkpoint-key checkpoints.pem");
    fails(
        &project,
        &lenient,
        80,
        &["all.jsonl:10: truncated: records 10 to 11: the checkpoint on checkpoints.jsonl:12"],
    );
}

#[test]
fn keys_that_do_not_fit_are_named() {
    let project = desk();
    fails(&project, "journal verify all.jsonl", 87, &["unknown_key", "no key was given"]);
    fails(&project, "journal verify all.jsonl --hmac-key-file other.key", 87, &["no signature fits the key"]);
    fails(
        &project,
        "journal verify all.jsonl --hmac-key-file desk-2=desk.key",
        87,
        &["names a key that was not given"],
    );
    fails(
        &project,
        "journal verify all.jsonl --hmac-key-file desk.key --expected-key-id desk-2",
        87,
        &["not expected"],
    );
}

#[test]
fn another_run_of_the_same_key_is_not_the_one_that_was_expected() {
    let project = desk();
    let verify = |path: &str, run: &str| {
        format!("journal verify {path} --hmac-key-file desk-1=desk.key --expected-run-id {run}")
    };
    for path in ["all.jsonl", "journal"] {
        project.succeeds(&verify(path, "r-1"));
    }
    let says = ["all.jsonl:1: forked: record 0: it opens run r-1, and run r-2 was expected"];
    let ended = fails(&project, &verify("all.jsonl", "r-2"), 88, &says);
    assert_eq!(ended.stdout, "failed: 1 finding, 12 records in 1 file are good\n");
    let unsigned = journal(None).0;
    project.write("demo.jsonl", unsigned);
    let demo = "journal verify demo.jsonl --allow-unsigned --expected-run-id";
    project.succeeds(&format!("{demo} r-1"));
    fails(&project, &format!("{demo} r-2"), 88, &["demo.jsonl:1: forked"]);
    // A later file by itself names none.
    let mut days = Journal::open(Some(key(Algorithm::HmacSha256, Some("desk-1"), "secret")));
    let first = days.next_file("first.jsonl", "later.jsonl");
    project.write("first.jsonl", first);
    project.write("later.jsonl", days.close().text());
    project.succeeds("journal verify later.jsonl --hmac-key-file desk-1=desk.key");
    project.succeeds(&verify("first.jsonl later.jsonl", RUN));
    fails(&project, &verify("later.jsonl", RUN), 88, &["later.jsonl:1: forked: record 2: it opens no run"]);
}

#[test]
fn what_cannot_be_asked_is_said() {
    let project = desk();
    project.write("empty/readme.txt", "");
    project.write("open.key", "secret");
    for (arguments, code, says) in [
        ("", 2, "say what to verify"),
        ("none.jsonl", 1, "none.jsonl"),
        ("empty", 1, "there is no *.jsonl"),
        ("all.jsonl --expected-key-id desk-1", 2, "a name proves nothing without its key"),
        ("all.jsonl --hmac-key-file desk.key --hmac-key-id a --expected-key-id b", 2, "`a`"),
        ("all.jsonl --hmac-key-id a", 2, "no key without a name"),
        ("all.jsonl --hmac-key-file desk.key --hmac-key-file other.key", 2, "each needs its name"),
        ("all.jsonl --hmac-key-file a=desk.key --hmac-key-file a=other.key", 2, "names two keys"),
        ("all.jsonl --hmac-key-file none.key", 1, "none.key"),
        ("all.jsonl --hmac-key-file open.key", 2, "chmod 600"),
        ("all.jsonl --hmac-key-env NO_SUCH_KEY", 2, "NO_SUCH_KEY"),
        ("all.jsonl --checkpoints checkpoints.jsonl", 2, "--checkpoint-key"),
        ("all.jsonl --checkpoint-key checkpoints.pem", 2, "say --checkpoints too"),
        ("all.jsonl --checkpoints checkpoints.jsonl --checkpoint-key desk.key", 2, "Ed25519 public key"),
        ("all.jsonl --min-event-count order_executed", 2, "order_executed=10"),
    ] {
        project.refuses(&format!("journal verify {arguments}"), code, &[says]);
    }
    let counts = "journal verify all.jsonl --hmac-key-file desk.key --max-event-count order_executed=9";
    fails(&project, counts, 8, &["there are 10 records of order_executed, more than 9"]);
}

#[test]
fn a_demo_without_a_key_passes_when_asked_to_and_is_never_valid() {
    let project = Project::empty();
    project.write("demo.jsonl", journal(None).0);
    private(&project, "desk.key", "secret");
    fails(&project, "journal verify demo.jsonl", 86, &["demo.jsonl:1: unsigned", "--allow-unsigned"]);
    let ended = project.succeeds("journal verify demo.jsonl --allow-unsigned");
    assert!(ended.stdout.starts_with("unsigned: nothing is proven: 12 records"), "{}", ended.stdout);
    fails(&project, "journal verify demo.jsonl --allow-unsigned --hmac-key-file desk.key", 86, &["unsigned"]);
    project.edit("demo.jsonl", "\"demo\"", "\"paper\"");
    fails(&project, "journal verify demo.jsonl --allow-unsigned", 86, &["unsigned"]);
    project.write("demo.jsonl", "\n");
    fails(&project, "journal verify demo.jsonl --allow-unsigned", 89, &["no record at all"]);
}

#[test]
fn the_help_says_what_cannot_be_seen() {
    let help = Project::empty().succeeds("journal verify --help").stdout;
    for text in ["cannot be detected", "closed again", "signed again", "at the same place", "89 not closed"] {
        let words: Vec<_> = help.split_whitespace().collect();
        assert!(words.join(" ").contains(text), "{help}");
    }
}
