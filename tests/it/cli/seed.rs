//! `data seed`.

use std::path::PathBuf;

use super::project::{BTC, ETH, Project};
use super::tables::{Candles, Table};

const COLUMNS: [&str; 5] = ["open", "high", "low", "close", "volume"];

/// The bits of bitcoin's hourly candles from January to March.
fn candles(project: &Project) -> Vec<[u64; 5]> {
    let mut rows = Vec::new();
    for month in ["01", "02", "03"] {
        let file =
            format!("data/ohlcv/ohlcv_parquet/binance/BTCUSDT/1h/year=2024/month={month}/data.parquet");
        if project.path(&file).exists() {
            let table = Table::read(&project.path(&file));
            let columns = COLUMNS.map(|name| table.numbers(name));
            rows.extend((0..table.rows()).map(|row| columns.each_ref().map(|column| column[row].to_bits())));
        }
    }
    rows
}

#[test]
fn a_longer_range_keeps_the_candles_there_were() {
    let project = Project::shipped();
    let ended = project.succeeds("data seed --days 40");
    assert!(ended.stdout.contains("binance:BTC_USDT 1h: 960 synthetic candles\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("binance:XRP_USDT 1d: 40 synthetic candles\n"), "{}", ended.stdout);
    let short = candles(&project);
    assert_eq!(project.succeeds("data seed --days 70 --quiet").stdout, "");
    let long = candles(&project);
    assert_eq!((short.len(), long.len()), (40 * 24, 70 * 24));
    assert!(long[..short.len()] == short[..]);
    let data = project.snapshot("data");
    project.succeeds("data seed --days 70");
    assert!(project.snapshot("data") == data, "seeding again writes the same bytes");
    project.succeeds("data seed --days 40");
    assert!(candles(&project) == short, "a shorter range takes candles away");
}

#[test]
fn another_seed_is_another_history() {
    let project = Project::shipped();
    project.succeeds("data seed --days 60");
    let (one, first) = (candles(&project), project.succeeds("backtest --output one"));
    project.succeeds("data seed --days 60 --seed 2");
    let (two, second) = (candles(&project), project.succeeds("backtest --output two"));
    assert_eq!(one.len(), two.len());
    assert!(one.iter().zip(&two).all(|(a, b)| a != b));
    assert_ne!(first.digest(), second.digest());
    let ids = ["one", "two"].map(|output| project.json(&format!("{output}/manifest.json"))["run_id"].clone());
    assert_eq!(ids[0], ids[1], "the run is the same, its data are not");
}

#[test]
fn candles_can_go_elsewhere() {
    let project = Project::shipped();
    project.succeeds("data seed --days 5 --start-date 2024-02-27 --output elsewhere");
    assert!(!project.path("data").exists());
    let months = project.snapshot("elsewhere/ohlcv_parquet/binance/BTCUSDT/1h/year=2024");
    let months: Vec<_> = months.into_keys().filter(|path| path.components().count() == 1).collect();
    assert_eq!(months, ["month=02", "month=03"].map(PathBuf::from));
    project.succeeds("backtest --data elsewhere --output out");
    assert!(!project.path("data").exists());
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let project = Project::shipped();
    let cases: [(&str, &[&str]); 7] = [
        ("--days 0", &["--days", "0"]),
        ("--days many", &["--days", "many"]),
        ("--start-date soon", &["--start-date", "`soon` is not an instant"]),
        ("--start-date 2019-12-31", &["binance:BTC_USDT", "2020-01-01"]),
        ("--start-date 2262-04-01 --days 65535", &["--days", "2262-04-01"]),
        ("--seed -1", &["-1"]),
        ("--scheduler other", &["there is no scheduler `other`"]),
    ];
    for (arguments, says) in cases {
        project.refuses(&format!("data seed {arguments}"), 2, says);
    }
    project.refuses("data seed --config nowhere.yaml", 2, &["nowhere.yaml"]);
}

#[test]
fn real_candles_are_never_replaced() {
    let project = Project::new();
    project.write("config/demo.yaml", project.text("config/core.yaml").replace(": paper", ": demo"));
    let says = ["data/ohlcv has 1h candles of binance:BTC_USDT already", "--output"];
    project.refuses("data seed --days 3", 1, &says);
    project.remove("data/ohlcv/binance/BTC_USDT");
    // The first instrument could be seeded; all or nothing.
    project.refuses("data seed --days 3", 1, &["1h candles of binance:ETH_USDT already"]);
    let partition = "data/ohlcv/ohlcv_parquet/binance/ETHUSDT/1h/year=2024/month=03/data.parquet";
    project.write(partition, project.read(ETH));
    project.remove("data/ohlcv/binance");
    project.refuses("data seed --days 3", 1, &[partition, "source=synthetic"]);
    project.remove("data/ohlcv/ohlcv_parquet");
    project.candles(BTC, &Candles::hours(50));
    // Where some of a demo's candles are missing, nothing is made up beside the real ones.
    project.refuses("backtest --config config/demo.yaml --output out", 7, &["binance:ETH_USDT"]);
    project.candles(ETH, &Candles::hours(50));
    project.succeeds("backtest --config config/demo.yaml --output out");
}

#[test]
fn a_store_that_is_named_is_never_filled() {
    let project = Project::shipped();
    project.refuses("backtest --data elsewhere", 1, &["there is no candle store at `elsewhere`"]);
    project.write("file", "");
    project.refuses("data seed --days 2 --output file", 1, &["file"]);
}

#[test]
fn a_run_that_cannot_start_makes_up_nothing() {
    let project = Project::shipped();
    project.refuses("backtest --from tomorrow", 2, &["--from", "`tomorrow`"]);
    project.refuses("backtest --interval 1h", 2, &["--data"]);
}
