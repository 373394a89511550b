//! More ways to break [`BASE`](super::BASE): schedules, presets, specialised sections, policies, limits, secrets.

use super::*;

/// Cases as in `broken`; one without problems is a file that is accepted.
const CASES: &str = r#"
cadence_seconds: 60 => cadence_seconds: 5m
cadence_seconds: 60 => cadence_seconds: -5m
    35:50 out_of_range multi_strategy_schedulers.main.schedules.late.cadence_seconds
cadence_seconds: 60 => cadence_seconds: soon
    35:50 wrong_type multi_strategy_schedulers.main.schedules.late.cadence_seconds
cadence_seconds: 60 => cadence: [60]
    35:42 wrong_type multi_strategy_schedulers.main.schedules.late.cadence
cadence_seconds: 60 => max_drift: -3
    35:44 warning raised multi_strategy_schedulers.main.schedules.late.max_drift
cadence_seconds: 60 => max_drift_seconds: 3, max_drift: 3
    35:55 conflict multi_strategy_schedulers.main.schedules.late.max_drift
cadence_seconds: 60 => offset_seconds: 1d, cadence: 0s
    35:62 out_of_range multi_strategy_schedulers.main.schedules.late.cadence
cadence_seconds: 60 => fallback: late
    35:33 unknown_key multi_strategy_schedulers.main.schedules.late.fallback
{interval: 15m} => {interval: DEFAULT}
{interval: 15m} => {interval: NONE}
    34:25 cleared multi_strategy_schedulers.main.schedules.trend.interval
{interval: 15m} => {interval: }
    34:15 cleared multi_strategy_schedulers.main.schedules.trend.interval
{interval: 15m} => {interval: 1M}
    34:25 bad_interval multi_strategy_schedulers.main.schedules.trend.interval
{interval: 15m} => {instruments: NONE}
{interval: 15m} => {instruments: DEFAULT}
{interval: 15m} => {risk_profile: NULL}
{interval: 15m} => {risk_profile: none}
{interval: 15m} => {strategy: NONE}
{interval: 15m} => {sizing: DEFAULT}
{interval: 15m} => {sizing: {quote: 5, base: 5}}
    34:34 conflict multi_strategy_schedulers.main.schedules.trend.sizing.base
{interval: 15m} => {sizing: {quote: five}}
    34:31 wrong_type multi_strategy_schedulers.main.schedules.trend.sizing.quote
{interval: 15m} => {warmup_bars: 1.5}
    34:28 wrong_type multi_strategy_schedulers.main.schedules.trend.warmup_bars
  main:\n =>   main:\n    telemetry_namespace: NONE\n
  main:\n =>   main:\n    telemetry_namespace: ''\n
  main:\n =>   main:\n    decision_log_category: NONE\n
    32:28 cleared multi_strategy_schedulers.main.decision_log_category
  main:\n =>   main:\n    decision_log_category: DEFAULT\n
    exchange: binance =>     exchange: NONE
    17:15 unknown_reference environments.demo.exchange
    exchange: binance =>     exchange: DEFAULT
    17:15 unknown_reference environments.demo.exchange
    environment: demo\n =>     environment: demo\n    aliases: desk\n
    environment: demo\n =>     environment: demo\n    aliases: [demo]\n
    19:15 conflict environments.demo.aliases[0]
    environment: demo\n =>     environment: demo\n    aliases: {a: b}\n
    19:14 wrong_type environments.demo.aliases
    environment: demo\n =>     environment: Demo\n
    18:18 unknown_value environments.demo.environment
    environment: demo\n =>     environment: paper\n
    environment: demo\n =>     environment: demo\n    offline_mode: maybe\n
    19:19 wrong_type environments.demo.offline_mode
    environment: demo\n =>     environment: demo\n    default_strategy: trend\n    default_controller: fast\n
    20:25 unknown_reference environments.demo.default_controller
    environment: demo\n =>     environment: demo\n    data_quality: {min_ok_ratio: 1.5}\n
    19:34 out_of_range environments.demo.data_quality.min_ok_ratio
    environment: demo\n =>     environment: demo\n    stream: {port: 99999}\n
    19:20 out_of_range environments.demo.stream.port
    environment: demo\n =>     environment: demo\n    alert_throttle: {exclude_severities: [fatal]}\n
    19:5 missing_key environments.demo.alert_throttle.window_seconds
    19:43 unknown_value environments.demo.alert_throttle.exclude_severities[0]
    environment: demo\n =>     environment: demo\n    adapter_factories: {mine: {api_key: abc}}\n
    19:41 warning secret_in_file environments.demo.adapter_factories.mine.api_key
    environment: demo\n =>     environment: demo\n    adapter_factories: {mine: {list: [{password: 12345}], tokens: 5}}\n
    19:50 warning secret_in_file environments.demo.adapter_factories.mine.list[0].password
    instrument_universe: core\n => 
    instrument_universe: core\n =>     instrument_universe: NONE\n
taker_fee: 0.001 => maker_fee: 1.5
    23:66 out_of_range environments.demo.adapter_settings.paper_trading.maker_fee
taker_fee: 0.001 => default_market: {min_qty: 1}
    23:72 unknown_key environments.demo.adapter_settings.paper_trading.default_market.min_qty
taker_fee: 0.001 => valuation_asset: NONE
    23:72 cleared environments.demo.adapter_settings.paper_trading.valuation_asset
taker_fee: 0.001 => quote_assets: NONE
preset: manual => preset: wild
    3:79 unknown_value risk_profiles.bold.preset
preset: manual => preset: NONE
    3:3 missing_key risk_profiles.bold.max_daily_loss_pct
    3:3 missing_key risk_profiles.bold.hard_drawdown_pct
    3:3 missing_key risk_profiles.bold.target_volatility
    3:3 missing_key risk_profiles.bold.stop_loss_atr_multiple
max_leverage: 3, => max_leverage: 25%,
    2:75 wrong_type risk_profiles.balanced.max_leverage
max_leverage: 3, => max_leverage: ,
    2:61 wrong_type risk_profiles.balanced.max_leverage
max_leverage: 3, => max_leverage: 3, drawdown_limit: 0.1,
    2:78 conflict risk_profiles.balanced.drawdown_limit
max_open_positions: 5 => max_positions: 5, max_open_positions: 5
    2:14 conflict risk_profiles.balanced.max_positions
max_leverage: 3, => max_leverage: 3, data_quality: {min_ok_ratio: 1.5},
    2:107 out_of_range risk_profiles.balanced.data_quality.min_ok_ratio
max_leverage: 3, => max_leverage: 3, strategy_allocations: {trend: 1.5},
    2:108 out_of_range risk_profiles.balanced.strategy_allocations.trend
strategies:\n => mean_reversion_strategies:\n  calm: {lookback: 50}\nstrategies:\n
strategies:\n => mean_reversion_strategies:\n  calm: {lookbac: 50}\nstrategies:\n
    25:10 unknown_key mean_reversion_strategies.calm.lookbac
strategies:\n => mean_reversion_strategies:\n  calm: {parameters: {lookbac: 50}}\nstrategies:\n
    25:23 unknown_key mean_reversion_strategies.calm.parameters.lookbac
strategies:\n => mean_reversion_strategies:\n  calm: {parameters: {lookback: 50}, lookback: 50}\nstrategies:\n
    25:38 unknown_key mean_reversion_strategies.calm.lookback
strategies:\n => mean_reversion_strategies:\n  trend: {lookback: 50}\nstrategies:\n
    25:3 warning overridden mean_reversion_strategies.trend
strategies:\n => mean_reversion_strategies:\n  calm: {engine: sma_cross}\nstrategies:\n
    25:18 mismatch mean_reversion_strategies.calm.engine
strategies:\n => mean_reversion_strategies: [calm]\nstrategies:\n
    24:28 wrong_type mean_reversion_strategies
strategies:\n => grid_strategies:\n  calm: {}\nmean_reversion_strategies:\n  calm: {}\nstrategies:\n
    25:3 warning overridden grid_strategies.calm
    risk_profile: bold\n =>     risk_profile: bold\n    primary_tag: a\n    primary_group: a\n
    29:5 conflict strategies.trend.primary_group
    risk_profile: bold\n =>     tags: trendy\n
    risk_profile: bold\n =>     tags: 5\n
    27:11 wrong_type strategies.trend.tags
multi_strategy_schedulers:\n => runtime:\n  multi_strategy_schedulers:\n    main: {schedules: {trend: {}}}\nmulti_strategy_schedulers:\n
    34:3 warning overridden multi_strategy_schedulers.main
multi_strategy_schedulers:\n => runtime:\n  multi_strategy_schedulers:\n    other: {schedules: {trnd: {}}}\nmulti_strategy_schedulers:\n
    32:25 unknown_reference runtime.multi_strategy_schedulers.other.schedules.trnd
multi_strategy_schedulers:\n => runtime:\n  multi_strategy_schedulers:\n    other: {}\nmulti_strategy_schedulers:\n
    32:5 missing_key runtime.multi_strategy_schedulers.other.schedules
multi_strategy_schedulers:\n => runtime: {controler: {}}\nmulti_strategy_schedulers:\n
    30:11 unknown_key runtime.controler
multi_strategy_schedulers:\n => runtime: nothing\nmulti_strategy_schedulers:\n
    30:10 wrong_type runtime
{name: fixed_weight, weights: {trend: 1, late: 2}} => DEFAULT
{name: fixed_weight, weights: {trend: 1, late: 2}} => NONE
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: smoothed, alpha: 2}
    32:45 warning clamped multi_strategy_schedulers.main.capital_policy.alpha
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: ewma, alpha: "0.5", smoothing: 0.5}
    32:48 conflict multi_strategy_schedulers.main.capital_policy.smoothing
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: smoothed, base: {name: smoothed, base: {name: mix, components: [{policy: nope}]}}}
    32:101 unknown_reference multi_strategy_schedulers.main.capital_policy.base.base.components[0].policy
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: smoothed, base: none}
    32:44 cleared multi_strategy_schedulers.main.capital_policy.base
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: metric_weighted, fallback: none, metrics: {avg_confidence: {wieght: 1}}}
    32:88 unknown_key multi_strategy_schedulers.main.capital_policy.metrics.avg_confidence.wieght
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: metric_weighted, metrics: {avg_confidence: {min: 2, max: 1}, b: [1, 2, 3], c: much}}
    32:71 warning doubtful_range multi_strategy_schedulers.main.capital_policy.metrics.avg_confidence
    32:92 wrong_type multi_strategy_schedulers.main.capital_policy.metrics.b
    32:106 wrong_type multi_strategy_schedulers.main.capital_policy.metrics.c
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: metric_weighted, metrics: [{weight: 1}, {metric: a, default: .nan}]}
    32:55 missing_key multi_strategy_schedulers.main.capital_policy.metrics[0].metric
    32:89 not_finite multi_strategy_schedulers.main.capital_policy.metrics[1].default
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: metric_weighted, fallback: risky}
    32:55 unknown_reference multi_strategy_schedulers.main.capital_policy.fallback
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: drawdown_guard, warning_pct: 20, panic_pct: 10}
    32:21 warning doubtful_range multi_strategy_schedulers.main.capital_policy
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: drawdown_guard, pressure: 1.5}
    32:54 warning clamped multi_strategy_schedulers.main.capital_policy.pressure
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: risk_profile, profiles: {balanced: 1, bald: 2}}
    32:66 unknown_reference multi_strategy_schedulers.main.capital_policy.profiles.bald
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: risk_profile, profiles: [{profile: balanced}]}
    32:53 missing_key multi_strategy_schedulers.main.capital_policy.profiles[0].weight
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: risk_profile, profiles: {balanced: -1}, floor: 0.1, minimum: 0.1}
    32:63 warning clamped multi_strategy_schedulers.main.capital_policy.profiles.balanced
    32:80 conflict multi_strategy_schedulers.main.capital_policy.minimum
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: risk_profile, within_profile: {name: tag_quota, tag: {a: 1}}}
    32:76 unknown_key multi_strategy_schedulers.main.capital_policy.within_profile.tag
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: blended}
    32:21 warning empty multi_strategy_schedulers.main.capital_policy
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: blended, components: [{weight: 1}, {policy: equal, weight: -1}]}
    32:50 missing_key multi_strategy_schedulers.main.capital_policy.components[0].name
    32:87 warning clamped multi_strategy_schedulers.main.capital_policy.components[1].weight
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: blended, components: [{name: smoothed, weight: 1, alfa: 1}], normalize: often}
    32:78 unknown_key multi_strategy_schedulers.main.capital_policy.components[0].alfa
    32:100 wrong_type multi_strategy_schedulers.main.capital_policy.normalize
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: blended, components: 5}
    32:49 wrong_type multi_strategy_schedulers.main.capital_policy.components
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: tag_quota, tags: {nobody: 1}, default_weight: x}
    32:46 warning unmatched_tag multi_strategy_schedulers.main.capital_policy.tags.nobody
    32:74 wrong_type multi_strategy_schedulers.main.capital_policy.default_weight
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: tag_quota, tags: [{weight: 1}]}
    32:46 missing_key multi_strategy_schedulers.main.capital_policy.tags[0].tag
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: equal, label: 5, rebalance: soon}
    32:42 wrong_type multi_strategy_schedulers.main.capital_policy.label
    32:56 wrong_type multi_strategy_schedulers.main.capital_policy.rebalance
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: equal, interval_seconds: "90"}
{name: fixed_weight, weights: {trend: 1, late: 2}} => {name: equal, rebalance: 15m}
{name: fixed_weight, weights: {trend: 1, late: 2}} => [equal]
    32:21 wrong_type multi_strategy_schedulers.main.capital_policy
  main:\n =>   main:\n    signal_limits: {trend: {balanced: {limit: 1, value: 1}}}\n
    32:50 conflict multi_strategy_schedulers.main.signal_limits.trend.balanced.value
  main:\n =>   main:\n    signal_limit_overrides: {trend: {balanced: 1}}\n    initial_signal_limits: {trend: {balanced: 1}}\n
    32:5 conflict multi_strategy_schedulers.main.signal_limit_overrides
  main:\n =>   main:\n    signal_limits: {trend: 3}\n
    32:28 wrong_type multi_strategy_schedulers.main.signal_limits.trend
  main:\n =>   main:\n    suspensions: trend\n
    32:18 wrong_type multi_strategy_schedulers.main.suspensions
  main:\n =>   main:\n    suspensions: {schedule: trend}\n
  main:\n =>   main:\n    initial_suspensions: [{schedule: trnd}, {tag: }, {target: late, kind: schedule}]\n
    32:38 unknown_reference multi_strategy_schedulers.main.initial_suspensions[0].schedule
    32:45 suspension_target multi_strategy_schedulers.main.initial_suspensions[1]
  main:\n =>   main:\n    portfolio_governor: calm\n
    32:25 unknown_reference multi_strategy_schedulers.main.portfolio_governor
  main:\n =>   main:\n    portfolio_inputs: {slo_max_age_minutes: 0}\n
    32:45 out_of_range multi_strategy_schedulers.main.portfolio_inputs.slo_max_age_minutes
  main:\n =>   main:\n    rbac_tokens: [{token_id: a, token_value: hunter2, scopes: [risk.read]}]\n
    32:46 warning secret_in_file multi_strategy_schedulers.main.rbac_tokens[0].token_value
risk_profiles:\n => alerts: {email_channels: {a: {host: h, password: hunter2}}}\nrisk_profiles:\n
    1:27 missing_key alerts.email_channels.a.from_address
    1:27 missing_key alerts.email_channels.a.recipients
    1:40 unknown_key alerts.email_channels.a.password
    1:50 warning secret_in_file alerts.email_channels.a.password
risk_profiles:\n => risk: {decision_log: {path: "-----BEGIN PRIVATE KEY-----", signing_key_env: A}}\nrisk_profiles:\n
    1:29 warning secret_in_file risk.decision_log.path
risk_profiles:\n => exchange_adapters: {binance: {default_settings: {api_secret: abc}}}\nrisk_profiles:\n
    1:62 warning secret_in_file exchange_adapters.binance.default_settings.api_secret
    11:39 warning unknown_exchange instrument_universes.core.instruments.BTC_USDT.exchanges.kraken
risk_profiles:\n => runtime_entrypoints: {a: {environment: demo}}\nrisk_profiles:\n
    1:23 missing_key runtime_entrypoints.a.controller
    1:23 missing_key runtime_entrypoints.a.strategy
    1:23 missing_key runtime_entrypoints.a.risk_profile
risk_profiles:\n => execution: {routes: [spot]}\nrisk_profiles:\n
    1:22 wrong_type execution.routes[0]
risk_profiles:\n => reporting: {retention_months: 0, weekly_report_day: moonday}\nrisk_profiles:\n
    1:31 out_of_range reporting.retention_months
    1:53 unknown_value reporting.weekly_report_day
risk_profiles:\n => portfolio_governors: {a: {enabled: 1, smoothing: 2}}\nrisk_profiles:\n
    1:36 wrong_type portfolio_governors.a.enabled
    1:50 out_of_range portfolio_governors.a.smoothing
risk_profiles:\n => license: {capabilities_path: NONE}\nrisk_profiles:\n
risk_profiles:\n => coverage_monitoring: {targets: {environment: demo}}\nrisk_profiles:\n
    1:32 wrong_type coverage_monitoring.targets
risk_profiles:\n => unheard_of: 1\nrisk_profiles:\n
    1:1 unknown_key unheard_of
"#;

#[test]
fn each_change_is_answered_where_it_is_and_nothing_else_is() {
    assert_eq!(check_cases(BASE, CASES), 114);
}
