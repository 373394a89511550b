//! The Python verifier of the documentation agrees on journals that are good and on those that are not.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use hemiola_adapters::journal::Algorithm;
use tempfile::TempDir;

use crate::support::journals::{Journal, RUN, key};

const OLD: &str = "an old secret";
const NEW: &str = "a new secret";

/// A folder with journals and keys.
struct Desk(TempDir);

impl Desk {
    /// `None`, said aloud, without Python.
    fn new() -> Option<Self> {
        if let Err(error) = Command::new("python3").arg("--version").output() {
            _ = writeln!(std::io::stderr(), "skipped: python3 cannot be run: {error}");
            return None;
        }
        let desk = Self(tempfile::tempdir().unwrap());
        desk.write("old.key", format!(" {OLD}\n"));
        desk.write("new.key", NEW);
        desk.write("wrong.key", "another secret");
        Some(desk)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
    }

    fn run(&self, arguments: &str) -> (Option<i32>, String) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/journal_verify.py");
        let mut command = Command::new("python3");
        command.arg(script).args(arguments.split_whitespace()).current_dir(self.0.path());
        let output = command.env("DESK_KEY", OLD).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!stderr.contains("Traceback"), "{arguments}: {stderr}");
        (output.status.code(), String::from_utf8(output.stdout).unwrap() + &stderr)
    }

    fn accepts(&self, arguments: &str, says: &str) {
        let (code, text) = self.run(arguments);
        assert_eq!((code, text.contains(says)), (Some(0), true), "{arguments}: {text}");
    }

    /// One line with the place and the kind of the finding.
    fn finds(&self, arguments: &str, says: &str) {
        let (code, text) = self.run(arguments);
        assert_eq!((code, text.starts_with(says)), (Some(1), true), "{arguments}: {text} instead of {says}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }

    /// Writes these lines as a journal and expects a finding there.
    fn finds_in(&self, lines: &[String], arguments: &str, says: &str) {
        self.write("bad.jsonl", lines.concat());
        self.finds(&format!("{arguments} bad.jsonl"), says);
    }
}

fn signed(algorithm: Algorithm) -> Journal {
    let mut journal = Journal::open(Some(key(algorithm, Some("desk-1"), OLD)));
    journal.fills(6);
    journal.refusal("daily", "żółć\n\u{7f}\u{2028}\u{1}🚀", "max_positions");
    journal.close();
    journal
}

fn rotated() -> Journal {
    let mut journal = Journal::open(Some(key(Algorithm::HmacSha256, Some("desk-1"), OLD)));
    journal.fills(2);
    journal.rotate_key(key(Algorithm::HmacSha384, Some("desk-2"), NEW));
    journal.fills(2);
    journal.close();
    journal.reopen();
    journal.fills(1);
    journal.close();
    journal
}

fn unsigned() -> Journal {
    let mut journal = Journal::open(None);
    journal.fills(3);
    journal.close();
    journal
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn good_journals_pass() {
    let Some(desk) = Desk::new() else { return };
    for algorithm in Algorithm::ALL {
        let journal = signed(algorithm);
        desk.write("good.jsonl", journal.text());
        desk.write("good.jsonl.gz", gzip(&journal.text()));
        desk.write("checkpoints.jsonl", journal.checkpoint(true));
        let says = format!("9 records in order, closed ({}, key desk-1)", algorithm.name());
        desk.accepts("--hmac-key-file old.key --checkpoints checkpoints.jsonl good.jsonl", &says);
        desk.accepts("--hmac-key-env desk-1=DESK_KEY --expected-key-id desk-1 good.jsonl.gz", &says);
        desk.accepts(&format!("--hmac-key-file old.key --expected-run-id {RUN} good.jsonl"), &says);
        desk.finds("--hmac-key-file old.key --expected-run-id other good.jsonl", "good.jsonl:1: forked");
    }
    desk.write("rotated.jsonl", rotated().text());
    desk.accepts(
        "--hmac-key-file desk-1=old.key --hmac-key-file desk-2=new.key --expected-key-id desk-1 --expected-key-id desk-2 rotated.jsonl",
        "10 records in order, closed (HMAC-SHA384, key desk-2)",
    );
    desk.write("unsigned.jsonl", unsigned().text());
    desk.accepts("--allow-unsigned unsigned.jsonl", "5 records in order, closed (unsigned)");
    let nameless = Journal::open(Some(key(Algorithm::HmacSha256, None, OLD))).close().text();
    desk.write("nameless.jsonl", nameless);
    desk.accepts("--hmac-key-file old.key nameless.jsonl", "key without a name");
}

#[test]
fn several_files_are_one_chain() {
    let Some(desk) = Desk::new() else { return };
    let mut journal = Journal::open(Some(key(Algorithm::HmacSha256, Some("desk-1"), OLD)));
    journal.fills(2);
    let first = journal.next_file("decisions-20240131.jsonl", "decisions-20240201.jsonl");
    journal.fills(1);
    let second = journal.close().text();
    desk.write("logs/decisions-20240131.jsonl.gz", gzip(&first));
    desk.write("logs/decisions-20240201.jsonl", &second);
    desk.accepts("--hmac-key-file old.key logs", "7 records in order");
    desk.accepts(
        "--hmac-key-file old.key logs/decisions-20240131.jsonl.gz logs/decisions-20240201.jsonl",
        "7 records in order",
    );
    desk.finds(
        "--hmac-key-file old.key logs/decisions-20240131.jsonl.gz",
        "logs/decisions-20240131.jsonl.gz:4: not_closed",
    );
    desk.accepts(
        "--hmac-key-file old.key --allow-open logs/decisions-20240131.jsonl.gz",
        "4 records in order, goes on in decisions-20240201.jsonl (",
    );
    desk.write("checkpoints.jsonl", journal.checkpoint(true));
    let checked = "--hmac-key-file old.key --checkpoints checkpoints.jsonl";
    desk.accepts(
        &format!("{checked} logs/decisions-20240201.jsonl"),
        "3 records from 4 on in order, closed (",
    );
    desk.finds(
        &format!("{checked} logs/decisions-20240131.jsonl.gz"),
        "logs/decisions-20240131.jsonl.gz:4: truncated",
    );
    desk.write("logs/decisions-20240201.jsonl", second.split_once('\n').unwrap().1);
    desk.finds("--hmac-key-file old.key logs", "logs/decisions-20240201.jsonl:1: deleted");
    desk.write("logs/decisions-20240201.jsonl", second.replacen("order_executed", "order_rejected", 1));
    desk.finds("--hmac-key-file old.key logs", "logs/decisions-20240201.jsonl:2: edited");
}

#[test]
fn every_attack_of_the_table_is_named() {
    const KEY: &str = "--hmac-key-file old.key";
    let Some(desk) = Desk::new() else { return };
    for algorithm in Algorithm::ALL {
        let good = signed(algorithm).lines;
        let with = |change: &dyn Fn(&mut Vec<String>)| {
            let mut lines = good.clone();
            change(&mut lines);
            lines
        };
        let edit = |at: usize, from: &str, to: &str| {
            assert!(good[at].contains(from), "{from}");
            with(&|lines| lines[at] = lines[at].replacen(from, to, 1))
        };
        desk.finds_in(&edit(3, "42000", "41000"), KEY, "bad.jsonl:4: edited");
        desk.finds_in(&edit(3, "\"seq\":\"3\"", "\"seq\":\"4\""), KEY, "bad.jsonl:4: edited");
        desk.finds_in(
            &edit(0, "\"initial_cash\":\"1000.0\"", "\"initial_cash\":\"9000.0\""),
            KEY,
            "bad.jsonl:1: edited",
        );
        desk.finds_in(&edit(8, "\"records\":\"9\"", "\"records\":\"8\""), KEY, "bad.jsonl:9: edited");
        let twice = "\"side\":\"buy\",\"side\":\"sell\"";
        desk.finds_in(&edit(2, "\"side\":\"sell\"", twice), KEY, "bad.jsonl:3: edited");
        desk.finds_in(&with(&|lines| lines[4] = "nothing\n".to_owned()), KEY, "bad.jsonl:5: edited");
        desk.finds_in(&with(&|lines| _ = lines.remove(4)), KEY, "bad.jsonl:5: deleted");
        desk.finds_in(&with(&|lines| _ = lines.remove(0)), KEY, "bad.jsonl:1: deleted");
        desk.finds_in(&with(&|lines| lines.swap(3, 4)), KEY, "bad.jsonl:4: reordered");
        for (from, to) in [(2, 5), (5, 2), (8, 9)] {
            let copied = with(&|lines| lines.insert(to, lines[from].clone()));
            desk.finds_in(&copied, KEY, &format!("bad.jsonl:{}: inserted", to + 1));
        }
        let forged = good[4].replace("42000", "1");
        desk.finds_in(&with(&|lines| lines.insert(4, forged.clone())), KEY, "bad.jsonl:5: inserted");
        let torn = with(&|lines| lines[8].truncate(40));
        desk.finds_in(&torn, KEY, "bad.jsonl:9: torn");
        desk.finds_in(&good[..7], KEY, "bad.jsonl:7: not_closed");
        desk.accepts(&format!("{KEY} --allow-open bad.jsonl"), "7 records in order, not closed (");
        desk.finds_in(&with(&|lines| _ = lines.pop()), KEY, "bad.jsonl:8: not_closed");
        let at = |line: &str| line.rfind(",\"signature\"").unwrap();
        let strip = |line: &mut String| *line = format!("{}}}\n", &line[..at(line)]);
        for arguments in [KEY, "--hmac-key-file old.key --allow-unsigned", "--allow-unsigned"] {
            let all = with(&|lines| lines.iter_mut().for_each(strip));
            desk.finds_in(&all, arguments, "bad.jsonl:1: unsigned");
        }
        desk.finds_in(&with(&|lines| strip(&mut lines[5])), KEY, "bad.jsonl:6: unsigned");
        desk.finds_in(&edit(5, "\"value\":", "\"note\":\"x\",\"value\":"), KEY, "bad.jsonl:6: edited");
        let weaker =
            edit(4, &format!("\"algorithm\":\"{}\"", algorithm.name()), "\"algorithm\":\"HMAC-MD5\"");
        desk.finds_in(&weaker, KEY, "bad.jsonl:5: downgraded");
        desk.finds_in(&good, "--hmac-key-file wrong.key", "bad.jsonl:1: unknown_key");
        desk.finds_in(&good, "--hmac-key-file old.key --expected-key-id desk-2", "bad.jsonl:1: unknown_key");
        desk.finds_in(&good, "--hmac-key-file desk-2=old.key", "bad.jsonl:1: unknown_key");

        let mut other = Journal::open(Some(key(algorithm, Some("desk-1"), OLD)));
        (0..7).for_each(|_| other.refusal("hourly", "SOL_USDT", "cash"));
        other.close();
        let spliced = [&good[..4], &other.lines[4..]].concat();
        desk.finds_in(&spliced, KEY, "bad.jsonl:5: forked");
        desk.finds_in(&other.lines[..0], KEY, "bad.jsonl: not_closed");
    }
}

#[test]
fn only_checkpoints_catch_who_has_the_key() {
    let Some(desk) = Desk::new() else { return };
    let mut journal = signed(Algorithm::HmacSha256);
    desk.write("checkpoints.jsonl", journal.checkpoint(true));
    let with = "--hmac-key-file old.key --checkpoints checkpoints.jsonl";
    desk.finds_in(&journal.lines[..7], with, "bad.jsonl:7: truncated");

    let closed_again = |fills: u32| {
        let mut forged = Journal::open(Some(key(Algorithm::HmacSha256, Some("desk-1"), OLD)));
        forged.fills(fills);
        forged.close();
        forged.lines
    };
    for (fills, finding) in [(3, "bad.jsonl:5: truncated"), (7, "bad.jsonl:9: forked")] {
        let lines = closed_again(fills);
        desk.finds_in(&lines, with, finding);
        desk.accepts("--hmac-key-file old.key bad.jsonl", "records in order, closed");
    }
    journal.reopen();
    journal.close();
    desk.write("longer.jsonl", journal.text());
    desk.accepts(&format!("{with} longer.jsonl"), "the checkpoints agree");
}

#[test]
fn a_rotation_needs_both_keys() {
    let Some(desk) = Desk::new() else { return };
    let good = rotated().lines;
    let both = "--hmac-key-file desk-1=old.key --hmac-key-file desk-2=new.key";
    desk.finds_in(&good, "--hmac-key-file desk-1=old.key", "bad.jsonl:5: unknown_key");
    desk.finds_in(
        &good,
        "--hmac-key-file desk-1=old.key --hmac-key-file desk-2=wrong.key",
        "bad.jsonl:4: unknown_key",
    );
    let mut lines = good.clone();
    lines.remove(3);
    desk.finds_in(&lines, both, "bad.jsonl:4: deleted");
    lines.clone_from(&good);
    lines.swap(3, 4);
    desk.finds_in(&lines, both, "bad.jsonl:4: reordered");
    lines.clone_from(&good);
    lines[3] = lines[3].replacen("\"new_key_id\":\"desk-2\"", "\"new_key_id\":\"desk-3\"", 1);
    desk.finds_in(&lines, both, "bad.jsonl:4: edited");
}

#[test]
fn accidents_show_in_a_journal_without_a_key() {
    const ALLOWED: &str = "--allow-unsigned";
    let Some(desk) = Desk::new() else { return };
    let good = unsigned().lines;
    desk.finds_in(&good, "", "bad.jsonl:1: unsigned");
    desk.finds_in(&good, "--allow-unsigned --hmac-key-file old.key", "bad.jsonl:1: unsigned");
    let live: Vec<String> = good.iter().map(|line| line.replace("\"demo\"", "\"live\"")).collect();
    desk.finds_in(&live, "--allow-unsigned", "bad.jsonl:1: unsigned: it has no signature, and only a demo");
    let mut lines = good.clone();
    lines[2] = lines[2].replacen("42000", "41000", 1);
    desk.finds_in(&lines, ALLOWED, "bad.jsonl:3: edited");
    lines.clone_from(&good);
    lines.remove(2);
    desk.finds_in(&lines, ALLOWED, "bad.jsonl:3: deleted");
    lines.clone_from(&good);
    lines.swap(2, 3);
    desk.finds_in(&lines, ALLOWED, "bad.jsonl:3: reordered");
    lines.clone_from(&good);
    lines.insert(3, good[1].clone());
    desk.finds_in(&lines, ALLOWED, "bad.jsonl:4: inserted");
}

#[test]
fn what_cannot_be_used_is_said() {
    let Some(desk) = Desk::new() else { return };
    desk.write("cut.jsonl.gz", &gzip(&signed(Algorithm::HmacSha256).text())[..200]);
    desk.finds("--hmac-key-file old.key cut.jsonl.gz", "cut.jsonl.gz:");
    desk.write("empty.key", "\n");
    let journal = signed(Algorithm::HmacSha256);
    desk.write("none.jsonl", "");
    desk.finds_in(
        &journal.lines,
        "--hmac-key-file old.key --checkpoints none.jsonl",
        "bad.jsonl:9: truncated: there is no checkpoint at all",
    );
    desk.finds("--hmac-key-file old.key none.jsonl", "none.jsonl: not_closed");
    for (arguments, says) in [
        ("--hmac-key-file empty.key x.jsonl", "a key is empty or not set"),
        ("--hmac-key-env NO_SUCH_KEY x.jsonl", "a key is empty or not set"),
        ("--hmac-key-file nowhere.key x.jsonl", "nowhere.key"),
        ("x.jsonl.zst", "unpack it first"),
        ("", "PATH"),
    ] {
        let (code, text) = desk.run(arguments);
        assert_eq!((code, text.contains(says)), (Some(2), true), "{arguments}: {text}");
    }
}
