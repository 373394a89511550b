//! `environments.<name>`.

use super::{Key, Kind, Names, PERIOD, Range, Shape, TEXTS, count, key, map, some};

pub(crate) const KINDS: [&str; 4] = ["demo", "testnet", "paper", "live"];

pub(crate) const ENVIRONMENT: Shape = Shape {
    summary: "Where a scheduler trades and with what money.",
    keys: &[
        key("aliases", Kind::OneOrMany(&Kind::Text), "Other names for the command line.").texts(&[]),
        key("exchange", Kind::Text, "The venue meant when an instrument is named without one.").required(),
        key(
            "environment",
            Kind::Word(&KINDS),
            "`demo` and `testnet` (the same), `paper` or `live`. A backtest simulates in all of them.",
        )
        .required(),
        key("keychain_key", Kind::Text, "Name of the exchange key in the secret store.")
            .otherwise("no key; required for `live`")
            .later(),
        key("data_cache_path", Kind::Path, "Where the candles are.").required(),
        key("state_path", Kind::Path, "Folder of its risk state.").otherwise("`../var/state/` and its name"),
        key(
            "risk_profile",
            Kind::Reference(Names::RiskProfiles),
            "For schedules and strategies that name none.",
        )
        .required(),
        key(
            "instrument_universe",
            Kind::Reference(Names::Universes),
            "What can be traded; schedulers need one.",
        ),
        key("adapter_settings", Kind::Section(&ADAPTERS), "Settings of what stands for the venue.").filled(),
        key("credential_purpose", Kind::Text, "Purpose of the key in the secret store.")
            .text("trading")
            .later(),
        key("default_strategy", Kind::Reference(Names::Strategies), "The strategy when none is named.")
            .later(),
        key("default_controller", Kind::Reference(Names::Controllers), "The controller when none is named.")
            .later(),
        key("alert_channels", TEXTS, "Where its alerts go, each `type:name`.").texts(&[]).later(),
        key("ip_allowlist", TEXTS, "Addresses that the exchange accepts.").texts(&[]).later(),
        key("offline_mode", Kind::Bool, "Whether nothing is asked from the network.").flag(false).later(),
        key(
            "permission_profile",
            Kind::Reference(Names::PermissionProfiles),
            "Permissions where the two keys below are absent or empty.",
        )
        .later(),
        key("required_permissions", TEXTS, "Permissions that its exchange key must have.").texts(&[]).later(),
        key("forbidden_permissions", TEXTS, "Permissions that its exchange key must not have.")
            .texts(&[])
            .later(),
        key("data_quality", Kind::Section(&DATA_QUALITY), "What its candles must be like.").later(),
        key("data_source", Kind::Section(&DATA_SOURCE), "Where its candles come from.").later(),
        key("alert_throttle", Kind::Section(&THROTTLE), "Repeated alerts that are held back.").later(),
        key("alert_audit", Kind::Section(&AUDIT), "Where alerts are recorded.").later(),
        key("decision_journal", Kind::Section(&JOURNAL), "Where decisions are recorded."),
        key("feed", Kind::Section(&FEED), "Where candles come from while `hemiola run` runs.").filled(),
        key(
            "cycle_history",
            Kind::Section(&CYCLES),
            "Cycles of a session that are kept for `hemiola report cycles`.",
        )
        .filled(),
        key(
            "risk_evaluations",
            Kind::Section(&EVALUATIONS),
            "Evaluations of the risk gate that are kept for `hemiola report evaluations`.",
        )
        .filled(),
        key("runtime_log", Kind::Section(&RUNTIME_LOG), "What a session says, in files.").filled(),
        key("report_storage", Kind::Section(&REPORTS), "Where reports are kept.").later(),
        key("stream", Kind::Section(&STREAM), "Where live prices come from.").later(),
        key(
            "live_readiness",
            Kind::Section(&READINESS),
            "What was signed before real money is traded; required for `live`.",
        )
        .later(),
        key("adapter_factories", map("adapters", &Kind::Free), "Settings of adapters of your own.")
            .filled()
            .later(),
    ],
};

const ADAPTERS: Shape = Shape {
    summary: "Settings of what stands for the venue.",
    keys: &[
        key("paper_trading", Kind::Section(&PAPER), "The simulated account.").filled(),
        key("ohlcv_gap_alerts", Kind::Free, "When gaps in the candles are reported.").later(),
        key(
            "ohlcv_refresh_seconds",
            map("intervals", &PERIOD),
            "How often candles are fetched, in seconds by interval.",
        )
        .filled()
        .later(),
        key(
            "ohlcv_refresh_jitter",
            map("intervals", &Kind::Duration { least: 0.0, raises: false }),
            "Random delay of it, in seconds by interval.",
        )
        .filled()
        .later(),
    ],
};

const PAPER: Shape = Shape {
    summary: "The simulated account and its venue.",
    keys: &[
        key("valuation_asset", Kind::Text, "What equity is counted in.").text("USDT"),
        key("quote_assets", TEXTS, "Other assets that are worth the same.").texts(&[]),
        key(
            "initial_balances",
            some("balances", &Kind::Number(Range::POSITIVE)),
            "Cash at the start, in the valuation asset.",
        )
        .otherwise("10 000"),
        key(
            "maker_fee",
            Kind::Number(Range::below(1.0)),
            "Of the value of an order that waited, as a fraction.",
        )
        .number(0.0004),
        key(
            "taker_fee",
            Kind::Number(Range::below(1.0)),
            "Of the value of an order, as a fraction: 0.001 is a tenth of a per cent.",
        )
        .number(0.0006),
        key(
            "slippage_bps",
            Kind::Number(Range::below(10_000.0)),
            "How much worse an order fills, in hundredths of a per cent.",
        )
        .number(5.0),
        key(
            "impact_bps",
            Kind::Number(Range::below(10_000.0)),
            "How much worse an order as large as its candle's volume would fill, in hundredths of a per cent; a smaller one by the square root of its share. `realistic` only.",
        )
        .number(0.0),
        key(
            "fill_model",
            Kind::Word(&["next_open", "instant", "realistic"]),
            "Whether orders fill whole at the next candle's open, at once, or where candles and their volume allow it.",
        )
        .otherwise("`realistic` for `paper`, else `next_open`"),
        key(
            "max_volume_share",
            Kind::Number(Range::SHARE),
            "Largest share of a candle's volume that one order gets; 0 is no bound. `realistic` only.",
        )
        .number(0.1),
        key(
            "latency_ms",
            count(0),
            "From a decision to its order's arrival, in milliseconds. `realistic` only.",
        )
        .number(100.0),
        key(
            "latency_jitter_ms",
            count(0),
            "Up to this much is added at random, in milliseconds. `realistic` only.",
        )
        .number(50.0),
        key(
            "shortfall",
            Kind::Word(&["clip", "refuse"]),
            "Whether an order that cash does not cover is cut to what it covers, or refused.",
        )
        .text("clip"),
        key(
            "short_leverage",
            Kind::Number(Range::from(1.0)),
            "Value of a new short as a multiple of the cash locked for it.",
        )
        .number(1.0),
        key(
            "maintenance_margin",
            Kind::Number(Range::below(1.0)),
            "What has to be left of the cash locked for a short, as a fraction of its value, or the venue closes it; 0 never does.",
        )
        .otherwise("0 for `next_open`, else by risk profile: conservative 0.3, balanced 0.2, aggressive 0.1, others 0.25"),
        key(
            "liquidation_fee",
            Kind::Number(Range::below(1.0)),
            "Of the value of a short that the venue closes, as a fraction. `realistic` only.",
        )
        .number(0.0),
        key(
            "borrow_rate",
            Kind::Number(Range::NOT_NEGATIVE),
            "What a short costs a year, as a fraction of its value.",
        )
        .number(0.0),
        key(
            "position_size",
            Kind::Number(Range::POSITIVE),
            "Quantity of an order whose strategy states none.",
        )
        .later(),
        key("default_market", Kind::Section(&MARKET), "Rules of instruments that state none.").later(),
        key("ledger_directory", Kind::Path, "Where the ledger is written.").later(),
        key("ledger_filename_pattern", Kind::Text, "Its files, with the date as strftime writes it.")
            .text("ledger-%Y%m%d.jsonl"),
        key(
            "ledger_retention_days",
            count(1),
            "How long they are kept, in days; in a backtest counted from its end.",
        )
        .otherwise("for ever"),
        key("ledger_fsync", Kind::Bool, "Whether every line is forced to the disk.").flag(false),
    ],
};

const MARKET: Shape = Shape {
    summary: "Rules of instruments that state none.",
    keys: &[
        key(
            "min_quantity",
            Kind::Number(Range::NOT_NEGATIVE),
            "Smaller orders are refused, in the base asset.",
        ),
        key(
            "min_notional",
            Kind::Number(Range::NOT_NEGATIVE),
            "Smaller orders are refused, in the quote asset.",
        ),
        key("step_size", Kind::Number(Range::NOT_NEGATIVE), "Quantities are cut to multiples of it."),
        key("tick_size", Kind::Number(Range::NOT_NEGATIVE), "Prices are multiples of it."),
    ],
};

const DATA_QUALITY: Shape = Shape {
    summary: "What the candles of this environment must be like.",
    keys: &[
        key("max_gap_minutes", Kind::Number(Range::POSITIVE), "Longest gap, in minutes."),
        key("min_ok_ratio", Kind::Number(Range::SHARE), "Least share of the expected candles."),
    ],
};

const FEED: Shape = Shape {
    summary: "Where candles come from while a session runs.",
    keys: &[
        key(
            "kind",
            Kind::Word(&["history", "folder", "klines"]),
            "`history` replays the candles of `data_cache_path` on their own clock, `folder` reads a folder that grows, `klines` asks a venue's public interface.",
        )
        .text("history"),
        key("speed", Kind::Text, "Seconds of history in one, such as `60x`, or `max`.").text("max"),
        key("path", Kind::Path, "The folder that grows, laid out as a candle store.")
            .otherwise("`data_cache_path`"),
        key("base_url", Kind::Text, "The venue's public interface, without the path.")
            .text("https://api.binance.com"),
        key("poll_seconds", PERIOD, "How often the folder is looked at, in seconds.").number(5.0),
        key(
            "grace_seconds",
            Kind::Duration { least: 0.0, raises: false },
            "How late a candle may come and still be decided on as of its end, in seconds.",
        )
        .number(5.0),
    ],
};

const TTL: Key = key(
    "ttl_seconds",
    Kind::Duration { least: 0.0, raises: false },
    "How old they are at most, in seconds; 0 is any age.",
)
.number(0.0);

const fn most(default: f64) -> Key {
    key("limit", Kind::Whole, "How many; the oldest go. 0 and less are all of them.").number(default)
}

const CYCLES: Shape = Shape { summary: "Cycles of a session.", keys: &[most(32.0), TTL] };

const EVALUATIONS: Shape = Shape { summary: "Evaluations of the risk gate.", keys: &[most(1_024.0), TTL] };

const RUNTIME_LOG: Shape = Shape {
    summary: "What a session says of itself, for people and for what collects logs. Decisions are in the journal.",
    keys: &[
        key("directory", Kind::Path, "Folder of the files.").text("../logs/runtime"),
        key("level", Kind::Word(&LEVELS), "The least that is written: `trace` has every order and fill.")
            .text("info"),
        key("format", Kind::Word(&["text", "json"]), "Lines for people, or a JSON object each.").text("text"),
        key("rotation", Kind::Word(&["daily", "hourly", "never"]), "When another file is begun, in UTC.")
            .text("daily"),
        key("retention_files", count(1), "How many files are kept; the oldest go.").number(30.0),
    ],
};

/// Levels of a runtime log.
pub(crate) const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

const DATA_SOURCE: Shape = Shape {
    summary: "Where candles come from.",
    keys: &[
        key("enable_snapshots", Kind::Bool, "Whether the newest prices are asked for.").flag(true),
        key("cache_namespace", Kind::Text, "Folder inside the cache."),
    ],
};

pub(crate) const SEVERITIES: [&str; 5] = ["info", "notice", "warning", "error", "critical"];

const THROTTLE: Shape = Shape {
    summary: "Repeated alerts that are held back.",
    keys: &[
        key("window_seconds", PERIOD, "For how long, in seconds.").required(),
        key("exclude_severities", Kind::List(&Kind::Word(&SEVERITIES)), "Never held back.").texts(&[]),
        key("exclude_categories", TEXTS, "Never held back.").texts(&[]),
        key("max_entries", count(1), "Alerts remembered.").number(2048.0),
    ],
};

const DIRECTORY: Key = key("directory", Kind::Path, "Folder of the files; required for `file`.");
const RETENTION: Key =
    key("retention_days", count(1), "How long they are kept, in days.").otherwise("for ever");
const FSYNC: Key = key("fsync", Kind::Bool, "Whether every line is forced to the disk.").flag(false);

const fn pattern(default: &'static str) -> Key {
    key("filename_pattern", Kind::Text, "The files, with the date as strftime writes it.").text(default)
}

const AUDIT: Shape = Shape {
    summary: "Where alerts are recorded.",
    keys: &[
        key("backend", Kind::Word(&["memory", "file"]), "In memory, or in files.").required(),
        DIRECTORY,
        pattern("alerts-%Y%m%d.jsonl"),
        RETENTION,
        FSYNC,
    ],
};

const JOURNAL: Shape = Shape {
    summary: "Where decisions are recorded, and what signs them. Without a key of its own, that of `risk.decision_log`.",
    keys: &[
        key("backend", Kind::Word(&["memory", "file", "disabled"]), "In memory, in files, or not.")
            .required(),
        DIRECTORY,
        pattern("decisions-%Y%m%d.jsonl"),
        RETENTION,
        FSYNC.later(),
        SIGNING_KEY_ENV,
        SIGNING_KEY_PATH,
        SIGNING_KEY_COMMAND,
        key("signing_key_id", Kind::Text, "Name of the key in the records."),
        key("algorithm", Kind::Word(&["HMAC-SHA256", "HMAC-SHA384"]), "How records are signed.")
            .text("HMAC-SHA256"),
        key(
            "checkpoints",
            Kind::Section(&CHECKPOINTS),
            "Signed statements of the journal's length, elsewhere.",
        ),
    ],
};

const SIGNING_KEY_ENV: Key = key("signing_key_env", Kind::Variable, "Environment variable with the key.");
const SIGNING_KEY_PATH: Key = key("signing_key_path", Kind::Path, "File with the key, for its owner only.");
const SIGNING_KEY_COMMAND: Key = key("signing_key_command", Kind::Text, "Command line that prints the key.");

const CHECKPOINTS: Shape = Shape {
    summary: "Checkpoints of a journal: how many records it has and what the last one's signature is, signed by another \
              key. They belong where whoever can write the journal cannot.",
    keys: &[
        key("path", Kind::Path, "File they are appended to. Without `path` and `command` they go to stdout."),
        key("command", Kind::Text, "Command line that takes each on its standard input and ends with 0."),
        SIGNING_KEY_ENV,
        SIGNING_KEY_PATH,
        SIGNING_KEY_COMMAND,
        key("every_records", count(1), "One after that many records.").number(10.0),
        key("every_seconds", PERIOD, "One after that many seconds with a record.").number(1.0),
    ],
};

const REPORTS: Shape = Shape {
    summary: "Where reports are kept.",
    keys: &[
        key("backend", Kind::Word(&["memory", "file"]), "In memory, or in files."),
        DIRECTORY,
        pattern("reports-%Y%m%d.json"),
        key("retention_days", count(1), "How long they are kept, in days.").number(730.0),
        FSYNC,
    ],
};

const STREAM: Shape = Shape {
    summary: "Where live prices come from.",
    keys: &[
        key("enabled", Kind::Bool, "Whether they are asked for.").flag(true),
        key("host", Kind::Text, "The server."),
        key("port", PORT, "Its port."),
        key("scheme", Kind::Word(&["http", "https"]), "How it is spoken to."),
        key("retry_after", PERIOD, "Wait after a failure, in seconds."),
        key("poll_interval", PERIOD, "Distance of two questions, in seconds."),
    ],
};

pub(crate) const PORT: Kind = Kind::Count { min: 0, max: 65_535, raises: false };

const READINESS: Shape = Shape {
    summary: "What was signed before real money is traded.",
    keys: &[
        key("checklist_id", Kind::Text, "The checklist.").required(),
        key("signed", Kind::Bool, "Whether it is signed.").flag(false),
        key("signed_by", Kind::OneOrMany(&Kind::Text), "Who signed.").texts(&[]),
        key("signed_at", Kind::Instant, "When."),
        key("signature_path", Kind::Path, "The signature."),
        key("documents", Kind::List(&Kind::Section(&DOCUMENT)), "Documents; at least one.").required(),
        key("required_documents", TEXTS, "Names that must be among them.").texts(&[]),
    ],
};

const DOCUMENT: Shape = Shape {
    summary: "A document that was signed.",
    keys: &[
        key("name", Kind::Text, "Its name.").required(),
        key("path", Kind::Path, "The file.").alias(&["location"]).required(),
        key("sha256", Kind::Text, "SHA-256 of the file, in hex.").alias(&["checksum"]).required(),
        key("signature_path", Kind::Path, "Its signature.").alias(&["signature"]),
        key("signed", Kind::Bool, "Whether it is signed.").flag(false),
        key("signed_by", Kind::OneOrMany(&Kind::Text), "Who signed.").texts(&[]),
        key("signed_at", Kind::Instant, "When."),
        key("required", Kind::Bool, "Whether nothing starts without it.").flag(true),
    ],
};
