//! A pair between two venues that publish quotes and no candles.

use super::project::{CONFIG, CONFIG_FILE, Project};
use super::results::counts;
use super::tables::{Candles, Columns, MARCH, Table, integers, numbers};

const SECOND: i64 = 1_000;
const NEAR: &str = "data/ohlcv/binance/BTC_USDT/book_ticker.parquet";
const FAR: &str = "data/ohlcv/bybit/BTC_USDT/book_ticker.parquet";

/// Received so many milliseconds into the first of March, bid and ask.
type Row = (i64, f64, f64);

fn write(project: &Project, file: &str, rows: &[Row], early: i64) {
    let nanoseconds = rows.iter().map(|row| (MARCH + row.0) * 1_000_000);
    let sent = rows.iter().map(|row| MARCH + row.0 + early);
    Columns(vec![
        ("local_time_ns", integers(nanoseconds)),
        ("event_time", integers(sent)),
        ("bid", numbers(&rows.iter().map(|row| row.1).collect::<Vec<_>>())),
        ("ask", numbers(&rows.iter().map(|row| row.2).collect::<Vec<_>>())),
    ])
    .write(&project.path(file));
}

/// The far venue bids 110 from 2.9 s on and comes back at 4.5 s; at the middle of its quotes it is 108.
fn project() -> Project {
    let project = Project::empty();
    let config = CONFIG
        .replace("{binance: BTCUSDT}", "{binance: BTCUSDT, bybit: BTCUSDT}")
        .replace(
            "{engine: sma_cross, parameters: {fast: 2, slow: 4}}",
            "{engine: cross_exchange_arbitrage, parameters: {primary_exchange: binance, secondary_exchange: bybit, \
             spread_entry: 0.05, spread_exit: 0.02, lot_size: 0, edge: gross}}",
        )
        .replace("interval: 1h}", "interval: 1s, instruments: ['binance:BTC_USDT', 'bybit:BTC_USDT']}");
    project.write(CONFIG_FILE, config);
    let near: Vec<Row> = (0..10).map(|second| (second * SECOND + 500, 98.0, 102.0)).collect();
    write(&project, NEAR, &near, -20);
    let far = [
        (400, 99.0, 101.0),
        (1_400, 99.0, 101.0),
        (1_400, 99.0, 101.5),
        (2_900, 110.0, 112.0),
        (3_400, 110.0, 112.0),
        (4_500, 99.0, 101.0),
        (5_500, 99.0, 101.0),
    ];
    write(&project, FAR, &far, 30);
    project
}

#[test]
fn a_pair_is_decided_by_quotes_and_says_so() {
    let project = project();
    let ended = project.succeeds("backtest --output out");
    assert!(
        ended.stderr.contains("binance:BTC_USDT has no 1s candles: 10 were made from quotes"),
        "{}",
        ended.stderr
    );
    assert!(
        ended
            .stderr
            .contains("bybit:BTC_USDT: 7 of 7 quotes were received before they were sent, by up to 0.03 s")
    );
    assert!(!ended.stderr.contains("binance:BTC_USDT: "), "{}", ended.stderr);

    let summary = project.json("out/summary.json");
    assert_eq!(counts(&project, "out"), [2, 0, 0, 4, 4, 0]);
    assert_eq!(
        (&summary["series"][0]["from_quotes"], &summary["series"][1]["from_quotes"]),
        (&true.into(), &true.into())
    );
    let far = &summary["quotes"][1];
    assert_eq!(
        (&far["instrument"], &far["quotes"], &far["dropped"]),
        (&"bybit:BTC_USDT".into(), &6.into(), &1.into())
    );
    assert_eq!(far["first"], "2024-03-01T00:00:00.400+00:00");
    assert_eq!(far["last"], "2024-03-01T00:00:05.500+00:00");

    let signals = Table::read(&project.path("out/signals.parquet"));
    assert_eq!(signals.texts("side"), ["long_primary_short_secondary", "close_long_primary_short_secondary"]);
    let second = |second: i64| (MARCH + second * SECOND) * 1_000_000;
    assert_eq!(signals.times("time"), [second(3), second(5)], "quotes of 2.9 s and 4.5 s");
    let entry: serde_json::Value = serde_json::from_str(&signals.texts("metadata")[0]).unwrap();
    assert_eq!(entry["spread"], 8.0, "110 bid there, 102 asked here");
    assert_eq!((&entry["legs"][0]["price"], &entry["legs"][1]["price"]), (&102.0.into(), &110.0.into()));

    let trades = Table::read(&project.path("out/trades.parquet"));
    assert_eq!(
        trades.texts("instrument"),
        ["binance:BTC_USDT", "bybit:BTC_USDT", "binance:BTC_USDT", "bybit:BTC_USDT"]
    );
    assert_eq!(trades.numbers("price"), [100.0, 111.0, 100.0, 100.0], "the middle of the next quotes");
    assert_eq!(trades.times("time"), [second(3), second(3), second(5), second(5)]);
}

#[test]
fn quotes_are_inputs_of_a_run() {
    let project = project();
    project.succeeds("backtest --output out");
    let files = project.json("out/manifest.json")["files"].clone();
    assert_eq!(files.as_array().unwrap().len(), 2);
    assert!(files[1]["path"].as_str().unwrap().ends_with(FAR.trim_start_matches("data/ohlcv/")));
    assert_eq!(files[1]["rows"], 7);
    project.succeeds("backtest --verify out/manifest.json");
    write(&project, FAR, &[(400, 99.0, 101.0), (9_000, 99.0, 101.0)], 0);
    project.refuses(
        "backtest --verify out/manifest.json",
        8,
        &["bybit/BTC_USDT/book_ticker.parquet: BLAKE3 was "],
    );
}

#[test]
fn candles_of_the_store_go_before_those_that_could_be_made() {
    let project = project();
    let mut candles = Candles::of(&[(100.0, 100.0); 10]);
    candles.open_time = (0..10).map(|second| MARCH + second * SECOND).collect();
    project.candles("data/ohlcv/binance/BTC_USDT/1s.parquet", &candles);
    let ended = project.succeeds("backtest --output out");
    assert!(!ended.stderr.contains("binance:BTC_USDT has no 1s candles"), "{}", ended.stderr);
    let series = &project.json("out/summary.json")["series"];
    assert_eq!((&series[0]["from_quotes"], &series[1]["from_quotes"]), (&false.into(), &true.into()));
    let files = project.json("out/manifest.json")["files"].clone();
    let names = files.as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap());
    let names: Vec<_> = names.map(|path| path.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["1s.parquet", "book_ticker.parquet", "book_ticker.parquet"]);
    let signals = Table::read(&project.path("out/signals.parquet"));
    let entry: serde_json::Value = serde_json::from_str(&signals.texts("metadata")[0]).unwrap();
    assert_eq!(entry["legs"][0]["price"], 102.0, "the offer, not the close");
}

#[test]
fn bad_quotes_end_the_run_unless_they_are_trusted() {
    let project = project();
    write(&project, FAR, &[(400, 99.0, 101.0), (1_400, 103.0, 101.0), (2_400, 99.0, 101.0)], 0);
    let says = "row 2 (local_time_ns 2024-03-01T00:00:01.400Z): bid 103 is above ask 101";
    project.refuses("backtest --output out", 7, &["bybit/BTC_USDT/book_ticker.parquet", says]);
    project.succeeds("backtest --output out --trust-data");
    project.remove(FAR);
    project.refuses("backtest --output out", 7, &["needs 1s candles of bybit:BTC_USDT"]);
}
