//! Services of a running process: metrics, risk state, tokens, TLS, execution.

use super::environment::{PORT, SEVERITIES};
use super::{Key, Kind, PERIOD, Range, Shape, TEXTS, count, key, map};

pub(crate) const TOKEN: Shape = Shape {
    summary: "Who may use a service, and for what. The token comes from one of the three sources.",
    keys: &[
        key("token_id", Kind::Text, "Name of the token.").required(),
        key("token_env", Kind::Variable, "Environment variable with the token."),
        key("token_value", Kind::Secret, "The token itself; demos only."),
        key("token_hash", Kind::Text, "`algorithm:hex` of the token, or the hex of its SHA-256."),
        key("scopes", TEXTS, "What it may be used for; at least one.").required(),
    ],
};

const TOKENS: Key = key("rbac_tokens", Kind::List(&Kind::Section(&TOKEN)), "Who may use it.").texts(&[]);

pub(crate) const METRICS: Shape = Shape {
    summary: "The service that tells the metrics of a running process.",
    keys: &[
        key("enabled", Kind::Bool, "Whether it runs.").flag(true),
        key("host", Kind::Text, "Address it listens on.").text("127.0.0.1"),
        key("port", PORT, "Port of gRPC; 0 is any that is free.").number(0.0),
        key("http_port", PORT, "Port of `/metrics`.").number(9108.0),
        key("history_size", count(1), "Samples kept in memory.").number(1024.0),
        key("auth_token", Kind::Secret, "A token shared by all; demos only."),
        key("auth_token_env", Kind::Variable, "Environment variable with it."),
        key("auth_token_file", Kind::Path, "File with it."),
        TOKENS,
        key("log_sink", Kind::Bool, "Whether metrics go to the log.").flag(true),
        key("jsonl_path", Kind::Path, "File that metrics are written to."),
        key("jsonl_fsync", Kind::Bool, "Whether every line is forced to the disk.").flag(false),
        key("ui_alerts_jsonl_path", Kind::Path, "File that its alerts are written to.")
            .text("logs/ui_telemetry_alerts.jsonl"),
        key("ui_alerts_audit_backend", Kind::Word(&["auto", "file", "memory"]), "Where its alerts are kept.")
            .text("auto"),
        key("ui_alerts_risk_profile", Kind::Text, "Thresholds of its alerts, by name."),
        key("ui_alerts_risk_profiles_file", Kind::Path, "File with thresholds."),
        key(
            "grpc_metadata",
            Kind::Either(&[
                Kind::Map { what: "headers", of: &METADATA_VALUE, may_be_empty: true },
                Kind::List(&METADATA_ITEM),
            ]),
            "Headers sent with every call.",
        ),
        key("grpc_metadata_files", Kind::List(&Kind::Path), "Files with headers.").texts(&[]),
        key("grpc_metadata_directories", Kind::List(&Kind::Path), "Folders with a file for each header.")
            .texts(&[]),
        key("tls", Kind::Section(&TLS), "Encryption."),
        mode("reduce_motion_mode"),
        category("reduce_motion_category"),
        severity("reduce_motion_severity_active"),
        severity("reduce_motion_severity_recovered"),
        mode("overlay_mode"),
        category("overlay_category"),
        severity("overlay_severity_exceeded"),
        severity("overlay_severity_recovered"),
        severity("overlay_severity_critical"),
        threshold("overlay_critical_threshold", "Overlays from which it is critical."),
        mode("jank_mode"),
        category("jank_category"),
        severity("jank_severity_spike"),
        severity("jank_severity_critical"),
        threshold("jank_critical_over_ms", "Delay from which it is critical, in milliseconds."),
        mode("performance_mode"),
        category("performance_category"),
        severity("performance_severity_warning"),
        severity("performance_severity_critical"),
        severity("performance_severity_recovered"),
        threshold("performance_event_to_frame_warning_ms", "Delay from which it warns, in milliseconds."),
        threshold(
            "performance_event_to_frame_critical_ms",
            "Delay from which it is critical, in milliseconds.",
        ),
        threshold("cpu_utilization_warning_percent", "Processor from which it warns, in per cent."),
        threshold("cpu_utilization_critical_percent", "Processor from which it is critical, in per cent."),
        threshold("gpu_utilization_warning_percent", "Graphics processor from which it warns, in per cent."),
        threshold(
            "gpu_utilization_critical_percent",
            "Graphics processor from which it is critical, in per cent.",
        ),
        threshold("ram_usage_warning_megabytes", "Memory from which it warns, in megabytes."),
        threshold("ram_usage_critical_megabytes", "Memory from which it is critical, in megabytes."),
    ],
};

const fn mode(name: &'static str) -> Key {
    key(
        name,
        Kind::Word(&["enable", "jsonl", "disable"]),
        "Whether its alerts are sent and logged, only logged, or neither.",
    )
}

const fn category(name: &'static str) -> Key {
    key(name, Kind::Text, "Category of its alerts.")
}

const fn severity(name: &'static str) -> Key {
    key(name, Kind::Word(&SEVERITIES), "Severity of its alerts.")
}

const fn threshold(name: &'static str, doc: &'static str) -> Key {
    key(name, Kind::Number(Range::POSITIVE), doc)
}

const METADATA_VALUE: Kind = Kind::Either(&[Kind::Text, Kind::Section(&METADATA)]);
const METADATA_ITEM: Kind = Kind::Either(&[Kind::Text, Kind::Section(&LISTED_METADATA)]);

const METADATA_KEYS: [Key; 6] = [
    key("value", Kind::Text, "The value."),
    key("value_env", Kind::Variable, "Environment variable with it."),
    key("value_file", Kind::Path, "File with it."),
    key("value_base64", Kind::Text, "The value in base64."),
    key("value_env_base64", Kind::Variable, "Environment variable with it in base64."),
    key("value_file_base64", Kind::Path, "File with it in base64."),
];

const METADATA: Shape = Shape { summary: "The value of a header, from one source.", keys: &METADATA_KEYS };

const LISTED_METADATA: Shape = Shape {
    summary: "A header with its value, from one source.",
    keys: &[
        key("key", Kind::Text, "The header, in lower case.").required(),
        METADATA_KEYS[0],
        METADATA_KEYS[1],
        METADATA_KEYS[2],
        METADATA_KEYS[3],
        METADATA_KEYS[4],
        METADATA_KEYS[5],
    ],
};

pub(crate) const TLS: Shape = Shape {
    summary: "Encryption of a service.",
    keys: &[
        key("enabled", Kind::Bool, "Whether it is used.").flag(false),
        key("certificate_path", Kind::Path, "The certificate; required when enabled."),
        key("private_key_path", Kind::Path, "Its key; required when enabled."),
        key("client_ca_path", Kind::Path, "Who signs the certificates of clients."),
        key("require_client_auth", Kind::Bool, "Whether clients need a certificate.").flag(false),
        key("private_key_password_env", Kind::Variable, "Environment variable with the password of the key."),
        key("pinned_fingerprints", TEXTS, "Certificates that are accepted, each `algorithm:hex`.").texts(&[]),
    ],
};

pub(crate) const RISK: Shape = Shape {
    summary: "The service that tells the state of the limits.",
    keys: &[
        key("enabled", Kind::Bool, "Whether it runs.").flag(true),
        key("host", Kind::Text, "Address it listens on.").text("127.0.0.1"),
        key("port", PORT, "Port of gRPC; 0 is any that is free.").number(0.0),
        key("history_size", count(1), "States kept in memory.").number(256.0),
        key("auth_token", Kind::Secret, "A token shared by all; demos only."),
        key("auth_token_env", Kind::Variable, "Environment variable with it."),
        key("auth_token_file", Kind::Path, "File with it."),
        key("tls", Kind::Section(&TLS), "Encryption."),
        key("publish_interval_seconds", PERIOD, "How often it tells, in seconds.").number(5.0),
        key("profiles", TEXTS, "Profiles that it tells of.").texts(&[]),
        TOKENS,
    ],
};

pub(crate) const EXECUTION: Shape = Shape {
    summary: "How orders reach venues.",
    keys: &[
        key("live_router", Kind::Section(&ROUTER), "The router of live orders."),
        key("routes", Kind::List(&map("settings", &Kind::Free)), "Ways that orders can take.").texts(&[]),
        key("mtls", Kind::Section(&MTLS), "Encryption between components."),
    ],
};

const ROUTER: Shape = Shape {
    summary: "The router of live orders.",
    keys: &[key("decision_log", Kind::Section(&ROUTER_LOG), "Where it writes its decisions.")],
};

const ROUTER_LOG: Shape = Shape {
    summary: "Where the router writes its decisions.",
    keys: &[
        key("path", Kind::Path, "The file.").required(),
        key("hmac_key_env", Kind::Variable, "Environment variable with the key."),
        key("key_id", Kind::Text, "Name of the key."),
    ],
};

const MTLS: Shape = Shape {
    summary: "Encryption between components.",
    keys: &[
        key("bundle_directory", Kind::Path, "Folder of the certificates."),
        key("ca_certificate", Kind::Path, "Who signs them."),
        key("server_certificate", Kind::Path, "The server's."),
        key("server_key", Kind::Path, "Its key."),
        key("client_certificate", Kind::Path, "The client's."),
        key("client_key", Kind::Path, "Its key."),
        key("rotation_registry", Kind::Path, "When they were last changed."),
    ],
};
