//! What went into a session, written down before anything that follows from it leaves: lines in numbered files, each
//! bound to the one before it.

mod error;
mod line;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use error::InputLogError;
pub use read::{Entries, read, segment_of};
pub use write::InputLog;

/// The file of a segment.
fn name(segment: u32) -> String {
    format!("input-{segment:06}.jsonl")
}

/// The segment of a file; `None` for other files.
fn segment(name: &str) -> Option<u32> {
    let number = name.strip_prefix("input-")?.strip_suffix(".jsonl")?;
    (number.len() == 6).then(|| number.parse().ok()).flatten()
}
