//! Where files of smoke tests go.

use crate::config::problem::{listed, quoted};
use crate::config::view::View;

/// Uploads with what their file names may hold.
const UPLOADS: [(&str, &[&str]); 2] = [
    ("smoke_archive_upload", &["environment", "hash", "timestamp", "date", "start", "end"]),
    ("paper_smoke_json_sync", &["environment", "record", "timestamp", "date", "log_hash"]),
];

pub(super) fn check(root: &View<'_>) {
    let Some(reporting) = root.get("reporting") else { return };
    for (key, placeholders) in UPLOADS {
        let Some(upload) = reporting.get(key) else { continue };
        let needed: &[&str] = match upload.text("backend") {
            Some("local") => &["local"],
            Some("s3") => &["s3", "credential_secret"],
            _ => &[],
        };
        needed.iter().filter(|key| !upload.has(key)).for_each(|key| upload.missing(key));
        if let Some(pattern) = upload.get("local").and_then(|local| local.get("filename_pattern")) {
            check_pattern(&pattern, placeholders);
        }
    }
}

fn check_pattern(pattern: &View<'_>, placeholders: &[&str]) {
    let text = pattern.node.text().unwrap_or_default();
    for part in text.split('{').skip(1) {
        let Some((name, _)) = part.split_once('}') else {
            pattern.error("bad_pattern", "a `{` is not closed");
            continue;
        };
        if !placeholders.contains(&name) {
            let known = || placeholders.iter().copied();
            let message = format!("there is no placeholder {} (known: {})", quoted(name), listed(known()));
            pattern.problems.unknown(&pattern.place(), "unknown_value", message, name, known());
        }
    }
}
