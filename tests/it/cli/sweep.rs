//! `hemiola sweep` and `hemiola backtest --variant`.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use hemiola::clock::Stopwatch;
use serde_json::Value;

use super::project::{BTC, CONFIG_FILE, ETH, Project};
use super::tables::{Candles, Table};
use crate::support::shared::{workload, workloads};

/// Fifty days of hours on a walk of its own for each instrument.
fn project() -> Project {
    let project = Project::new();
    for (path, seed) in [(BTC, 1_u64), (ETH, 7)] {
        project.candles(path, &walk(seed, 1_200));
    }
    project
}

fn walk(seed: u64, hours: usize) -> Candles {
    let (mut state, mut price) = (seed, 100.0);
    let mut prices = Vec::with_capacity(hours);
    for _ in 0..hours {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let open = price;
        price = (price * (1.0 + ((state >> 40) as f64 / f64::from(1 << 24) - 0.5) * 0.02) * 100.0).round()
            / 100.0;
        prices.push((open, price));
    }
    Candles::of(&prices)
}

/// 608 variants in three shards.
const GRID: &str = "--grid crossing.fast=2..25 --grid crossing.slow=10..40 --where fast<slow";

/// Places of the configuration and parameters, some of which fit nothing.
const PLACES: &str = "--grid sma_cross.fast=2,5 --grid crossing.parameters.slow=4,9 \
    --grid scheduler.capital_policy=equal_weight,risk_parity \
    --grid environment.adapter_settings.paper_trading.taker_fee=0,0.002 \
    --grid risk_profiles.open.max_open_positions=1,10";

fn digests(project: &Project, folder: &str) -> Vec<String> {
    Table::read(&project.path(&format!("{folder}/sweep.parquet"))).texts("digest")
}

#[track_caller]
fn same_bytes(project: &Project, one: &str, other: &str) {
    for file in ["sweep.parquet", "manifest.json"] {
        let [one, other] = [one, other].map(|folder| project.read(&format!("{folder}/{file}")));
        assert!(one == other, "{file} differs");
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let project = project();
    for threads in [1, 2, 3, 7] {
        project.succeeds(&format!("sweep {GRID} --threads {threads} --output t{threads}"));
        same_bytes(&project, "t1", &format!("t{threads}"));
    }
    let table = Table::read(&project.path("t1/sweep.parquet"));
    assert_eq!(table.rows(), 608);
    let (fast, slow) = (table.numbers("crossing.fast"), table.numbers("crossing.slow"));
    assert!(fast.iter().zip(&slow).all(|(fast, slow)| fast < slow));
    assert!(table.texts("error").iter().all(String::is_empty));
    let distinct: std::collections::BTreeSet<String> = digests(&project, "t1").into_iter().collect();
    assert!(distinct.len() > 300, "variants trade differently: {}", distinct.len());
    assert!(!project.path("t1/shards").exists());

    // What is shown is the best row.
    let shown = project.succeeds(&format!("sweep {GRID} --output t1 --json")).json();
    let sharpes = table.numbers("sharpe");
    let best = sharpes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert_eq!(shown["best"]["statistics"]["sharpe"].as_f64().unwrap(), best);
    let variant = usize::try_from(shown["best"]["variant"].as_u64().unwrap()).unwrap();
    assert_eq!(sharpes[variant], best);
    assert_eq!(shown["best"]["parameters"]["crossing.fast"], fast[variant]);
    assert_eq!((&shown["ran"], &shown["failed"]), (&Value::from(608), &Value::from(0)));
    let selection = &shown["selection"];
    assert_eq!(selection["trials"], 608);
    for share in [&selection["deflated_sharpe"]["probability"], &selection["overfitting"]["probability"]] {
        assert!((0.0..=1.0).contains(&share.as_f64().unwrap()), "{selection}");
    }
}

#[test]
fn a_variant_alone_has_the_digest_of_the_sweep() {
    let project = project();
    let ended = project.succeeds(&format!("sweep {PLACES} --output swept --no-selection-stats"));
    assert!(!ended.stdout.contains("overfitting") && !ended.stdout.contains("deflated"), "{}", ended.stdout);
    let digests = digests(&project, "swept");
    assert_eq!(digests.len(), 32);
    let table = Table::read(&project.path("swept/sweep.parquet"));
    let errors = table.texts("error");
    for variant in [0, 1, 2, 5, 11, 15, 23, 31] {
        let ended = project.run(&format!("backtest --variant swept#{variant} --output alone"));
        if digests[variant].is_empty() {
            assert_ne!(ended.code, Some(0), "{variant}");
            assert!(
                ended.stderr.contains("`fast`") && errors[variant].contains("`fast`"),
                "{}",
                ended.stderr
            );
            continue;
        }
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(ended.digest(), digests[variant]);
        project.succeeds("backtest --verify alone/manifest.json");
    }

    // The same, written into the file.
    let before = project.text(CONFIG_FILE);
    let run_id = |project: &Project| project.json("alone/manifest.json")["run_id"].clone();
    project.succeeds("backtest --variant swept#31 --output alone");
    let of_variant = run_id(&project);
    for (from, to) in [
        ("{fast: 2, slow: 4}", "{fast: 5, slow: 9}"),
        ("    schedules:\n", "    capital_policy: risk_parity\n    schedules:\n"),
        ("taker_fee: 0.001", "taker_fee: 0.002"),
    ] {
        project.edit(CONFIG_FILE, from, to);
    }
    assert_eq!(project.succeeds("backtest --output alone").digest(), digests[31]);
    assert_eq!(run_id(&project), of_variant);
    project.write(CONFIG_FILE, before);

    // Over other candles it comes to something else, and that is said.
    project.candles(BTC, &walk(3, 1_200));
    let ended = project.run("backtest --variant swept#31 --output alone");
    assert_eq!(ended.code, Some(8), "{}", ended.stderr);
    assert!(ended.stderr.contains(&digests[31]), "{}", ended.stderr);
    for (variant, says) in [
        ("swept#32", "the last variant is 31"),
        ("nowhere#1", "there is no sweep"),
        ("swept", "expected the folder"),
    ] {
        project.refuses(&format!("backtest --variant {variant}"), 2, &[says]);
    }
}

#[test]
fn what_fails_is_a_row() {
    let project = project();
    let ended = project.succeeds("sweep --grid crossing.fast=2,30 --grid crossing.slow=9,40 --output swept");
    assert!(ended.stderr.contains("1 of 4 variants could not be run"), "{}", ended.stderr);
    let table = Table::read(&project.path("swept/sweep.parquet"));
    let errors = table.texts("error");
    assert!(errors[2].contains("strategy `crossing`: parameter `fast`"), "{}", errors[2]);
    assert!(errors[0].is_empty() && errors[1].is_empty() && errors[3].is_empty(), "{errors:?}");
    assert!(table.numbers("final_equity")[2].is_nan() && digests(&project, "swept")[2].is_empty());

    // What would need other candles, and what no environment takes.
    project.succeeds("sweep --grid multi_strategy_schedulers.main.schedules.hourly.interval=1h,4h --grid environment.adapter_settings.paper_trading.taker_fee=0,-1 --output other");
    let errors = Table::read(&project.path("other/sweep.parquet")).texts("error");
    assert!(errors[0].is_empty(), "{errors:?}");
    assert!(errors[2].contains("other candles"), "{errors:?}");
    assert!(errors[1].contains("paper_trading.taker_fee: must be at least 0"), "{errors:?}");
}

#[test]
fn a_sweep_that_cannot_be_is_refused_before_anything_is_read() {
    let project = Project::empty();
    project.write(CONFIG_FILE, super::project::CONFIG);
    for (arguments, says) in [
        ("", "nothing varies"),
        ("--grid crossing.fsat=1..3", "did you mean `fast`?"),
        ("--grid crosing.fast=1..3", "did you mean `crossing`?"),
        ("--grid scheduler.schedules.hourly.intervall=1h", "did you mean `interval`?"),
        ("--grid scheduler.shedules.hourly.interval=1h", "did you mean `schedules`?"),
        ("--grid crossing.fast=1.5,2", "a whole number"),
        ("--grid crossing.fast=9..2", "the range is empty"),
        ("--grid crossing.fast=", "there are no values"),
        ("--grid crossing.fast=2..9 --where fast>10", "there is no variant"),
        ("--grid crossing.fast=2..9 --where fest>10", "compares nothing that varies"),
        ("--grid crossing.fast=1..2000 --grid crossing.slow=1..2000", "more than 1000000 variants"),
        ("--grid crossing.fast=1..20 --max-variants 19", "more than 19 variants"),
        ("--grid crossing.fast=1..3 --rank sharp", "did you mean `sharpe`?"),
        ("--grid crossing.fast=1..3 --walk-forward train=1d", "both train and test"),
        ("--grid crossing.fast=1..3 --data nowhere", "nowhere"),
    ] {
        let code = if arguments.contains("nowhere") { 1 } else { 2 };
        project.refuses(&format!("sweep {arguments} --output swept"), code, &[says]);
    }
}

#[test]
fn killed_at_random_moments_it_ends_in_the_same_bytes() {
    let project = project();
    project.succeeds(&format!("sweep {GRID} --output whole"));
    let mut state = 1_u64;
    let mut resumed = 0;
    for round in 0..10 {
        let folder = format!("killed{round}");
        let arguments = format!("sweep {GRID} --threads 1 --output {folder}");
        let mut child =
            project.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(11);
        Stopwatch::start().wait_until(Duration::from_millis(100 + (state >> 33) % 1_500));
        child.kill().unwrap();
        child.wait().unwrap();
        let kept = fs::read_dir(project.path(&format!("{folder}/shards"))).map_or(0, Iterator::count);
        let has_begun = project.path(&format!("{folder}/manifest.json")).exists();
        if has_begun && project.json(&format!("{folder}/manifest.json"))["result"].is_null() {
            let refused = project.run(&arguments);
            assert_eq!(refused.code, Some(2), "{}", refused.stderr);
            assert!(refused.stderr.contains("--resume"), "{}", refused.stderr);
        }
        resumed += usize::from(kept > 0);
        let resume = if has_begun { "--resume" } else { "" };
        project.succeeds(&format!("sweep {GRID} --output {folder} {resume}"));
        same_bytes(&project, "whole", &folder);
    }
    let ended = project.run(&format!("sweep {GRID} --output nowhere --resume"));
    assert!(ended.stderr.contains("there is no sweep to resume"), "{}", ended.stderr);
    let ended = project.run("sweep --grid crossing.fast=2,3 --output whole --resume");
    assert!(ended.code == Some(2) && ended.stderr.contains("another sweep is there"), "{}", ended.stderr);
    assert!(resumed > 0, "no kill came between two shards");
}

#[test]
fn what_is_done_is_kept_when_a_shard_cannot_be_written() {
    let project = project();
    project.succeeds(&format!("sweep {GRID} --output whole"));
    // A sweep that has written its manifest and nothing else, and cannot make its folder of shards.
    let mut manifest = project.json("whole/manifest.json");
    manifest["result"] = Value::Null;
    project.write("stuck/manifest.json", manifest.to_string());
    project.write("stuck/shards", "in the way");
    let ended = project.run(&format!("sweep {GRID} --output stuck --resume"));
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("go on with --resume --output stuck"), "{}", ended.stderr);
    project.remove("stuck/shards");
    // A shard that is cut is run again.
    project.write("stuck/shards/all-000001.json", "{\"first\":250,\"rows\":[");
    let ended = project.succeeds(&format!("sweep {GRID} --output stuck --resume"));
    assert!(ended.stderr.contains("all-000001.json: is damaged"), "{}", ended.stderr);
    same_bytes(&project, "whole", "stuck");
    project.write("foreign/notes.txt", "mine");
    let ended = project.run(&format!("sweep {GRID} --output foreign"));
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert_eq!(project.text("foreign/notes.txt"), "mine");
}

#[test]
fn walking_forward_chooses_in_training_and_proves_after_it() {
    let project = project();
    let grid = "--grid crossing.fast=2..5 --grid crossing.slow=6,12,24";
    let ended = project.succeeds(&format!("sweep {grid} --walk-forward train=20d,test=10d --output walked"));
    assert!(ended.stdout.contains("3 windows; out of sample"), "{}", ended.stdout);
    let walked = &project.json("walked/manifest.json")["result"]["walk_forward"];
    let windows = walked["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 3);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let table = Table::read(&project.path("walked/walk_forward.parquet"));
    let mut level = 1_000.0;
    for (row, window) in windows.iter().enumerate() {
        let (from, to) = (text(&window["train"]["from"]), text(&window["train"]["to"]));
        let trained = project
            .succeeds(&format!("sweep {grid} --from {from} --to {to} --output train{row} --json"))
            .json();
        assert_eq!(trained["best"]["variant"], window["variant"], "{window}");
        assert_eq!(trained["best"]["statistics"]["sharpe"], window["in_sample"]);
        let parameters = trained["best"]["parameters"].as_object().unwrap();
        let set: Vec<String> =
            parameters.iter().map(|(path, value)| format!("--set {path}={value}")).collect();
        let (from, to) = (text(&window["test"]["from"]), text(&window["test"]["to"]));
        let tested =
            project.succeeds(&format!("backtest {} --from {from} --to {to} --output test", set.join(" ")));
        assert_eq!(tested.digest(), table.texts("digest")[row]);
        level *= 1.0 + window["total_return"].as_f64().unwrap();
    }
    let equity = Table::read(&project.path("walked/walk_forward_equity.parquet")).numbers("equity");
    assert!((equity.last().unwrap() / level - 1.0).abs() < 1e-12, "{level}");
    let total = walked["out_of_sample"]["total_return"].as_f64().unwrap();
    assert!((1_000.0 * (1.0 + total) / level - 1.0).abs() < 1e-12);
    project.refuses(
        "sweep --grid crossing.fast=2,3 --walk-forward train=50d,test=1d --output none",
        2,
        &["end before"],
    );
}

#[test]
fn draws_repeat() {
    let project = project();
    let arguments = "sweep --grid crossing.fast=2..20 --grid crossing.slow=21..60 \
        --grid environment.adapter_settings.paper_trading.taker_fee=log_uniform(0.0001..0.01) --draws 40";
    project.succeeds(&format!("{arguments} --output one"));
    project.succeeds(&format!("{arguments} --output other"));
    same_bytes(&project, "one", "other");
    project.succeeds(&format!("{arguments} --seed 1 --output seeded"));
    assert_ne!(digests(&project, "one"), digests(&project, "seeded"));
    let ended = project.succeeds("backtest --variant one#17 --output alone");
    assert_eq!(ended.digest(), digests(&project, "one")[17]);
}

/// The thousand variants of the open workload, as a user runs them.
#[test]
fn bench_expected_sweep_w2() {
    let (Some(folder), Some(data)) = (workloads(), workload("w2.parquet")) else { return };
    let expected: Value = serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
    let rows = expected["W2"]["rows"].as_array().unwrap();
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/bench/w1.yaml");
    let project = Project::empty();
    let mut command = project.command("sweep --grid sma_cross.fast=5..54 --grid sma_cross.slow=60..155:5");
    command.args(["--interval", "1m", "--trust-data", "--output", "swept", "--config"]).arg(config);
    let output = command.arg("--data").arg(&data).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = Table::read(&project.path("swept/sweep.parquet"));
    assert_eq!((rows.len(), table.rows()), (1_000, 1_000));
    let [fast, slow, equity] =
        ["sma_cross.fast", "sma_cross.slow", "final_equity"].map(|column| table.numbers(column));
    let fills = table.counts("fills");
    for (index, row) in rows.iter().enumerate() {
        assert_eq!((row[0].as_f64(), row[1].as_f64()), (Some(fast[index]), Some(slow[index])));
        assert_eq!(row[2].as_i64(), Some(fills[index]), "{row}");
        let expected = row[3].as_f64().unwrap();
        assert!((equity[index] / expected - 1.0).abs() <= 1e-9, "{} against {expected}", equity[index]);
    }
}
