//! Snapshots as files: what a session had come to after so many lines of its input log.

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use hemiola_adapters::input_log::InputLogError;
use hemiola_adapters::journal::writer::Disk;
use hemiola_components::capital::Weight;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::snapshot::{Saved, SnapshotError};

/// Snapshots that are kept.
const KEPT: usize = 3;

/// What a session knows beside its world.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// The instant that had been taken in, nanoseconds since the epoch.
    pub at: i64,
    /// Ticks so far.
    pub ticks: u64,
    /// Events of the operator state that were taken in.
    pub commands: usize,
    /// Lines on decisions so far.
    pub lines: u64,
    /// What was written last of each schedule's weight.
    pub weights: Vec<Option<Weight>>,
}

/// A snapshot.
#[derive(Clone, Debug)]
pub struct Shot {
    /// Number of the input log's line after it.
    pub next: u64,
    /// The world.
    pub world: Saved,
    /// What the session knows beside it.
    pub beside: Beside,
}

/// The first line of a file; what follows is the world.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    beside: Beside,
    /// SHA-256 of `beside` as it stands and the bytes of the world.
    sum: String,
}

/// A snapshot that was passed over, and why.
#[derive(Debug)]
pub struct Passed {
    /// Its file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

fn name(next: u64) -> String {
    format!("snapshot-{next:012}.bin")
}

fn number(name: &str) -> Option<u64> {
    name.strip_prefix("snapshot-")?.strip_suffix(".bin")?.parse().ok()
}

/// The snapshots of a folder, oldest first.
fn numbers(disk: &impl Disk, folder: &Path) -> Result<Vec<u64>, InputLogError> {
    let names = disk.names(folder).map_err(InputLogError::io(folder, "read the folder"))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| number(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn sum(beside: &str, world: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::new().chain_update(beside).chain_update(world).finalize())
}

/// Writes a snapshot, which is there as a whole or not at all, and forgets those that are too old.
///
/// # Errors
/// What the system refused.
///
/// # Panics
/// Never: what a session knows is JSON.
pub fn write<D: Disk>(disk: &D, folder: &Path, run_id: &str, shot: &Shot) -> Result<(), InputLogError> {
    let world = shot.world.to_bytes(run_id, shot.next);
    let beside = serde_json::to_string(&shot.beside).expect("counts and finite weights are JSON");
    let head = Head { sum: sum(&beside, &world), beside: shot.beside.clone() };
    let mut bytes = serde_json::to_vec(&head).expect("counts and finite weights are JSON");
    bytes.push(b'\n');
    bytes.extend_from_slice(&world);
    let (path, part) = (folder.join(name(shot.next)), folder.join("snapshot.part"));
    let mut file = disk.open(&part).map_err(InputLogError::io(&part, "open"))?;
    disk.set_length(&mut file, 0).map_err(InputLogError::io(&part, "empty"))?;
    disk.write(&mut file, &bytes).map_err(InputLogError::io(&part, "write"))?;
    disk.sync(&mut file).map_err(InputLogError::io(&part, "sync"))?;
    disk.rename(&part, &path).map_err(InputLogError::io(&path, "rename a snapshot to this"))?;
    let numbers = numbers(disk, folder)?;
    for old in &numbers[..numbers.len().saturating_sub(KEPT)] {
        let path = folder.join(name(*old));
        disk.remove(&path).map_err(InputLogError::io(&path, "delete an old snapshot"))?;
    }
    disk.sync_folder(folder).map_err(InputLogError::io(folder, "sync the folder"))
}

/// The newest snapshot that is sound and not of later than line `next` of the input log, and those that are not sound.
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn newest<D: Disk>(
    disk: &D,
    folder: &Path,
    run_id: &str,
    next: u64,
) -> Result<(Option<Shot>, Vec<Passed>), InputLogError> {
    let mut passed = Vec::new();
    for number in numbers(disk, folder)?.into_iter().rev() {
        let path = folder.join(name(number));
        if number > next {
            passed.push(Passed { path, why: "it is of inputs that are not there any more".to_owned() });
            continue;
        }
        let bytes = disk.read(&path, 0).map_err(InputLogError::io(&path, "read"))?;
        match read(&bytes, run_id) {
            Ok(shot) if shot.next == number => return Ok((Some(shot), passed)),
            Ok(_) => passed.push(Passed { path, why: "its name is not its own".to_owned() }),
            Err(why) => passed.push(Passed { path, why }),
        }
    }
    Ok((None, passed))
}

fn read(bytes: &[u8], run_id: &str) -> Result<Shot, String> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or("it is cut")?;
    let (head, world) = (&bytes[..end], &bytes[end + 1..]);
    let Head { beside, sum: said } = serde_json::from_slice(head).map_err(|error| error.to_string())?;
    let written = serde_json::to_string(&beside).map_err(|error| error.to_string())?;
    if sum(&written, world) != said {
        return Err("its bytes are not what was written".to_owned());
    }
    let (world, next) = Saved::from_bytes(world, run_id).map_err(|error: SnapshotError| error.to_string())?;
    Ok(Shot { next, world, beside })
}
