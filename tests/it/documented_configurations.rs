//! Configurations out of the source documents: each loads, and says what the text around it says.

use std::fs;

use hemiola::config::{self, Config, Scope, Selection};
use hemiola::instant;
use hemiola_components::capital::{Component, Policy, PolicyKind, Rule};
use hemiola_components::control::{Command, Expiry, OperatorAction, Target};
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;

use crate::support::shared;

/// What an example of the documents is part of.
const REST: &str = "\
risk_profiles: {balanced: {preset: balanced}, aggressive: {preset: aggressive}}
instrument_universes:
  core:
    instruments:
      BTC_USDT: {base_asset: BTC, quote_asset: USDT, categories: [core], exchanges: {binance: BTCUSDT, kraken: XBTUSDT}, backfill: [{interval: 1h, lookback_days: 30}]}
environments:
  demo: {exchange: binance, environment: demo, data_cache_path: data, instrument_universe: core, risk_profile: balanced}
";
const STRATEGIES: &str = "\
strategies:
  trend_engine: {engine: sma_cross, tags: [trend, experimental]}
  grid_engine: {engine: grid_trading, tags: [mean]}
  mean_reversion: {engine: mean_reversion, tags: [mean]}
  cross_exchange_arbitrage: {engine: sma_cross}
";
const SCHEDULES: &str = "    schedules:
      trend_schedule: {strategy: trend_engine}
      grid_schedule: {strategy: grid_engine, risk_profile: aggressive}
      mean_schedule: {strategy: mean_reversion}
";

/// Where an example stands in a file.
enum Place {
    /// It is a section of its own, without strategies in it.
    Section,
    /// Strategies; a schedule runs the one of this name.
    Strategies(&'static str),
    /// A scheduler without schedules.
    Scheduler,
    /// Keys of a scheduler without schedules.
    Keys,
    /// Keys of a scheduler, schedules among them.
    KeysAndSchedules,
}

fn complete(place: &Place, example: &str) -> String {
    match place {
        Place::Section => format!("{REST}{STRATEGIES}{example}"),
        Place::Strategies(name) => {
            let schedule = format!("      one: {{strategy: {name}, interval: 1d}}\n");
            format!("{REST}{example}multi_strategy_schedulers:\n  core_multi:\n    schedules:\n{schedule}")
        }
        Place::Scheduler => format!("{REST}{STRATEGIES}{example}{SCHEDULES}"),
        Place::Keys => {
            format!("{REST}{STRATEGIES}multi_strategy_schedulers:\n  core_multi:\n{example}{SCHEDULES}")
        }
        Place::KeysAndSchedules => {
            format!("{REST}{STRATEGIES}multi_strategy_schedulers:\n  core_multi:\n{example}")
        }
    }
}

/// An example by a text that only it holds, where it stands, the codes of its warnings, and what it must say.
type Example = (&'static str, Place, &'static [&'static str], fn(&Config));

const EXAMPLES: [Example; 10] = [
    ("core_daily_trend:", Place::Strategies("core_daily_trend"), &[], unified_strategy),
    ("within_profile: signal_strength", Place::Section, &["duplicate_key"], profile_budget),
    ("initial_suspensions:", Place::Scheduler, &[], initial_suspensions),
    ("initial_signal_limits:", Place::Scheduler, &[], initial_limits),
    ("hedged_multi:", Place::Section, &[], drawdown_guard),
    ("name: smoothed", Place::Keys, &[], smoothed),
    ("name: metric_weighted", Place::Keys, &[], metric_weighted),
    ("name: blended", Place::Keys, &[], blended),
    ("name: tag_quota", Place::Keys, &[], tag_quota),
    (
        "name: fixed_weight",
        Place::KeysAndSchedules,
        &["unmatched_weight", "unmatched_weight", "duplicate_key", "unmatched_limit"],
        fixed_weight,
    ),
];

#[test]
fn every_example_of_the_scheduler_document_says_what_the_text_says() {
    let Some(document) = shared::seed("000") else { return };
    let blocks = blocks(&document);
    assert_eq!(blocks.len(), EXAMPLES.len(), "an example for each row");
    for (mark, place, warnings, says) in EXAMPLES {
        let found: Vec<_> = blocks.iter().filter(|block| block.contains(mark)).collect();
        let [block] = found.as_slice() else { panic!("{mark} stands in {} examples", found.len()) };
        let config = load(&complete(&place, block));
        let codes: Vec<_> = config.warnings().iter().map(|warning| warning.code).collect();
        assert_eq!(codes, warnings, "{mark}: {:?}", config.warnings());
        says(&config);
    }
}

fn blocks(document: &str) -> Vec<String> {
    let parts = document.split("```yaml\n").skip(1);
    parts.map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

fn load(text: &str) -> Config {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("core.yaml");
    fs::write(&path, text).unwrap();
    config::load(&path, &Catalog::built_in().specs()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn policy<'c>(config: &'c Config, scheduler: &str) -> &'c Policy {
    config.capital_policy(scheduler).unwrap()
}

fn named(name: &str, kind: PolicyKind) -> Policy {
    Policy { name: name.to_owned(), kind }
}

fn at(text: &str) -> Expiry {
    Expiry::At(instant::parse(text).unwrap())
}

fn after(seconds: i64) -> Expiry {
    Expiry::After(Nanos::new(seconds * Nanos::SECOND.get()))
}

fn limit(strategy: &str, profile: &str, limit: u32, reason: Option<&str>, expiry: Expiry) -> OperatorAction {
    let (strategy, risk_profile) = (strategy.to_owned(), profile.to_owned());
    initial(reason, Command::SetLimit { strategy, risk_profile, limit, expiry })
}

fn initial(reason: Option<&str>, what: Command) -> OperatorAction {
    let who = "configuration".to_owned();
    OperatorAction { at: Nanos::ZERO, who, why: reason.map(ToOwned::to_owned), what }
}

fn seconds(value: f64) -> Nanos {
    #[expect(clippy::cast_possible_truncation, reason = "small and whole")]
    Nanos::new(value as i64 * Nanos::SECOND.get())
}

fn unified_strategy(config: &Config) {
    let plan = config.plan(&Selection::default()).unwrap();
    let [strategy] = plan.strategies.as_slice() else { panic!("one strategy") };
    assert_eq!(
        (strategy.name.as_str(), strategy.engine.as_str()),
        ("core_daily_trend", "daily_trend_momentum")
    );
    for (name, value) in
        [("fast_ma", 25.0), ("slow_ma", 100.0), ("atr_multiplier", 2.0), ("min_momentum", 0.001)]
    {
        assert_eq!(strategy.parameters.number(name), Ok(value), "{name}");
    }
    assert!(strategy.definition.tags.contains(&"core".to_owned()));
    assert_eq!(plan.risk_profiles[0].name, "balanced");
}

/// Two profiles with budgets and a floor; the repeated limit is the plain number, without reason and end.
fn profile_budget(config: &Config) {
    let PolicyKind::RiskProfile { profiles, profile_floor, within_profile } =
        &policy(config, "core_multi").kind
    else {
        panic!("{:?}", policy(config, "core_multi"))
    };
    assert_eq!(
        profiles.iter().map(|(name, share)| (name.as_str(), *share)).collect::<Vec<_>>(),
        [("aggressive", 0.4), ("balanced", 0.6)]
    );
    assert_eq!(*profile_floor, 0.1);
    assert_eq!(**within_profile, named("signal_strength", PolicyKind::SignalStrength));
    assert_eq!(
        config.initial("core_multi"),
        [
            limit("trend_engine", "balanced", 3, None, Expiry::Never),
            limit("grid_engine", "aggressive", 1, None, Expiry::Never)
        ]
    );
    let repeated = &config.warnings()[0];
    assert!(repeated.path.ends_with("signal_limits.trend_engine.balanced"), "{}", repeated.path);
    assert!(repeated.message.contains("at line"), "{}", repeated.message);
    let resolved = serde_json::to_value(config.as_resolved()).unwrap();
    let scheduler = &resolved["multi_strategy_schedulers"]["core_multi"];
    assert_eq!(scheduler["telemetry_namespace"], "runtime.core");
    assert_eq!(scheduler["allocation_rebalance_seconds"], 90);
    let expected = serde_json::json!({
        "strategy": "grid_engine", "cadence_seconds": 180, "max_drift_seconds": 45, "warmup_bars": 50,
        "risk_profile": "aggressive", "max_signals": 2, "interval": "1h", "offset_seconds": 0, "sizing": "weight",
        "priority": 0, "windows": [], "fallback_schedules": [], "on_suspend": "hold", "metrics": {},
    });
    assert_eq!(scheduler["schedules"]["grid_schedule"], expected);
}

fn suspension(target: Target, reason: &str, expiry: Expiry) -> OperatorAction {
    initial(Some(reason), Command::Suspend { target, expiry })
}

fn initial_suspensions(config: &Config) {
    assert_eq!(
        config.initial("core_multi"),
        [
            suspension(Target::Schedule("grid_schedule".to_owned()), "maintenance", after(3600)),
            suspension(Target::Tag("experimental".to_owned()), "compliance_hold", at("2030-02-01")),
        ]
    );
}

fn initial_limits(config: &Config) {
    assert_eq!(
        config.initial("core_multi"),
        [
            limit("trend_engine", "balanced", 4, Some("bootstrap_window"), at("2024-02-01T12:00:00")),
            limit("mean_reversion", "balanced", 2, None, after(1800)),
        ]
    );
}

fn drawdown_guard(config: &Config) {
    let expected = PolicyKind::DrawdownGuard {
        warning_pct: 8.0,
        panic_pct: 15.0,
        pressure_weight: 0.6,
        min_weight: 0.05,
        max_weight: 1.0,
    };
    assert_eq!(*policy(config, "hedged_multi"), named("drawdown_guard", expected));
    let resolved = serde_json::to_value(config.as_resolved()).unwrap();
    let schedules = &resolved["multi_strategy_schedulers"]["hedged_multi"]["schedules"];
    assert_eq!(schedules["arb"]["cadence_seconds"], 90);
    assert_eq!(schedules["arb"]["max_drift_seconds"], 30, "the default");
    let plan = config.plan(&Selection::default()).unwrap();
    assert_eq!(plan.capital_policy.kind.name(), "drawdown_guard");
}

fn smoothed(config: &Config) {
    let base = Box::new(named("signal_strength", PolicyKind::SignalStrength));
    let expected = PolicyKind::Smoothed { base, alpha: 0.35, min_delta: 0.05, floor_weight: 0.0 };
    assert_eq!(*policy(config, "core_multi"), named("smoothed", expected));
}

/// Explicit zeros count.
fn metric_weighted(config: &Config) {
    let rule = |metric: &str, weight, default, min, max| Rule {
        metric: metric.to_owned(),
        weight,
        default,
        min,
        max,
        absolute: false,
        scale: 1.0,
    };
    let expected = PolicyKind::MetricWeighted {
        rules: vec![
            rule("avg_confidence", 1.5, 0.0, Some(0.0), Some(1.0)),
            rule("last_latency_ms", -0.02, 150.0, Some(0.0), None),
        ],
        default_score: 0.1,
        shift_epsilon: 1e-6,
        fallback: Some(Box::new(named("signal_strength", PolicyKind::SignalStrength))),
    };
    assert_eq!(*policy(config, "core_multi"), named("telemetry_mix", expected));
}

fn blended(config: &Config) {
    let guard = PolicyKind::DrawdownGuard {
        warning_pct: 6.0,
        panic_pct: 15.0,
        pressure_weight: 0.5,
        min_weight: 0.05,
        max_weight: 1.0,
    };
    let component = |label: &str, weight, policy| Component { label: label.to_owned(), weight, policy };
    let expected = PolicyKind::Blended {
        components: vec![
            component("signals", 2.0, named("signal_strength", PolicyKind::SignalStrength)),
            component("drawdown", 1.0, named("drawdown_guard", guard)),
        ],
        normalize_components: true,
        fallback: Some(Box::new(named("equal_weight", PolicyKind::EqualWeight))),
    };
    assert_eq!(*policy(config, "core_multi"), named("blended", expected));
}

fn tag_quota(config: &Config) {
    let expected = PolicyKind::TagQuota {
        tags: [("mean".to_owned(), 1.0), ("trend".to_owned(), 2.0)].into(),
        default_weight: Some(1.0),
        within_tag: Box::new(named("equal_weight", PolicyKind::EqualWeight)),
        fallback: Some(Box::new(named("signal_strength", PolicyKind::SignalStrength))),
        primary_only: true,
    };
    assert_eq!(*policy(config, "core_multi"), named("core_tags", expected));
}

/// The scheduler's own interval goes before the policy's.
fn fixed_weight(config: &Config) {
    let weights = [
        ("grid_engine:aggressive".to_owned(), 0.2),
        ("mean_reversion:balanced".to_owned(), 0.3),
        ("trend_schedule".to_owned(), 0.5),
    ];
    assert_eq!(*policy(config, "core_multi"), named("core_manual", PolicyKind::FixedWeight(weights.into())));
    let plan = config.plan(&Selection::default()).unwrap();
    assert_eq!(plan.cool_down, Some(seconds(90.0)));
    assert_eq!(plan.schedules[0].cadence.every, seconds(300.0));
    assert_eq!(plan.schedules[0].warmup_bars, 100);
}

#[test]
fn the_minimal_configuration_of_the_specification_passes_strictly() {
    let Some(document) = shared::specification("operations.md") else { return };
    let appendix = document.split("## Appendix A").nth(1).expect("an appendix A");
    let block = blocks(appendix).remove(0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("core.yaml");
    fs::write(&path, block).unwrap();
    let strict = Scope { strict: true, profile: None };
    let config = config::load_within(&path, &Catalog::built_in().specs(), &strict)
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.warnings(), []);
    let sections: Vec<_> = config.notes().iter().map(|note| note.path.as_str()).collect();
    assert!(sections.contains(&"reporting") && sections.contains(&"risk_profiles"), "{sections:?}");
}
