//! A folder that appears complete or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use thiserror::Error;

use super::table::{Table, TableError};

/// The file that makes a folder a results folder, by the `digest` in it.
const MANIFEST: &str = "manifest.json";

/// Bytes of lines that gather before they are written: enough to be worth the call, few enough to stay in the cache.
const LINES_AT_ONCE: usize = 1 << 18;

/// A line is hardly longer, so that the buffer does not grow.
const LONG_LINE: usize = 1 << 12;

/// Why results cannot be written.
#[derive(Debug, Error)]
pub enum ResultsError {
    /// The operating system refused.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A table does not make a file.
    #[error("cannot write {path}: {source}")]
    Table {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: TableError,
    },
    /// The target holds something else than results.
    #[error(
        "{0} is neither an empty folder nor results of a run (a folder whose {MANIFEST} has a `digest`), so it is \
         left alone: choose another output folder, or move it away"
    )]
    Foreign(PathBuf),
    /// The target has no name of its own.
    #[error("{0} does not name a folder: end the output path with the name of the folder to write")]
    NoFolder(PathBuf),
    /// A file name with a folder in it.
    #[error("`{0}` is not the name of a file in the results folder: leave out separators and dots alone")]
    Name(String),
    /// The new results are not ones that a later run would replace.
    #[error("the results for {0} have no {MANIFEST} with a `digest`: write it before the commit")]
    NoManifest(PathBuf),
    /// Neither the new nor the old results are in place.
    #[error(
        "cannot move the new results to {target} ({source}), nor the previous ones back: they are safe in {kept}, \
         move them by hand"
    )]
    Stranded {
        /// Where results belong.
        target: PathBuf,
        /// Where the previous ones are.
        kept: PathBuf,
        /// Why the new ones cannot be moved.
        source: io::Error,
    },
    /// The new results are in place, and something of the old ones is still there.
    #[error("the results are in {target}, but the previous ones cannot be removed ({source}): delete {kept}")]
    Leftover {
        /// Where the new results are.
        target: PathBuf,
        /// What is left of the previous ones.
        kept: PathBuf,
        /// Why it cannot be removed.
        source: io::Error,
    },
}

/// Results on their way: a hidden folder beside the target, which [`Self::commit`] moves into place.
///
/// Dropped without a commit it removes the hidden folder and leaves the target as it was.
#[derive(Debug)]
pub struct ResultsFolder {
    target: PathBuf,
    folder: TempDir,
}

impl ResultsFolder {
    /// Starts results for `target`; its parent folders are created. A target behind a link is replaced there.
    ///
    /// # Errors
    /// When `target` holds something else than results, or beside it nothing can be written.
    pub fn create(target: &Path) -> Result<Self, ResultsError> {
        let target = resolve(target)?;
        check_replaceable(&target)?;
        let folder = beside(&target, "new")?;
        Ok(Self { target, folder })
    }

    /// Writes JSON for people: sorted keys, two spaces, a line break at the end.
    ///
    /// # Errors
    /// When `name` is not a plain file name, is there already, or cannot be written.
    pub fn json(&self, name: &str, value: &Value) -> Result<(), ResultsError> {
        self.text(name, &format!("{value:#}\n"))
    }

    /// Writes a text as it is.
    ///
    /// # Errors
    /// As for [`Self::json`].
    pub fn text(&self, name: &str, text: &str) -> Result<(), ResultsError> {
        self.write(name, |file| file.write_all(text.as_bytes()))
    }

    /// Writes lines. `next` appends one, with its line break, to the buffer, and says when there is none.
    ///
    /// # Errors
    /// As for [`Self::json`].
    pub fn lines(&self, name: &str, mut next: impl FnMut(&mut Vec<u8>) -> bool) -> Result<(), ResultsError> {
        self.write(name, |file| {
            let mut lines = Vec::with_capacity(LINES_AT_ONCE + LONG_LINE);
            while next(&mut lines) {
                if lines.len() >= LINES_AT_ONCE {
                    file.write_all(&lines)?;
                    lines.clear();
                }
            }
            file.write_all(&lines)
        })
    }

    /// Writes a Parquet file.
    ///
    /// # Errors
    /// As for [`Self::json`], and when the table's columns do not fit each other.
    pub fn table(&self, name: &str, table: &Table) -> Result<(), ResultsError> {
        let bytes = table
            .to_parquet()
            .map_err(|source| ResultsError::Table { path: self.target.join(name), source })?;
        self.write(name, |file| file.write_all(&bytes))
    }

    /// Where a file belongs that somebody else writes, before the commit.
    ///
    /// # Errors
    /// When `name` is not a plain file name.
    pub fn place(&self, name: &str) -> Result<PathBuf, ResultsError> {
        let mut components = Path::new(name).components();
        match (components.next(), components.next()) {
            (Some(Component::Normal(plain)), None) if plain == name => Ok(self.folder.path().join(name)),
            _ => Err(ResultsError::Name(name.to_owned())),
        }
    }

    /// Moves the results into place, instead of older results or an empty folder, and returns where they are.
    ///
    /// A crash between the two moves leaves the older results complete in the hidden folder beside the target.
    ///
    /// # Errors
    /// When there is no manifest, the target has become something else than results, or a move fails; older
    /// results are then where they were, except for [`ResultsError::Stranded`].
    /// With [`ResultsError::Leftover`], or when the parent cannot be synced, the new results are in place.
    pub fn commit(self) -> Result<PathBuf, ResultsError> {
        if !is_results(self.folder.path()) {
            return Err(ResultsError::NoManifest(self.target));
        }
        sync_folder(self.folder.path())?;
        check_replaceable(&self.target)?;
        replace(self.folder.path(), &self.target)?;
        Ok(self.target)
    }

    fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> Result<(), ResultsError> {
        let path = self.place(name)?;
        let write = || {
            let mut file = File::create_new(path)?;
            content(&mut file)?;
            file.sync_all()
        };
        write().map_err(io_error("write", &self.target.join(name)))
    }
}

/// The absolute path of the target, links followed; what is missing above it is created.
fn resolve(target: &Path) -> Result<PathBuf, ResultsError> {
    if fs::symlink_metadata(target).is_ok() {
        return fs::canonicalize(target).map_err(io_error("find", target));
    }
    let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(ResultsError::NoFolder(target.to_owned()));
    };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    fs::create_dir_all(parent).map_err(io_error("create", parent))?;
    Ok(fs::canonicalize(parent).map_err(io_error("find", parent))?.join(name))
}

fn check_replaceable(target: &Path) -> Result<(), ResultsError> {
    let entries = match fs::read_dir(target) {
        Ok(mut entries) => entries.next(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(ResultsError::Foreign(target.to_owned()));
        }
        Err(error) => return Err(io_error("read", target)(error)),
    };
    if entries.is_none() || is_results(target) {
        Ok(())
    } else {
        Err(ResultsError::Foreign(target.to_owned()))
    }
}

/// Many programs write a `manifest.json`; only ours are recognised, because the folder will be removed.
fn is_results(folder: &Path) -> bool {
    fs::read(folder.join(MANIFEST))
        .ok()
        .and_then(|text| serde_json::from_slice::<Value>(&text).ok())
        .is_some_and(|manifest| manifest.get("digest").is_some())
}

/// A new hidden folder on the target's file system.
fn beside(target: &Path, purpose: &str) -> Result<TempDir, ResultsError> {
    let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(ResultsError::NoFolder(target.to_owned()));
    };
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(format!(".{purpose}-"));
    tempfile::Builder::new()
        .prefix(&prefix)
        .tempdir_in(parent)
        .map_err(io_error("create a folder in", parent))
}

/// Moves `new` to `target`, and what was there out of the way and then away.
fn replace(new: &Path, target: &Path) -> Result<(), ResultsError> {
    let parent = target.parent().ok_or_else(|| ResultsError::NoFolder(target.to_owned()))?;
    let previous = if target.exists() { Some(set_aside(target)?) } else { None };
    if let Err(source) = fs::rename(new, target) {
        if let Some(aside) = previous
            && fs::rename(aside.path().join("previous"), target).is_err()
        {
            return Err(ResultsError::Stranded { target: target.to_owned(), kept: aside.keep(), source });
        }
        return Err(io_error("move the results to", target)(source));
    }
    sync_folder(parent)?;
    if let Some(aside) = previous {
        let kept = aside.path().to_owned();
        aside.close().map_err(|source| ResultsError::Leftover { target: target.to_owned(), kept, source })?;
    }
    Ok(())
}

/// The target, moved into a hidden folder under the name `previous`.
fn set_aside(target: &Path) -> Result<TempDir, ResultsError> {
    let aside = beside(target, "old")?;
    fs::rename(target, aside.path().join("previous")).map_err(io_error("move away", target))?;
    Ok(aside)
}

/// Makes the names in a folder durable.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<(), ResultsError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error("sync", folder))
}

/// Folders cannot be synced here; the file system keeps its names in a journal of its own.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature on every platform")]
fn sync_folder(_: &Path) -> Result<(), ResultsError> {
    Ok(())
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ResultsError {
    let path = path.to_owned();
    move |source| ResultsError::Io { action, path, source }
}

#[cfg(test)]
mod tests;
