//! Rows, files, and what they add up to.

use std::collections::BTreeMap;
use std::fs;

use hemiola_components::time::Nanos;
use rust_decimal::Decimal;
use tempfile::TempDir;

use super::*;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A day counted from 2024-01-30, at noon.
fn noon(day: i64) -> Nanos {
    Nanos::new(1_706_616_000_000_000_000 + day * Nanos::DAY.get())
}

fn row(day: i64, order: u32, side: RowSide, quantity: &str, price: &str) -> Row {
    Row {
        timestamp: noon(day),
        order_id: format!("paper-{order}"),
        symbol: "BTC_USDT".to_owned(),
        side,
        quantity: decimal(quantity),
        price: decimal(price),
        fee: decimal("0.1"),
        fee_asset: "USDT".to_owned(),
        status: "filled".to_owned(),
        leverage: Decimal::ONE,
        position_value: decimal("0"),
    }
}

fn ledger() -> (TempDir, LedgerDays) {
    let folder = tempfile::tempdir().unwrap();
    let days = LedgerDays::new(&folder.path().join("ledger"), PATTERN).unwrap();
    (folder, days)
}

#[test]
fn a_row_is_one_compact_line_in_the_order_of_the_ledger() {
    let mut row = row(0, 1, RowSide::Buy, "0.30000000000", "65464.83606");
    row.fee = decimal("0.000000000149");
    assert_eq!(
        row.line(),
        "{\"timestamp\":\"2024-01-30T12:00:00+00:00\",\"order_id\":\"paper-1\",\"symbol\":\"BTC_USDT\",\
         \"side\":\"buy\",\"quantity\":0.3,\"price\":65464.83606,\"fee\":0.0000000001,\"fee_asset\":\"USDT\",\
         \"status\":\"filled\",\"leverage\":1,\"position_value\":0}"
    );
}

#[test]
fn rows_go_to_the_file_of_their_day_and_come_back() {
    let (_folder, days) = ledger();
    assert_eq!(days.rows().unwrap(), []);
    let rows = [(0, 1, "1.5"), (0, 2, "0.0000000001"), (1, 3, "12345678901234567.0123456789"), (0, 4, "7")];
    let rows = rows.map(|(day, order, quantity)| row(day, order, RowSide::Buy, quantity, "1"));
    for syncs in [false, true] {
        let mut ledger = Ledger::new(days.clone(), syncs);
        for row in &rows[if syncs { 2..4 } else { 0..2 }] {
            assert_eq!(ledger.append(row).unwrap(), None);
        }
    }
    let names: Vec<_> =
        ["ledger-20240130.jsonl", "ledger-20240131.jsonl"].map(|name| days.folder().join(name)).into();
    assert_eq!([noon(0), noon(1)].map(|at| days.file(at)).to_vec(), names);
    let [first, second, third, fourth] = rows;
    assert_eq!(read(&names[0]).unwrap(), [first.clone(), second.clone(), fourth.clone()]);
    assert_eq!(days.rows().unwrap(), [first, second, fourth, third]);
}

#[test]
fn a_torn_line_is_moved_away_and_said_once() {
    let (_folder, days) = ledger();
    let rows = [1, 2, 3].map(|order| row(0, order, RowSide::Sell, "1", "2"));
    let file = days.file(noon(0));
    Ledger::new(days.clone(), false).append(&rows[0]).unwrap();
    let whole = fs::read_to_string(&file).unwrap();
    for cut in [1, whole.len() / 2, whole.len() - 1] {
        fs::write(&file, format!("{whole}{}", &whole[..cut])).unwrap();
        let error = read(&file).unwrap_err().to_string();
        assert!(error.contains(".jsonl:2: is not a row of a ledger (it was torn by a crash)"), "{error}");
        let mut ledger = Ledger::new(days.clone(), false);
        let torn = ledger.append(&rows[1]).unwrap().unwrap();
        assert_eq!((torn.bytes, &torn.from), (cut, &file));
        assert!(fs::read_to_string(&torn.to).unwrap().ends_with(&format!("{}\n", &whole[..cut])));
        assert_eq!(ledger.append(&rows[2]).unwrap(), None);
        assert_eq!(days.rows().unwrap(), rows, "the side file is no day's file");
    }
    assert_eq!(fs::read_to_string(file.with_extension("jsonl.corrupt")).unwrap().lines().count(), 3);
}

#[test]
fn a_file_has_one_writer() {
    let (_folder, days) = ledger();
    let mut first = Ledger::new(days.clone(), false);
    first.append(&row(0, 1, RowSide::Buy, "1", "1")).unwrap();
    let second = Ledger::new(days.clone(), false).append(&row(0, 2, RowSide::Buy, "1", "1"));
    assert!(matches!(second, Err(LedgerError::Busy { .. })));
    first.append(&row(1, 3, RowSide::Buy, "1", "1")).unwrap();
    Ledger::new(days, false).append(&row(0, 2, RowSide::Buy, "1", "1")).unwrap();
}

#[test]
fn files_before_the_last_days_are_deleted_and_nothing_else() {
    let (_folder, days) = ledger();
    let mut ledger = Ledger::new(days.clone(), false);
    for day in [-1, 0, 729, 730] {
        ledger.append(&row(day, 1, RowSide::Buy, "1", "1")).unwrap();
    }
    let other = days.folder().join("notes.txt");
    fs::write(&other, "").unwrap();
    assert_eq!(days.forget(noon(729), RETENTION_DAYS).unwrap(), [days.file(noon(-1))]);
    assert_eq!(days.forget(noon(730), RETENTION_DAYS).unwrap(), [days.file(noon(0))]);
    assert_eq!(days.forget(noon(730), RETENTION_DAYS).unwrap(), Vec::<std::path::PathBuf>::new());
    assert!(other.exists() && days.file(noon(729)).exists());
}

#[test]
fn a_pattern_tells_days_apart() {
    let folder = tempfile::tempdir().unwrap();
    for pattern in ["ledger.jsonl", "ledger-%Y%m.jsonl", "%Y/%m/%d.jsonl", "ledger-%Q.jsonl", "%Y-%d"] {
        let error = LedgerDays::new(folder.path(), pattern).unwrap_err().to_string();
        assert!(error.contains(&format!("`{pattern}` is no pattern")), "{error}");
    }
    LedgerDays::new(folder.path(), "%F.jsonl").unwrap();
}

#[test]
fn a_line_that_is_no_row_is_named() {
    let (_folder, days) = ledger();
    let good = row(0, 1, RowSide::Buy, "1", "1").line();
    fs::create_dir_all(days.folder()).unwrap();
    for (bad, says) in [
        ("{}".to_owned(), "missing field"),
        (good.replace("\"buy\"", "\"hold\""), "hold"),
        (good.replace("\"quantity\":1", "\"quantity\":1e3"), "has an exponent"),
        (good.replace("\"quantity\":1", "\"quantity\":0.12345678901"), "more than 10 decimals"),
        (good.replace("\"quantity\":1", "\"quantity\":\"1\""), "unknown character"),
        (good.replace("\"fee\"", "\"fees\""), "unknown field"),
    ] {
        fs::write(days.file(noon(0)), format!("{good}\n{bad}\n")).unwrap();
        let error = days.rows().unwrap_err().to_string();
        assert!(error.contains(".jsonl:2: is not a row") && error.contains(says), "{bad}: {error}");
    }
}

fn markets() -> BTreeMap<String, Market> {
    let market = Market { base: "BTC".to_owned(), quote: "USDT".to_owned() };
    BTreeMap::from([("BTC_USDT".to_owned(), market)])
}

#[test]
fn balances_are_what_the_rows_add_up_to() {
    let start = Balances::from([("USDT".to_owned(), decimal("1000"))]);
    let mut cancelled = row(1, 3, RowSide::Cancel, "0", "0");
    cancelled.symbol = "*".to_owned();
    let rows = [
        row(0, 1, RowSide::Buy, "0.3", "100.1"),
        row(0, 2, RowSide::Sell, "0.5", "200.0000000001"),
        cancelled,
        row(1, 4, RowSide::Buy, "0.0000000001", "0.0000000001"),
    ];
    let balances = replay(&start, &rows, &markets()).unwrap();
    // 1000 - 30.03 + 100.00000000005 - 1e-20 - 3 × 0.1, and ten decimals of it.
    assert_eq!(balances["USDT"].to_string(), "1069.67");
    assert_eq!(balances["BTC"].to_string(), "-0.1999999999");
    let odd = [row(0, 1, RowSide::Sell, "0.5", "0.0000000003")];
    assert_eq!(
        replay(&start, &odd, &markets()).unwrap()["USDT"].to_string(),
        "999.9000000002",
        "half to even"
    );
    let unknown = replay(&start, &rows, &BTreeMap::new());
    assert!(matches!(unknown, Err(ReplayError::UnknownMarket { order_id, .. }) if order_id == "paper-1"));
    let huge = [row(0, 9, RowSide::Buy, "10000000000000000", "10000000000000000")];
    assert_eq!(replay(&start, &huge, &markets()), Err(ReplayError::TooLarge { what: "paper-9".to_owned() }));
}

fn trades(texts: &[(bool, &str, &str)]) -> Vec<Trade> {
    let trade = |(is_buy, quantity, price): &(bool, &str, &str)| Trade {
        is_buy: *is_buy,
        quantity: decimal(quantity),
        price: decimal(price),
    };
    texts.iter().map(trade).collect()
}

/// Profit, open quantity and its cost, by average cost and by FIFO.
fn both(texts: &[(bool, &str, &str)]) -> [[String; 3]; 2] {
    let trades = trades(texts);
    let text = |realised: Option<Realised>| {
        let realised = realised.unwrap();
        [realised.profit, realised.open, realised.cost].map(|number| number.normalize().to_string())
    };
    [text(by_average_cost(trades.clone())), text(by_fifo(trades))]
}

#[test]
fn profits_are_those_computed_by_hand() {
    const BUY: bool = true;
    const SELL: bool = false;
    // Two lots at 10 and 20; 3 of 4 sold at 30: 3 × (30 - 15) = 45, or 2 × 20 + 1 × 10 = 50.
    let long = [(BUY, "2", "10"), (BUY, "2", "20"), (SELL, "3", "30")];
    assert_eq!(both(&long), [["45", "1", "15"], ["50", "1", "20"]].map(|row| row.map(str::to_owned)));
    // The same upside down: 3 × (15 - 5) = 30, or 2 × 5 + 1 × 15 = 25.
    let short = [(SELL, "2", "10"), (SELL, "2", "20"), (BUY, "3", "5")];
    assert_eq!(both(&short), [["30", "-1", "15"], ["25", "-1", "20"]].map(|row| row.map(str::to_owned)));
    // From long 1 to short 2: 1 × (12 - 10), the rest opens at 12 and closes at 9: 2 × 3.
    let flip = [(BUY, "1", "10"), (SELL, "3", "12"), (BUY, "2", "9")];
    assert_eq!(both(&flip), [["8", "0", "0"], ["8", "0", "0"]].map(|row| row.map(str::to_owned)));
    assert_eq!(both(&flip[..2]), [["2", "-2", "24"], ["2", "-2", "24"]].map(|row| row.map(str::to_owned)));
    assert_eq!(both(&[]), [["0", "0", "0"], ["0", "0", "0"]].map(|row| row.map(str::to_owned)));
}

#[test]
fn what_does_not_fit_a_decimal_is_no_profit() {
    let huge = trades(&[(true, "100000000000000000", "100000000000000000")]);
    assert_eq!([by_average_cost(huge.clone()), by_fifo(huge)], [None, None]);
}

/// What is in the account when nothing is open is what was earned, whatever the method.
#[test]
fn once_flat_both_methods_agree_with_the_cash() {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

    for seed in 0..2_000 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut below = |bound: u32| random.next_u32() % bound;
        let count = 1 + below(30);
        let mut trades: Vec<Trade> = (0..count)
            .map(|_| Trade {
                is_buy: below(2) == 0,
                quantity: Decimal::new(i64::from(1 + below(500)), 3),
                price: Decimal::new(i64::from(1 + below(1_000_000)), 2),
            })
            .collect();
        let open = by_fifo(trades.clone()).unwrap().open;
        if open != Decimal::ZERO {
            trades.push(Trade {
                is_buy: open < Decimal::ZERO,
                quantity: open.abs(),
                price: Decimal::ONE_HUNDRED,
            });
        }
        let cash: Decimal = trades
            .iter()
            .map(|trade| {
                trade.quantity * trade.price * if trade.is_buy { -Decimal::ONE } else { Decimal::ONE }
            })
            .sum();
        let [average, fifo] = [by_average_cost(trades.clone()), by_fifo(trades)].map(Option::unwrap);
        for realised in [average, fifo] {
            assert_eq!((realised.open, realised.cost), (Decimal::ZERO, Decimal::ZERO), "seed {seed}");
        }
        assert_eq!(fifo.profit, cash, "seed {seed}");
        assert!((average.profit - cash).abs() < Decimal::new(1, 15), "seed {seed}: {average:?} {cash}");
    }
}
