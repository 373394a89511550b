//! The shipped example over real candles.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use hemiola::assembly::Options;
use hemiola::job::{Job, Prepared};
use hemiola::modes::backtest;
use hemiola::results::summary::Summary;
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::Origin;
use hemiola_components::risk::{Alert, Rule};
use hemiola_components::time::Nanos;
use hemiola_components::units::Ratio;
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::engine::ScanLimit;
use serde_json::Value;

use crate::support::shared::market_data;

fn prepare(data: &Path) -> Prepared {
    let job = Job {
        data: Some(data.to_owned()),
        ..Job::of(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/real_market.yaml"))
    };
    let silent = &mut |notice: &str| panic!("{notice}");
    job.prepare(&Catalog::built_in(), silent).unwrap()
}

/// Per file, from the table in the folder's description: rows, gaps, missing candles, candles without volume.
fn described(data: &Path) -> BTreeMap<String, [u64; 4]> {
    let text = fs::read_to_string(data.join("README.md")).unwrap();
    let number = |cell: &str| cell.trim().parse().ok();
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let [file, rows, _, _, gaps, zero_volume, _] = cells[..] else { return None };
        let (gaps, missing) = gaps.split_once('/')?;
        Some((file.trim().to_owned(), [number(rows)?, number(gaps)?, number(missing)?, number(zero_volume)?]))
    };
    text.lines().filter_map(row).collect()
}

#[test]
fn real_candles_are_counted_as_their_description_counts_them() {
    let Some(data) = market_data() else { return };
    let described = described(&data);
    let prepared = prepare(&data);
    let run = prepared.run(&Catalog::built_in(), |_, _| ()).unwrap();
    let summary = Summary::new(&prepared, &run.outcomes[0], &run.notes, run.passes, 0.0).to_json();

    let series = summary["series"].as_array().unwrap();
    assert_eq!(series.len(), 21, "twelve instruments hourly, nine of them daily as well");
    for one in series {
        let text = |name: &str| one[name].as_str().unwrap();
        let file = format!("{}/{}.parquet", text("instrument").replace(':', "/"), text("interval"));
        let counts = ["bars", "gaps", "missing", "zero_volume"].map(|name| one[name].as_u64().unwrap());
        assert_eq!(counts, described[&file], "{file}");
    }
    for schedule in summary["schedules"].as_array().unwrap() {
        for count in ["signals", "orders", "fills"] {
            assert!(schedule["counts"][count].as_u64().unwrap() > 0, "{count} of {}", schedule["name"]);
        }
    }
    assert_eq!(summary["synthetic"], false);
    assert_eq!(summary["digest"], Value::from(run.outcomes[0].digest.clone()));
}

#[test]
fn real_candles_give_one_digest_however_they_are_run() {
    let Some(data) = market_data() else { return };
    let prepared = prepare(&data);
    let digest = |options: Options| {
        let plans = [(&prepared.plan, &prepared.data.market)];
        let run = backtest::run(&plans, &Catalog::built_in(), options, |_, _| ()).unwrap();
        run.outcomes[0].digest.clone()
    };
    let usual = digest(Options::default());
    for scan in [ScanLimit::Decisions(1), ScanLimit::Random(7), ScanLimit::Unlimited] {
        assert_eq!(digest(Options { scan, ..Options::default() }), usual, "{scan:?}");
    }
    for seed in [1, 2] {
        let shuffle = Some(seed);
        assert_eq!(digest(Options { shuffle, ..Options::default() }), usual, "shuffled by {seed}");
    }
    let again = prepare(&data);
    assert_eq!(again.run(&Catalog::built_in(), |_, _| ()).unwrap().outcomes[0].digest, usual);
}

/// A loss of a few hundredths of a per cent a day latches; the profile's positions are closed, and midnight releases it.
#[test]
fn a_tight_daily_loss_limit_latches_closes_alerts_and_is_released() {
    let Some(data) = market_data() else { return };
    let mut prepared = prepare(&data);
    for profile in &mut prepared.plan.risk_profiles {
        profile.max_daily_loss = Ratio::new(0.0005);
    }
    let run = |scan| {
        let options = Options { scan, window: prepared.window, ..Options::default() };
        let plans = [(&prepared.plan, &prepared.data.market)];
        backtest::run(&plans, &Catalog::built_in(), options, |_, _| ()).unwrap().outcomes.remove(0)
    };
    let outcome = run(ScanLimit::Unlimited);
    for scan in [ScanLimit::Decisions(1), ScanLimit::Random(11)] {
        assert_eq!(run(scan).digest, outcome.digest, "{scan:?}");
    }

    let mut latched: BTreeMap<usize, Nanos> = BTreeMap::new();
    let (mut entered, mut released, mut alerts, mut closed) = (0, 0, 0, 0);
    for Record { at, event, .. } in &outcome.records {
        match event {
            Event::Latch { risk_profile, entered: true, value, limit, .. } => {
                assert!(value >= limit && latched.insert(*risk_profile, *at).is_none());
                entered += 1;
            }
            Event::Latch { risk_profile, rule, .. } => {
                assert_eq!((*rule, at.get() % Nanos::DAY.get()), (Rule::DailyLoss, 0), "at midnight");
                assert!(latched.remove(risk_profile).is_some());
                released += 1;
            }
            Event::Alert { alert: Alert::Latch(Rule::DailyLoss), risk_profile, .. } => {
                assert_eq!(latched.get(risk_profile), Some(at), "one alert a latch");
                alerts += 1;
            }
            Event::Order(order) if order.origin == Origin::Risk => closed += 1,
            Event::Refused { schedule, refusal, .. } if refusal.rule == Rule::DailyLoss => {
                let profile = prepared.plan.schedules[schedule.get()].risk_profile;
                assert!(latched.contains_key(&profile));
                assert!(refusal.value >= refusal.limit && refusal.limit == 0.0005, "{refusal:?}");
            }
            _ => {}
        }
    }
    assert!(entered > 10 && entered == alerts && released >= entered - latched.len() && closed > 10);
}
