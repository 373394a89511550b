//! The folder of a sweep: what it is, what is done of it, and what it came to.

use std::fs;
use std::path::{Path, PathBuf};

use hemiola_adapters::results::{Table, write_file};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::row::Row;
use super::spec::{Known, MANIFEST};
use crate::exit::{Exit, Failure};

const SHARDS: &str = "shards";

/// A sweep's folder.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

/// A shard as its file has it.
#[derive(Serialize, Deserialize)]
struct Shard {
    first: usize,
    rows: Vec<Row>,
}

impl Folder {
    /// Makes the folder, or with `resume` goes on with the one that is there.
    ///
    /// # Errors
    /// When it cannot be written, holds something else, or another sweep.
    pub fn open(path: &Path, manifest: &Value, resume: bool) -> Result<Self, Failure> {
        let refuse = |message: &str| Err(Failure::new(Exit::Usage, format!("{}: {message}", path.display())));
        let folder = Self { path: path.to_owned() };
        match Known::read(path)? {
            Some(known) if known.sweep_id != manifest["sweep_id"] => {
                return refuse(
                    "another sweep is there, or the same over other data, another configuration or by another version: choose another --output",
                );
            }
            Some(known) if !resume && known.result.is_null() => {
                return refuse(
                    "this sweep is there and has not ended: go on with it by --resume, or choose another --output",
                );
            }
            Some(known) if known.result.is_null() => return Ok(folder),
            Some(_) => {}
            None if resume => return refuse("there is no sweep to resume: leave out --resume"),
            None => {
                let is_empty = fs::read_dir(path).map_or(true, |mut entries| entries.next().is_none());
                if !is_empty {
                    return refuse("is a folder of something else: choose another --output");
                }
            }
        }
        folder.json(MANIFEST, manifest)?;
        Ok(folder)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The rows of a shard that is done; `None` when it is not, or when its file is damaged, which `notice` hears.
    #[must_use]
    pub fn load(
        &self,
        stage: &str,
        shard: usize,
        first: usize,
        count: usize,
        notice: &mut dyn FnMut(&str),
    ) -> Option<Vec<Row>> {
        let path = self.shard(stage, shard);
        let bytes = fs::read(&path).ok()?;
        match serde_json::from_slice::<Shard>(&bytes) {
            Ok(read) if read.first == first && read.rows.len() == count => Some(read.rows),
            _ => {
                notice(&format!("{}: is damaged; its variants are run again", path.display()));
                None
            }
        }
    }

    /// Keeps the rows of a shard.
    ///
    /// # Errors
    /// When they cannot be written; what was kept before stays.
    pub fn store(
        &self,
        stage: &str,
        shard: usize,
        first: usize,
        rows: Vec<Row>,
    ) -> Result<Vec<Row>, Failure> {
        let shard_file = Shard { first, rows };
        let bytes = serde_json::to_vec(&shard_file)
            .map_err(|error| Failure::new(Exit::Operational, error.to_string()))?;
        write_file(&self.shard(stage, shard), &bytes).map_err(|error| self.resumable(error.into()))?;
        Ok(shard_file.rows)
    }

    /// Writes a document of the folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn json(&self, name: &str, document: &Value) -> Result<(), Failure> {
        self.bytes(name, format!("{document:#}\n").as_bytes())
    }

    /// Writes a table of the folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn table(&self, name: &str, table: &Table) -> Result<(), Failure> {
        let bytes = table
            .to_parquet()
            .map_err(|error| Failure::new(Exit::Operational, format!("{name}: {error}")))?;
        self.bytes(name, &bytes)
    }

    /// Writes a file of the folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn bytes(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        write_file(&self.path.join(name), bytes).map_err(|error| self.resumable(error.into()))
    }

    /// Says what the sweep came to, after which its shards are not needed any more.
    ///
    /// # Errors
    /// When the manifest cannot be written.
    pub fn finish(&self, manifest: &Value) -> Result<(), Failure> {
        self.json(MANIFEST, manifest)?;
        // What is left of them is in nobody's way.
        _ = fs::remove_dir_all(self.path.join(SHARDS));
        Ok(())
    }

    fn shard(&self, stage: &str, shard: usize) -> PathBuf {
        self.path.join(SHARDS).join(format!("{stage}-{shard:06}.json"))
    }

    fn resumable(&self, failure: Failure) -> Failure {
        let message = format!(
            "{}; what is done is kept: make room and go on with --resume --output {}",
            failure.message,
            self.path.display()
        );
        Failure::new(failure.exit, message)
    }
}
