//! A snapshot as bytes. In order: what it is, the version of the form, the length of all, whose it is, the world, and
//! SHA-256 over everything before. The ends are the same in all versions of the form.

use hemiola_components::time::Nanos;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Saved, SnapshotError};

const MAGIC: &[u8; 16] = b"hemiola snapshot";

/// The version of the form; a change of anything that is saved changes it.
const FORM: u32 = 1;

const PROGRAM: &str = env!("CARGO_PKG_VERSION");

const HASH: usize = 32;

/// Magic, form and length.
const START: usize = MAGIC.len() + size_of::<u32>() + size_of::<u64>();

/// Whose snapshot it is.
#[derive(Serialize, Deserialize)]
struct Header {
    program: String,
    run: String,
    sequence: u64,
    at: Nanos,
}

impl Saved {
    /// The snapshot as bytes: the same for the same world, run and number.
    ///
    /// # Panics
    /// Never: everything in it has a form and a length.
    #[must_use]
    pub fn to_bytes(&self, run_id: &str, sequence: u64) -> Vec<u8> {
        let (program, run) = (PROGRAM.to_owned(), run_id.to_owned());
        let header = Header { program, run, sequence, at: self.instant() };
        let mut bytes = MAGIC.to_vec();
        bytes.extend(FORM.to_le_bytes());
        bytes.extend([0; size_of::<u64>()]);
        let mut bytes = postcard::to_extend(&(header, self), bytes).expect("all parts have a form");
        let length = (bytes.len() + HASH) as u64;
        bytes[START - size_of::<u64>()..START].copy_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&Sha256::digest(&bytes));
        bytes
    }

    /// The snapshot of a run in these bytes, and its number.
    ///
    /// # Errors
    /// When they are not exactly what this version of the program has written for this run.
    pub fn from_bytes(bytes: &[u8], run_id: &str) -> Result<(Self, u64), SnapshotError> {
        let is_begun = bytes.starts_with(MAGIC) || MAGIC.starts_with(bytes);
        if !is_begun {
            return Err(SnapshotError::NotASnapshot);
        }
        let cut = |expected: u64| SnapshotError::Cut { expected, found: bytes.len() };
        let start = bytes.get(MAGIC.len()..START).ok_or_else(|| cut((START + HASH) as u64))?;
        let (form, length) = start.split_first_chunk().ok_or(SnapshotError::Damaged)?;
        let length = length.try_into().map_err(|_| SnapshotError::Damaged)?;
        let (form, length) = (u32::from_le_bytes(*form), u64::from_le_bytes(length));
        if (bytes.len() as u64) < length {
            return Err(cut(length));
        }
        let (body, hash) = bytes.split_last_chunk::<HASH>().ok_or(SnapshotError::Damaged)?;
        if bytes.len() as u64 != length || body.len() < START || Sha256::digest(body)[..] != hash[..] {
            return Err(SnapshotError::Damaged);
        }
        if form < FORM {
            return Err(SnapshotError::Older { found: form, known: FORM });
        }
        if form > FORM {
            return Err(SnapshotError::Newer { found: form, known: FORM });
        }
        let header = postcard::take_from_bytes::<Header>(&body[START..]);
        let (Header { program, run, sequence, at }, rest) = header.map_err(SnapshotError::Unreadable)?;
        if program != PROGRAM {
            return Err(SnapshotError::OtherProgram { found: program, known: PROGRAM });
        }
        if run != run_id {
            return Err(SnapshotError::OtherRun { found: run, wanted: run_id.to_owned() });
        }
        let (saved, rest) = postcard::take_from_bytes::<Self>(rest).map_err(SnapshotError::Unreadable)?;
        if !rest.is_empty() || saved.instant() != at {
            return Err(SnapshotError::Unsound("length and instant"));
        }
        Ok((saved, sequence))
    }
}
