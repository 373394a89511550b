//! A document in a file of its own, which appears whole or not at all.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use tempfile::NamedTempFile;

/// Writes a text. Folders on the way are created; a leading `~` is the user's home. Returns the file's path.
///
/// # Errors
/// When the system refuses; what was there is still there then.
pub fn write(path: &Path, text: &str) -> io::Result<PathBuf> {
    let path = expanded(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(path)
}

fn expanded(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}
