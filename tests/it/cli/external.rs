//! Target positions that were computed elsewhere.

use super::project::{BTC, CONFIG_FILE, Project};
use super::results::counts;
use super::tables::{Candles, Columns, HOUR, MARCH, Table, integers, numbers, texts};

const BITCOIN: &str = "binance:BTC_USDT";

/// When in minutes, instrument and fraction.
type Target<'a> = (i64, &'a str, f64);

/// Follows `config/targets.parquet`; six candles of bitcoin, no costs.
fn project(targets: &[Target<'_>]) -> Project {
    let project = Project::new();
    project.edit(
        CONFIG_FILE,
        "{engine: sma_cross, parameters: {fast: 2, slow: 4}}",
        "{engine: external_signals, parameters: {targets: targets.parquet}}",
    );
    project.edit(CONFIG_FILE, "interval: 1h}", "interval: 1h, instruments: [BTC_USDT]}");
    project.edit(CONFIG_FILE, "taker_fee: 0.001", "taker_fee: 0");
    let prices = [(10.0, 10.0), (10.0, 20.0), (25.0, 40.0), (40.0, 50.0), (50.0, 50.0), (60.0, 60.0)];
    project.candles(BTC, &Candles::of(&prices));
    write(&project, targets);
    project
}

fn write(project: &Project, targets: &[Target<'_>]) {
    let names: Vec<&str> = targets.iter().map(|target| target.1).collect();
    let fractions: Vec<f64> = targets.iter().map(|target| target.2).collect();
    let times = targets.iter().map(|target| MARCH + target.0 * HOUR / 60);
    let columns = vec![("time", integers(times)), ("symbol", texts(&names)), ("target", numbers(&fractions))];
    Columns(columns).write(&project.path("config/targets.parquet"));
}

#[test]
fn targets_become_fills_at_the_next_open() {
    // The first two are known before 02:00, and the newer wins. The last one falls on a close exactly.
    let project = project(&[(65, BITCOIN, 1.0), (90, BITCOIN, 0.5), (240, BITCOIN, 0.0)]);
    let first = project.succeeds("backtest --output out");
    let trades = Table::read(&project.path("out/trades.parquet"));
    let hour = |hour: i64| (MARCH + hour * HOUR) * 1_000_000;
    assert_eq!(trades.texts("side"), ["buy", "sell"]);
    assert_eq!(trades.times("time"), [hour(2), hour(4)]);
    assert_eq!(trades.times("decided_at"), [hour(2), hour(4)]);
    // Half of 1,000 at the mark of 20.
    assert_eq!(trades.numbers("quantity"), [25.0, 25.0]);
    assert_eq!(trades.numbers("price"), [25.0, 50.0]);
    assert_eq!(trades.numbers("realised"), [0.0, 625.0]);
    let equity = Table::read(&project.path("out/equity.parquet")).numbers("equity");
    assert_eq!(equity.last(), Some(&1_625.0));

    let second = project.succeeds("backtest --output again");
    assert_eq!(first.digest(), second.digest());
    let files = project.json("out/manifest.json")["files"].clone();
    assert_eq!(files[1]["path"], "config/targets.parquet");
    write(&project, &[(65, BITCOIN, 1.0), (90, BITCOIN, 0.25), (240, BITCOIN, 0.0)]);
    assert_ne!(project.succeeds("backtest --output again").digest(), first.digest());
    let verify = "backtest --verify out/manifest.json";
    project.refuses(verify, 8, &["config/targets.parquet: BLAKE3 was ", "the digest was "]);
}

#[test]
fn targets_that_change_nothing_or_come_last_are_counted() {
    // Flat at 04:00 already, so 05:00 changes nothing; nothing opens after 06:00.
    let project =
        project(&[(60, BITCOIN, 1.0), (240, BITCOIN, 0.0), (300, BITCOIN, 0.0), (360, BITCOIN, 1.0)]);
    project.succeeds("backtest --output out");
    assert_eq!(counts(&project, "out"), [4, 1, 0, 3, 2, 1]);
}

#[test]
fn targets_that_nobody_trades_are_a_warning() {
    let targets = [(60, BITCOIN, 1.0), (60, "binance:DOGE_USDT", 1.0)];
    let project = project(&targets);
    let ended = project.succeeds("backtest --output out --format json");
    let warning = "config/targets.parquet: nobody trades `binance:DOGE_USDT`; its targets are not used";
    assert!(ended.stderr.contains(&format!("warning: {warning}")), "{}", ended.stderr);
    assert_eq!(ended.json()["warnings"], serde_json::json!([warning]));
}

#[test]
fn bad_targets_are_refused() {
    let cases: [(&[Target], &[&str]); 5] = [
        (&[(60, "binance:DOGE_USDT", 1.0)], &["`binance:DOGE_USDT`", "`binance:BTC_USDT`", "venue:symbol"]),
        (&[(60, "BTC_USDT", 1.0)], &["row 1 (time 2024-03-01T01:00:00Z)", "`BTC_USDT` is not an instrument"]),
        (&[(60, BITCOIN, 1.0), (120, BITCOIN, f64::NAN)], &["row 2 (time 2024-03-01T02:00:00Z)", "NaN"]),
        (&[(60, BITCOIN, 1.0), (30, BITCOIN, 0.0)], &["row 2 (time 2024-03-01T00:30:00Z)", "out of order"]),
        (&[], &["is empty (no rows)"]),
    ];
    for (targets, says) in cases {
        let project = project(targets);
        let ended = project.refuses("backtest --output out", 7, says);
        assert!(ended.stderr.contains("error: config/targets.parquet: "), "{}", ended.stderr);
    }
    let project = project(&[(60, BITCOIN, 1.0)]);
    project.remove("config/targets.parquet");
    project.refuses("backtest --output out", 1, &["config/targets.parquet: cannot open"]);
    project.write("config/targets.parquet", "PAR1");
    project.refuses("backtest --output out", 7, &["config/targets.parquet: is not a Parquet file"]);
}
