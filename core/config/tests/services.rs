//! Every way to break a file with all sections, `full.yaml`, and what is said about it.

use super::*;

const FULL: &str = include_str!("full.yaml");

/// Cases as in `broken`.
const CASES: &str = r#"
trend: 0.6, mean: 0.4} => trend: 0.7, mean: 0.4}
    4:27 too_much_allocated risk_profiles.balanced.strategy_allocations
[0.005, 0.01] => [0.01, 0.005]
    6:27 bad_range risk_profiles.balanced.trade_risk_pct_range
[0.005, 0.01] => [0.01]
    6:27 bad_range risk_profiles.balanced.trade_risk_pct_range
    trade_risk_pct_range =>     instrument_alert_pct: 0.4\n    trade_risk_pct_range
    6:27 warning doubtful_range risk_profiles.balanced.instrument_alert_pct
instrument_buckets: [majors] => instrument_buckets: [minors]
    5:26 unknown_reference risk_profiles.balanced.instrument_buckets[0]
symbols: [BTC_USDT, ETH_USDT] => symbols: []
    14:37 empty instrument_buckets.majors.symbols
symbols: [BTC_USDT, ETH_USDT] => symbols: [BTC_USDT, ETH_USD]
    14:48 unknown_reference instrument_buckets.majors.symbols[1]
symbols: [BTC_USDT, ETH_USDT] => symbols: [BTC_USDT, BTC_USDT]
    14:48 warning repeated instrument_buckets.majors.symbols[1]
universe: core, symbols => universe: cor, symbols
    14:22 unknown_reference instrument_buckets.majors.universe
max_notional_usd: 9000 => max_notional_usd: 0
    14:100 out_of_range instrument_buckets.majors.max_notional_usd
max_position_pct: 0.3 => max_position_pct: -0.3
    14:77 out_of_range instrument_buckets.majors.max_position_pct
aliases: [paper, desk_one] => aliases: [paper, real]
    19:22 conflict environments.desk.aliases[1]
aliases: [paper, desk_one] => aliases: [paper, paper]
    19:22 conflict environments.desk.aliases[1]
default_strategy: trend => default_strategy: trand
    26:23 unknown_reference environments.desk.default_strategy
default_controller: daily => default_controller: dayly
    27:25 unknown_reference environments.desk.default_controller
{tick_seconds: 86400, interval: 1d} => {tick_seconds: 14400, interval: 4h}
    27:25 interval environments.desk.default_controller
    34:3 warning interval environments.real
{tick_seconds: 86400, interval: 1d} => {tick_seconds: 3600, interval: 1d}
    71:27 warning doubtful_tick runtime.controllers.daily.tick_seconds
{tick_seconds: 86400, interval: 1d} => {tick_seconds: 0, interval: 1d}
    71:27 out_of_range runtime.controllers.daily.tick_seconds
{tick_seconds: 86400, interval: 1d} => {tick_seconds: 1d, interval: 1 day}
    71:41 bad_interval runtime.controllers.daily.interval
{tick_seconds: 86400, interval: 1d} => {tick_seconds: 86400}
    71:5 missing_key runtime.controllers.daily.interval
"email:duty" => "email:night"
    28:36 unknown_reference environments.desk.alert_channels[1]
"email:duty" => "emial:duty"
    28:36 unknown_value environments.desk.alert_channels[1]
"email:duty" => email
    28:36 bad_channel environments.desk.alert_channels[1]
"email:duty" => "file:local"
    28:36 warning repeated environments.desk.alert_channels[1]
203.0.113.7 => 203.0.113.777
    29:20 bad_address environments.desk.ip_allowlist[0]
"2001:db8::/32" => "2001:db8::/129"
    29:33 bad_address environments.desk.ip_allowlist[1]
permission_profile: trading => permission_profile: trade
    30:25 unknown_reference environments.desk.permission_profile
permission_profile: trading => required_permissions: [withdraw]\n    permission_profile: trading
    47:74 conflict permission_profiles.trading.forbidden_permissions[0]
alert_audit: {backend: file, directory: ../audit} => alert_audit: {backend: file}
    31:5 missing_key environments.desk.alert_audit.directory
decision_journal: {backend: file => decision_journal: {checkpoints: {}, backend: file
    32:24 missing_key environments.desk.decision_journal.checkpoints.signing_key_path
decision_journal: {backend: file => decision_journal: {signing_key_env: A, signing_key_id: a b, backend: file
    32:60 bad_key_id environments.desk.decision_journal.signing_key_id
decision_journal: {backend: file => decision_journal: {checkpoints: {signing_key_env: A, path: a, command: b}, backend: file
    32:67 conflict environments.desk.decision_journal.checkpoints.command
decision_journal: {backend: file => decision_journal: {backend: sqlite
    32:33 unknown_value environments.desk.decision_journal.backend
report_storage: {backend: file, directory: ../reports} => report_storage: {backend: file}
    33:5 missing_key environments.desk.report_storage.directory
    keychain_key: real\n => 
    34:3 missing_key environments.real.keychain_key
documents: [{name: risk, path: risk.pdf => documents: [{name: risks, path: risk.pdf
    43:28 unknown_reference environments.real.live_readiness.required_documents[0]
path: risk.pdf, sha256: e3b0 => path: risk.pdf, sha256: xyz0
    44:56 bad_hash environments.real.live_readiness.documents[0].sha256
path: risk.pdf, sha256: e3b0 => path: risk.pdf, sha256: e3b
    44:56 bad_hash environments.real.live_readiness.documents[0].sha256
      checklist_id: one\n => 
    41:5 missing_key environments.real.live_readiness.checklist_id
forbidden_permissions: [withdraw] => forbidden_permissions: [trade]
    46:74 conflict permission_profiles.trading.forbidden_permissions[0]
paper: {environment: desk, keychain_key: desk} => paper: {environment: dsk, keychain_key: desk}
    49:26 unknown_reference exchange_accounts.binance.paper.environment
paper: {environment: desk, keychain_key: desk} => papier: {environment: desk, keychain_key: desk}
    49:5 unknown_value exchange_accounts.binance.papier
paper: {environment: desk, keychain_key: desk} => paper: {environment: real, keychain_key: desk}
    49:26 mismatch exchange_accounts.binance.paper.environment
  binance: {status: active} =>   binance: {status: disabled}
    20:15 disabled_exchange environments.desk.exchange
    35:15 disabled_exchange environments.real.exchange
  binance: {status: active} =>   binance: {status: asleep}
    54:21 unknown_value exchange_lifecycle.binance.status
exchanges: {binance: ETHUSDT} => exchanges: {binance: ETHUSDT, kraken: ETHUSDT}
    12:104 warning unknown_exchange instrument_universes.core.instruments.ETH_USDT.exchanges.kraken
live_allowed: true => live_allowed: false
    56:3 compliance runtime_entrypoints.trade
live_allowed: true => live_allowed: yes
    56:3 compliance runtime_entrypoints.trade
    56:116 wrong_type runtime_entrypoints.trade.compliance.live_allowed
risk_profiles: [careful] => risk_profiles: [balanced]
    56:80 compliance runtime_entrypoints.trade.risk_profile
signed: true, signoffs => signed: false, signoffs
    56:3 compliance runtime_entrypoints.trade
signoffs: [desk] => signoffs: []
    56:3 compliance runtime_entrypoints.trade
{environment: real, controller => {environment: rael, controller
    56:24 unknown_reference runtime_entrypoints.trade.environment
token_env: DESK_TOKEN, scopes => scopes
    59:19 no_token multi_strategy_schedulers.main.rbac_tokens[0]
token_env: DESK_TOKEN => token_env: desk_token
    59:47 warning lower_case_variable multi_strategy_schedulers.main.rbac_tokens[0].token_env
token_env: DESK_TOKEN => token_env: "DESK TOKEN"
    59:47 invalid_name multi_strategy_schedulers.main.rbac_tokens[0].token_env
token_env: DESK_TOKEN => token_value: hunter2
    59:49 secret_in_file multi_strategy_schedulers.main.rbac_tokens[0].token_value
[runtime.schedule.read] => []
    59:67 empty multi_strategy_schedulers.main.rbac_tokens[0].scopes
[runtime.schedule.read] => [runtime.schedule.raed]
    59:68 warning unknown_scope multi_strategy_schedulers.main.rbac_tokens[0].scopes[0]
[runtime.schedule.read] => [runtime.schedule.read, runtime.schedule.read]
    59:91 warning repeated multi_strategy_schedulers.main.rbac_tokens[0].scopes[1]
{token_id: desk, token_env: METRICS_TOKEN, scopes: [metrics.read]} => {token_id: desk, token_env: A, scopes: [metrics.read]}, {token_id: desk, token_env: B, scopes: [metrics.read]}
    80:75 warning repeated runtime.metrics_service.rbac_tokens[1]
"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", scopes => "sha1:e3b0c442", scopes
    78:48 unknown_value runtime.risk_service.rbac_tokens[0].token_hash
"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", scopes => "sha256:nothex", scopes
    78:48 bad_hash runtime.risk_service.rbac_tokens[0].token_hash
"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", scopes => e3b0c4, scopes
    78:48 bad_hash runtime.risk_service.rbac_tokens[0].token_hash
portfolio_governor: steady => portfolio_governor: stedy
    60:25 unknown_reference multi_strategy_schedulers.main.portfolio_governor
{min_weight: 0.1, max_weight: 0.9} => {min_weight: 0.95, max_weight: 0.9}
    66:45 bad_range portfolio_governors.steady.strategies.trend.min_weight
{strategies: {trend: {min => {strategies: {trand: {min
    66:25 unknown_reference portfolio_governors.steady.strategies.trand
signal_limits: {trend: => signal_limits: {trand:
    61:21 warning unmatched_limit multi_strategy_schedulers.main.signal_limits.trand
balanced: 2, careful => balanced: two, careful
    61:39 wrong_type multi_strategy_schedulers.main.signal_limits.trend.balanced
balanced: 2, careful => balanced: -2, careful
    61:39 warning raised multi_strategy_schedulers.main.signal_limits.trend.balanced
balanced: 2, careful => balanced: 2.5, careful
    61:39 wrong_type multi_strategy_schedulers.main.signal_limits.trend.balanced
balanced: 2, careful => balancd: 2, careful
    61:29 unknown_reference multi_strategy_schedulers.main.signal_limits.trend.balancd
{limit: 1, reason: new => {reason: new
    61:42 missing_key multi_strategy_schedulers.main.signal_limits.trend.careful.limit
duration: 2h => duration: -2h
    61:85 out_of_range multi_strategy_schedulers.main.signal_limits.trend.careful.duration
duration: 2h => duration: 1h30m
    61:85 wrong_type multi_strategy_schedulers.main.signal_limits.trend.careful.duration
duration: 2h => until: tomorrow
    61:82 bad_instant multi_strategy_schedulers.main.signal_limits.trend.careful.until
duration: 2h => until: "2030-01-01", expires_at: "2030-01-01"
    61:96 conflict multi_strategy_schedulers.main.signal_limits.trend.careful.expires_at
{schedule: trend, reason: check => {schedule: trand, reason: check
    62:38 unknown_reference multi_strategy_schedulers.main.initial_suspensions[0].schedule
{schedule: trend, reason: check => {reason: check
    62:27 suspension_target multi_strategy_schedulers.main.initial_suspensions[0]
{schedule: trend, reason: check => {schedule: trend, tag: core, reason: check
    62:27 suspension_target multi_strategy_schedulers.main.initial_suspensions[0]
kind: tag => kind: tags
    62:103 unknown_value multi_strategy_schedulers.main.initial_suspensions[1].kind
target: core => target: corn
    62:91 warning unmatched_tag multi_strategy_schedulers.main.initial_suspensions[1].target
until: "2030-01-01" => until: "2030-13-01"
    62:67 bad_instant multi_strategy_schedulers.main.initial_suspensions[0].until
signing_key_env: RISK_KEY => signing_key_env: RISK_KEY, signing_key_path: risk.key
    68:63 conflict risk.decision_log.signing_key_path
signing_key_env: RISK_KEY => signing_key_value: hunter2
    68:55 secret_in_file risk.decision_log.signing_key_value
path: risk.jsonl, signing_key_env: RISK_KEY => path: risk.jsonl
    32:5 warning unsigned environments.desk.decision_journal
    68:3 warning unsigned risk.decision_log
path: risk.jsonl, signing_key_env => signing_key_env
    68:3 missing_key risk.decision_log.path
signing_key_env: RISK_KEY} => signing_key_env: RISK_KEY, algorithm: MD5}
    68:74 unknown_value risk.decision_log.algorithm
  portfolio_decision_log =>   risk_decision_log: {path: other.jsonl, signing_key_env: RISK_KEY}\n  portfolio_decision_log
    75:3 conflict runtime.risk_decision_log
  portfolio_decision_log =>   risk_decision_log: {path: risk.jsonl, signing_key_env: RISK_KEY}\n  portfolio_decision_log
risk:\n  decision_log => risk:\n  instrument_buckets: {majors: {universe: core, symbols: [BTC_USDT]}}\n  decision_log
    68:3 conflict risk.instrument_buckets
signing_key_env: AUDIT_KEY, require => require
    74:23 missing_key runtime.security_baseline.signing.signing_key_env
cpu_percent: 65 => cpu_percent: 0
    72:34 out_of_range runtime.resource_limits.cpu_percent
memory_mb: 2048 => memory_mb: 2048, io_read_mb_s: -1
    72:69 out_of_range runtime.resource_limits.io_read_mb_s
memory_mb: 2048 => memory_mb: 2048, headroom_warning_threshold: 1.5
    72:83 warning doubtful_range runtime.resource_limits.headroom_warning_threshold
default_route: [binance], => 
    73:3 missing_key runtime.live_routing.default_route
[0.1, 0.5] => [0.5, 0.1]
    73:86 bad_range runtime.live_routing.latency_histogram_buckets
[0.1, 0.5] => [0, 0.1]
    73:87 out_of_range runtime.live_routing.latency_histogram_buckets[0]
auth_token_env: RISK_TOKEN => auth_token_env: RISK_TOKEN\n    auth_token_file: token
    78:5 warning overridden runtime.risk_service.auth_token_file
auth_token_env: RISK_TOKEN => port: 70000
    77:11 out_of_range runtime.risk_service.port
auth_token_env: RISK_TOKEN => history_size: 0
    77:19 out_of_range runtime.risk_service.history_size
auth_token_env: RISK_TOKEN => publish_interval_seconds: 0
    77:31 out_of_range runtime.risk_service.publish_interval_seconds
x-site: desk => X-Site: desk
    81:21 bad_header runtime.metrics_service.grpc_metadata.X-Site
x-site: desk => x-site: {value: a, value_env: B}
    81:29 conflict runtime.metrics_service.grpc_metadata.x-site
x-site: desk => x-site: {}
    81:29 no_value runtime.metrics_service.grpc_metadata.x-site
{value_base64: aGVsbG8=} => {value_base64: "?"}
    81:59 bad_base64 runtime.metrics_service.grpc_metadata.x-trace.value_base64
authorization: {value_env: HEADER} => authorization: Bearer abc
    81:85 secret_in_file runtime.metrics_service.grpc_metadata.authorization
authorization: {value_env: HEADER} => authorization: {value: abc}
    81:93 secret_in_file runtime.metrics_service.grpc_metadata.authorization.value
grpc_metadata: {x-site: desk, x-trace: {value_base64: aGVsbG8=}, authorization: {value_env: HEADER}} => grpc_metadata: [x-site=a, {key: x-site, value: b}, "nothing", {value: c}]
    81:31 warning repeated runtime.metrics_service.grpc_metadata[1]
    81:56 bad_header runtime.metrics_service.grpc_metadata[2]
    81:67 missing_key runtime.metrics_service.grpc_metadata[3].key
    81:67 bad_header runtime.metrics_service.grpc_metadata[3]
cpu_utilization_critical_percent: 90 => cpu_utilization_critical_percent: 60
    83:39 bad_range runtime.metrics_service.cpu_utilization_critical_percent
cpu_utilization_critical_percent: 90 => cpu_utilization_critical_percent: 0
    83:39 out_of_range runtime.metrics_service.cpu_utilization_critical_percent
cpu_utilization_critical_percent: 90 => performance_mode: loud
    83:23 unknown_value runtime.metrics_service.performance_mode
      certificate_path: server.crt\n => 
    84:5 missing_key runtime.metrics_service.tls.certificate_path
      client_ca_path: ca.pem\n => 
    84:5 missing_key runtime.metrics_service.tls.client_ca_path
      enabled: true\n =>       enabled: false\n
    90:28 warning no_tls runtime.metrics_service.tls.pinned_fingerprints
["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"] => [e3b0c4]
    90:29 bad_hash runtime.metrics_service.tls.pinned_fingerprints[0]
signing_key_env: ROTATION_KEY => default_interval_days: 0
    103:113 out_of_range observability.key_rotation.default_interval_days
signing_key_env: ROTATION_KEY => signing_key_env: A, signing_key_value: b
    103:110 conflict observability.key_rotation.signing_key_value
    103:129 secret_in_file observability.key_rotation.signing_key_value
from_number: "+48123456789" => from_number: "123"
    97:87 bad_number alerts.sms_providers.home.from_number
sender_id: HEMIOLA => sender_id: HEMIOLA-TRADING
    97:177 out_of_range alerts.sms_providers.home.sender_id
allow_alphanumeric_sender: true, => 
    97:145 mismatch alerts.sms_providers.home.sender_id
sender_id: HEMIOLA, => 
    97:5 missing_key alerts.sms_providers.home.sender_id
"21:00" => "25:00"
    99:26 bad_time reporting.daily_report_time_utc
{environment}_{hash}.zip => {environment}_{hsh}.zip
    100:91 unknown_value reporting.smoke_archive_upload.local.filename_pattern
{environment}_{hash}.zip => {environment
    100:91 bad_pattern reporting.smoke_archive_upload.local.filename_pattern
backend: local, local: {directory: ../archive => backend: s3, local: {directory: ../archive
    100:3 missing_key reporting.smoke_archive_upload.s3
    100:3 missing_key reporting.smoke_archive_upload.credential_secret
backend: disabled => backend: local
    101:3 missing_key reporting.paper_smoke_json_sync.local
backend: disabled => backend: nowhere
    101:36 unknown_value reporting.paper_smoke_json_sync.backend
targets: [{environment: desk => targets: [{environment: dsk
    105:27 unknown_reference coverage_monitoring.targets[0].environment
severity_override: error => severity_override: fatal
    105:52 unknown_value coverage_monitoring.targets[0].severity_override
recipients: [b@example.com] => recipient: b@example.com
    95:5 missing_key alerts.email_channels.duty.recipients
    95:65 unknown_key alerts.email_channels.duty.recipient
live_router: {decision_log: {path: router.jsonl, => live_router: {decision_log: {
    92:17 missing_key execution.live_router.decision_log.path
daily_report_time_utc => daily_report_time
    99:3 unknown_key reporting.daily_report_time
"#;

#[test]
fn each_break_is_reported_where_it_is_and_nothing_else_is() {
    check(FULL, "");
    assert_eq!(check_cases(FULL, CASES), 132);
}
