//! `reporting`, `observability` and `coverage_monitoring`.

use super::environment::SEVERITIES;
use super::{Key, Kind, Names, Shape, count, key, map};

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

pub(crate) const REPORTING: Shape = Shape {
    summary: "When reports are made and where they go.",
    keys: &[
        key("daily_report_time_utc", Kind::TimeOfDay, "When the daily report is made, UTC.").text("21:00"),
        key("weekly_report_day", Kind::Word(&DAYS), "When the weekly report is made."),
        key("retention_months", count(1), "How long they are kept, in months.").number(24.0),
        key("smoke_archive_upload", Kind::Section(&ARCHIVE), "Where archives of smoke tests go."),
        key("paper_smoke_json_sync", Kind::Section(&SYNC), "Where records of smoke tests go."),
    ],
};

const BACKENDS: Kind = Kind::Word(&["local", "s3", "disabled"]);

const BACKEND: Key = key("backend", BACKENDS, "Into a folder, into an S3 bucket, or nowhere.").required();
const CREDENTIAL: Key =
    key("credential_secret", Kind::Text, "Name of the bucket's key in the secret store; required for `s3`.");
const BUCKET: Key = key("s3", Kind::Section(&S3), "The bucket; required for `s3`.");
const DIRECTORY: Key = key("directory", Kind::Path, "The folder.").required();
const FSYNC: Key = key("fsync", Kind::Bool, "Whether every file is forced to the disk.").flag(false);

const ARCHIVE: Shape = Shape {
    summary: "Where archives of smoke tests go.",
    keys: &[
        BACKEND,
        CREDENTIAL,
        key("local", Kind::Section(&LOCAL_ARCHIVE), "The folder; required for `local`."),
        BUCKET,
    ],
};

const SYNC: Shape = Shape {
    summary: "Where records of smoke tests go.",
    keys: &[
        BACKEND,
        CREDENTIAL,
        key("local", Kind::Section(&LOCAL_SYNC), "The folder; required for `local`."),
        BUCKET,
    ],
};

const LOCAL_ARCHIVE: Shape = Shape {
    summary: "A folder for archives.",
    keys: &[
        DIRECTORY,
        key(
            "filename_pattern",
            Kind::Text,
            "Names of the files, with {environment}, {hash}, {timestamp}, {date}, {start} and {end}.",
        )
        .text("{environment}_{date}_{hash}.zip"),
        FSYNC,
    ],
};

const LOCAL_SYNC: Shape = Shape {
    summary: "A folder for records.",
    keys: &[
        DIRECTORY,
        key(
            "filename_pattern",
            Kind::Text,
            "Names of the files, with {environment}, {record}, {timestamp}, {date} and {log_hash}.",
        )
        .text("{environment}_{date}_{record}.jsonl"),
        FSYNC,
    ],
};

const S3: Shape = Shape {
    summary: "An S3 bucket.",
    keys: &[
        key("bucket", Kind::Text, "The bucket.").required(),
        key("prefix", Kind::Text, "What names begin with."),
        key("endpoint_url", Kind::Text, "Its address, when it is not the usual one."),
        key("region", Kind::Text, "Its region."),
        key("use_ssl", Kind::Bool, "Whether the connection is encrypted.").flag(true),
        key("extra_args", map("arguments", &Kind::Scalar), "Passed on as they are.").filled(),
    ],
};

pub(crate) const OBSERVABILITY: Shape = Shape {
    summary: "What is watched beside trading.",
    keys: &[key("key_rotation", Kind::Section(&ROTATION), "When keys must be changed.")],
};

const ROTATION: Shape = Shape {
    summary: "When keys must be changed.",
    keys: &[
        key("registry_path", Kind::Path, "When they were changed last.").required(),
        key("default_interval_days", count(1), "How often they must be, in days.").number(90.0),
        key("default_warn_within_days", count(0), "How long before that it warns, in days.").number(14.0),
        key("entries", Kind::List(&Kind::Section(&ROTATED)), "The keys.").texts(&[]),
        key("signing_key_env", Kind::Variable, "Environment variable with the key that signs the reports."),
        key("signing_key_path", Kind::Path, "File with it."),
        key("signing_key_value", Kind::Secret, "The key itself; demos only."),
        key("signing_key_id", Kind::Text, "Its name."),
        key("audit_directory", Kind::Path, "Where the reports go."),
    ],
};

const ROTATED: Shape = Shape {
    summary: "A key that must be changed from time to time.",
    keys: &[
        key("key", Kind::Text, "Its name in the secret store.").required(),
        key("purpose", Kind::Text, "What it is for.").required(),
        key("interval_days", count(1), "How often, in days.").otherwise("`default_interval_days`"),
        key("warn_within_days", count(0), "How long before that it warns, in days.")
            .otherwise("`default_warn_within_days`"),
    ],
};

pub(crate) const COVERAGE: Shape = Shape {
    summary: "Watching for gaps in the candles.",
    keys: &[
        key("enabled", Kind::Bool, "Whether they are watched.").flag(true),
        key("default_dispatch", Kind::Bool, "Whether a gap is an alert.").flag(true),
        key("default_category", Kind::Text, "Category of the alerts.").text("data.ohlcv"),
        key("targets", Kind::List(&Kind::Section(&TARGET)), "What is watched.").texts(&[]),
    ],
};

const TARGET: Shape = Shape {
    summary: "An environment whose candles are watched.",
    keys: &[
        key("environment", Kind::Reference(Names::Environments), "The environment.").required(),
        key("dispatch", Kind::Bool, "Whether a gap is an alert.").otherwise("`default_dispatch`"),
        key("category", Kind::Text, "Category of the alerts.").otherwise("`default_category`"),
        key("severity_override", Kind::Word(&SEVERITIES), "Severity of the alerts."),
    ],
};
