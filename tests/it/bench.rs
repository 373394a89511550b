//! The open workloads give the fills and the equity that were computed independently.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use hemiola::assembly::Options;
use hemiola::bench::{Timing, end_to_end};
use hemiola::job::Job;
use hemiola::modes::backtest;
use hemiola_components::market::Bars;
use hemiola_components::order::Side;
use hemiola_components::schedule::Sizing;
use hemiola_components::units::{Notional, Ratio};
use hemiola_systems::signals::catalog::Catalog;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::shared::{workload, workloads};
use crate::support::{fills, interval, market, plan, schedule, sma};

fn expected(section: &str) -> Option<Value> {
    let text = fs::read_to_string(workloads()?.join("expected.json")).unwrap();
    Some(serde_json::from_str::<Value>(&text).unwrap()[section].clone())
}

fn hash(numbers: impl IntoIterator<Item = i64>) -> String {
    let mut hash = Sha256::new();
    for number in numbers {
        hash.update(number.to_le_bytes());
    }
    hash.finalize().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Runs a shipped configuration over a workload's file, as the command line does.
fn job(config: &str, data: &Path) -> Job {
    Job {
        data: Some(data.to_owned()),
        interval: Some("1m".to_owned()),
        ..Job::of(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/bench").join(config))
    }
}

fn agrees(ours: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    assert!((ours / expected - 1.0).abs() <= 1e-9, "{ours} against {expected}");
}

#[test]
fn bench_expected_w1() {
    let (Some(expected), Some(data)) = (expected("W1"), workload("w1.parquet")) else { return };
    let catalog = Catalog::built_in();
    let prepared = job("w1.yaml", &data).prepare(&catalog, &mut |_| ()).unwrap();
    let run = prepared.run(&catalog, |_, _| ()).unwrap();
    let outcome = &run.outcomes[0];
    let fills = fills(outcome);
    let bars = &prepared.data.market.series[0][&interval("1m")];
    let bar = |fill: &hemiola_components::order::Fill| bars.open_time.binary_search(&fill.time).unwrap();
    assert_eq!(bars.len() as u64, expected["bars"].as_u64().unwrap());
    assert_eq!(fills.len() as u64, expected["fills"].as_u64().unwrap());
    assert_eq!(
        hash(fills.iter().map(|fill| i64::try_from(bar(fill)).unwrap())),
        expected["fill_bars_sha256_le_i64"]
    );
    for (fill, first) in fills.iter().zip(expected["first_fills"].as_array().unwrap()) {
        assert_eq!(
            (fill.order.side.name(), fill.price.get()),
            (first["side"].as_str().unwrap(), first["price"].as_f64().unwrap())
        );
    }
    agrees(outcome.account.equity.get(), &expected["final_equity"]);
    agrees(outcome.holdings[0].fees.get(), &expected["total_fees"]);
    assert_eq!(outcome.holdings[0].quantity.get(), expected["final_qty"].as_f64().unwrap());
}

#[test]
fn bench_expected_w2() {
    let (Some(expected), Some(data)) = (expected("W2"), workload("w2.parquet")) else { return };
    let series = load(&data);
    let bars = &series.values().next().unwrap().clone();
    let rows = expected["rows"].as_array().unwrap();
    let variants: Vec<_> = rows
        .iter()
        .map(|row| {
            let mut schedule = schedule("a", 0, &[0]);
            schedule.sizing = Sizing::AllIn;
            let parameter = |index: usize| row[index].as_f64().unwrap();
            let mut plan = plan(&["A"], vec![sma("s", parameter(0), parameter(1))], vec![schedule]);
            plan.cash = Notional::new(1_000_000.0);
            plan.costs.taker_fee = Ratio::new(0.001);
            let market = market(&plan, &[Arc::clone(bars)]);
            (plan, market)
        })
        .collect();
    assert_eq!(variants.len() as u64, expected["combos"].as_u64().unwrap());
    let plans: Vec<_> = variants.iter().map(|(plan, market)| (plan, market)).collect();
    let run = backtest::run(&plans, &Catalog::built_in(), Options::default(), |_, _| ()).unwrap();
    let mut all = Vec::new();
    for (outcome, row) in run.outcomes.iter().zip(rows) {
        assert_eq!(outcome.telemetry[0].fills, row[2].as_u64().unwrap(), "{row}");
        agrees(outcome.account.equity.get(), &row[3]);
        all.extend(
            fills(outcome)
                .iter()
                .map(|fill| i64::try_from(bars.open_time.binary_search(&fill.time).unwrap()).unwrap()),
        );
    }
    assert_eq!(hash(all), expected["fill_bars_sha256_le_i64_all"]);
}

#[test]
fn bench_expected_w3() {
    let (Some(expected), Some(data)) = (expected("W3"), workload("w3.parquet")) else { return };
    let catalog = Catalog::built_in();
    let prepared = job("w3.yaml", &data).prepare(&catalog, &mut |_| ()).unwrap();
    assert_eq!(prepared.plan.instruments.len() as u64, expected["symbols"].as_u64().unwrap());
    let run = prepared.run(&catalog, |_, _| ()).unwrap();
    let outcome = &run.outcomes[0];
    let bars = &prepared.data.market.series[0][&interval("1m")];
    let events = fills(outcome).into_iter().flat_map(|fill| {
        let bar = bars.open_time.binary_search(&fill.time).unwrap();
        let symbol: i64 = prepared.plan.instruments[fill.order.instrument.get()].symbol.parse().unwrap();
        [i64::try_from(bar).unwrap(), symbol, i64::from(fill.order.side == Side::Sell)]
    });
    assert_eq!(hash(events), expected["fills_sha256_le_i64_bar_symbol_side"]);
    assert_eq!(outcome.telemetry[0].fills, expected["fills"].as_u64().unwrap());
    agrees(outcome.account.equity.get(), &expected["final_equity"]);
    agrees(outcome.holdings.iter().map(|holding| holding.fees.get()).sum(), &expected["total_fees"]);
}

#[test]
fn w1_from_file_to_folder_comes_to_what_the_loop_does() {
    let (Some(expected), Some(data)) = (expected("W1"), workload("w1.parquet")) else { return };
    for decisions in end_to_end::decisions() {
        let work = end_to_end::w1(data.parent().unwrap(), decisions).unwrap();
        let row = end_to_end::time(&work, Timing { repeats: 1, against_plain: true }).unwrap();
        assert_eq!(row.fills, expected["fills"].as_u64().unwrap(), "{}", work.name);
        assert!(row.world.cpu > row.assembly.cpu && row.ratio().is_some(), "{row:?}");
    }
}

fn load(path: &Path) -> BTreeMap<String, Arc<Bars>> {
    let check = hemiola_adapters::store::Check::Full;
    let series = hemiola_adapters::store::load_file(path, interval("1m"), check).unwrap();
    series.into_iter().map(|(symbol, series)| (symbol, Arc::new(series.bars))).collect()
}
