//! Journals to read: one file, a folder of them, or standard input; plain, gzip or Zstandard.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

/// What stands for standard input.
const STDIN: &str = "-";

/// Bytes read at once.
const BUFFER: usize = 1 << 18;

/// The files of a journal in the order they were written: `path` itself, or of a folder those that end in `.jsonl`,
/// `.jsonl.gz` or `.jsonl.zst`, by name.
///
/// # Errors
/// When a folder cannot be read.
pub fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path == Path::new(STDIN) || !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if [".jsonl", ".jsonl.gz", ".jsonl.zst"].iter().any(|end| name.ends_with(end)) && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// The lines of a file, one after the other.
pub struct Lines {
    reader: Box<dyn BufRead>,
    line: Vec<u8>,
    number: u64,
}

/// A line without its break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Its number in the file, from 1 on.
    pub number: u64,
    /// Whether a line break follows; only a file's last line may have none.
    pub ended: bool,
}

impl Lines {
    /// Opens a file, or standard input for `-`. What is compressed is told by its first bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let source: Box<dyn Read> =
            if path == Path::new(STDIN) { Box::new(io::stdin()) } else { Box::new(File::open(path)?) };
        Self::of(source)
    }

    /// The lines of anything that can be read.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(source: impl Read + 'static) -> io::Result<Self> {
        const GZIP: &[u8] = &[0x1f, 0x8b];
        const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
        let mut source = BufReader::with_capacity(BUFFER, source);
        let start = source.fill_buf()?;
        let reader: Box<dyn BufRead> = if start.starts_with(GZIP) {
            Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(source)))
        } else if start.starts_with(ZSTD) {
            Box::new(BufReader::with_capacity(BUFFER, zstd::Decoder::with_buffer(source)?))
        } else {
            Box::new(source)
        };
        Ok(Self { reader, line: Vec::new(), number: 0 })
    }

    /// The next line that is not blank; `None` at the end.
    ///
    /// # Errors
    /// When it cannot be read, or what is compressed is damaged.
    #[expect(clippy::should_implement_trait, reason = "a line is borrowed, which no iterator gives")]
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            self.line.clear();
            if self.reader.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            let ended = self.line.last() == Some(&b'\n');
            if ended {
                self.line.pop();
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(Some(Line { bytes: &self.line, number: self.number, ended }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn all(bytes: Vec<u8>) -> io::Result<Vec<(u64, String, bool)>> {
        let mut lines = Lines::of(io::Cursor::new(bytes))?;
        let mut all = Vec::new();
        while let Some(line) = lines.next()? {
            all.push((line.number, String::from_utf8_lossy(line.bytes).into_owned(), line.ended));
        }
        Ok(all)
    }

    #[test]
    fn compressed_lines_are_the_same_lines() {
        let text = b"one\n\n \ntwo\nthree".to_vec();
        let expected =
            vec![(1, "one".to_owned(), true), (4, "two".to_owned(), true), (5, "three".to_owned(), false)];
        assert_eq!(all(text.clone()).unwrap(), expected);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&text).unwrap();
        let gzip = gzip.finish().unwrap();
        assert_eq!(all(gzip.clone()).unwrap(), expected);
        let zstd = zstd::encode_all(text.as_slice(), 1).unwrap();
        assert_eq!(all(zstd.clone()).unwrap(), expected);
        for cut in [&gzip[..gzip.len() - 5], &zstd[..zstd.len() - 2]] {
            assert!(all(cut.to_vec()).is_err());
        }
        assert_eq!(all(Vec::new()).unwrap(), []);
    }

    #[test]
    fn a_folder_is_read_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.jsonl.gz", "a.jsonl", "c.jsonl.zst", "a.jsonl.torn", "readme.txt"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("d.jsonl")).unwrap();
        let names: Vec<_> = files(folder.path()).unwrap();
        assert_eq!(names, ["a.jsonl", "b.jsonl.gz", "c.jsonl.zst"].map(|name| folder.path().join(name)));
        assert_eq!(files(Path::new("-")).unwrap(), [PathBuf::from("-")]);
    }
}
