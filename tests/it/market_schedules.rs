//! Many schedules over real candles: budgets for risk profiles over a mix over smoothed weights, a suspended tag and
//! limits that end.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use hemiola::assembly::Options;
use hemiola::job::{Job, Prepared};
use hemiola::modes::backtest::{self, Outcome};
use hemiola_components::capital::Weight;
use hemiola_components::journal::{Change, Event};
use hemiola_components::risk::Rule;
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::engine::ScanLimit;
use serde_json::Value;

use crate::support::shared::market_data;

const SYMBOLS: [&str; 8] = ["BTC", "ETH", "SOL", "BNB", "XRP", "ADA", "LTC", "MATIC"];
const STRATEGIES: [(&str, &str, u32); 4] =
    [("reversion", "1h", 96), ("grid", "1h", 14), ("crossing", "1h", 120), ("volatility", "1d", 61)];
const PROFILES: [&str; 2] = ["steady", "bold"];

/// The shipped example's environment and strategies with a scheduler of its own: a schedule for each instrument,
/// strategy and profile.
fn configuration() -> String {
    let shipped = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/real_market.yaml"));
    let mut text = shipped.unwrap().split("multi_strategy_schedulers:").next().unwrap().to_owned();
    text += "
multi_strategy_schedulers:
  many:
    allocation_rebalance_seconds: 86400
    capital_policy:
      name: risk_profile
      profiles: {steady: 0.6, bold: 0.4}
      profile_floor: 0.2
      within_profile:
        name: blended
        components:
          - {label: calm, weight: 2, policy: {name: smoothed, base: risk_parity, alpha: 0.3}}
          - {label: active, weight: 1, policy: signal_strength}
    initial_suspensions: [{tag: mean_reversion, reason: review, duration: 40d}]
    initial_signal_limits:
      crossing: {bold: {limit: 0, reason: quiet, duration: 60d}}
    schedules:
";
    for (strategy, interval, warmup) in STRATEGIES {
        for (symbol, profile) in SYMBOLS.iter().flat_map(|symbol| PROFILES.map(|profile| (symbol, profile))) {
            writeln!(
                text,
                "      {strategy}_{symbol}_{profile}: {{strategy: {strategy}, interval: {interval}, warmup_bars: \
                 {warmup}, risk_profile: {profile}, instruments: [\"binance:{symbol}_USDT\"]}}"
            )
            .unwrap();
        }
    }
    text
}

fn prepare(data: &Path) -> Prepared {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("many.yaml");
    fs::write(&config, configuration()).unwrap();
    let job = Job { data: Some(data.to_owned()), ..Job::of(config) };
    let silent = &mut |notice: &str| panic!("{notice}");
    job.prepare(&Catalog::built_in(), silent).unwrap()
}

fn run(prepared: &Prepared, scan: ScanLimit) -> Outcome {
    let options = Options { scan, window: prepared.window, ..Options::default() };
    let plans = [(&prepared.plan, &prepared.data.market)];
    backtest::run(&plans, &Catalog::built_in(), options, |_, _| ()).unwrap().outcomes.remove(0)
}

fn changes(outcome: &Outcome, is_meant: impl Fn(&Change) -> bool) -> usize {
    let meant = outcome.records.iter().filter(|record| match &record.event {
        Event::Control(change) => is_meant(change),
        _ => false,
    });
    meant.count()
}

fn refused(outcome: &Outcome, rule: Rule) -> usize {
    let meant = outcome.records.iter().filter(|record| match &record.event {
        Event::Refused { refusal, .. } => refusal.rule == rule,
        _ => false,
    });
    meant.count()
}

#[test]
fn sixty_four_schedules_share_capital_alike_however_they_are_run() {
    let Some(data) = market_data() else { return };
    let prepared = prepare(&data);
    assert_eq!(prepared.plan.schedules.len(), 64);
    let outcome = run(&prepared, ScanLimit::Unlimited);
    for scan in [ScanLimit::Unlimited, ScanLimit::Decisions(1), ScanLimit::Random(5)] {
        assert_eq!(run(&prepared, scan).digest, outcome.digest, "{scan:?}");
    }

    let held = PROFILES.len() * SYMBOLS.len();
    assert_eq!(changes(&outcome, |change| matches!(change, Change::Suspended { .. })), held);
    assert_eq!(changes(&outcome, |change| matches!(change, Change::Resumed { .. })), held);
    assert_eq!(changes(&outcome, |change| matches!(change, Change::SuspensionEnded(_))), 1);
    assert_eq!(changes(&outcome, |change| matches!(change, Change::LimitEnded(_))), 1);
    assert!(refused(&outcome, Rule::Suspended) > 0 && refused(&outcome, Rule::SignalLimit) > 0);

    let weights: Vec<Weight> = outcome
        .records
        .iter()
        .filter_map(|record| match &record.event {
            Event::Weight { weight, .. } => Some(*weight),
            _ => None,
        })
        .collect();
    assert!(weights.iter().all(|weight| (0.0..=1.0).contains(&weight.share)));
    let steady = weights.iter().map(|weight| weight.profile).collect::<Vec<_>>();
    assert!(steady.iter().all(|profile| [0.6, 0.4].iter().any(|share| (profile - share).abs() < 1e-9)));
    assert!(weights.iter().all(|weight| weight.raw.is_some() && weight.tag.is_some()));
    assert!(weights.iter().any(|weight| weight.raw.is_some_and(|raw| (raw - weight.share).abs() > 1e-3)));
    let mut different: Vec<u64> = weights.iter().map(|weight| weight.share.to_bits()).collect();
    different.sort_unstable();
    different.dedup();
    assert!(different.len() > 10_000, "{} different shares", different.len());
}

/// `weights.parquet` and `telemetry.parquet` as a user gets them.
#[test]
fn their_weights_and_telemetry_are_in_the_tables() {
    let Some(data) = market_data() else { return };
    let prepared = prepare(&data);
    let run = prepared.run(&Catalog::built_in(), |_, _| ()).unwrap();
    let tables = hemiola::results::tables::all(&prepared, &run.outcomes[0]);
    let columns = |file: &str| -> Vec<&str> {
        let (_, table) = tables.iter().find(|(name, _)| *name == file).unwrap();
        table.columns.iter().map(|(name, _)| name.as_ref()).collect()
    };
    let weights =
        ["time", "schedule", "strategy", "weight", "raw_weight", "smoothed_weight", "profile_weight"];
    assert_eq!(columns("weights.parquet"), [&weights[..], &["tag_weight"]].concat());
    let telemetry = columns("telemetry.parquet");
    for name in [
        "signals",
        "latency_ms",
        "avg_confidence",
        "avg_abs_zscore",
        "avg_realized_volatility",
        "allocation_error_pct",
        "realized_vs_target_vol_pct",
        "base_max_signals",
        "active_max_signals",
        "allocator_weight",
        "allocator_raw_weight",
        "allocator_smoothed_weight",
        "allocator_profile_weight",
        "signal_limit_override",
        "suspended",
        "suspension_remaining_seconds",
        "suspension_tag_indicator",
    ] {
        assert!(telemetry.contains(&name), "{name} in {telemetry:?}");
    }
    let summary =
        hemiola::results::summary::Summary::new(&prepared, &run.outcomes[0], &run.notes, run.passes, 0.0);
    for schedule in summary.to_json()["schedules"].as_array().unwrap() {
        for name in ["allocator_weight", "allocator_smoothed_weight", "allocator_profile_weight"] {
            assert!(
                matches!(schedule["telemetry"][name], Value::Number(_)),
                "{name} of {}",
                schedule["name"]
            );
        }
    }
}
