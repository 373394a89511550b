//! The decisions of a run as a journal: they explain the book, and their keys are loaded before anything is done.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::project::Project;
use super::results::eventful;
use crate::support::shared;

/// What a journal adds up to.
struct Book {
    cash: f64,
    /// By schedule, venue and symbol.
    held: BTreeMap<[String; 3], Position>,
    /// How far cash may be off: quantities and prices have ten decimals.
    slack: f64,
}

#[derive(Default)]
struct Position {
    quantity: f64,
    /// How far the quantity may be off.
    slack: f64,
    /// What the last fill says is held.
    told: f64,
}

/// Half of the last of ten decimals.
const ROUNDING: f64 = 5e-11;

/// Adds up fills and borrowing.
fn fold(text: &str) -> Book {
    let mut book = Book { cash: f64::NAN, held: BTreeMap::new(), slack: 1e-6 };
    for line in text.lines() {
        let record: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
        let text = |name: &str| record[name].as_str().unwrap();
        let number = |name: &str| text(name).parse::<f64>().unwrap();
        match text("event") {
            "journal_opened" => book.cash = number("initial_cash"),
            "order_executed" | "order_partially_executed" => {
                let sign = if text("side") == "buy" { 1.0 } else { -1.0 };
                let (quantity, price) = (sign * number("quantity"), number("price"));
                book.cash -= quantity * price + number("fee");
                book.slack += ROUNDING * (price + quantity.abs());
                let venue = if record.contains_key("venue") { "venue" } else { "primary_exchange" };
                let place = ["schedule", venue, "symbol"].map(|name| text(name).to_owned());
                let position = book.held.entry(place).or_default();
                position.quantity += quantity;
                position.slack += ROUNDING;
                position.told = number("position");
            }
            "borrow_charged" => book.cash -= number("amount"),
            _ => {}
        }
    }
    book
}

/// Checks that a results folder's journal comes to the cash and the positions of its summary.
fn explains_the_book(decisions: &str, summary: &Value) {
    let book = fold(decisions);
    let cash = summary["cash"].as_f64().unwrap();
    assert!((book.cash - cash).abs() <= book.slack, "{} and {cash}, at most {} apart", book.cash, book.slack);
    let mut told = BTreeMap::new();
    for position in summary["positions"].as_array().unwrap() {
        let place = ["schedule", "venue", "symbol"].map(|name| position[name].as_str().unwrap().to_owned());
        told.insert(place, position["quantity"].as_f64().unwrap());
    }
    for (place, Position { quantity, slack, told: last }) in &book.held {
        let told = told.remove(place).unwrap_or_default();
        let slack = slack + 1e-9 * quantity.abs();
        assert!((quantity - told).abs() <= slack, "{place:?}: {quantity} and {told}, at most {slack} apart");
        assert_eq!(*last, told, "{place:?}");
    }
    assert_eq!(told, BTreeMap::new(), "positions that no fill explains");
}

#[test]
fn the_journal_explains_the_book() {
    let project = eventful();
    project.succeeds("backtest --output out");
    let summary = project.json("out/summary.json");
    assert!(summary["counts"]["borrow_charges"].as_u64() > Some(0));
    assert!(!summary["positions"].as_array().unwrap().is_empty());
    explains_the_book(&project.text("out/decisions.jsonl"), &summary);
}

#[test]
fn journals_over_real_candles_verify_and_explain_the_book() {
    let Some(data) = shared::market_data() else { return };
    let project = Project::shipped();
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/config/real_market.yaml");
    fs::copy(config, project.path("config/real_market.yaml")).unwrap();
    let run = format!("backtest --config config/real_market.yaml --data {} --output out", data.display());
    let output = project.command(&run).env("DECISION_LOG_HMAC_KEY", "secret").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let verify = |secret: &str| {
        let mut command = project.command("journal verify out/decisions.jsonl --hmac-key-env KEY");
        command.env("KEY", secret).output().unwrap().status.code()
    };
    assert_eq!((verify("secret"), verify("another")), (Some(0), Some(87)));
    explains_the_book(&project.text("out/decisions.jsonl"), &project.json("out/summary.json"));
}

/// A project whose environment signs, with its keys in place.
fn signing() -> Project {
    let project = Project::new();
    project.succeeds("journal keygen --output keys");
    project.edit(
        super::project::CONFIG_FILE,
        "    environment: paper\n",
        "    environment: paper\n    decision_journal:\n      backend: file\n      directory: ../journal\n      \
         signing_key_path: ../keys/hmac.key\n      signing_key_id: desk-1\n      \
         checkpoints: {path: ../elsewhere/checkpoints.jsonl, signing_key_path: ../keys/checkpoint.pem}\n",
    );
    project
}

const VERIFY: &str = "journal verify cut.jsonl --hmac-key-file keys/hmac.key --expected-key-id desk-1 \
                      --checkpoints elsewhere/checkpoints.jsonl --checkpoint-key keys/checkpoint.pub.pem";

#[test]
fn a_configured_key_signs_decisions_and_checkpoints() {
    let project = signing();
    // Another run and a repetition have checkpoints that do not disturb this one's.
    for run in ["--output out", "--output other --equity bars --from 1970-01-01T12:00:00Z", "--output out"] {
        project.succeeds(&format!("backtest {run}"));
    }
    let run = project.json("out/summary.json")["run_id"].as_str().unwrap()[..16].to_owned();
    let verify = VERIFY.replace("checkpoints.jsonl", &format!("checkpoints-{run}.jsonl"));
    let text = project.text("out/decisions.jsonl");
    project.write("cut.jsonl", text.clone());
    project.succeeds(&verify);
    let short = text.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n";
    project.write("cut.jsonl", short);
    assert_eq!(project.run(&verify).code, Some(85));
    let other = text.replacen("\"side\":\"buy\"", "\"side\":\"sell\"", 1);
    assert_ne!(other, text);
    project.write("cut.jsonl", other);
    assert_eq!(project.run(&verify).code, Some(80));
}

#[test]
fn a_key_that_cannot_be_loaded_stops_the_start() {
    for key in ["keys/hmac.key", "keys/checkpoint.pem"] {
        let project = signing();
        fs::remove_file(project.path(key)).unwrap();
        project.refuses("backtest --output out", 3, &[key.rsplit('/').next().unwrap(), "cannot be loaded"]);
        project.succeeds("backtest --output out --decisions none");
    }
}

#[test]
fn only_a_demo_is_excused_from_signing() {
    let project = Project::new();
    project.succeeds("backtest --output out");
    assert_eq!(project.run("journal verify out/decisions.jsonl --allow-unsigned").code, Some(86));
    project.edit(super::project::CONFIG_FILE, "    environment: paper\n", "    environment: demo\n");
    project.succeeds("backtest --output out");
    let ended = project.succeeds("journal verify out/decisions.jsonl --allow-unsigned");
    assert!(ended.stdout.contains("nothing is proven"), "{}", ended.stdout);
}

#[test]
fn a_note_of_an_operator_is_signed_and_mends_what_a_crash_tore() {
    let project = signing();
    let noted = project.succeeds("journal incident venue_is_down --severity critical --who anna");
    assert!(noted.stdout.contains("record 1 "), "{}", noted.stdout);
    let files = |ending: &str| -> Vec<String> {
        let files = project.snapshot("journal").into_keys().map(|path| path.display().to_string());
        files.filter(|path| path.ends_with(ending)).collect()
    };
    let [file] = &files(".jsonl")[..] else { panic!("{:?}", files("")) };
    let name = file.rsplit('/').next().unwrap();
    let place = format!("journal/{name}");
    project.write(&place, project.text(&place) + "{\"event\":\"order_exec");
    let verify = VERIFY.replace("cut.jsonl", "journal");
    assert_eq!(project.run(&verify).code, Some(84));

    let noted = project.succeeds("journal incident it_is_back --who anna --json").json();
    assert_eq!((&noted["seq"], &noted["records"]), (&Value::from(4), &Value::from(6)));
    project.succeeds(&verify);
    let read = |file: String| project.text(&format!("journal/{}", file.rsplit('/').next().unwrap()));
    let text: String = files(".jsonl").into_iter().map(read).collect();
    for part in
        ["\"who\":\"anna\"", "\"note\":\"it_is_back\"", "\"severity\":\"critical\"", "\"torn_bytes\":\"20\""]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(files(".torn").len(), 1);
    project.refuses("journal incident", 2, &["TEXT"]);
}

#[test]
fn a_note_needs_a_journal_in_files_and_the_key_that_signed_it() {
    let project = Project::new();
    project.refuses("journal incident hello", 2, &["keeps no journal in files", "decision_journal"]);
    let project = signing();
    project.succeeds("journal incident hello");
    project.succeeds("journal keygen --output others");
    project.edit(super::project::CONFIG_FILE, "../keys/hmac.key", "../others/hmac.key");
    project.refuses("journal incident hello", 8, &["cannot go on here", "journal verify"]);
}
