//! Every way to break [`BASE`] that somebody thought of, and what is said about it.

use super::*;

/// A case is `what to replace => by what` (`\n` for the end of a line), then its problems, indented.
const CASES: &str = r#"
max_leverage: 3, => max_leverage: -1,
    2:75 out_of_range risk_profiles.balanced.max_leverage
max_leverage: 3, => max_leverage: "3",
    2:75 wrong_type risk_profiles.balanced.max_leverage
max_leverage: 3, => max_leverage: .inf,
    2:75 not_finite risk_profiles.balanced.max_leverage
max_leverage: 3, => max_leverage: [3],
    2:75 wrong_type risk_profiles.balanced.max_leverage
max_leverage: 3, => max_leverag: 3,
    2:3 missing_key risk_profiles.balanced.max_leverage
    2:61 unknown_key risk_profiles.balanced.max_leverag
, max_leverage: 3, => ,
    2:3 missing_key risk_profiles.balanced.max_leverage
max_open_positions: 5 => max_open_positions: 2.5
    2:34 wrong_type risk_profiles.balanced.max_open_positions
max_open_positions: 5 => max_open_positions: -1
    2:34 out_of_range risk_profiles.balanced.max_open_positions
max_open_positions: 5 => max_open_positions: true
    2:34 wrong_type risk_profiles.balanced.max_open_positions
max_position_pct: 0.05 => max_position_pct: .nan
    2:55 not_finite risk_profiles.balanced.max_position_pct
max_leverage: 3, => max_leverage: 3, preset: bald,
    2:86 unknown_value risk_profiles.balanced.preset
target_volatility: 0, => target_volatility: high,
    2:142 wrong_type risk_profiles.balanced.target_volatility
  bold: {max_open =>   "bo:ld": {max_open
    3:3 invalid_name risk_profiles.bo:ld
    27:19 unknown_reference strategies.trend.risk_profile
  core:\n    instruments:\n =>   core:\n    instruments: {}\n    unused:\n
    6:5 empty instrument_universes.core.instruments
    7:5 unknown_key instrument_universes.core.unused
        base_asset: BTC\n => 
    7:7 missing_key instrument_universes.core.instruments.BTC_USDT.base_asset
        base_asset: BTC\n =>         base_asset: 5\n
    8:21 wrong_type instrument_universes.core.instruments.BTC_USDT.base_asset
        base_asset: BTC\n =>         base_asset: ''\n
    8:21 empty instrument_universes.core.instruments.BTC_USDT.base_asset
        quote_asset: USDT\n        exchanges =>         quote_asset: USDT\n        exchange
    7:7 missing_key instrument_universes.core.instruments.BTC_USDT.exchanges
    10:9 unknown_key instrument_universes.core.instruments.BTC_USDT.exchange
{binance: BTCUSDT, kraken => {Binance: BTCUSDT, kraken
    10:21 invalid_name instrument_universes.core.instruments.BTC_USDT.exchanges.Binance
{binance: BTCUSDT, kraken => {binance: ../BTC, kraken
    10:30 invalid_name instrument_universes.core.instruments.BTC_USDT.exchanges.binance
exchanges: {kraken: ETHEUR} => exchanges: {}
    14:52 empty instrument_universes.core.instruments.ETH_EUR.exchanges
        base_asset: BTC\n =>         base_asset: BTC\n        rules: {tick_size: -0.1}\n
    9:28 out_of_range instrument_universes.core.instruments.BTC_USDT.rules.tick_size
        base_asset: BTC\n =>         base_asset: BTC\n        rules: {tick: 0.1}\n
    9:17 unknown_key instrument_universes.core.instruments.BTC_USDT.rules.tick
backfill: [{interval: 1h, lookback => backfill: [{interval: 1x, lookback
    12:31 bad_interval instrument_universes.core.instruments.BTC_USDT.backfill[0].interval
{interval: 1h, lookback_days: 30} => {interval: 1M, lookback_days: 0}
    12:50 out_of_range instrument_universes.core.instruments.BTC_USDT.backfill[0].lookback_days
        categories: [core]\n =>         categories: core\n
    11:21 wrong_type instrument_universes.core.instruments.BTC_USDT.categories
        categories: [core]\n =>         categories: [core, 7]\n
    11:28 wrong_type instrument_universes.core.instruments.BTC_USDT.categories[1]
    exchange: binance =>     exchange: binanse
    17:15 unknown_reference environments.demo.exchange
    exchange: binance\n => 
    16:3 missing_key environments.demo.exchange
    environment: demo\n =>     environment: live\n
    16:3 missing_key environments.demo.keychain_key
    16:3 missing_key environments.demo.live_readiness
    environment: demo\n =>     environment: papier\n
    18:18 unknown_value environments.demo.environment
    environment: demo\n =>     environment: dmo\n
    18:18 unknown_value environments.demo.environment
    data_cache_path: ../data\n =>     data_cache_path:\n
    19:5 wrong_type environments.demo.data_cache_path
    data_cache_path: ../data\n =>     data_cache: ../data\n    data_cache_path: .\n
    19:5 unknown_key environments.demo.data_cache
    instrument_universe: core =>     instrument_universe: cores
    20:26 unknown_reference environments.demo.instrument_universe
    risk_profile: balanced =>     risk_profile: balnced
    21:19 unknown_reference environments.demo.risk_profile
taker_fee: 0.001 => taker_fee: 1
    23:66 out_of_range environments.demo.adapter_settings.paper_trading.taker_fee
taker_fee: 0.001 => taker_fee: -0.001
    23:66 out_of_range environments.demo.adapter_settings.paper_trading.taker_fee
taker_fee: 0.001 => taker_fees: 0.001
    23:55 unknown_key environments.demo.adapter_settings.paper_trading.taker_fees
slippage_bps: 2 => slippage_bps: 10000
    23:87 out_of_range environments.demo.adapter_settings.paper_trading.slippage_bps
{USDT: 5000} => {USDT: 0}
    23:48 out_of_range environments.demo.adapter_settings.paper_trading.initial_balances.USDT
{USDT: 5000} => {USDC: 5000}
    23:23 missing_key environments.demo.adapter_settings.paper_trading.initial_balances
    23:42 unsupported environments.demo.adapter_settings.paper_trading.initial_balances.USDC
{USDT: 5000} => {USDT: 5000, BTC: 1}
    23:54 unsupported environments.demo.adapter_settings.paper_trading.initial_balances.BTC
{USDT: 5000} => {}
    23:23 empty environments.demo.adapter_settings.paper_trading.initial_balances
{USDT: 5000}, taker => {USDT: 5000}, valuation_asset: [USDT], taker
    23:72 wrong_type environments.demo.adapter_settings.paper_trading.valuation_asset
      paper_trading: =>       live_trading: {}\n      paper_trading:
    23:7 unknown_key environments.demo.adapter_settings.live_trading
    engine: sma_cross =>     engine: sma_cros
    26:13 unknown_reference strategies.trend.engine
    engine: sma_cross\n => 
    25:3 missing_key strategies.trend.engine
{fast: 5, slow: 10} => {fast: 5, slw: 10}
    28:27 unknown_key strategies.trend.parameters.slw
{fast: 5, slow: 10} => {fast: 0, slow: 10}
    28:24 out_of_range strategies.trend.parameters.fast
{fast: 5, slow: 10} => {fast: 5.5, slow: 10}
    28:24 wrong_type strategies.trend.parameters.fast
{fast: 5, slow: 10} => {fast: "5", slow: 10}
    28:24 wrong_type strategies.trend.parameters.fast
{fast: 5, slow: 10} => {fast: 10, slow: 10}
    28:24 invalid_parameters strategies.trend.parameters.fast
{fast: 5, slow: 10} => {slow: 10}
    28:17 invalid_parameters strategies.trend.parameters
{fast: 5, slow: 10} => [5, 10]
    28:17 wrong_type strategies.trend.parameters
{targets: targets.csv} => {}
    29:39 missing_key strategies.outside.parameters.targets
, parameters: {targets: targets.csv} => 
    29:3 missing_key strategies.outside.parameters.targets
{targets: targets.csv} => {targets: 7}
    29:61 wrong_type strategies.outside.parameters.targets
    risk_profile: bold\n =>     risk_profile: brave\n
    27:19 unknown_reference strategies.trend.risk_profile
    risk_profile: bold\n =>     tags: [a, [b]]\n
    27:15 wrong_type strategies.trend.tags[1]
    risk_profile: bold\n =>     preset: quik\n
    27:13 unknown_reference strategies.trend.preset
    risk_profile: bold\n =>     preset: [quick]\n
    27:13 wrong_type strategies.trend.preset
external_signals, parameters => external_signals, preset: quick, parameters
    29:47 unknown_reference strategies.outside.preset
    risk_profile: bold\n =>     license_tier: enterprise\n
    27:19 mismatch strategies.trend.license_tier
    risk_profile: bold\n =>     license_tier: 3\n
    27:19 wrong_type strategies.trend.license_tier
    risk_profile: bold\n =>     capability: trend_d1\n
    27:17 mismatch strategies.trend.capability
    risk_profile: bold\n =>     risk_classes: directional\n
    27:19 wrong_type strategies.trend.risk_classes
    risk_profile: bold\n =>     required_data: [ohlcv, 5]\n
    27:28 wrong_type strategies.trend.required_data[1]
    risk_profile: bold\n =>     risk_hooks: [limit, '']\n
    27:25 empty strategies.trend.risk_hooks[1]
    risk_profile: bold\n =>     metadata: [owner]\n
    27:15 wrong_type strategies.trend.metadata
    risk_profile: bold\n =>     metadata: {owner: [me]}\n
    27:23 wrong_type strategies.trend.metadata.owner
    risk_profile: bold\n =>     metadata: {owner: }\n
    27:16 wrong_type strategies.trend.metadata.owner
    risk_profile: bold\n =>     metadata: {limit: .inf}\n
    27:23 not_finite strategies.trend.metadata.limit
    risk_profile: bold\n =>     engine_name: sma_cross\n
    27:5 unknown_key strategies.trend.engine_name
risk_profiles:\n => license: {capability_path: x}\nrisk_profiles:\n
    1:11 unknown_key license.capability_path
risk_profiles:\n => license: capabilities.yaml\nrisk_profiles:\n
    1:10 wrong_type license
risk_profiles:\n => license: {capabilities_path: 7}\nrisk_profiles:\n
    1:30 wrong_type license.capabilities_path
    schedules:\n      trend: {interval: 15m} =>     schedules: {}\n    other:\n      trend: {interval: 15m}
    32:52 warning unmatched_weight multi_strategy_schedulers.main.capital_policy.weights.trend
    32:62 warning unmatched_weight multi_strategy_schedulers.main.capital_policy.weights.late
    33:5 empty multi_strategy_schedulers.main.schedules
    34:5 unknown_key multi_strategy_schedulers.main.other
{interval: 15m} => {interval: 15}
    34:25 wrong_type multi_strategy_schedulers.main.schedules.trend.interval
{interval: 15m} => {interval: 15min}
    34:25 bad_interval multi_strategy_schedulers.main.schedules.trend.interval
{interval: 15m} => {interval: 1M}
    34:25 bad_interval multi_strategy_schedulers.main.schedules.trend.interval
{interval: 15m} => {interval: 99w}
    34:25 bad_interval multi_strategy_schedulers.main.schedules.trend.interval
{interval: 15m} => {intervall: 15m}
    34:15 unknown_key multi_strategy_schedulers.main.schedules.trend.intervall
{interval: 15m} => {warmup_bars: -3}
    34:28 warning raised multi_strategy_schedulers.main.schedules.trend.warmup_bars
{interval: 15m} => {offset_seconds: -1}
    34:31 out_of_range multi_strategy_schedulers.main.schedules.trend.offset_seconds
{interval: 15m} => {max_drift_seconds: soon}
    34:34 wrong_type multi_strategy_schedulers.main.schedules.trend.max_drift_seconds
{interval: 15m} => {risk_profile: blod}
    34:29 unknown_reference multi_strategy_schedulers.main.schedules.trend.risk_profile
{interval: 15m} => {sizing: all-in}
    34:23 unknown_value multi_strategy_schedulers.main.schedules.trend.sizing
{interval: 15m} => {sizing: {quote: 0}}
    34:31 out_of_range multi_strategy_schedulers.main.schedules.trend.sizing.quote
{interval: 15m} => {sizing: {cash: 5}}
    34:15 missing_key multi_strategy_schedulers.main.schedules.trend.sizing.quote
    34:24 unknown_key multi_strategy_schedulers.main.schedules.trend.sizing.cash
{interval: 15m} => {sizing: 10000}
    34:23 wrong_type multi_strategy_schedulers.main.schedules.trend.sizing
{interval: 15m} => {strategy: tend}
    34:25 unknown_reference multi_strategy_schedulers.main.schedules.trend.strategy
      trend: {interval =>       tend: {interval
    32:52 warning unmatched_weight multi_strategy_schedulers.main.capital_policy.weights.trend
    34:7 unknown_reference multi_strategy_schedulers.main.schedules.tend
max_signals: 3 => max_signals: 0
    35:67 warning raised multi_strategy_schedulers.main.schedules.late.max_signals
cadence_seconds: 60 => cadence_seconds: 0
    35:50 out_of_range multi_strategy_schedulers.main.schedules.late.cadence_seconds
cadence_seconds: 60 => cadence_seconds: 60, cadence: 60
    35:54 conflict multi_strategy_schedulers.main.schedules.late.cadence
cadence_seconds: 60 => cadence_seconds: 1e300
    35:50 out_of_range multi_strategy_schedulers.main.schedules.late.cadence_seconds
[ETH_USDT] => [ETH_USD]
    35:84 unknown_reference multi_strategy_schedulers.main.schedules.late.instruments[0]
[ETH_USDT] => [krakn:ETH_EUR]
    35:84 unknown_reference multi_strategy_schedulers.main.schedules.late.instruments[0]
[ETH_USDT] => [ETH_EUR]
    35:84 unknown_reference multi_strategy_schedulers.main.schedules.late.instruments[0]
[ETH_USDT] => ['kraken:ETH_EUR']
    35:70 quote_currency multi_strategy_schedulers.main.schedules.late.instruments
[ETH_USDT] => [ETH_USDT, ETH_USDT]
    35:94 conflict multi_strategy_schedulers.main.schedules.late.instruments[1]
[ETH_USDT] => []
    35:83 empty multi_strategy_schedulers.main.schedules.late.instruments
[ETH_USDT] => ETH_USDT
    35:83 wrong_type multi_strategy_schedulers.main.schedules.late.instruments
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: smoothed, base: sma}
    32:44 unknown_reference multi_strategy_schedulers.main.capital_policy.base
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: Drawdown-Guard, warning_pct: much}
    32:57 wrong_type multi_strategy_schedulers.main.capital_policy.warning_pct
{name: fixed_weight, weights: {trend: 1, late: 2}} => equal_wieght
    32:21 unknown_reference multi_strategy_schedulers.main.capital_policy
{name: fixed_weight, weights: {trend: 1, late: 2}} => fixed_weight
    32:21 missing_key multi_strategy_schedulers.main.capital_policy
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: fixed_weight}
    32:5 missing_key multi_strategy_schedulers.main.capital_policy.weights
{name: fixed_weight, weights: {trend: 1, late: 2}} => {weights: {trend: 1}}
    32:5 missing_key multi_strategy_schedulers.main.capital_policy.name
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: equal_weight, weights: {trend: 1}}
    32:42 unknown_key multi_strategy_schedulers.main.capital_policy.weights
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: equal, policy: equal}
    32:35 conflict multi_strategy_schedulers.main.capital_policy.policy
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: equal, rebalance_seconds: 0}
    32:54 out_of_range multi_strategy_schedulers.main.capital_policy.rebalance_seconds
{name: fixed_weight, weights: {trend: 1, late: 2}} => 5
    32:21 wrong_type multi_strategy_schedulers.main.capital_policy
weights: {trend: 1, late: 2} => weights: {trend: 1, lat: 2}
    32:62 warning unmatched_weight multi_strategy_schedulers.main.capital_policy.weights.lat
weights: {trend: 1, late: 2} => weights: {trends: 1}
    32:51 no_weight multi_strategy_schedulers.main.capital_policy.weights
    32:52 warning unmatched_weight multi_strategy_schedulers.main.capital_policy.weights.trends
weights: {trend: 1, late: 2} => weights: {trend: 0}
    32:51 no_weight multi_strategy_schedulers.main.capital_policy.weights
weights: {trend: 1, late: 2} => weights: {}
    32:51 no_weight multi_strategy_schedulers.main.capital_policy.weights
weights: {trend: 1, late: 2} => weights: {trend: -1, late: 2}
    32:59 warning clamped multi_strategy_schedulers.main.capital_policy.weights.trend
weights: {trend: 1, late: 2} => weights: {trend: much, late: 2}
    32:59 warning skipped_weight multi_strategy_schedulers.main.capital_policy.weights.trend
weights: {trend: 1, late: 2} => weights: {trend: true, late: 2}
    32:59 wrong_type multi_strategy_schedulers.main.capital_policy.weights.trend
weights: {trend: 1, late: 2} => weights: [{schedule: trend, weight: much}, {schedule: late, weight: 1}]
    32:78 warning skipped_weight multi_strategy_schedulers.main.capital_policy.weights[0].weight
weights: {trend: 1, late: 2} => weights: {trend: much, late: none}
    32:51 no_weight multi_strategy_schedulers.main.capital_policy.weights
    32:59 warning skipped_weight multi_strategy_schedulers.main.capital_policy.weights.trend
    32:71 warning skipped_weight multi_strategy_schedulers.main.capital_policy.weights.late
weights: {trend: 1, late: 2} => weights: {trend: [1], late: .inf}
    32:59 wrong_type multi_strategy_schedulers.main.capital_policy.weights.trend
    32:70 not_finite multi_strategy_schedulers.main.capital_policy.weights.late
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: smoothed, base: {name: fixed, weights: {trnd: 1, late: 1}}}
    32:68 warning unmatched_weight multi_strategy_schedulers.main.capital_policy.base.weights.trnd
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: blended, components: [{policy: {name: fixed, weights: {trnd: 1}}}, {name: equal}], fallback: {name: fixed, weights: {outside: 1}}}
    32:82 warning no_weight multi_strategy_schedulers.main.capital_policy.components[0].policy.weights
    32:83 warning unmatched_weight multi_strategy_schedulers.main.capital_policy.components[0].policy.weights.trnd
weights: {trend: 1, late: 2} => weights: {trend: 1, Trend: 2}
    32:62 warning duplicate_key multi_strategy_schedulers.main.capital_policy.weights.Trend
weights: {trend: 1, late: 2} => weights: 5
    32:51 wrong_type multi_strategy_schedulers.main.capital_policy.weights
weights: {trend: 1, late: 2} => weights: [{weight: 1}, {schedule: trend, weight: 2}]
    32:52 missing_key multi_strategy_schedulers.main.capital_policy.weights[0].schedule
weights: {trend: 1, late: 2} => weights: [{schedule: trend}]
    32:52 missing_key multi_strategy_schedulers.main.capital_policy.weights[0].weight
weights: {trend: 1, late: 2} => weights: [{schedule: trend, weights: 1, weight: 1}]
    32:70 unknown_key multi_strategy_schedulers.main.capital_policy.weights[0].weights
weights: {trend: 1, late: 2} => weights: {trend: 1}, allocations: {trend: 1}
    32:63 conflict multi_strategy_schedulers.main.capital_policy.allocations
  main:\n =>   main:\n    allocation_rebalance_seconds: 0\n
    32:35 out_of_range multi_strategy_schedulers.main.allocation_rebalance_seconds
  main:\n =>   main:\n    allocation_rebalance_seconds: 9\n    capital_rebalance_seconds: 9\n
    33:5 conflict multi_strategy_schedulers.main.capital_rebalance_seconds
  main:\n =>   main:\n    telemetry_namespace: [x]\n
    32:26 wrong_type multi_strategy_schedulers.main.telemetry_namespace
  main:\n =>   main:\n    health_check_interval: -1\n
    32:28 out_of_range multi_strategy_schedulers.main.health_check_interval
  main:\n =>   main:\n    signal_limits: {trend: {bald: 2}}\n
    32:29 unknown_reference multi_strategy_schedulers.main.signal_limits.trend.bald
cadence_seconds: 60 => priority: -3, on_suspend: flatten, metrics: {slo_violation_rate: 0.5}
cadence_seconds: 60 => priority: 1.5
    35:43 wrong_type multi_strategy_schedulers.main.schedules.late.priority
cadence_seconds: 60 => priority: 3000000000
    35:43 out_of_range multi_strategy_schedulers.main.schedules.late.priority
cadence_seconds: 60 => on_suspend: close
    35:45 unknown_value multi_strategy_schedulers.main.schedules.late.on_suspend
cadence_seconds: 60 => metrics: {a: .nan, b: high}
    35:46 not_finite multi_strategy_schedulers.main.schedules.late.metrics.a
    35:55 wrong_type multi_strategy_schedulers.main.schedules.late.metrics.b
cadence_seconds: 60 => windows: [{from: "9:00", to: "24:00"}, {days: [monday]}]
    35:50 bad_time multi_strategy_schedulers.main.schedules.late.windows[0].from
    35:62 bad_time multi_strategy_schedulers.main.schedules.late.windows[0].to
    35:80 unknown_value multi_strategy_schedulers.main.schedules.late.windows[1].days[0]
cadence_seconds: 60 => windows: [{from: "21:00", to: "21:00"}, {days: []}, {days: [mon, mon]}]
    35:63 empty_window multi_strategy_schedulers.main.schedules.late.windows[0].to
    35:98 warning repeated multi_strategy_schedulers.main.schedules.late.windows[2].days[1]
cadence_seconds: 60 => windows: {from: "21:00"}
    35:42 wrong_type multi_strategy_schedulers.main.schedules.late.windows
cadence_seconds: 60 => fallbacks: [trend]
cadence_seconds: 60 => fallback_schedules: [trnd]
    35:54 unknown_reference multi_strategy_schedulers.main.schedules.late.fallback_schedules[0]
cadence_seconds: 60 => fallback_schedules: [late, trend, trend]
    35:54 circle multi_strategy_schedulers.main.schedules.late.fallback_schedules[0]
    35:67 warning repeated multi_strategy_schedulers.main.schedules.late.fallback_schedules[2]
cadence_seconds: 60 => fallback_schedules: [trend], fallbacks: []
    35:62 conflict multi_strategy_schedulers.main.schedules.late.fallbacks
strategies:\n => startegies: {}\nstrategies:\n
    24:1 unknown_key startegies
      late: {strategy =>       trend: {interval: 1h}\n      late: {strategy
    35:7 warning duplicate_key multi_strategy_schedulers.main.schedules.trend
"#;

#[test]
fn each_break_is_reported_where_it_is_and_nothing_else_is() {
    assert_eq!(check_cases(BASE, CASES), 151);
}

#[test]
fn a_message_says_what_was_expected_what_was_found_and_what_may_have_been_meant() {
    let message = |from: &str, to: &str| problems(read_text(edited(from, to)))[0].to_string();
    assert_eq!(
        message("{fast: 5, slow: 10}", "{fast: \"5\", slow: 10}"),
        "core.yaml:28:24: error[wrong_type]: strategies.trend.parameters.fast: expected a whole number (write it \
         without quotes), found the text `5`"
    );
    assert_eq!(
        message("risk_profile: balanced", "risk_profile: balnced"),
        "core.yaml:21:19: error[unknown_reference]: environments.demo.risk_profile: there is no risk profile \
         `balnced` (known: balanced, bold); did you mean `balanced`?"
    );
    assert_eq!(
        message("hard_drawdown_pct: 0", "hard_drawdown: 0.1"),
        "core.yaml:2:3: error[missing_key]: risk_profiles.balanced.hard_drawdown_pct: the key `hard_drawdown_pct` \
         is required"
    );
    assert_eq!(
        message("capital_policy: {name: fixed_weight", "capital_policy: {name: vol-targt"),
        "core.yaml:32:28: error[unknown_reference]: multi_strategy_schedulers.main.capital_policy.name: there is \
         no capital policy `vol-targt` (known: equal_weight, fixed_weight, risk_parity, volatility_target, \
         signal_strength, metric_weighted, smoothed, drawdown_guard, risk_profile, blended, tag_quota); did you mean \
         `vol_target`?"
    );
    assert_eq!(
        message("    risk_profile: bold\n", "    license_tier: enterprise\n"),
        "core.yaml:27:19: error[mismatch]: strategies.trend.license_tier: the strategy says `enterprise` and the \
         engine `sma_cross` has `professional`: write that, or remove the key"
    );
    assert_eq!(
        message("    risk_profile: bold\n", "    preset: quik\n"),
        "core.yaml:27:13: error[unknown_reference]: strategies.trend.preset: there is no sma_cross preset \
         `quik` (known: quick); did you mean `quick`?"
    );
    let far = message("cadence_seconds: 60", "cadence_seconds: 1e300");
    assert!(far.ends_with("must be at least 0.001 and at most 3155760000, found 1e300"), "{far}");
}

#[test]
fn all_problems_of_a_file_come_at_once_in_its_order() {
    let text = edited("max_leverage: 3,", "max_leverage: -3,")
        .replace("environment: demo", "environment: live")
        .replace("fast: 5", "fast: x")
        .replace("interval: 15m", "interval: 15")
        .replace("late: 2", "latte: 2")
        .replace("[ETH_USDT]", "[ETH_BTC]");
    check(
        text,
        "2:75 out_of_range risk_profiles.balanced.max_leverage
         16:3 missing_key environments.demo.keychain_key
         16:3 missing_key environments.demo.live_readiness
         28:24 wrong_type strategies.trend.parameters.fast
         32:62 warning unmatched_weight multi_strategy_schedulers.main.capital_policy.weights.latte
         34:25 wrong_type multi_strategy_schedulers.main.schedules.trend.interval
         35:84 unknown_reference multi_strategy_schedulers.main.schedules.late.instruments[0]",
    );
}

#[test]
fn a_file_that_is_no_map_of_sections_is_refused() {
    let missing = "1:1 missing_key risk_profiles
        1:1 missing_key instrument_universes
        1:1 missing_key environments
        1:1 missing_key strategies
        1:1 missing_key multi_strategy_schedulers";
    check("", missing);
    check("# nothing yet\n", missing);
    check("{}", missing);
    check("- a\n- b\n", "1:1 wrong_type");
    check("a: [1, 2\nb: 3\n", "2:2 syntax");
    check(b"a: 1\nb\xc3\xb3: \xff\n", "2:5 syntax");
}

#[test]
fn a_repeated_key_is_a_warning_that_names_both_lines() {
    let text = edited("  bold:", "  balanced: {preset: manual, max_open_positions: 6}\n  bold:");
    check(&text, "3:3 warning duplicate_key risk_profiles.balanced");
    let config = read_text(&text).unwrap();
    let message = config.warnings()[0].to_string();
    assert!(message.contains("at line 2; this one at line 3 counts"), "{message}");
    let plan = config.plan(&Selection::default()).unwrap();
    let balanced = plan.risk_profiles.iter().find(|profile| profile.name == "balanced").unwrap();
    assert_eq!(balanced.max_positions, 6, "the last one wins");
}

#[test]
fn what_an_anchor_brings_is_reported_where_it_is_written() {
    let text = edited("{interval: 15m}", "&fast {interval: 15m, max_signals: 0}")
        .replace("late: {", "late: {<<: *fast, ");
    check(text, "34:49 warning raised multi_strategy_schedulers.main.schedules.trend.max_signals");
}
