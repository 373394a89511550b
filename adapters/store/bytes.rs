//! The bytes of a file: read at once when it is small, mapped into memory when it is large.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use memmap2::{Advice, Mmap, UncheckedAdvice};

/// Files up to this many bytes are read: a mapping costs more than it saves.
const SMALL: u64 = 1 << 22;

/// What is done with small files, and with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Small {
    /// They are read.
    Read,
    /// They are mapped like others, so that none of them is memory of the process.
    Map,
    /// They are read, and so are large ones: somebody may cut them off meanwhile.
    ReadAll,
}

/// The bytes of a file.
pub(super) struct FileBytes {
    all: Bytes,
    map: Option<Arc<Mmap>>,
}

/// A mapping as the owner of [`Bytes`].
struct Owner(Arc<Mmap>);

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl FileBytes {
    /// All bytes of a file, which has `length` of them.
    pub(super) fn of(mut file: File, length: u64, small: Small) -> io::Result<Self> {
        let is_mapped = match small {
            Small::Read => length > SMALL,
            Small::Map => true,
            Small::ReadAll => false,
        };
        if is_mapped && let Ok(map) = map(&file) {
            let map = Arc::new(map);
            return Ok(Self { all: Bytes::from_owner(Owner(Arc::clone(&map))), map: Some(map) });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        file.read_to_end(&mut bytes)?;
        Ok(Self { all: Bytes::from(bytes), map: None })
    }

    pub(super) const fn all(&self) -> &Bytes {
        &self.all
    }

    /// The BLAKE3 hash of all bytes, lower-case hex. No more than a block of them is memory of the process for it.
    pub(super) fn hash(&self) -> String {
        const BLOCK: usize = 1 << 23;
        let mut hasher = blake3::Hasher::new();
        for (place, block) in self.all.chunks(BLOCK).enumerate() {
            hasher.update(block);
            self.release(place * BLOCK..place * BLOCK + block.len());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Says that these bytes are not needed soon, so that they do not count as the process's memory. They can still be
    /// read.
    pub(super) fn release(&self, range: Range<usize>) {
        if let Some(map) = &self.map {
            release(map, range);
        }
    }
}

#[expect(unsafe_code, reason = "a file can only be mapped by a promise that nobody writes to it")]
fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the mapping is read-only and private to this process's readers. Somebody else who writes to the file
    // meanwhile changes numbers, which are checked after they were copied out; nothing in this process keeps a
    // reference to them for longer. Somebody who cuts it off ends the process with SIGBUS; docs/data.md says so.
    let map = unsafe { Mmap::map(file) }?;
    _ = map.advise(Advice::Sequential);
    Ok(map)
}

#[expect(unsafe_code, reason = "advice that would lose data in a mapping that is written to")]
fn release(map: &Mmap, range: Range<usize>) {
    let end = range.end.min(map.len());
    if range.start < end {
        // SAFETY: the mapping is of a file and never written to, so that its pages come back from the file unchanged.
        _ = unsafe { map.unchecked_advise_range(UncheckedAdvice::DontNeed, range.start, end - range.start) };
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_large_file_is_mapped_and_a_small_one_read_and_both_say_the_same() {
        let large = usize::try_from(SMALL).unwrap() + 1;
        for (length, small, mapped) in [
            (10, Small::Read, false),
            (10, Small::Map, true),
            (large, Small::Read, true),
            (large, Small::ReadAll, false),
        ] {
            let expected: Vec<u8> = (0..=250).cycle().take(length).collect();
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&expected).unwrap();
            let bytes = FileBytes::of(file.reopen().unwrap(), length as u64, small).unwrap();
            assert_eq!(bytes.map.is_some(), mapped);
            assert_eq!(bytes.all()[..], expected);
            assert_eq!(bytes.hash(), blake3::hash(&expected).to_string());
            bytes.release(0..length + 5_000);
            assert_eq!(bytes.all()[..], expected, "what was released comes back");
        }
    }
}
