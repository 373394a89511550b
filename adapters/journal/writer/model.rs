//! A disk in memory that fails when it is told to and can lose its power.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use super::disk::Disk;

/// What a failing operation does before it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Nothing,
    /// Half of the bytes land; what writes none does nothing.
    Half,
    /// It takes place, and the error is wrong.
    All,
}

/// How the machine goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crash {
    /// The process ends; the system still has what was written.
    Process,
    /// What was not synced is gone.
    Power,
    /// As before, but half of what was not synced happens to be there.
    PowerHalf,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Model(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    files: Vec<Contents>,
    names: BTreeMap<PathBuf, usize>,
    synced: BTreeMap<PathBuf, usize>,
    operations: Vec<&'static str>,
    fault: Option<(usize, Effect, ErrorKind)>,
    lock: Weak<()>,
}

#[derive(Clone, Debug, Default)]
struct Contents {
    data: Vec<u8>,
    synced: Vec<u8>,
}

impl Model {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// The operation with this number fails, and only that one.
    pub(super) fn fail(&self, number: usize, effect: Effect, kind: ErrorKind) {
        self.state().fault = Some((number, effect, kind));
    }

    /// The operations so far.
    pub(super) fn operations(&self) -> Vec<&'static str> {
        self.state().operations.clone()
    }

    pub(super) fn crash(&self, crash: Crash) {
        let mut state = self.state();
        if crash == Crash::Process {
            return;
        }
        state.names = state.synced.clone();
        for file in &mut state.files {
            let lost = file.data.strip_prefix(file.synced.as_slice()).unwrap_or_default();
            let kept = if crash == Crash::PowerHalf { lost[..lost.len() / 2].to_vec() } else { Vec::new() };
            file.data = [file.synced.as_slice(), &kept].concat();
            file.synced.clone_from(&file.data);
        }
    }

    /// What stands in a folder's files.
    pub(super) fn files(&self, folder: &Path) -> BTreeMap<String, Vec<u8>> {
        let state = self.state();
        let in_folder = state.names.iter().filter(|(path, _)| path.parent() == Some(folder));
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        in_folder.map(|(path, file)| (name(path), state.files[*file].data.clone())).collect()
    }

    /// Appends bytes and never fails.
    pub(super) fn tear(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state();
        let file = state.names[path];
        state.files[file].data.extend_from_slice(bytes);
    }
}

impl State {
    /// Runs an operation, which may fail before or behind it. `half` is what it does when it fails half way.
    fn run<R>(
        &mut self,
        name: &'static str,
        half: impl FnOnce(&mut Self),
        all: impl FnOnce(&mut Self) -> io::Result<R>,
    ) -> io::Result<R> {
        let number = self.operations.len();
        self.operations.push(name);
        let Some((_, effect, kind)) = self.fault.filter(|(at, ..)| *at == number) else { return all(self) };
        match effect {
            Effect::Nothing => {}
            Effect::Half => half(self),
            Effect::All => _ = all(self)?,
        }
        Err(kind.into())
    }

    fn at(&self, path: &Path) -> io::Result<usize> {
        self.names.get(path).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }
}

impl Disk for Model {
    type File = usize;
    type Lock = Arc<()>;

    fn create_folder(&self, _: &Path) -> io::Result<()> {
        self.state().run("create folder", |_| {}, |_| Ok(()))
    }

    fn lock(&self, _: &Path) -> io::Result<Option<Arc<()>>> {
        self.state().run(
            "lock",
            |_| {},
            |state| {
                if state.lock.upgrade().is_some() {
                    return Ok(None);
                }
                let lock = Arc::new(());
                state.lock = Arc::downgrade(&lock);
                Ok(Some(lock))
            },
        )
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let names = self.files(folder).into_keys().collect();
        self.state().run("list", |_| {}, |_| Ok(names))
    }

    fn open(&self, path: &Path) -> io::Result<usize> {
        self.state().run(
            "open",
            |_| {},
            |state| {
                let next = state.files.len();
                let file = *state.names.entry(path.to_owned()).or_insert(next);
                if file == next {
                    state.files.push(Contents::default());
                }
                Ok(file)
            },
        )
    }

    fn write(&self, file: &mut usize, bytes: &[u8]) -> io::Result<()> {
        let file = *file;
        let append = |state: &mut State, bytes: &[u8]| state.files[file].data.extend_from_slice(bytes);
        self.state().run(
            "write",
            |state| append(state, &bytes[..bytes.len() / 2]),
            |state| {
                append(state, bytes);
                Ok(())
            },
        )
    }

    fn length(&self, file: &usize) -> io::Result<u64> {
        self.state().run("length", |_| {}, |state| Ok(state.files[*file].data.len() as u64))
    }

    fn read(&self, path: &Path, from: u64) -> io::Result<Vec<u8>> {
        let from = usize::try_from(from).unwrap();
        self.state().run("read", |_| {}, |state| Ok(state.files[state.at(path)?].data[from..].to_vec()))
    }

    fn set_length(&self, file: &mut usize, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).unwrap();
        self.state().run(
            "set length",
            |_| {},
            |state| {
                state.files[*file].data.truncate(length);
                Ok(())
            },
        )
    }

    fn sync(&self, file: &mut usize) -> io::Result<()> {
        self.state().run(
            "sync",
            |_| {},
            |state| {
                let file = &mut state.files[*file];
                file.synced.clone_from(&file.data);
                Ok(())
            },
        )
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.state().run(
            "sync folder",
            |_| {},
            |state| {
                let inside = |path: &Path| path.parent() == Some(folder);
                state.synced.retain(|path, _| !inside(path));
                let names = state.names.iter().filter(|(path, _)| inside(path));
                state.synced.extend(names.map(|(path, file)| (path.clone(), *file)));
                Ok(())
            },
        )
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.state().run(
            "rename",
            |_| {},
            |state| {
                let file = state.at(from)?;
                state.names.remove(from);
                state.names.insert(to.to_owned(), file);
                Ok(())
            },
        )
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.state().run(
            "remove",
            |_| {},
            |state| {
                state.at(path)?;
                state.names.remove(path);
                Ok(())
            },
        )
    }
}
