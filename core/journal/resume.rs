//! Where a session's journal goes on: how many lines on decisions it has.

use hemiola_adapters::journal::writer::{Disk, JournalDays, WriterError};
use serde::Deserialize;

/// Records of a journal that are not about what the world did.
const NOT_DECISIONS: [&str; 3] = ["operator_note", ALERT, "journal_"];

/// What a session says of its surroundings.
pub(super) const ALERT: &str = "runtime_alert";

#[derive(Deserialize)]
struct Line {
    event: String,
    decisions: Option<String>,
}

/// How many lines on decisions a journal has, counted from its last opening that says how many there were before it.
/// A line that is torn at the very end does not count.
///
/// # Errors
/// When its files cannot be read.
pub fn decisions<D: Disk>(disk: &D, days: &JournalDays) -> Result<u64, WriterError> {
    let mut count = 0;
    if !days.folder().exists() {
        return Ok(0);
    }
    for path in days.paths(disk)?.into_iter().rev() {
        let bytes = disk.read(&path, 0).map_err(WriterError::io(&path, "read"))?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for line in bytes[..whole].rsplit(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let Ok(line) = serde_json::from_slice::<Line>(line) else { continue };
            if let Some(before) = line.decisions.and_then(|count| count.parse::<u64>().ok()) {
                return Ok(before + count);
            }
            count += u64::from(!NOT_DECISIONS.iter().any(|name| line.event.starts_with(name)));
        }
    }
    Ok(count)
}
