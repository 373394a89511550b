//! A file that appears complete or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use super::ResultsError;

/// Writes a file, in place of one that is there. Folders above it are created.
///
/// # Errors
/// When it cannot be written; a file that was there is then as it was.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ResultsError> {
    let write = || -> io::Result<()> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent)?;
        let mut file = NamedTempFile::new_in(parent)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|source| ResultsError::Io { action: "write", path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_takes_the_place_of_another_one_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("report.json");
        for text in ["one", "two"] {
            write_file(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        let message = write_file(folder.path(), b"three").unwrap_err().to_string();
        assert!(message.starts_with("cannot write ") && folder.path().is_dir(), "{message}");
    }
}
