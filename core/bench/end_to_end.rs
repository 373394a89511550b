//! W1 as a user runs it: from the file of candles to the folder of results, in this process.

use std::fs;
use std::path::{Path, PathBuf};

use hemiola_adapters::journal::{Algorithm, MacKey};
use hemiola_adapters::{bare, process};
use hemiola_systems::signals::catalog::Catalog;
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::report::{Figures, Row};
use super::workload::{self, Workload};
use super::{Timing, check, measured};
use crate::clock::Stopwatch;
use crate::exit::{Exit, Failure};
use crate::job::{Job, Prepared};
use crate::journal::Signing;
use crate::modes::backtest::Run;
use crate::results::{self, Decisions, summary::Summary};

/// The configuration of W1.
pub(super) const CONFIGURATION: &str = include_str!("../../config/bench/w1.yaml");

/// The columns that a run of W1 reads.
const COLUMNS: [&str; 3] = ["ts", "open", "close"];

/// A run from file to folder.
pub struct EndToEnd {
    /// Its name, such as `W1 e2e`.
    pub name: String,
    /// What it is, in a few words.
    pub about: String,
    decisions: Decisions,
    data: PathBuf,
    loop_alone: Workload,
}

/// What becomes of the decisions: not written, written, and signed.
#[must_use]
pub fn decisions() -> [Decisions; 3] {
    let secret = Zeroizing::new(b"a key for measurements".to_vec());
    let key = MacKey::new(Algorithm::HmacSha256, Some("bench".to_owned()), &secret);
    let written = |signing| Decisions::All(Box::new(signing));
    [Decisions::None, written(Signing::default()), written(Signing::with(key))]
}

/// W1 from its file, with or without its decisions. Its loop has the candles in memory; beside it, the plain figures
/// hold a bare decode of the columns that the loop reads.
///
/// # Errors
/// When the file of candles cannot be read.
pub fn w1(folder: &Path, decisions: Decisions) -> Result<EndToEnd, Failure> {
    let (name, about) = match &decisions {
        Decisions::All(signing) if signing.signs() => {
            ("W1 e2e, signed", "from Parquet to results, decisions signed")
        }
        Decisions::All(_) => ("W1 e2e, decisions", "from Parquet to results, decisions linked"),
        Decisions::None => ("W1 e2e", "from Parquet to results without decisions"),
    };
    Ok(EndToEnd {
        name: name.into(),
        about: about.into(),
        decisions,
        data: folder.join("w1.parquet"),
        loop_alone: workload::w1(folder)?,
    })
}

/// Runs it, checks what it comes to and gives its figures: those of assembly are the load, which is part of the run's.
///
/// # Errors
/// When it cannot be run, or comes to something else than the loop.
pub fn time(work: &EndToEnd, timing: Timing) -> Result<Row, Failure> {
    let cannot = |error: std::io::Error| {
        Failure::new(Exit::Operational, format!("cannot make a folder for results: {error}"))
    };
    let folder = TempDir::new().map_err(cannot)?;
    let job = job(folder.path(), &work.data).map_err(cannot)?;
    let (mut loads, mut runs, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    let mut fills = 0;
    process::forget_peak_memory();
    for repeat in 0..timing.repeats {
        let target = folder.path().join(repeat.to_string());
        let (done, figures) = measured(|| run(&job, &work.decisions, &target));
        let (_, Run { outcomes, .. }, load) = done?;
        loads.push(load);
        runs.push(figures);
        if timing.against_plain || repeat == 0 {
            let ((rows, endings), figures) =
                measured(|| (bare::decode(&work.data, &COLUMNS), (work.loop_alone.plain)()));
            rows.map_err(|error| Failure::new(Exit::Operational, error.to_string()))?;
            plain.push(figures);
            fills = check(&work.name, &outcomes, &endings)?;
        }
    }
    Ok(Row {
        name: work.name.clone(),
        about: work.about.clone(),
        strategy_bars: work.loop_alone.strategy_bars,
        fills,
        accounts: 1,
        assembly: Figures::median(loads),
        world: Figures::median(runs),
        plain: timing.against_plain.then(|| Figures::median(plain)),
        peak_memory: process::peak_memory(),
    })
}

fn job(folder: &Path, data: &Path) -> Result<Job, std::io::Error> {
    let config = folder.join("w1.yaml");
    fs::write(&config, CONFIGURATION)?;
    Ok(Job {
        data: Some(data.to_owned()),
        interval: Some("1m".to_owned()),
        trust_data: true,
        ..Job::of(config)
    })
}

/// What `hemiola backtest --trust-data` does, and what the load of it took.
fn run(job: &Job, decisions: &Decisions, target: &Path) -> Result<(Prepared, Run, Figures), Failure> {
    let catalog = Catalog::built_in();
    let (prepared, load) = measured(|| job.prepare(&catalog, &mut |_| ()));
    let prepared = prepared?;
    let stopwatch = Stopwatch::start();
    let run = prepared.run(&catalog, |_, _| ())?;
    let seconds = stopwatch.elapsed().as_secs_f64();
    let outcome = &run.outcomes[0];
    let summary = Summary::new(&prepared, outcome, &run.notes, run.passes, seconds);
    results::write(target, job, &prepared, outcome, &summary, decisions)?;
    Ok((prepared, run, load))
}
