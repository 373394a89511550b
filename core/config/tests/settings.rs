//! Values in the place of the file's.

use super::*;

fn selection() -> Selection {
    Selection::default()
}

fn base(text: &str) -> Config {
    parse(Path::new("core.yaml"), text.as_bytes(), &engines(), &Scope::default(), Problems::new("core.yaml"))
        .unwrap()
}

fn set(config: &Config, settings: &[&str]) -> Result<Plan, String> {
    let settings: Vec<Setting> = settings.iter().map(|text| Setting::read(text).unwrap()).collect();
    let changed = config.with(&settings, &selection(), &engines());
    changed.and_then(|config| config.plan(&selection())).map_err(|error| error.to_string())
}

/// The Plan of the file with some of its text replaced.
fn written(replacements: &[(&str, &str)]) -> Plan {
    let text = replacements.iter().fold(BASE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    base(&text).plan(&selection()).unwrap()
}

#[test]
fn a_setting_is_what_the_file_would_have_said() {
    let config = base(BASE);
    for (setting, from, to) in [
        ("trend.fast=7", "fast: 5", "fast: 7"),
        ("sma_cross.slow=12", "slow: 10", "slow: 12"),
        ("strategies.trend.parameters.fast=7", "fast: 5", "fast: 7"),
        ("trend.parameters.fast=7", "fast: 5", "fast: 7"),
        ("risk_profiles.bold.max_open_positions=2", "{max_open_positions: 9", "{max_open_positions: 2"),
        (
            "environment.adapter_settings.paper_trading.taker_fee=0.003",
            "taker_fee: 0.001",
            "taker_fee: 0.003",
        ),
        ("environments.demo.risk_profile=bold", "risk_profile: balanced", "risk_profile: bold"),
        ("scheduler.capital_policy.weights.late=5", "late: 2}", "late: 5}"),
        (
            "scheduler.capital_policy=equal_weight",
            "{name: fixed_weight, weights: {trend: 1, late: 2}}",
            "equal_weight",
        ),
        // What follows from it is worked out again: the cadence is the interval's.
        ("scheduler.schedules.trend.interval=1h", "interval: 15m", "interval: 1h"),
        // What the file leaves out can be set too.
        (
            "multi_strategy_schedulers.main.schedules.late.priority=3",
            "max_signals: 3,",
            "max_signals: 3, priority: 3,",
        ),
    ] {
        assert_eq!(set(&config, &[setting]).unwrap(), written(&[(from, to)]), "{setting}");
        assert_ne!(set(&config, &[setting]).unwrap(), written(&[]), "{setting}");
    }
    assert_eq!(
        set(&config, &["trend.fast=11", "trend.slow=30"]).unwrap(),
        written(&[("fast: 5", "fast: 11"), ("slow: 10", "slow: 30")])
    );
    assert_eq!(set(&config, &[]).unwrap(), written(&[]));
}

#[test]
fn other_spellings_and_sections_are_found() {
    // A policy's name under an alias, and the strategy in the section of its engine, its parameter beside the rest or not.
    let moved = |strategy: &str, lookback: u32, policy: &str| {
        let text = BASE.replace(
            "  trend:\n    engine: sma_cross\n    risk_profile: bold\n    parameters: {fast: 5, slow: 10}\n",
            "",
        );
        let strategy = strategy.replace("LOOKBACK", &lookback.to_string());
        text.replace("{name: fixed_weight,", &format!("{{type: {policy},"))
            + &format!("mean_reversion_strategies:\n  trend: {strategy}\n")
    };
    for strategy in ["{risk_profile: bold, lookback: LOOKBACK}", "{parameters: {lookback: LOOKBACK}}"] {
        let config = base(&moved(strategy, 9, "manual"));
        let expected = base(&moved(strategy, 7, "manual")).plan(&selection()).unwrap();
        for setting in
            ["trend.lookback=7", "mean_reversion.lookback=7", "strategies.trend.parameters.lookback=7"]
        {
            assert_eq!(set(&config, &[setting]).unwrap(), expected, "{setting}");
        }
        let fixed = set(&config, &["scheduler.capital_policy.type=fixed_weight"]).unwrap();
        assert_eq!(fixed, base(&moved(strategy, 9, "fixed_weight")).plan(&selection()).unwrap());
    }
    let twice = set(
        &base(&moved("{lookback: LOOKBACK}", 9, "manual")),
        &["scheduler.capital_policy.name=fixed_weight"],
    );
    assert!(twice.unwrap_err().contains("says the same as `name`"));
    // Schedulers of `runtime` go before those of the same name.
    let (above, schedulers) = BASE.split_at(BASE.find("multi_strategy_schedulers:").unwrap());
    let indented = schedulers.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n");
    let config = base(&format!("{above}runtime:\n{indented}"));
    let found = set(&config, &["scheduler.schedules.trend.interval=1h"]).unwrap();
    assert_eq!(found, written(&[("interval: 15m", "interval: 1h")]));
}

#[test]
fn a_single_value_does_not_become_keys_unnoticed() {
    let config =
        base(&BASE.replace("{name: fixed_weight, weights: {trend: 1, late: 2}}", "volatility_target"));
    let error = set(&config, &["scheduler.capital_policy.name=equal_weight"]).unwrap_err();
    assert!(error.contains("what holds `name` is a single value in the file"), "{error}");
}

#[test]
fn what_is_not_there_is_named_with_what_is_near() {
    let config = base(BASE);
    for (setting, says) in [
        ("tremd.fast=7", "tremd.fast: there is no `tremd` in the configuration; did you mean `trend`?"),
        ("trend.fsat=7", "there is no `fsat` in `strategies.trend.parameters`; did you mean `fast`?"),
        ("risk_profiles.blod.max_leverage=1", "there is no `blod` in `risk_profiles`; did you mean `bold`?"),
        (
            "scheduler.schedules.trend.prioritty=1",
            "scheduler.schedules.trend.prioritty=1:1:1: error[unknown_key]",
        ),
        ("environment.exchange.name=1", "`environments.demo.exchange` has no keys"),
        ("trend.fast=20", "trend.fast=20:1:1: error[invalid_parameters]"),
        ("trend.fast=0.5", "trend.fast=0.5:1:1: error"),
        (
            "scheduler.schedules.late.instruments=NOWHERE",
            "scheduler.schedules.late.instruments=NOWHERE:1:1: error",
        ),
    ] {
        let error = set(&config, &[setting]).unwrap_err();
        assert!(error.contains(says), "{setting}: {error}");
    }
    for text in ["fast", "=7", "fast="] {
        assert!(Setting::read(text).unwrap_err().contains("expected PATH=VALUE"), "{text}");
    }
    assert_eq!(Setting::read("a=b=c").unwrap().to_string(), "a=b=c");
}
