//! Whatever the disk refuses, the next start goes on, and the end is the same.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hemiola_adapters::journal::writer::{Disk, System};

use super::support::{check_journal, prepare, run, said, write_config};

/// A disk that refuses one operation: the one of this number.
#[derive(Clone)]
struct Faulty(Arc<AtomicI64>);

impl Faulty {
    fn refuses(&self) -> bool {
        self.0.fetch_sub(1, Ordering::SeqCst) == 0
    }

    fn check(&self) -> io::Result<()> {
        if self.refuses() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl Disk for Faulty {
    type File = File;
    type Lock = File;

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.check()?;
        System.create_folder(folder)
    }

    fn lock(&self, file: &Path) -> io::Result<Option<File>> {
        System.lock(file)
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        System.names(folder)
    }

    fn open(&self, file: &Path) -> io::Result<File> {
        self.check()?;
        System.open(file)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        if self.refuses() {
            System.write(file, &bytes[..bytes.len() * 2 / 3])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        System.write(file, bytes)
    }

    fn length(&self, file: &File) -> io::Result<u64> {
        System.length(file)
    }

    fn read(&self, file: &Path, from: u64) -> io::Result<Vec<u8>> {
        System.read(file, from)
    }

    fn set_length(&self, file: &mut File, length: u64) -> io::Result<()> {
        self.check()?;
        System.set_length(file, length)
    }

    fn sync(&self, file: &mut File) -> io::Result<()> {
        self.check()?;
        System.sync(file)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.check()?;
        System.sync_folder(folder)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.check()?;
        System.rename(from, to)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        self.check()?;
        System.remove(file)
    }
}

#[test]
fn an_error_at_any_operation_of_the_disk_changes_nothing_in_the_end() {
    let calm = tempfile::tempdir().unwrap();
    write_config(calm.path());
    let prepared = prepare(calm.path());
    let undisturbed = run(&prepared, calm.path(), System).unwrap();
    let expected: Vec<_> = check_journal(calm.path()).iter().map(said).collect();
    let mut operation = 0;
    loop {
        let folder = tempfile::tempdir().unwrap();
        match run(&prepared, folder.path(), Faulty(Arc::new(AtomicI64::new(operation)))) {
            // There are fewer operations.
            Ok(ended) => {
                assert_eq!(ended.digest, undisturbed.digest);
                break;
            }
            Err(error) => assert!(error.is_passing(), "operation {operation}: {error}"),
        }
        let ended = run(&prepared, folder.path(), System).unwrap();
        assert_eq!(ended.digest, undisturbed.digest, "operation {operation}");
        let journal: Vec<_> = check_journal(folder.path()).iter().map(said).collect();
        let differs = (0..journal.len().max(expected.len())).find(|at| journal.get(*at) != expected.get(*at));
        let lines = differs.map(|at| (at, journal.get(at), expected.get(at)));
        assert_eq!(lines, None, "operation {operation}: the journals say the same");
        operation += 1;
    }
    assert!(operation > 20, "{operation} operations");
}
