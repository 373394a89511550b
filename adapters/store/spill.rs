//! Columns in temporary files, for what does not fit into memory.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::Arc;

use hemiola_components::column::{Column, Sink};
use hemiola_components::time::Nanos;
use memmap2::Mmap;

use super::error::StoreError;

/// Values that are collected before they are written.
const PIECE: usize = 1 << 16;

/// Bytes of a value.
const WIDTH: usize = 8;

/// A folder for temporary files of columns. The files have no names, and are gone when nobody reads them any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// Temporary files in this folder.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// A new column without values.
    ///
    /// # Errors
    /// When no file can be made there.
    pub fn column<T: Plain>(&self) -> Result<Spill<T>, StoreError> {
        let file = tempfile::tempfile_in(&self.folder).map_err(|source| self.error(source))?;
        Ok(Spill { scratch: self.clone(), file, written: 0, tail: Vec::new(), bytes: Vec::new() })
    }

    fn error(&self, source: io::Error) -> StoreError {
        StoreError::Scratch { folder: self.folder.clone(), source }
    }
}

/// What a file can hold as it is: every pattern of its bytes is a value.
pub trait Plain: Copy + Send + Sync + sealed::Sealed + 'static {
    /// The bytes that a value has in memory.
    fn bytes(self) -> [u8; WIDTH];
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f64 {}
    impl Sealed for super::Nanos {}
}

impl Plain for f64 {
    fn bytes(self) -> [u8; WIDTH] {
        self.to_ne_bytes()
    }
}

impl Plain for Nanos {
    fn bytes(self) -> [u8; WIDTH] {
        self.get().to_ne_bytes()
    }
}

/// A column that grows in a temporary file. No more than a piece of it is memory of the process.
#[derive(Debug)]
pub struct Spill<T> {
    scratch: Scratch,
    file: File,
    /// Values in the file.
    written: usize,
    /// Those behind them.
    tail: Vec<T>,
    bytes: Vec<u8>,
}

impl<T: Plain> Spill<T> {
    pub(super) const fn len(&self) -> usize {
        self.written + self.tail.len()
    }

    /// Where the next values go, behind what is there.
    pub(super) const fn tail(&mut self) -> &mut Vec<T> {
        &mut self.tail
    }

    /// Writes what was put behind the others, once it is much.
    #[inline]
    pub(super) fn settle(&mut self) -> Result<(), StoreError> {
        if self.tail.len() < PIECE { Ok(()) } else { self.write() }
    }

    /// Forgets all but the first values.
    pub(super) fn truncate(&mut self, len: usize) -> Result<(), StoreError> {
        if let Some(kept) = len.checked_sub(self.written) {
            self.tail.truncate(kept);
            return Ok(());
        }
        self.tail.clear();
        self.written = len;
        let end = (len * WIDTH) as u64;
        let cut = self.file.set_len(end).and_then(|()| self.file.seek(SeekFrom::Start(end)));
        cut.map(drop).map_err(|source| self.scratch.error(source))
    }

    fn write(&mut self) -> Result<(), StoreError> {
        self.bytes.resize(self.tail.len() * WIDTH, 0);
        for (bytes, value) in self.bytes.as_chunks_mut().0.iter_mut().zip(&self.tail) {
            *bytes = value.bytes();
        }
        self.file.write_all(&self.bytes).map_err(|source| self.scratch.error(source))?;
        self.written += self.tail.len();
        self.tail.clear();
        Ok(())
    }
}

impl<T: Plain> Sink<T> for Spill<T> {
    type Error = StoreError;

    #[inline]
    fn put(&mut self, values: &[T]) -> Result<(), StoreError> {
        self.tail.extend_from_slice(values);
        self.settle()
    }

    fn finish(mut self) -> Result<Column<T>, StoreError> {
        if self.len() == 0 {
            return Ok(Column::new());
        }
        self.write()?;
        let mapped = Mapped::new(&self.file, self.written).map_err(|source| self.scratch.error(source))?;
        Ok(Column::shared(Arc::new(mapped)))
    }
}

/// A file of values in memory.
struct Mapped<T> {
    map: Mmap,
    kind: PhantomData<T>,
}

impl<T: Plain> Mapped<T> {
    /// The values in a file that has no name and so many of them.
    #[expect(unsafe_code, reason = "a file can only be mapped by a promise that nobody writes to it")]
    fn new(file: &File, values: usize) -> io::Result<Self> {
        // SAFETY: the mapping is read-only, and the file has no name by which anybody could write to it or cut it off.
        // Its one descriptor is the one this function was lent, by an owner that drops it after this.
        let map = unsafe { Mmap::map(file) }?;
        if map.len() != values * WIDTH {
            return Err(io::Error::other("it has not the length that was written"));
        }
        Ok(Self { map, kind: PhantomData })
    }
}

impl<T: Plain> AsRef<[T]> for Mapped<T> {
    #[expect(unsafe_code, reason = "bytes of a mapping as the values that were written")]
    fn as_ref(&self) -> &[T] {
        const { assert!(size_of::<T>() == WIDTH && align_of::<T>() <= WIDTH) }
        let values = self.map.as_ptr().cast::<T>();
        // SAFETY: a mapping begins at a page, so it is aligned; it is as long as the bytes of so many values, as was
        // looked at when it was made; every pattern of bytes is a value of these types; and nobody writes to it as long
        // as it lives.
        unsafe { std::slice::from_raw_parts(values, self.map.len() / WIDTH) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> Scratch {
        Scratch::new(std::env::temp_dir())
    }

    #[test]
    fn a_spilled_column_is_what_was_put() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7] {
            let values: Vec<f64> = (0..length).map(|place| place as f64 / 3.0 - 5.0).collect();
            for step in [1 + length / 3, PIECE / 7, 2 * PIECE] {
                let mut spill = scratch().column().unwrap();
                values.chunks(step).for_each(|some| spill.put(some).unwrap());
                assert!(spill.tail.capacity() <= 4 * PIECE && spill.len() == length);
                let column = spill.finish().unwrap();
                assert_eq!(column, values);
                assert_eq!(column.is_shared(), length > 0);
            }
        }
        let odd = [f64::NAN, -0.0, f64::INFINITY, f64::from_bits(1)];
        let mut spill = scratch().column().unwrap();
        spill.put(&odd).unwrap();
        let column: Column<f64> = spill.finish().unwrap();
        assert!(column.iter().zip(odd).all(|(one, other)| one.to_bits() == other.to_bits()));
    }

    #[test]
    fn times_are_kept_and_what_is_cut_off_is_written_over() {
        let time = |place: usize| Nanos::new(i64::try_from(place).unwrap() * 7 - 40);
        for kept in [0, 5, PIECE - 1, PIECE, PIECE + 3] {
            let mut spill = scratch().column().unwrap();
            spill.put(&(0..kept).map(time).collect::<Vec<_>>()).unwrap();
            spill.put(&vec![Nanos::NEVER; PIECE + 1]).unwrap();
            spill.put(&[Nanos::NEVER]).unwrap();
            spill.truncate(kept).unwrap();
            spill.put(&(kept..kept + 10).map(time).collect::<Vec<_>>()).unwrap();
            assert_eq!(spill.finish().unwrap(), (0..kept + 10).map(time).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(folder.path().join("nowhere"));
        let error = scratch.column::<f64>().unwrap_err();
        let text = error.to_string();
        assert!(text.contains("nowhere: ") && text.contains("--temp-dir"), "{text}");
        assert!(!error.is_bad_data());
    }
}
