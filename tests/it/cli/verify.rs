//! `backtest --verify`.

use super::project::{BTC, CONFIG_FILE, ETH, Project};
use super::tables::Candles;

const MANIFEST: &str = "out/manifest.json";

fn ran() -> (Project, String) {
    let project = Project::new();
    let digest = project.succeeds("backtest --output out").digest().to_owned();
    (project, digest)
}

#[test]
fn an_unchanged_run_repeats() {
    for arguments in [
        "",
        "--equity bars",
        "--from 2024-03-03 --to 2024-03-05",
        "--data data/ohlcv/binance/BTC_USDT/1h.parquet --interval 1h --trust-data",
        "--environment desk --scheduler main",
    ] {
        let project = Project::new();
        let digest = project.succeeds(&format!("backtest --output out {arguments}")).digest().to_owned();
        let before = project.snapshot("");
        let ended = project.succeeds(&format!("backtest --verify {MANIFEST}"));
        assert!(ended.stdout.starts_with("verified: out/manifest.json\n"), "{}", ended.stdout);
        assert_eq!(ended.digest(), digest);
        assert!(project.snapshot("") == before, "verifying writes nothing");
    }
}

/// What makes a run another, and what is said about it.
struct Change(fn(&Project), &'static [&'static str]);

fn check(changes: &[Change]) {
    for Change(change, says) in changes {
        let (project, _) = ran();
        change(&project);
        let ended = project.refuses(&format!("backtest --verify {MANIFEST}"), 8, says);
        assert!(ended.stderr.contains(MANIFEST), "{}", ended.stderr);
    }
}

#[test]
fn changed_data_are_named() {
    check(&[
        Change(
            |project| {
                let mut candles = Candles::hours(200);
                candles.close[120] += 40.0;
                candles.high[120] += 40.0;
                project.candles(BTC, &candles);
            },
            &["binance/BTC_USDT/1h.parquet: BLAKE3 was ", "the digest was "],
        ),
        Change(
            |project| {
                let mut candles = Candles::hours(200);
                candles.close[120] = f64::NAN;
                project.candles(BTC, &candles);
            },
            &["binance/BTC_USDT/1h.parquet: BLAKE3 was ", "row 121"],
        ),
        Change(|project| project.remove(ETH), &["binance/ETH_USDT/1h.parquet: cannot read"]),
        Change(
            |project| project.remove("data"),
            &["BTC_USDT/1h.parquet: cannot read", "ETH_USDT/1h.parquet: cannot read"],
        ),
        Change(
            |project| {
                // The venue's own name is looked up after the configured one.
                project.write("data/ohlcv/binance/ETHUSDT/1h.parquet", project.read(ETH));
                project.remove(ETH);
            },
            &["binance/ETH_USDT/1h.parquet: cannot read"],
        ),
    ]);
}

#[test]
fn an_added_month_is_named() {
    let project = Project::shipped();
    project.succeeds("data seed --days 60 --quiet");
    project.succeeds("backtest --output out");
    project.succeeds("data seed --days 65 --quiet");
    let says = ["month=03/data.parquet: BLAKE3 was not read", "the digest was "];
    project.refuses("backtest --verify out/manifest.json", 8, &says);
    project.remove("data");
    project.refuses("backtest --verify out/manifest.json", 8, &["month=02/data.parquet: cannot read"]);
    assert!(!project.path("data").exists(), "nothing is made up to verify");
}

#[test]
fn changed_configuration_is_named() {
    check(&[
        Change(
            |project| project.edit(CONFIG_FILE, "taker_fee: 0.001", "taker_fee: 0.002"),
            &[
                "config/core.yaml: SHA-256 was ",
                "configuration.taker_fee was 0.001 and is now 0.002",
                "the digest was ",
            ],
        ),
        Change(
            |project| project.edit(CONFIG_FILE, "slow: 4", "slow: 9"),
            &["configuration.strategies.0.parameters.slow was 4.0 and is now 9.0", "the digest was "],
        ),
        Change(
            |project| project.edit(CONFIG_FILE, "strategies:", "# A remark.\nstrategies:"),
            &["config/core.yaml: SHA-256 was "],
        ),
        Change(
            |project| project.edit(CONFIG_FILE, "fast: 2", "fast: 9"),
            &["config/core.yaml: SHA-256 was ", "invalid_parameters"],
        ),
        Change(|project| project.remove(CONFIG_FILE), &["config/core.yaml", "cannot read"]),
    ]);
}

#[test]
fn a_manifest_that_is_not_right_is_refused() {
    let (project, digest) = ran();
    project.edit(MANIFEST, &digest, &"0".repeat(64));
    let now = format!("the digest was {} and is now {digest}", "0".repeat(64));
    project.refuses("backtest --verify out/manifest.json", 8, &["out/manifest.json", &now]);

    check(&[
        Change(|project| project.write(MANIFEST, "{"), &["is not a manifest of a run", "line 1"]),
        Change(|project| project.write(MANIFEST, [0xff, 0xfe]), &["is not a manifest of a run"]),
        Change(
            |project| project.write(MANIFEST, r#"{"digest": "abc"}"#),
            &["is not a manifest of a run", "`schema`"],
        ),
        Change(
            |project| project.edit(MANIFEST, "hemiola.manifest/2", "hemiola.manifest/1"),
            &["has the schema `hemiola.manifest/1`", "reads `hemiola.manifest/2`"],
        ),
        // Another version may say other things: its name is what counts.
        Change(
            |project| project.write(MANIFEST, r#"{"schema": "hemiola.manifest/1"}"#),
            &["has the schema `hemiola.manifest/1`"],
        ),
    ]);
    let (project, _) = ran();
    project.refuses("backtest --verify nowhere.json", 1, &["nowhere.json: cannot read"]);
    project.refuses("backtest --verify out", 1, &["out: cannot read"]);
    project.refuses("backtest --verify out/manifest.json --trust-data", 2, &["--verify"]);
}
