//! `backtest --ledger`: rows that add up to what the account has.

use std::collections::BTreeMap;
use std::path::Path;

use hemiola_adapters::ledger::{Balances, LedgerDays, Market, PATTERN, Row, RowSide, amount, replay};
use serde_json::Value;

use super::project::{BTC, CONFIG_FILE, Project};
use super::results::eventful;
use super::tables::{Candles, Table};

fn days(project: &Project) -> LedgerDays {
    LedgerDays::new(&project.path("ledger"), PATTERN).unwrap()
}

/// The quote currency after all rows, beginning with `cash`.
fn cash_after(rows: &[Row], cash: f64) -> f64 {
    let initial = Balances::from([("USDT".to_owned(), amount(cash).unwrap())]);
    let markets = rows.iter().map(|row| {
        let (_, symbol) = row.symbol.split_once(':').unwrap();
        let (base, quote) = symbol.split_once('_').unwrap();
        (row.symbol.clone(), Market { base: base.to_owned(), quote: quote.to_owned() })
    });
    let balances = replay(&initial, rows, &markets.collect::<BTreeMap<_, _>>()).unwrap();
    balances["USDT"].try_into().unwrap()
}

/// The lines of the decisions that are fills: order, status and quantity.
fn fills(project: &Project) -> Vec<(String, String, f64)> {
    let text = project.text("out/decisions.jsonl");
    let lines = text.lines().map(|line| serde_json::from_str::<BTreeMap<String, String>>(line).unwrap());
    let fills = lines.filter(|line| line["event"].ends_with("executed"));
    fills
        .map(|line| (line["order_id"].clone(), line["status"].clone(), line["quantity"].parse().unwrap()))
        .collect()
}

fn final_cash(project: &Project) -> f64 {
    *Table::read(&project.path("out/equity.parquet")).numbers("cash").last().unwrap()
}

#[test]
fn the_rows_of_a_run_add_up_to_its_cash() {
    let project = eventful();
    let text = project.succeeds("backtest --output out --ledger ledger");
    let rows = days(&project).rows().unwrap();
    assert!(
        text.stdout.contains(&format!("\nledger                ledger: {} rows\n", rows.len())),
        "{}",
        text.stdout
    );

    let fills = fills(&project);
    let ids = |rows: Vec<(String, String, f64)>| {
        let mut rows: Vec<_> = rows.into_iter().map(|(id, status, _)| (id, status)).collect();
        rows.sort_unstable();
        rows
    };
    let of_rows = rows.iter().map(|row| (row.order_id.clone(), row.status.clone(), 0.0)).collect();
    assert_eq!(ids(of_rows), ids(fills));
    assert!(rows.iter().any(|row| row.status == "partially_filled"));
    assert!(rows.iter().any(|row| row.leverage == amount(2.0).unwrap()), "a short was opened");
    assert!(rows.iter().all(|row| row.fee_asset == "USDT" && row.side != RowSide::Cancel));

    // Borrowing is no fill; a row has ten decimals, and is that exact.
    let borrow = project.json("out/summary.json")["money"]["borrow"].as_f64().unwrap();
    let (replayed, cash) = (cash_after(&rows, 100_000.0), final_cash(&project) + borrow);
    assert!(borrow > 0.0 && (replayed - cash).abs() < 1e-9 * 100_000.0, "{replayed} is not {cash}");
}

#[test]
fn a_row_says_what_was_traded_and_what_is_held() {
    let project = Project::new();
    project.edit(CONFIG_FILE, "taker_fee: 0.001", "taker_fee: 0.25");
    project.succeeds("backtest --output out --ledger ledger");
    let rows = days(&project).rows().unwrap();
    let first = &rows[0];
    let summary = project.json("out/summary.json");
    assert_eq!(summary["counts"]["fills"], rows.len());
    assert_eq!((first.symbol.as_str(), first.side), ("binance:BTC_USDT", RowSide::Buy));
    assert_eq!([first.leverage, first.position_value], [1.0, 400.0].map(|value| amount(value).unwrap()));
    let (replayed, cash) = (cash_after(&rows, 1_000.0), final_cash(&project));
    assert!((replayed - cash).abs() < 1e-9 * 1_000.0, "{replayed} is not {cash}");
}

#[test]
fn a_run_is_booked_once() {
    let project = Project::new();
    project.succeeds("backtest --output out --ledger ledger");
    let says =
        ["--ledger ledger: holds rows of this run already, the first of order ", "name another folder"];
    project.refuses("backtest --output out --ledger ledger", 2, &says);
    // Another run has other orders.
    let before = days(&project).rows().unwrap().len();
    let other =
        project.succeeds("backtest --output other --ledger ledger --from 2024-03-03 --format json").json();
    assert_eq!(other["ledger"]["rows"], days(&project).rows().unwrap().len() - before);
    assert_eq!(project.succeeds("backtest --output out --format json").json()["ledger"], Value::Null);
}

#[test]
fn the_environment_says_how_files_are_called_and_how_long_they_are_kept() {
    let project = Project::new();
    project.edit(
        CONFIG_FILE,
        "fill_model: next_open",
        "fill_model: next_open, ledger_filename_pattern: 'desk-%d.%m.%Y', ledger_retention_days: 3, ledger_fsync: true",
    );
    project.candles(BTC, &Candles::hours(200));
    let ended = project.succeeds("backtest --output out --ledger ledger --format json").json();
    let names: Vec<_> = project.snapshot("ledger").into_keys().collect();
    let last = ["desk-07.03.2024", "desk-08.03.2024", "desk-09.03.2024"].map(Path::new);
    assert!(!names.is_empty() && names.iter().all(|name| last.contains(&name.as_path())), "{names:?}");
    assert!(!ended["ledger"]["deleted"].as_array().unwrap().is_empty(), "the run began on the first");

    project.edit(CONFIG_FILE, "desk-%d.%m.%Y", "desk-%d");
    project.refuses(
        "backtest --output out --ledger ledger",
        2,
        &["`desk-%d` is no pattern for ledger files"],
    );
}

#[test]
fn a_damaged_ledger_is_left_alone() {
    let project = Project::new();
    project.write("ledger/ledger-20240301.jsonl", "{\n");
    project.refuses(
        "backtest --output out --ledger ledger",
        8,
        &["ledger-20240301.jsonl:1: is not a row of a ledger"],
    );
}
