//! The verdict for people.

use hemiola_adapters::journal::verify::Report;

use super::is_proven;

/// The verdict, a line, and what limits it, a line each.
pub(super) fn text(report: &Report) -> String {
    let mut lines = vec![verdict(report)];
    if let Some(first) = report.first_record.filter(|first| *first > 0) {
        let after = report.previous_file.as_deref().map(|file| format!(", after {file}")).unwrap_or_default();
        lines.push(format!("begins at record {first}{after}: what was before is not proven"));
    }
    if let Some(file) = &report.next_file {
        lines.push(format!("goes on in {file}"));
    } else if !report.is_closed && report.findings.is_empty() {
        lines.push("nothing closes it, as was allowed: what may have come after is not proven".to_owned());
    }
    if let Some(covered) = report.checkpoints {
        let upto = match covered.records {
            Some(records) => format!("{records} records are covered"),
            None => "no record is covered".to_owned(),
        };
        lines.push(format!("{} of {} checkpoints fit; {upto}", covered.fit, covered.read));
    }
    lines.join("\n") + "\n"
}

fn verdict(report: &Report) -> String {
    let records = count(report.records, "record");
    let files = count(report.files.len() as u64, "file");
    if !report.findings.is_empty() {
        let findings = count(report.findings.len() as u64, "finding");
        return format!("failed: {findings}, {records} in {files} are good");
    }
    let times = match (&report.first_time, &report.last_time) {
        (Some(first), Some(last)) => format!(" from {first} to {last}"),
        _ => String::new(),
    };
    if !is_proven(report) {
        return format!(
            "unsigned: nothing is proven: {records} in {files}{times} link to each other, as anybody can make them"
        );
    }
    let keys = if report.key_ids.is_empty() {
        String::new()
    } else {
        format!(" by {}", report.key_ids.join(", then "))
    };
    format!("valid: {records} in {files}{times}, signed{keys} ({})", report.algorithms.join(", "))
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
