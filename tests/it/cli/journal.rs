//! `hemiola journal`: looking into journals, tables of them, and keys.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Stdio};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampNanosecondType};
use flate2::Compression;
use flate2::write::GzEncoder;
use hemiola_adapters::journal::Algorithm;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use super::project::{Ended, Project};
use crate::support::journals::{Journal, key};

const NOTE: &str = "note: signatures were not checked; `hemiola journal verify` does that\n";

/// Two days: five records, then six.
fn days() -> [String; 2] {
    let mut journal = Journal::open(Some(key(Algorithm::HmacSha256, Some("desk-1"), "secret")));
    journal.fills(3);
    let first = journal.next_file("decisions-20240131.jsonl", "decisions-20240201.jsonl");
    journal.refusal("daily", "ETH_USDT", "max_positions");
    journal.refusal("hourly", "ETH_USDT", "cash");
    journal.refusal("hourly", "SOL_USDT", "cash");
    journal.fill("daily", "BTC_USDT", "sell", (0.25, 1e-7));
    [first, journal.close().text()]
}

/// A folder `logs` with these days, the first one compressed.
fn project() -> Project {
    let project = Project::empty();
    let [first, second] = days();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(first.as_bytes()).unwrap();
    project.write("logs/decisions-20240131.jsonl.gz", gzip.finish().unwrap());
    project.write("logs/decisions-20240201.jsonl", second);
    project
}

fn numbers(ended: &Ended) -> Vec<String> {
    let number = |line: &str| line.split("  ").nth(1).unwrap().to_owned();
    ended.stdout.lines().map(number).collect()
}

#[test]
fn the_last_records_are_a_line_each() {
    let project = project();
    let ended = project.succeeds("journal tail logs -n 7");
    assert_eq!(
        ended.stdout,
        "\
2024-01-31T12:04:00+00:00  #4  journal_rotated  next_file=decisions-20240201.jsonl
2024-01-31T12:05:00+00:00  #5  journal_continued  previous_file=decisions-20240131.jsonl
2024-01-31T12:06:00+00:00  #6  risk_rejected  daily  ETH_USDT  rejected  rule=max_positions  value=3.0  limit=2.0
2024-01-31T12:07:00+00:00  #7  risk_rejected  hourly  ETH_USDT  rejected  rule=cash  value=3.0  limit=2.0
2024-01-31T12:08:00+00:00  #8  risk_rejected  hourly  SOL_USDT  rejected  rule=cash  value=3.0  limit=2.0
2024-01-31T12:09:00+00:00  #9  order_executed  daily  BTC_USDT  sell 0.25 @ 0.0000001  filled
2024-01-31T12:10:00+00:00  #10  journal_closed  records=11
"
    );
    assert_eq!(ended.stderr, NOTE);
    assert_eq!(numbers(&project.succeeds("journal tail logs --lines 99")).len(), 11);
    assert_eq!(project.succeeds("journal tail logs -n 0").stdout, "");
    let raw = project.succeeds("journal tail logs -n 6 --json").stdout;
    assert_eq!(raw, days()[1], "as they are, byte for byte");
}

#[test]
fn filters_choose_records() {
    let project = project();
    let tail = |filters: &str| numbers(&project.succeeds(&format!("journal tail logs {filters}")));
    assert_eq!(tail("--schedule daily"), ["#6", "#9"]);
    assert_eq!(tail("--schedule daily -n 1"), ["#9"]);
    assert_eq!(tail("--event order_executed --symbol BTC_USDT"), ["#1", "#3", "#9"]);
    assert_eq!(tail("--symbol binance:BTC_USDT"), ["#1", "#3", "#9"]);
    assert_eq!(tail("--symbol SOL_USDT --symbol BTC_USDT --strategy crossing"), ["#1", "#3", "#8", "#9"]);
    assert_eq!(tail("--rule cash"), ["#7", "#8"]);
    assert_eq!(tail("--from 2024-01-31T12:02 --to 2024-01-31T13:04:00+01:00"), ["#2", "#3", "#4"]);
    let none = project.succeeds("journal tail logs --schedule houry --symbol kraken:BTC_USDT --rule nothing");
    assert_eq!(none.stdout, "");
    for warning in [
        "warning: --schedule: no record has the schedule `houry`; did you mean `hourly`?",
        "warning: --rule: no record has the rule `nothing`; there are cash, max_positions",
    ] {
        assert!(none.stderr.contains(warning), "{}", none.stderr);
    }
    project.refuses("journal tail logs --from yesterday", 2, &["--from: `yesterday` is not an instant"]);
    project.refuses(
        "journal stats logs --from 2024-02-01 --to 2024-01-01",
        2,
        &["--from is later than --to"],
    );
}

#[test]
fn records_are_counted() {
    let project = project();
    let document = project.succeeds("journal stats logs --json").json();
    let expected = json!({
        "schema": "hemiola.journal.stats/1", "status": "ok", "records": 11, "sessions": 1,
        "first": "2024-01-31T12:00:00+00:00", "last": "2024-01-31T12:10:00+00:00",
        "events": {
            "journal_opened": 1, "journal_rotated": 1, "journal_continued": 1, "journal_closed": 1,
            "order_executed": 4, "risk_rejected": 3,
        },
        "schedules": { "daily": 2, "hourly": 5 },
        "refusals": { "cash": 2, "max_positions": 1 },
        "signatures": { "HMAC-SHA256 desk-1": 11 },
        "files": [
            { "path": "logs/decisions-20240131.jsonl.gz", "records": 5,
              "bytes": project.read("logs/decisions-20240131.jsonl.gz").len() },
            { "path": "logs/decisions-20240201.jsonl", "records": 6,
              "bytes": project.read("logs/decisions-20240201.jsonl").len() },
        ],
    });
    assert_eq!(document, expected);
    let text = project.succeeds("journal stats logs --rule cash").stdout;
    let end = "\nby event\n  risk_rejected  2\n\nby schedule\n  hourly  2\n\nrefused by rule\n  cash  2\n\nsigned by\n  HMAC-SHA256 desk-1  2\n";
    assert!(
        text.contains("records   2\nfirst     2024-01-31T12:07:00+00:00\n") && text.ends_with(end),
        "{text}"
    );
}

#[test]
fn a_record_is_shown_in_full() {
    let project = project();
    let text = project.succeeds("journal show 9 logs").stdout;
    let lines: Vec<_> =
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines[..4],
        [
            "logs/decisions-20240201.jsonl:5",
            "event order_executed",
            "timestamp 2024-01-31T12:09:00+00:00",
            "seq 9",
        ]
    );
    assert!(lines.iter().any(|line| line == "signature.key_id desk-1"), "{text}");
    let document = project.succeeds("journal show hourly:ETH_USDT:2 logs --json").json();
    let shown = &document["records"][0];
    assert_eq!((&shown["line"], &shown["record"]["seq"]), (&json!(3), &json!("2")));
    assert_eq!(shown["record"]["signature"]["algorithm"], "HMAC-SHA256");
    project.refuses("journal show 11 logs", 2, &["the number 11; it has 11 records, from 0 on"]);
    project.refuses("journal show nobody logs", 2, &["the order or signal `nobody`"]);
}

#[test]
fn the_decisions_of_a_run_are_read_too() {
    let project = Project::new();
    project.succeeds("backtest --output out");
    let stats = project.succeeds("journal stats out --json").json();
    let lines = project.text("out/decisions.jsonl").lines().count();
    assert!(lines > 20, "{lines}");
    assert_eq!(stats["records"], lines);
    let counts = &project.json("out/summary.json")["counts"];
    for (event, count) in
        [("strategy_signal", "signals"), ("order_submitted", "orders"), ("order_executed", "fills")]
    {
        assert_eq!(stats["events"][event], counts[count], "{event}");
    }
    let text = project.text("out/decisions.jsonl");
    let order = text.lines().find(|line| line.contains("order_submitted")).unwrap();
    let order: Value = serde_json::from_str(order).unwrap();
    let id = order["order_id"].as_str().unwrap();
    let events = |document: Value| {
        let records = document["records"].as_array().unwrap().iter();
        records.map(|shown| shown["record"]["event"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let of_order = project.succeeds(&format!("journal show {id} out --json")).json();
    assert_eq!(events(of_order), ["order_submitted", "order_executed"]);
    let signal = order["signal_id"].as_str().unwrap();
    let of_signal = project.succeeds(&format!("journal show {signal} out --json")).json();
    assert_eq!(events(of_signal)[0], "strategy_signal");
    project.succeeds("journal show 0 out");

    for kind in ["csv", "parquet"] {
        let said =
            project.succeeds(&format!("journal export out --format {kind} --output table.{kind}")).stdout;
        assert_eq!(said, format!("table.{kind}: {lines} records\n"));
    }
    assert_eq!(project.text("table.csv").lines().count(), lines + 1);
    assert_eq!(parquet(&project, "table.parquet").num_rows(), lines);
}

fn parquet(project: &Project, name: &str) -> RecordBatch {
    let file = fs::File::open(project.path(name)).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().with_batch_size(1 << 20);
    let mut batches = reader.build().unwrap();
    let batch = batches.next().map_or_else(|| panic!("{name} is empty"), Result::unwrap);
    assert!(batches.next().is_none());
    batch
}

#[test]
fn a_table_has_typed_columns_and_the_rest_as_json() {
    let project = project();
    project.succeeds(
        "journal export logs --output new/table.parquet --event order_executed --event journal_closed",
    );
    let batch = parquet(&project, "new/table.parquet");
    let column = |name: &str| batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
    assert_eq!(column("position").as_primitive::<Int64Type>().values(), &[1, 2, 3, 9, 10]);
    assert_eq!(column("seq").as_primitive::<Int64Type>().values(), &[1, 2, 3, 9, 10]);
    let times = column("timestamp").as_primitive::<TimestampNanosecondType>().values();
    assert_eq!(times[0], 1_706_702_460_000_000_000);
    let prices = column("price").as_primitive::<Float64Type>().values();
    assert_eq!(prices[..4], [42_000.0, 42_000.0, 42_000.0, 1e-7]);
    assert!(prices[4].is_nan());
    let sides = column("side").as_dictionary::<Int32Type>();
    let sides = sides.downcast_dict::<arrow_array::StringArray>().unwrap();
    assert_eq!(sides.into_iter().flatten().collect::<Vec<_>>(), ["buy", "sell", "buy", "sell", ""]);
    assert_eq!(column("signal_id").as_string::<i32>().value(0), "hourly:BTC_USDT:1");
    let metadata = column("metadata").as_string::<i32>();
    assert_eq!(metadata.value(0), r#"{"fee":"0.25","key_id":"desk-1","order_id":"4f1c0a9e12b38d77-0-1-0"}"#);
    assert_eq!(batch.num_columns(), 3 + 4 + 20 + 1);

    project.succeeds("journal export logs --format csv --output table.csv --rule max_positions");
    let csv = project.text("table.csv");
    let mut lines = csv.lines();
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("position,seq,timestamp,event,environment,portfolio,risk_profile,symbol,")
    );
    let line = lines.next().unwrap();
    assert!(
        line.starts_with(
            "6,6,2024-01-31T12:06:00+00:00,risk_rejected,desk,main,balanced,ETH_USDT,,,,rejected,daily,"
        ),
        "{line}"
    );
    assert!(
        line.ends_with(
            r#","{""key_id"":""desk-1"",""limit"":""2.0"",""rule"":""max_positions"",""value"":""3.0""}""#
        ),
        "{line}"
    );
    project.succeeds("journal export logs --format parquet --output none.parquet --event nothing");
    project.refuses("journal export logs", 2, &["say --output FILE"]);
    project.refuses(
        "journal export logs --output logs/decisions-20240201.jsonl",
        2,
        &["logs/decisions-20240201.jsonl is the journal itself"],
    );
}

#[test]
fn a_line_that_is_no_record_is_named_and_left_out() {
    let project = project();
    let [_, second] = days();
    let mut lines: Vec<&str> = second.lines().collect();
    lines[2] = "{\"event\":";
    lines.insert(1, "[]");
    project.write("bad.jsonl", lines.join("\n") + "\n{\"event\":\"order_ex");
    let places = [
        "warning: bad.jsonl:2: it is no object with an `event`",
        "warning: bad.jsonl:4: it is not JSON",
        "warning: bad.jsonl:8: ",
    ];
    let ended = project.run("journal tail bad.jsonl");
    assert_eq!((ended.code, ended.stdout.lines().count()), (Some(8), 5), "{}", ended.stderr);
    for place in places {
        assert!(ended.stderr.contains(place), "{}", ended.stderr);
    }
    assert!(
        ended.stderr.contains("error: bad.jsonl:2: 3 lines are not as a journal has them"),
        "{}",
        ended.stderr
    );
    project.refuses("journal stats bad.jsonl", 8, &places);
    assert!(project.run("journal stats bad.jsonl").stderr.contains("bad.jsonl:8: the file ends in it"));
    assert_eq!(project.run("journal stats bad.jsonl --json").json()["exit_code"], 8);
    assert_eq!(project.run("journal show 6 bad.jsonl").code, Some(8));
    for kind in ["csv", "parquet"] {
        let export = format!("journal export bad.jsonl --format {kind} --output table");
        project.refuses(&export, 8, &["bad.jsonl:2: ", "nothing was written"]);
    }
    project.write("number.jsonl", lines[0].replacen('{', "{\"price\":\"dear\",", 1));
    project.refuses("journal export number.jsonl --output t", 8, &["number.jsonl:1: `price` is `dear`"]);

    project.write("cut.jsonl.gz", &project.read("logs/decisions-20240131.jsonl.gz")[..100]);
    project.refuses("journal stats cut.jsonl.gz", 8, &["cannot read cut.jsonl.gz after line "]);
    project.refuses("journal stats nowhere.jsonl", 1, &["cannot read nowhere.jsonl"]);
    project.write("empty/readme.txt", "");
    project.refuses("journal tail empty", 1, &["empty holds no journal"]);
    project.refuses("journal tail", 2, &["say PATH"]);
}

#[test]
fn standard_input_and_zstandard_are_read() {
    let project = project();
    let text = days().concat();
    project.write("all.jsonl.zst", zstd::encode_all(text.as_bytes(), 1).unwrap());
    let expected = project.succeeds("journal tail logs").stdout;
    assert_eq!(project.succeeds("journal tail all.jsonl.zst").stdout, expected);
    let mut child = project
        .command("journal tail -")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    project.refuses("journal tail nowhere.jsonl --follow", 1, &["cannot read nowhere.jsonl"]);
    project.refuses("journal tail - --follow", 2, &["--follow: nothing is added to -"]);
    project.refuses(
        "journal tail all.jsonl.zst --follow",
        2,
        &["--follow: nothing is added to all.jsonl.zst"],
    );
}

/// A program that goes on until it is stopped.
struct Endless(Child);

impl Drop for Endless {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn what_is_added_is_followed_into_the_next_file() {
    const FILE: &str = "logs/decisions-20240201.jsonl";
    let project = project();
    let [_, second] = days();
    let lines: Vec<&str> = second.split_inclusive('\n').collect();
    project.write(FILE, lines[..2].concat());
    let append = |name: &str, text: &str| {
        let file = OpenOptions::new().append(true).create(true).open(project.path(name));
        file.unwrap().write_all(text.as_bytes()).unwrap();
    };
    let child = project
        .command("journal tail logs --follow -n 3 --event risk_rejected --event journal_closed --event order_executed")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut child = Endless(child);
    let mut stdout = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut next = || stdout.next().unwrap().unwrap().split("  ").nth(1).unwrap().to_owned();
    assert_eq!([next(), next(), next()], ["#2", "#3", "#6"], "from the file before, too");
    append(FILE, lines[2]);
    assert_eq!(next(), "#7");
    let (start, end) = lines[3].split_at(50);
    append(FILE, start);
    append("logs/decisions-20240202.jsonl.gz", "");
    append(FILE, end);
    assert_eq!(next(), "#8", "whole, once it is");
    append(FILE, lines[4]);
    append("logs/decisions-20240202.jsonl", lines[5]);
    assert_eq!([next(), next()], ["#9", "#10"]);
}

#[cfg(unix)]
#[test]
fn keys_are_made_for_their_owner_and_never_written_over() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::empty();
    let said = project.succeeds("journal keygen --output keys/new --key-id desk-1").stdout;
    for (name, mode) in [("hmac.key", 0o600), ("checkpoint.pem", 0o600), ("checkpoint.pub.pem", 0o644)] {
        let path = format!("keys/new/{name}");
        let permissions = fs::metadata(project.path(&path)).unwrap().permissions();
        assert!(permissions.mode() & 0o777 & !mode == 0, "{path}");
        assert!(said.contains(&path), "{said}");
        assert!(!said.contains(project.text(&path).lines().last().unwrap_or_default()), "no key is printed");
    }
    assert!(said.contains("verify PATH --hmac-key-file desk-1=keys/new/hmac.key --checkpoints"), "{said}");
    assert_eq!(project.text("keys/new/hmac.key").trim_end().len(), 44);
    project.refuses("journal keygen --output keys/new", 2, &["keys/new/hmac.key is there already"]);
    project.refuses("journal keygen --output other --key-id a:b", 2, &["--key-id: `a:b` cannot name a key"]);
    project.refuses("journal keygen", 2, &["say --output DIR"]);
    project.refuses(
        "journal keygen --output keys/new/hmac.key",
        1,
        &["cannot write the key keys/new/hmac.key"],
    );
}
