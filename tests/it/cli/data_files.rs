//! Where candles may come from.

use std::collections::BTreeSet;

use serde_json::Value;

use super::project::{BTC, CONFIG_FILE, ETH, Project};
use super::tables::{Candles, Columns, MARCH, Table, instants, integers, texts};

/// The candles of several symbols, hour by hour.
fn together(symbols: &[(&'static str, Candles)]) -> Columns {
    let hours = 0..symbols[0].1.open_time.len();
    let rows: Vec<(usize, usize)> =
        hours.flat_map(|hour| (0..symbols.len()).map(move |symbol| (symbol, hour))).collect();
    let pick = |of: fn(&Candles) -> &Vec<f64>| -> Vec<f64> {
        rows.iter().map(|(symbol, hour)| of(&symbols[*symbol].1)[*hour]).collect()
    };
    let all = Candles {
        open_time: rows.iter().map(|(symbol, hour)| symbols[*symbol].1.open_time[*hour]).collect(),
        open: pick(|c| &c.open),
        high: pick(|c| &c.high),
        low: pick(|c| &c.low),
        close: pick(|c| &c.close),
        volume: pick(|c| &c.volume),
    };
    let names: Vec<&str> = rows.iter().map(|(symbol, _)| symbols[*symbol].0).collect();
    all.columns().with("symbol", texts(&names))
}

/// The trades without what names the instrument.
fn trades(project: &Project, output: &str) -> Vec<(i64, String, u64, u64)> {
    let table = Table::read(&project.path(&format!("{output}/trades.parquet")));
    let bits = |name: &str| table.numbers(name).into_iter().map(f64::to_bits);
    let sides = table.texts("side").into_iter();
    let rows = table.times("time").into_iter().zip(sides).zip(bits("quantity")).zip(bits("price"));
    rows.map(|(((time, side), quantity), price)| (time, side, quantity, price)).collect()
}

#[test]
fn a_flat_file_of_nanoseconds_with_symbols_trades_like_the_store() {
    let project = Project::new();
    project.succeeds("backtest --output store");
    let (btc, eth) = (Candles::hours(200), Candles::hours(200).times(0.5));
    let times: Vec<i64> = btc.open_time.iter().flat_map(|time| [*time; 2]).collect();
    let columns = together(&[("B", btc), ("E", eth)]).without("open_time").with("ts", instants(&times));
    columns.write(&project.path("flat.parquet"));
    project.succeeds("backtest --data flat.parquet --interval 1h --output flat");
    assert_eq!(trades(&project, "flat"), trades(&project, "store"));
    let instruments = Table::read(&project.path("flat/trades.parquet")).texts("instrument");
    assert!(instruments.iter().all(|name| ["file:B", "file:E"].contains(&name.as_str())));

    let bare = integers(times.iter().map(|time| time * 1_000_000));
    let columns = together(&[("B", Candles::hours(200)), ("E", Candles::hours(200).times(0.5))]);
    columns.without("open_time").with("ts", bare).write(&project.path("flat.parquet"));
    project.succeeds("backtest --data flat.parquet --interval 1h --output bare");
    assert_eq!(trades(&project, "bare"), trades(&project, "store"));
}

#[test]
fn a_flat_file_of_milliseconds_without_symbols_is_one_instrument() {
    let project = Project::new();
    project.candles("solo.parquet", &Candles::hours(200));
    project.succeeds("backtest --data solo.parquet --interval 1h --output out");
    let series = &project.json("out/summary.json")["series"];
    assert_eq!(series.as_array().unwrap().len(), 1);
    assert_eq!((&series[0]["instrument"], &series[0]["bars"]), (&"file:solo".into(), &200.into()));
    let trades = Table::read(&project.path("out/trades.parquet"));
    assert!(trades.rows() > 10);
    assert_eq!(project.json("out/manifest.json")["files"][0]["path"], "solo.parquet");
}

#[test]
fn the_layouts_of_a_store_give_the_same_run() {
    let project = Project::new();
    let plain = project.succeeds("backtest --output plain");
    let both = [(BTC, "BTCUSDT"), (ETH, "ETHUSDT")];
    // By the venue's own name, all of March in one partition.
    for (file, symbol) in both {
        let partition = format!("months/ohlcv_parquet/binance/{symbol}/1h/year=2024/month=03/data.parquet");
        project.write(&partition, project.read(file));
    }
    let months = project.succeeds("backtest --data months --output months-out");
    assert_eq!(plain.digest(), months.digest());
    assert_eq!(project.read("plain/trades.parquet"), project.read("months-out/trades.parquet"));
}

#[test]
fn gaps_and_candles_without_volume_are_counted() {
    let project = Project::new();
    let mut candles = Candles::hours(200);
    candles.volume[50] = 0.0;
    for column in
        [&mut candles.open, &mut candles.high, &mut candles.low, &mut candles.close, &mut candles.volume]
    {
        column.drain(100..103);
    }
    candles.open_time.drain(100..103);
    project.candles(BTC, &candles);
    project.succeeds("backtest --output out");
    let summary = project.json("out/summary.json");
    let counts = ["bars", "gaps", "missing", "zero_volume"].map(|name| summary["series"][0][name].as_u64());
    assert_eq!(counts, [197, 1, 3, 1].map(Some));
    assert_eq!(summary["candles"]["bars"], 397);
}

#[test]
fn a_symbol_that_begins_later_is_reported() {
    let project = Project::new();
    let mut late = Candles::hours(100).times(0.5);
    late.open_time.iter_mut().for_each(|time| *time += 48 * 3_600_000);
    assert_eq!(late.open_time[0], MARCH + 2 * 86_400_000);
    project.candles(ETH, &late);
    project.succeeds("backtest --output out");
    let series = &project.json("out/summary.json")["series"];
    assert_eq!((&series[0]["listed_later"], &series[1]["listed_later"]), (&false.into(), &true.into()));
    assert_eq!(series[1]["first_open"], "2024-03-03T00:00:00+00:00");
}

#[test]
fn trusted_prices_are_taken_as_they_are() {
    let project = Project::new();
    let mut candles = Candles::hours(200);
    candles.high[7] = candles.low[7] / 2.0;
    project.candles(BTC, &candles);
    project.refuses("backtest --output out", 7, &["row 8"]);
    project.succeeds("backtest --output out --trust-data");
    assert_eq!(project.json("out/manifest.json")["job"]["trust_data"], true);
}

#[test]
fn two_venues_share_one_world_and_every_signal_has_an_id_of_its_own() {
    let project = Project::new();
    project.edit(CONFIG_FILE, "{binance: BTCUSDT}", "{binance: BTCUSDT, bybit: BTCUSDT}");
    project.edit(CONFIG_FILE, "interval: 1h}", "interval: 1h, instruments: [BTC_USDT, 'bybit:BTC_USDT']}");
    project.candles("data/ohlcv/bybit/BTC_USDT/1h.parquet", &Candles::hours(200));
    project.succeeds("backtest --output out");
    let decisions = project.text("out/decisions.jsonl");
    let signals = decisions.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let ids: Vec<String> = signals
        .filter(|record| record["event"] == "strategy_signal")
        .map(|record| record["signal_id"].as_str().unwrap().to_owned())
        .collect();
    assert!(ids.iter().any(|id| id.ends_with("+00:00:2")), "both venues signal at the same instants");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

#[test]
fn prices_beyond_all_reason_are_finite_and_do_no_harm() {
    let project = Project::new();
    let extremes = [1e-300, 1e300, 1e-300, 1e300, 1e308, 1e-300];
    let prices: Vec<(f64, f64)> =
        (0..200).map(|hour| (extremes[hour % 6], extremes[(hour + 1) % 6])).collect();
    project.candles(BTC, &Candles::of(&prices));
    let digests = ["one", "two"].map(|output| {
        let ended = project.succeeds(&format!("backtest --output {output}"));
        assert!(project.text(&format!("{output}/decisions.jsonl")).contains("order_executed"));
        ended.digest().to_owned()
    });
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn an_environment_and_a_scheduler_can_be_chosen() {
    let project = Project::new();
    let text = project.text(CONFIG_FILE);
    let (head, schedulers) = text.split_once("multi_strategy_schedulers:\n").unwrap();
    let slow =
        schedulers.replace("main:", "slow:").replace("interval: 1h", "interval: 1h, cadence_seconds: 14400");
    project.write(CONFIG_FILE, format!("{head}multi_strategy_schedulers:\n{schedulers}{slow}"));
    let first = project.succeeds("backtest --output first");
    let named = project.succeeds("backtest --output named --environment desk --scheduler main");
    let slow = project.succeeds("backtest --output slow --scheduler slow");
    assert_eq!(first.digest(), named.digest());
    assert_ne!(first.digest(), slow.digest());
    assert_eq!(project.json("slow/summary.json")["portfolio"], "slow");
}
