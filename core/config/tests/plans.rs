//! What comes out of a correct file.

use std::path::PathBuf;

use hemiola_components::capital::PolicyKind;
use hemiola_components::governor::{GovernorSettings, Scoring, Terms};
use hemiola_components::market::TradingRules;
use hemiola_components::order::{
    Costs, EntryKind, EntryOrder, FillModel, Liquidity, Maintenance, MarginTerms, Shortfall, TimeInForce,
};
use hemiola_components::schedule::{Cadence, OnSuspend, Sizing, TradingWindow};
use hemiola_components::strategy::ParameterValue;
use hemiola_components::time::Nanos;
use hemiola_components::units::{Bps, Notional, Quantity, Ratio};

use serde_json::{Value, json};

use super::*;

fn plan_of(text: &str) -> Plan {
    read_text(text).unwrap().plan(&Selection::default()).unwrap()
}

fn seconds(seconds: i64) -> Nanos {
    Nanos::new(seconds * Nanos::SECOND.get())
}

fn costs(taker_fee: f64, slippage: f64) -> Costs {
    Costs {
        taker_fee: Ratio::new(taker_fee),
        maker_fee: Ratio::new(0.0004),
        slippage: Bps::new(slippage).ratio(),
        impact: Ratio::ZERO,
    }
}

fn names(plan: &Plan) -> Vec<String> {
    plan.instruments.iter().map(Instrument::name).collect()
}

#[test]
fn the_plan_holds_what_the_file_says() {
    let plan = plan_of(BASE);
    assert_eq!((plan.environment.as_str(), plan.scheduler.as_str()), ("demo", "main"));
    assert_eq!(plan.telemetry_namespace, "scheduler.main");
    assert_eq!((plan.valuation.as_str(), plan.cash), ("USDT", Notional::new(5_000.0)));
    assert_eq!(plan.costs, costs(0.001, 2.0));
    assert_eq!(plan.data_root, PathBuf::from("folder/../data"));
    assert_eq!(names(&plan), ["binance:BTC_USDT", "binance:ETH_USDT"]);
    assert_eq!(plan.venue_symbols, ["BTCUSDT", "ETHUSDT"]);
    assert_eq!((plan.instruments[1].base.as_str(), plan.instruments[1].quote.as_str()), ("ETH", "USDT"));

    let [trend, outside] = plan.strategies.as_slice() else { panic!("two strategies") };
    assert_eq!((trend.name.as_str(), trend.engine.as_str()), ("trend", "sma_cross"));
    assert_eq!((trend.parameters.count("fast"), trend.parameters.count("slow")), (Ok(5), Ok(10)));
    assert_eq!(outside.parameters.text("targets"), Ok("folder/targets.csv"));

    let [trend, late] = plan.schedules.as_slice() else { panic!("two schedules") };
    assert_eq!((trend.strategy, trend.instruments.as_slice()), (0, [0, 1].as_slice()));
    assert_eq!(trend.cadence, Cadence { every: seconds(900), offset: Nanos::ZERO }, "the interval's length");
    assert_eq!((late.strategy, late.instruments.as_slice()), (1, [1].as_slice()));
    assert_eq!(late.interval.to_string(), "1h");
    assert_eq!(late.cadence.every, seconds(60));
    assert_eq!((late.warmup_bars, late.sizing), (0, Sizing::Weight));
    let profile = |index: usize| plan.risk_profiles[index].name.as_str();
    assert_eq!(profile(trend.risk_profile), "bold", "the strategy's");
    assert_eq!(profile(late.risk_profile), "balanced", "the environment's");
}

#[test]
fn every_key_of_a_schedule_arrives() {
    let schedule = "{interval: 1d, cadence: 0.5, offset_seconds: 30, max_drift_seconds: 5, warmup_bars: 7, \
                    risk_profile: balanced, sizing: {quote: 250}, instruments: ['kraken:BTC_USDT', BTC_USDT], \
                    priority: -2, fallbacks: [late], on_suspend: flatten, metrics: {risk_penalty: 0.25}, \
                    windows: [{days: [mon, sun], from: '22:30', to: '06:00'}, {}, {days: [], from: '20:00'}]}";
    let plan = plan_of(&edited("{interval: 15m}", schedule));
    let trend = &plan.schedules[0];
    assert_eq!(trend.cadence, Cadence { every: Nanos::new(500_000_000), offset: seconds(30) });
    assert_eq!((trend.warmup_bars, trend.sizing), (7, Sizing::Quote(Notional::new(250.0))));
    assert_eq!(
        (trend.priority, trend.max_drift, trend.fallbacks.as_slice()),
        (-2, seconds(5), [1].as_slice())
    );
    assert_eq!(trend.on_suspend, OnSuspend::Flatten);
    assert_eq!(trend.metrics, [("risk_penalty".to_owned(), 0.25)].into());
    let window =
        |days, from: i64, to: i64| TradingWindow { days, from: seconds(from * 60), to: seconds(to * 60) };
    let (day, week) = (24 * 60, 0b111_1111);
    assert_eq!(
        trend.windows,
        [window(0b100_0001, 22 * 60 + 30, 6 * 60), window(week, 0, day), window(week, 20 * 60, day)]
    );
    let late = &plan.schedules[1];
    assert_eq!((late.priority, late.max_drift, late.on_suspend), (0, seconds(30), OnSuspend::Hold));
    assert!(late.windows.is_empty() && late.fallbacks.is_empty() && late.metrics.is_empty());
    assert_eq!(plan.risk_profiles.len(), 1, "only those in use");
    assert_eq!(names(&plan), ["binance:BTC_USDT", "kraken:BTC_USDT", "binance:ETH_USDT"]);
    assert_eq!(plan.venue_symbols, ["BTCUSDT", "XBTUSDT", "ETHUSDT"]);
    assert_eq!(trend.instruments, [0, 1]);
    assert_eq!(plan.schedules[1].instruments, [2]);
    let all_in = plan_of(&edited("{interval: 15m}", "{sizing: all_in}"));
    assert_eq!(all_in.schedules[0].sizing, Sizing::AllIn);
}

#[test]
fn defaults_fill_what_the_file_leaves_out() {
    let text = edited("    parameters: {fast: 5, slow: 10}\n", "").replace(
        "    adapter_settings:\n      paper_trading: {initial_balances: {USDT: 5000}, taker_fee: 0.001, slippage_bps: 2}\n",
        "",
    );
    let plan = plan_of(&text);
    assert_eq!(plan.cash, Notional::new(10_000.0));
    assert_eq!(plan.costs, costs(0.0006, 5.0));
    let expected = [("fast", 20.0), ("slow", 50.0)]
        .map(|(name, value)| (name.to_owned(), ParameterValue::Number(value)));
    assert_eq!(plan.strategies[0].parameters.0, expected.into());
}

const PAPER: &str = "taker_fee: 0.001, slippage_bps: 2";

#[test]
fn a_realistic_venue_has_what_makes_its_fills_believable_and_others_do_not() {
    let settings = "impact_bps: 20, latency_ms: 250, latency_jitter_ms: 0, max_volume_share: 0.05, short_leverage: 3, \
                    liquidation_fee: 0.01, borrow_rate: 0.1, shortfall: refuse";
    let venue = |model: &str| {
        let plan = plan_of(&edited(PAPER, &format!("{settings}, fill_model: {model}")));
        (plan.liquidity, plan.costs.impact, plan.margin, plan.shortfall)
    };
    let terms = |maintenance, liquidation_fee| MarginTerms {
        leverage: 3.0,
        maintenance,
        liquidation_fee: Ratio::new(liquidation_fee),
        borrow_rate: Ratio::new(0.1),
    };
    let (liquidity, impact, margin, shortfall) = venue("realistic");
    let late = Nanos::new(250_000_000);
    let share = Ratio::new(0.05);
    assert_eq!(liquidity, Liquidity { max_volume_share: share, latency: late, ..Liquidity::default() });
    assert_eq!((impact, margin), (Bps::new(20.0).ratio(), terms(Maintenance::ByProfile, 0.01)));
    assert_eq!(shortfall, Shortfall::Refuse);
    for (model, maintenance) in [("next_open", Maintenance::None), ("instant", Maintenance::ByProfile)] {
        let (liquidity, impact, margin, _) = venue(model);
        assert_eq!((liquidity, impact), (Liquidity::default(), Ratio::ZERO));
        assert_eq!(margin, terms(maintenance, 0.0));
    }
}

#[test]
fn what_fills_is_decided_by_the_kind_of_environment() {
    let of = |kind: &str| plan_of(&edited("environment: demo", &format!("environment: {kind}"))).fill_model;
    assert_eq!((of("demo"), of("paper")), (FillModel::NextOpen, FillModel::Realistic));
}

#[test]
fn entries_go_to_the_market_as_the_schedule_says() {
    let with = |order: &str, model: &str| {
        edited("{interval: 15m}", &format!("{{interval: 15m, entry_order: {order}}}"))
            .replace(PAPER, &format!("{PAPER}, fill_model: {model}"))
    };
    let limit = plan_of(&with("{offset_bps: 5, post_only: true}", "realistic")).schedules[0].entry_order;
    let expected = EntryOrder {
        kind: EntryKind::Limit { post_only: true },
        offset: Bps::new(5.0).ratio(),
        time_in_force: TimeInForce::UntilFilled,
        good_for: seconds(900),
    };
    assert_eq!(limit, expected);
    let stop = plan_of(&with("{type: stop, time_in_force: ioc, good_for: 60}", "realistic"));
    let stop = stop.schedules[0].entry_order;
    assert_eq!((stop.kind, stop.time_in_force), (EntryKind::Stop, TimeInForce::ImmediateOrCancel));
    assert_eq!(stop.good_for, seconds(60));
    let place = "multi_strategy_schedulers.main.schedules.trend.entry_order";
    check(with("{}", "next_open"), &format!("34:30 conflict {place}"));
    check(with("{type: stop, post_only: true}", "realistic"), &format!("34:30 conflict {place}"));
}

#[test]
fn a_preset_goes_before_the_defaults_and_behind_what_is_written() {
    let counts = |parameters: &str| {
        let preset = format!("    preset: quick\n{parameters}");
        let plan = plan_of(&edited("    parameters: {fast: 5, slow: 10}\n", &preset));
        ["fast", "slow"].map(|name| plan.strategies[0].parameters.count(name).unwrap())
    };
    assert_eq!(counts(""), [3, 9]);
    assert_eq!(counts("    parameters: {slow: 12}\n"), [3, 12]);
    let text =
        edited("{fast: 5, slow: 10}", "{fast: 9}").replace("    risk_profile: bold\n", "    preset: quick\n");
    check(text, "28:24 invalid_parameters strategies.trend.parameters.fast");
}

#[test]
fn an_engine_may_be_named_in_any_case() {
    let plan = plan_of(&edited("engine: sma_cross", "engine: SMA_Cross"));
    assert_eq!(plan.strategies[0].engine, "sma_cross");
}

#[test]
fn a_definition_is_the_engines_then_the_files() {
    let own = "    tags: [mine, trend, mine]\n    risk_classes: [tail, momentum]\n    required_data: [funding]\n    \
               risk_hooks: [kill_switch, kill_switch]\n    license_tier: professional\n    capability: trend_follower\n    \
               metadata: {owner: desk, version: 2, live: false, capability: ours}\n";
    let plan = plan_of(&edited("    risk_profile: bold\n", own));
    let definition = &plan.strategies[0].definition;
    assert_eq!(definition.tags, ["trend", "slow", "mine"]);
    assert_eq!(definition.risk_classes, ["directional", "momentum", "tail"]);
    assert_eq!(definition.required_data, ["ohlcv", "funding"]);
    assert_eq!(definition.risk_hooks, ["kill_switch"]);
    assert_eq!(
        (definition.capability.as_str(), definition.license_tier.name()),
        ("trend_follower", "professional")
    );
    let metadata = json!({
        "owner": "desk",
        "version": 2.0,
        "live": false,
        "capability": "ours",
        "license_tier": "professional",
        "tags": ["trend", "slow", "mine"],
        "risk_classes": ["directional", "momentum", "tail"],
        "required_data": ["ohlcv", "funding"],
    });
    assert_eq!(Value::Object(definition.metadata.clone()), metadata);

    let silent = &plan_of(BASE).strategies[0].definition;
    assert_eq!((silent.tags.len(), silent.risk_hooks.len(), silent.metadata.len()), (2, 0, 5));
}

#[test]
fn trading_rules_and_equal_currencies_arrive() {
    let text = edited(
        "        base_asset: BTC\n",
        "        base_asset: BTC\n        rules: {tick_size: 0.1, step_size: 0.01, min_quantity: 0.02, min_notional: 5}\n",
    )
    .replace("taker_fee", "quote_assets: [EUR], taker_fee")
    .replace("[ETH_USDT]", "['kraken:ETH_EUR']");
    let plan = plan_of(&text);
    assert_eq!(plan.equal_quotes, ["EUR"]);
    assert_eq!(names(&plan), ["binance:BTC_USDT", "binance:ETH_USDT", "kraken:ETH_EUR"]);
    let rules = TradingRules {
        tick: 0.1,
        step: Quantity::new(0.01),
        min_quantity: Quantity::new(0.02),
        min_notional: Notional::new(5.0),
    };
    assert_eq!(plan.instruments[0].rules, rules);
    assert_eq!(plan.instruments[1].rules, TradingRules::default());
}

#[test]
fn every_form_of_a_table_of_weights_is_read() {
    for (weights, expected) in [
        ("{trend: 0.5, late: 0.5}", vec![("late", 0.5), ("trend", 0.5)]),
        ("{Trend: 1, LATE: 0}", vec![("late", 0.0), ("trend", 1.0)]),
        ("{trend: {bold: 0.3}, late: 1}", vec![("late", 1.0), ("trend:bold", 0.3)]),
        ("{trend:bold: 0.3}", vec![("trend:bold", 0.3)]),
        (
            "{schedules: {late: 2}, Strategies: {outside: {profiles: {balanced: 3}}}}",
            vec![("late", 2.0), ("outside:balanced", 3.0)],
        ),
        (
            "[{schedule: trend, weight: 1}, {strategy: Outside, weight: 2, profile: Balanced}]",
            vec![("outside:balanced", 2.0), ("trend", 1.0)],
        ),
        ("[{name: late, risk_profile: balanced, weight: 4}]", vec![("late:balanced", 4.0)]),
    ] {
        for key in ["weights", "allocations"] {
            let text = edited("weights: {trend: 1, late: 2}", &format!("{key}: {weights}"));
            check(&text, "");
            let expected = expected.iter().map(|(key, weight)| ((*key).to_owned(), *weight)).collect();
            assert_eq!(plan_of(&text).capital_policy.kind, PolicyKind::FixedWeight(expected), "{weights}");
        }
    }
    let repeated = plan_of(&edited("weights: {trend: 1, late: 2}", "weights: {trend: 1, Trend: 2}"));
    let last = [("trend".to_owned(), 2.0)].into();
    assert_eq!(repeated.capital_policy.kind, PolicyKind::FixedWeight(last), "the later one counts");
}

#[test]
fn policies_have_several_names_and_a_default() {
    let policy = "{name: fixed_weight, weights: {trend: 1, late: 2}}";
    for name in
        ["equal", "equal_weight", "uniform", "' Equal-Weight '", "{policy: UNIFORM, label: all alike}"]
    {
        assert_eq!(plan_of(&edited(policy, name)).capital_policy.kind, PolicyKind::EqualWeight, "{name}");
    }
    let none =
        plan_of(&edited("    capital_policy: {name: fixed_weight, weights: {trend: 1, late: 2}}\n", ""));
    assert_eq!((none.capital_policy.kind, none.cool_down), (PolicyKind::RiskParity, None));
    for name in ["fixed", "manual", "Fixed-Weight"] {
        let plan = plan_of(&edited("{name: fixed_weight", &format!("{{type: {name}")));
        assert_eq!(plan.capital_policy.kind.name(), "fixed_weight", "{name}");
    }
}

#[test]
fn the_schedulers_cool_down_goes_before_the_policys() {
    let with_policy = edited("{name: fixed_weight", "{rebalance_seconds: 120, name: fixed_weight");
    assert_eq!(plan_of(&with_policy).cool_down, Some(seconds(120)));
    let both = with_policy.replace("  main:\n", "  main:\n    capital_rebalance_seconds: 90\n");
    assert_eq!(plan_of(&both).cool_down, Some(seconds(90)));
}

/// [`BASE`] with a second environment, on the venue where `late` finds no `ETH_USDT`.
fn two_environments() -> String {
    edited(
        "strategies:\n",
        "  other: {exchange: kraken, environment: paper, data_cache_path: /data, instrument_universe: core, \
         risk_profile: bold, adapter_settings: {paper_trading: {quote_assets: [EUR]}}}\nstrategies:\n",
    )
}

#[test]
fn a_scheduler_must_fit_one_environment_and_the_one_selected() {
    let config = read_text(two_environments()).unwrap();
    assert!(config.plan(&Selection::default()).is_ok());
    let other = Selection { environment: Some("other".to_owned()), ..Selection::default() };
    let Err(ConfigError::Invalid(found)) = config.plan(&other) else { panic!("`late` wants ETH_USDT") };
    assert_eq!(
        summary(&found),
        "36:84 unknown_reference multi_strategy_schedulers.main.schedules.late.instruments[0]\n"
    );
    let text = two_environments().replace("instruments: [ETH_USDT]", "instruments: [BTC_USDT]");
    let plan = read_text(text).unwrap().plan(&other).unwrap();
    assert_eq!(names(&plan), ["kraken:BTC_USDT", "kraken:ETH_EUR"]);
    assert_eq!(plan.data_root, PathBuf::from("/data"));
}

#[test]
fn a_selection_of_unknown_names_lists_the_known_ones() {
    let config = read_text(BASE).unwrap();
    let selection = Selection {
        environment: Some("dmo".to_owned()),
        scheduler: Some("mian".to_owned()),
        ..Selection::default()
    };
    let Err(error) = config.plan(&selection) else { panic!("neither exists") };
    assert_eq!(
        error.to_string(),
        "core.yaml:15:1: error[unknown_reference]: environments: there is no environment `dmo` (known: demo); did \
         you mean `demo`?\n\
         core.yaml:30:1: error[unknown_reference]: multi_strategy_schedulers: there is no scheduler `mian` (known: \
         main); did you mean `main`?"
    );
    let named = Selection {
        environment: Some("demo".to_owned()),
        scheduler: Some("main".to_owned()),
        ..Selection::default()
    };
    assert!(config.plan(&named).is_ok());
}

fn instrument(venue: &str, symbol: &str, quote: &str) -> Instrument {
    Instrument {
        venue: venue.to_owned(),
        symbol: symbol.to_owned(),
        base: "X".to_owned(),
        quote: quote.to_owned(),
        rules: TradingRules::default(),
    }
}

fn with_instruments(instruments: &[Instrument]) -> Result<Plan, String> {
    let selection = Selection { instruments: Some(instruments.to_vec()), ..Selection::default() };
    read_text(BASE).unwrap().plan(&selection).map_err(|error| match error {
        ConfigError::Invalid(found) => summary(&found),
        ConfigError::Unreadable { .. } => unreachable!("a text is always readable"),
    })
}

#[test]
fn schedules_that_are_left_out_take_what_only_they_use_with_them() {
    let selection = Selection { without: vec!["late".to_owned()], ..Selection::default() };
    let plan = read_text(BASE).unwrap().plan(&selection).unwrap();
    assert_eq!((plan.schedules.len(), plan.schedules[0].name.as_str()), (1, "trend"));
    assert_eq!((plan.strategies.len(), plan.strategies[0].name.as_str()), (1, "trend"));
    assert_eq!((plan.risk_profiles.len(), plan.risk_profiles[0].name.as_str()), (1, "bold"));
}

#[test]
fn a_schedule_that_is_left_out_stands_in_for_nobody() {
    let text = edited("{interval: 15m}", "{interval: 15m, fallbacks: [late]}");
    let selection = Selection { without: vec!["late".to_owned()], ..Selection::default() };
    let plan = read_text(text).unwrap().plan(&selection).unwrap();
    assert_eq!((plan.schedules.len(), plan.schedules[0].fallbacks.len()), (1, 0));
}

#[test]
fn a_circle_of_fallbacks_is_said_once_with_the_way_around_it() {
    let text = edited("{interval: 15m}", "{interval: 15m, fallbacks: [late]}")
        .replace("cadence_seconds: 60", "fallbacks: [spare]")
        + "      spare: {strategy: outside, instruments: [ETH_USDT], fallbacks: [trend]}\n";
    let found = problems(read_text(text));
    let [circle] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        circle.to_string(),
        "core.yaml:36:71: error[circle]: multi_strategy_schedulers.main.schedules.spare.fallbacks[0]: `trend` would \
         stand in for itself (by way of trend, late, spare): remove it here"
    );
}

/// [`BASE`] under a governor.
fn governed(settings: &str) -> String {
    edited("    schedules:\n", "    portfolio_governor: steady\n    schedules:\n").replace(
        "strategies:\n",
        &format!("portfolio_governors: {{idle: {{}}, steady: {settings}}}\nstrategies:\n"),
    )
}

#[test]
fn a_governor_has_the_defaults_of_the_specification() {
    let governor = plan_of(&governed("{}")).governor.unwrap();
    let terms = Terms {
        baseline_weight: 0.28,
        min_weight: 0.08,
        max_weight: 0.5,
        baseline_max_signals: None,
        max_signal_factor: 1.0,
    };
    let expected = GovernorSettings {
        enabled: false,
        interval: seconds(20 * 60),
        smoothing: 0.55,
        scoring: Scoring { alpha: 0.9, cost: 1.3, slo: 1.2, risk: 0.8 },
        require_complete_metrics: true,
        min_score_threshold: 0.08,
        default_cost_bps: 5.0,
        max_signal_floor: 1,
        default_terms: terms,
        strategies: Vec::new(),
    };
    assert_eq!(governor, expected);
    assert_eq!(plan_of(BASE).governor, None);

    let own = "{enabled: true, rebalance_interval_minutes: 0.5, default_baseline_weight: 0.3, strategies: {\
               outside: {}, trend: {baseline_weight: 0, max_weight: 0.6, baseline_max_signals: 3, max_signal_factor: 0}}}";
    let governor = plan_of(&governed(own)).governor.unwrap();
    assert_eq!((governor.enabled, governor.interval), (true, seconds(30)));
    let silent = Terms { baseline_weight: 0.3, min_weight: 0.0, max_weight: 1.0, ..terms };
    let trend = Terms { max_weight: 0.6, baseline_max_signals: Some(3), max_signal_factor: 0.0, ..silent };
    assert_eq!(governor.strategies, [("outside".to_owned(), silent), ("trend".to_owned(), trend)]);
}

#[test]
fn given_instruments_take_the_place_of_the_universe() {
    let plan = with_instruments(&[instrument("file", "AAA", "USDT"), instrument("file", "ETH_USDT", "USDT")])
        .unwrap();
    assert_eq!(names(&plan), ["file:AAA", "file:ETH_USDT"]);
    assert_eq!(plan.venue_symbols, ["AAA", "ETH_USDT"]);
    assert_eq!(plan.schedules[0].instruments, [0, 1]);
    assert_eq!(plan.schedules[1].instruments, [1]);

    let late = "multi_strategy_schedulers.main.schedules.late.instruments[0]";
    let absent = with_instruments(&[instrument("file", "AAA", "USDT")]);
    assert_eq!(absent, Err(format!("35:84 unknown_reference {late}\n")));
    let twice = [instrument("a", "ETH_USDT", "USDT"), instrument("b", "ETH_USDT", "USDT")];
    assert_eq!(with_instruments(&twice), Err(format!("35:84 conflict {late}\n")));
    let at_home = [instrument("a", "ETH_USDT", "USDT"), instrument("binance", "ETH_USDT", "USDT")];
    assert_eq!(with_instruments(&at_home).unwrap().schedules[1].instruments, [1], "the environment's venue");
    let foreign = [instrument("a", "ETH_USDT", "PLN")];
    assert_eq!(
        with_instruments(&foreign),
        Err("34:7 quote_currency multi_strategy_schedulers.main.schedules.trend\n\
             35:70 quote_currency multi_strategy_schedulers.main.schedules.late.instruments\n"
            .to_owned())
    );
    assert_eq!(with_instruments(&[]), Err("15:1 empty environments\n".to_owned()));
}

#[test]
fn a_preset_fills_in_the_limits_that_a_profile_leaves_out() {
    let profiles = "  careful: {preset: conservative, max_leverage: 1.5}\n  aggressive: {max_open_positions: 1, \
                    max_position_pct: 1, max_leverage: 1, max_daily_loss_pct: 0, hard_drawdown_pct: 0, \
                    target_volatility: 0, stop_loss_atr_multiple: 0}\ninstrument_universes:\n";
    let config = read_text(edited("instrument_universes:\n", profiles)).unwrap();
    let profiles = config.profiles();
    let limits = |name: &str| &profiles.iter().find(|profile| profile.name == name).unwrap().limits;
    let careful = limits("careful");
    assert_eq!(
        (careful["max_leverage"], careful["max_position_pct"]),
        (1.5, 0.03),
        "what is written goes first"
    );
    assert_eq!((careful["max_open_positions"], careful["max_daily_loss_pct"]), (3.0, 0.01));
    let called = limits("aggressive");
    assert_eq!(
        (called["max_position_pct"], called["portfolio_limit_pct"]),
        (1.0, 0.70),
        "its own name is a preset's"
    );
    assert_eq!(limits("balanced")["weekly_kill_switch_loss_pct"], 0.07);
    assert_eq!(limits("bold")["max_open_positions"], 9.0);
    let resolved = serde_json::to_value(config.as_resolved()).unwrap();
    let of = |profile: &str, key: &str| resolved["risk_profiles"][profile][key].clone();
    assert_eq!(of("careful", "trade_risk_pct_range"), json!([0.005, 0.0075]));
    assert_eq!(of("careful", "data_quality"), json!({"max_gap_minutes": 1440, "min_ok_ratio": 0.92}));
    assert_eq!(of("aggressive", "strategy_allocations")["cross_exchange"], 0.3);
    let plan = config.plan(&Selection::default()).unwrap();
    assert_eq!(
        plan.risk_profiles.iter().map(|profile| profile.name.as_str()).collect::<Vec<_>>(),
        ["balanced", "bold"]
    );
}

#[test]
fn schedulers_of_both_places_are_known_and_those_of_the_runtime_win() {
    let runtime = "runtime:\n  multi_strategy_schedulers:\n    main: {schedules: {only: {strategy: trend}}}\n    \
                   second: {schedules: {trend: {cadence: 90s}}}\nmulti_strategy_schedulers:\n";
    let config = read_text(edited("multi_strategy_schedulers:\n", runtime)).unwrap();
    assert_eq!(config.scheduler_names(), ["main", "second"]);
    let plan = |name: &str| {
        config.plan(&Selection { scheduler: Some(name.to_owned()), ..Selection::default() }).unwrap()
    };
    assert_eq!(
        plan("main").schedules.iter().map(|schedule| schedule.name.as_str()).collect::<Vec<_>>(),
        ["only"]
    );
    assert_eq!(plan("second").schedules[0].cadence.every, seconds(90));
}

#[test]
fn flat_and_nested_parameters_of_a_specialised_section_are_the_same() {
    for parameters in
        ["{lookback: 50}", "{parameters: {lookback: 50}}", "{engine: Mean_Reversion, lookback: 50}"]
    {
        let text = edited(
            "strategies:\n",
            &format!("mean_reversion_strategies:\n  calm: {parameters}\nstrategies:\n"),
        )
        .replace("strategy: outside", "strategy: calm");
        let plan = plan_of(&text);
        let calm = plan.strategies.iter().find(|strategy| strategy.name == "calm").unwrap();
        assert_eq!(calm.engine, "mean_reversion");
        assert_eq!(calm.parameters.number("lookback"), Ok(50.0), "{parameters}");
    }
}

#[test]
fn an_alias_selects_its_environment_and_is_among_the_known_names() {
    let config =
        read_text(edited("    environment: demo\n", "    environment: demo\n    aliases: [desk, test]\n"))
            .unwrap();
    let select =
        |name: &str| config.plan(&Selection { environment: Some(name.to_owned()), ..Selection::default() });
    assert_eq!(select("test").unwrap().environment, "demo");
    let unknown = select("tset").unwrap_err().to_string();
    assert!(unknown.contains("(known: demo, desk, test); did you mean `test`?"), "{unknown}");
}
