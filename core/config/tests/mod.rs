//! One place for everything a broken file must be told.

mod broken;
mod capabilities;
mod mutations;
mod pairs;
mod plans;
mod sections;
mod services;
mod settings;
mod shipped;

use std::fmt::Write;
use std::path::Path;

use hemiola_components::strategy::{
    Classification, EngineSpec, LicenseTier, ParameterDefault, ParameterError, ParameterKind, ParameterSpec,
    Parameters, Preset,
};

use super::*;

/// A small correct file that the tests break.
const BASE: &str = "\
risk_profiles:
  balanced: {max_open_positions: 5, max_position_pct: 0.05, max_leverage: 3, max_daily_loss_pct: 0, hard_drawdown_pct: 0, target_volatility: 0, stop_loss_atr_multiple: 0}
  bold: {max_open_positions: 9, max_position_pct: 0, max_leverage: 0, preset: manual}
instrument_universes:
  core:
    instruments:
      BTC_USDT:
        base_asset: BTC
        quote_asset: USDT
        exchanges: {binance: BTCUSDT, kraken: XBTUSDT}
        categories: [core]
        backfill: [{interval: 1h, lookback_days: 30}]
      ETH_USDT: {base_asset: ETH, quote_asset: USDT, exchanges: {binance: ETHUSDT}, categories: [core], backfill: [{interval: 1d, lookback_days: 9}]}
      ETH_EUR: {base_asset: ETH, quote_asset: EUR, exchanges: {kraken: ETHEUR}, categories: [core], backfill: [{interval: 1d, lookback_days: 9}]}
environments:
  demo:
    exchange: binance
    environment: demo
    data_cache_path: ../data
    instrument_universe: core
    risk_profile: balanced
    adapter_settings:
      paper_trading: {initial_balances: {USDT: 5000}, taker_fee: 0.001, slippage_bps: 2}
strategies:
  trend:
    engine: sma_cross
    risk_profile: bold
    parameters: {fast: 5, slow: 10}
  outside: {engine: external_signals, parameters: {targets: targets.csv}}
multi_strategy_schedulers:
  main:
    capital_policy: {name: fixed_weight, weights: {trend: 1, late: 2}}
    schedules:
      trend: {interval: 15m}
      late: {strategy: outside, cadence_seconds: 60, max_signals: 3, instruments: [ETH_USDT]}
";

fn fast_below_slow(parameters: &Parameters) -> Result<(), ParameterError> {
    if parameters.count("fast")? < parameters.count("slow")? {
        return Ok(());
    }
    Err(ParameterError::new("fast", "must be smaller than `slow`".to_owned()))
}

fn engines() -> Vec<EngineSpec> {
    const TARGETS: ParameterSpec = ParameterSpec {
        name: "targets",
        kind: ParameterKind::TargetsFile,
        default: ParameterDefault::Required,
        summary: "file of target positions",
    };
    const SILENT: EngineSpec = EngineSpec {
        name: "external_signals",
        summary: "follows targets from a file",
        classification: Classification::CUSTOM,
        parameters: &[TARGETS],
        presets: &[],
        interval: None,
        trades_pairs: false,
        check: |_| Ok(()),
        doubt: |_| None,
    };
    vec![
        EngineSpec {
            name: "sma_cross",
            summary: "crossing of two moving averages",
            parameters: const {
                &[
                    ParameterSpec::count("fast", 20, [1, 100_000], "candles in the window"),
                    ParameterSpec::count("slow", 50, [1, 100_000], "candles in the window"),
                ]
            },
            classification: Classification {
                capability: "trend_follower",
                license_tier: LicenseTier::Professional,
                risk_classes: &["directional", "momentum"],
                required_data: &["ohlcv"],
                tags: &["trend", "slow"],
            },
            presets: &[Preset { name: "quick", values: &[("fast", 3.0), ("slow", 9.0)] }],
            check: fast_below_slow,
            ..SILENT
        },
        EngineSpec {
            name: "mean_reversion",
            parameters: const { &[ParameterSpec::count("lookback", 96, [2, 1_000], "candles in the window")] },
            ..SILENT
        },
        EngineSpec { name: "grid_trading", parameters: &[], ..SILENT },
        SILENT,
    ]
}

/// Reads a text as if it stood in `folder/core.yaml`.
fn read_text(text: impl AsRef<[u8]>) -> Result<Config, ConfigError> {
    let problems = Problems::new("core.yaml");
    parse(Path::new("folder/core.yaml"), text.as_ref(), &engines(), &Scope::default(), problems)
}

/// Errors and warnings.
fn problems(result: Result<Config, ConfigError>) -> Vec<Problem> {
    match result {
        Ok(config) => config.warnings().to_vec(),
        Err(ConfigError::Invalid(problems)) => {
            problems.into_iter().filter(|problem| problem.severity != Severity::Info).collect()
        }
        Err(ConfigError::Unreadable { source, .. }) => panic!("{source}"),
    }
}

/// [`BASE`] with its one occurrence of `from` replaced.
fn edited(from: &str, to: &str) -> String {
    replaced(BASE, from, to)
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "`{from}` must occur once");
    text.replace(from, to)
}

/// Checks edits of `base`, and counts them. A case is `what to replace => by what` (`\n` for the end of a line),
/// then its problems, indented, as [`check`] wants them.
fn check_cases(base: &str, cases: &str) -> usize {
    let (mut count, mut wrong) = (0, Vec::new());
    let mut lines = cases.lines().skip(1).peekable();
    while let Some(edit) = lines.next() {
        let (from, to) = edit.split_once(" =>").unwrap();
        let to = to.strip_prefix(' ').unwrap_or(to);
        let mut expected = String::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("    ") && !line.contains(" =>")) {
            writeln!(expected, "{line}").unwrap();
        }
        let unescaped = |text: &str| text.replace("\\n", "\n");
        if let Some(found) = difference(replaced(base, &unescaped(from), &unescaped(to)), &expected) {
            wrong.push(format!("{edit}\n{found}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    count
}

/// Each problem on one line: `line:column code path`, a warning marked.
fn summary(problems: &[Problem]) -> String {
    let mut text = String::new();
    for Problem { severity, code, path, line, column, .. } in problems {
        let mark = if *severity == Severity::Warning { "warning " } else { "" };
        writeln!(text, "{}", format!("{line}:{column} {mark}{code} {path}").trim_end()).unwrap();
    }
    text
}

/// The file as edited must have exactly the problems of `expected`, written as [`summary`] writes them.
fn check(text: impl AsRef<[u8]>, expected: &str) {
    assert_eq!(difference(text, expected), None);
}

/// What the file has instead of the problems of `expected`.
fn difference(text: impl AsRef<[u8]>, expected: &str) -> Option<String> {
    let found = problems(read_text(text));
    let expected: Vec<_> = expected.trim().lines().map(str::trim).collect();
    let summary = summary(&found);
    let messages: Vec<_> = found.iter().map(ToString::to_string).collect();
    (summary.lines().collect::<Vec<_>>() != expected).then(|| format!("{summary}{}", messages.join("\n")))
}
