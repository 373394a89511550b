//! Sessions over demo candles, and what they are held against.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use hemiola::job::{Job, Prepared};
use hemiola::journal::Signing;
use hemiola::modes::paper::commit::JournalFiles;
use hemiola::modes::paper::history::{History, Speed};
use hemiola::modes::paper::session::{self, Commands, Ended, OnStop, SessionError, Setting, Stop};
use hemiola_adapters::journal::writer::{Disk, JournalDays, PATTERN};
use hemiola_systems::signals::catalog::Catalog;
use tempfile::TempDir;

/// The shipped configuration over demo candles, from an instant on.
pub(crate) const FROM: &str = "2024-02-01";

/// The shipped configuration with its candles, made up once.
pub(crate) fn prepared() -> &'static Prepared {
    static FOLDER: OnceLock<(TempDir, Prepared)> = OnceLock::new();
    let (_, prepared) = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        let config = folder.path().join("config");
        fs::create_dir_all(config.join("policies")).unwrap();
        for file in ["core.yaml", "core.schema.json"] {
            fs::copy(shipped.join(file), config.join(file)).unwrap();
        }
        for entry in fs::read_dir(shipped.join("policies")).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, config.join("policies").join(path.file_name().unwrap())).unwrap();
        }
        let prepared = prepare(&config.join("core.yaml"), None);
        (folder, prepared)
    });
    prepared
}

pub(crate) fn prepare(config: &Path, operator_log: Option<&Path>) -> Prepared {
    let job = Job {
        from: Some(FROM.to_owned()),
        operator_log: operator_log.map(Path::to_owned),
        ..Job::of(config)
    };
    job.prepare_all(&hemiola::memory::Memory::default(), &Catalog::built_in(), &mut |_| ()).unwrap()
}

/// Runs a session in a folder, over history, as fast as it can.
pub(crate) fn run<D: Disk + Sync>(
    prepared: &Prepared,
    folder: &Path,
    disk: D,
    stop: &Stop,
    commands: Option<Commands>,
) -> Result<Ended, SessionError> {
    let days = JournalDays::new(&folder.join("journal"), PATTERN, None).unwrap();
    let setting = Setting {
        prepared,
        catalog: &Catalog::built_in(),
        folder: folder.join("session"),
        disk,
        journal: JournalFiles { days: Some(days), signing: Signing::default(), checkpoints: None },
        on_stop: OnStop::Keep,
        stop,
        tell: &|_| (),
    };
    let mut source = History::new(prepared, "core.yaml".to_owned(), Speed::Max);
    session::run(setting, &mut source, commands)
}
