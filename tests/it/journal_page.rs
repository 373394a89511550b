//! The page on the journal shows what the code writes, and its recipe for others works.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use hemiola_adapters::journal::{
    Algorithm, Chain, Checkpoint, CheckpointKey, DecisionBody, Field, Head, MacKey, PublicKey, Values,
};
use hemiola_components::time::Nanos;
use serde_json::json;
use zeroize::Zeroizing;

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/journal.md")).unwrap()
}

/// The blocks of code after a heading, up to the next one.
fn blocks(heading: &str) -> Vec<String> {
    let page = page();
    let section = page.split(&format!("\n{heading}\n")).nth(1).unwrap_or_else(|| panic!("no {heading}"));
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```").skip(1).step_by(2);
    blocks.map(|block| block.split_once('\n').unwrap().1.to_owned()).collect()
}

/// The worked example: three records, and the checkpoint after them.
fn example() -> (String, String, CheckpointKey) {
    const NOON: i64 = 1_706_702_400_000_000_000;
    let secret = Zeroizing::new(b"an example, not a secret".to_vec());
    let key = MacKey::new(Algorithm::HmacSha256, Some("desk-1".to_owned()), &secret);
    let checkpoint_key = CheckpointKey::from_seed(&Zeroizing::new([7; 32]));
    let mut chain = Chain::new(Some(key), Head::default());
    let body = |event: &str, second: i64| {
        let time = Nanos::new(NOON + second * Nanos::SECOND.get());
        DecisionBody::new(event, time, "paper", "core_multi", "balanced")
    };
    let mut opened = body("journal_opened", 0);
    opened
        .metadata("format", &json!("hemiola.journal/1"))
        .metadata("run_id", &json!("4f1c0a9e12b38d77"))
        .metadata("binary", &json!("0.1.0"))
        .metadata("config_sha256", &json!("5d41402abc4b2a76"))
        .metadata("data", &json!([{ "blake3": "af1349b9f5f9a1a6", "name": "BTC_USDT/1h.parquet" }]))
        .metadata("seed", &json!(1))
        .metadata("algorithm", &json!("HMAC-SHA256"))
        .metadata("checkpoint_key", &json!(checkpoint_key.public().to_string()))
        .metadata("currency", &json!("USDT"))
        .metadata("initial_cash", &json!(1000.0));
    let mut fill = body("order_executed", 1);
    fill.text(Field::Symbol, "BTC_USDT").text(Field::Side, "buy").text(Field::Status, "filled");
    fill.number(Field::Quantity, 0.01).unwrap().number(Field::Price, 42_000.5).unwrap();
    fill.metadata("fee", &json!(0.42)).metadata("note", &json!("żółty \"1\""));
    let mut closed = body("journal_closed", 2);
    closed.metadata("records", &json!(3));
    let mut text = Vec::new();
    for mut body in [opened, fill, closed] {
        let mut values = Values::default();
        body.linked(&chain.begin(&mut values));
        let start = text.len();
        body.form().write(&values, &mut text);
        chain.seal(&mut text, start);
    }
    let time = Nanos::new(NOON + 2 * Nanos::SECOND.get());
    let checkpoint =
        Checkpoint { run: "4f1c0a9e12b38d77".to_owned(), head: chain.head(), time, closed: true };
    (String::from_utf8(text).unwrap(), checkpoint.line(&checkpoint_key), checkpoint_key)
}

#[test]
fn the_worked_example_is_what_the_code_writes() {
    let (records, checkpoint, key) = example();
    let blocks = blocks("## The format, byte for byte");
    let [shown, shown_checkpoint, public] = blocks.as_slice() else { panic!("{} blocks", blocks.len()) };
    assert!(*shown == records, "the page shows\n{shown}\ninstead of\n{records}");
    assert!(*shown_checkpoint == checkpoint, "the page shows\n{shown_checkpoint}\ninstead of\n{checkpoint}");
    let expected = key.public().to_pem();
    assert!(*public == expected, "the page shows\n{public}\ninstead of\n{expected}");
    assert!(Checkpoint::read(shown_checkpoint, &PublicKey::from_pem(public).unwrap()).is_ok());
}

#[test]
fn the_python_verifier_takes_the_worked_example() {
    let (records, checkpoint, _) = example();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("example.jsonl"), records).unwrap();
    fs::write(folder.path().join("checkpoints.jsonl"), checkpoint).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/journal_verify.py");
    let mut command = Command::new("python3");
    command.arg(script).args([
        "--hmac-key-env",
        "desk-1=EXAMPLE",
        "--checkpoints",
        "checkpoints.jsonl",
        "example.jsonl",
    ]);
    command.env("EXAMPLE", "an example, not a secret").current_dir(folder.path());
    match command.output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(error) => _ = writeln!(std::io::stderr(), "skipped: python3 cannot be run: {error}"),
    }
}

#[cfg(unix)]
#[test]
fn openssl_verifies_a_checkpoint_with_the_public_key_alone() {
    if let Err(error) = Command::new("openssl").arg("version").output() {
        _ = writeln!(std::io::stderr(), "skipped: openssl cannot be run: {error}");
        return;
    }
    let (_, checkpoint, key) = example();
    let blocks = blocks("## Checkpoints");
    let recipe = blocks.iter().find(|block| block.contains("pkeyutl")).expect("a recipe");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("checkpoint.pub.pem"), key.public().to_pem()).unwrap();
    let verifies = |line: &str| {
        fs::write(folder.path().join("checkpoints.jsonl"), line).unwrap();
        let output = Command::new("sh").args(["-ec", recipe]).current_dir(folder.path()).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (is_good, says) = verifies(&checkpoint);
    assert!(is_good && says.contains("Signature Verified Successfully"), "{says}");
    let (is_good, says) = verifies(&checkpoint.replacen("\"count\":\"3\"", "\"count\":\"2\"", 1));
    assert!(!is_good && !says.contains("Successfully"), "{says}");
}
