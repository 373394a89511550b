//! S5: a sweep that is killed half-way and resumed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hemiola_adapters::process;
use hemiola_adapters::results::{Column, Table};
use hemiola_components::market::Bars;
use hemiola_systems::signals::catalog::Catalog;
use tempfile::TempDir;

use super::end_to_end::CONFIGURATION;
use super::report::{Figures, Row};
use super::walk::walk;
use super::workload::Size;
use super::{Timing, measured};
use crate::clock::Stopwatch;
use crate::exit::{Exit, Failure};
use crate::job::Job;
use crate::memory::Memory;
use crate::sweep::run::SHARD;
use crate::sweep::space::Wanted;
use crate::sweep::spec::Spec;
use crate::sweep::{self, Ended, Observer, Request};

/// Fast windows, of which a quick run has a tenth, as of the slow ones.
const FAST: usize = 50;
const SLOW: usize = 200;
const CANDLES: usize = 100_000;

/// How often the sweep that is to be killed is looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// Runs it: once whole on one thread, which is timed, and once killed when half of its shards are done, and resumed. Both
/// must leave the same bytes.
///
/// # Errors
/// When it cannot be run, or the bytes differ.
pub fn time(size: Size, timing: Timing) -> Result<Row, Failure> {
    let folder = TempDir::new().map_err(|error| io("make a folder", &error))?;
    let at = |name: &str| folder.path().join(name);
    let bars = walk(2, size.of(CANDLES));
    fs::write(at("sweep.yaml"), CONFIGURATION).map_err(|error| io("write the configuration", &error))?;
    fs::write(at("candles.parquet"), table(&bars)?).map_err(|error| io("write candles", &error))?;
    let quick = size == Size::Quick;
    let [fast, slow] = [FAST, SLOW].map(|count| if quick { count / 10 } else { count });
    let request = |output: &str, resume: bool| request(folder.path(), [fast, slow], at(output), resume);
    let catalog = Catalog::built_in();
    let (mut runs, mut fills) = (Vec::new(), 0);
    process::forget_peak_memory();
    for repeat in 0..timing.repeats {
        let (ended, figures) =
            measured(|| sweep::run(&request(&format!("whole{repeat}"), false), &catalog, &mut Silent));
        fills = fills_of(&ended?);
        runs.push(figures);
    }
    let peak_memory = process::peak_memory();
    kill_half_way(&request("killed", false), (fast * slow).div_ceil(SHARD))?;
    let (ended, resumed) = measured(|| sweep::run(&request("killed", true), &catalog, &mut Silent));
    ended?;
    for file in ["sweep.parquet", "manifest.json"] {
        let bytes =
            |output: &str| fs::read(at(output).join(file)).map_err(|error| io("read the results", &error));
        if bytes("whole0")? != bytes("killed")? {
            return Err(Failure::new(
                Exit::Verification,
                format!("S5: {file} differs after a kill and a resume"),
            ));
        }
    }
    let world = Figures::median(runs);
    let part = resumed.cpu.as_secs_f64() / world.cpu.as_secs_f64() * 100.0;
    Ok(Row {
        name: "S5".into(),
        about: format!(
            "sweep of {} variants; killed half-way, the rest takes {part:.0} % of it",
            fast * slow
        ),
        strategy_bars: (fast * slow * bars.len()) as u64,
        fills,
        accounts: fast * slow,
        assembly: Figures { cpu: Duration::ZERO, wall: Duration::ZERO },
        world,
        plain: None,
        peak_memory,
    })
}

fn fills_of(ended: &Ended) -> u64 {
    ended.rows.iter().filter_map(|row| row.ran()).map(|ran| ran.fills).sum()
}

fn request(folder: &Path, [fast, slow]: [usize; 2], output: PathBuf, resume: bool) -> Request {
    Request {
        spec: Spec {
            job: Job {
                data: Some(folder.join("candles.parquet")),
                interval: Some("1m".to_owned()),
                trust_data: true,
                ..Job::of(folder.join("sweep.yaml"))
            },
            wanted: Wanted {
                grid: vec![
                    format!("sma_cross.fast=2..{}", fast + 1),
                    format!("sma_cross.slow=60..{}", slow + 59),
                ],
                constraints: Vec::new(),
                draws: None,
                seed: 0,
            },
            rank: "sharpe".to_owned(),
            walk_forward: None,
            selection_statistics: true,
        },
        max_variants: u64::MAX,
        output: Some(output),
        resume,
        threads: 1,
        memory: Memory::default(),
        heat_map: None,
    }
}

/// Runs the same as a program of its own, until half of its shards are done.
fn kill_half_way(request: &Request, shards: usize) -> Result<(), Failure> {
    let job = &request.spec.job;
    let program = std::env::current_exe().map_err(|error| io("find this program", &error))?;
    let mut command = Command::new(program);
    command
        .args(["sweep", "--trust-data", "--threads", "1", "--interval", "1m", "--config"])
        .arg(&job.config);
    command.arg("--data").args(&job.data).arg("--output").args(&request.output);
    for axis in &request.spec.wanted.grid {
        command.args(["--grid", axis]);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child: Child = command.spawn().map_err(|error| io("start the sweep", &error))?;
    let watch = Stopwatch::start();
    let folder = request.output.as_ref().map(|output| output.join("shards")).unwrap_or_default();
    loop {
        let done = fs::read_dir(&folder).map_or(0, Iterator::count);
        if 2 * done >= shards {
            break;
        }
        if let Some(status) = child.try_wait().map_err(|error| io("watch the sweep", &error))? {
            // A quick one may have been faster than the watch.
            return if status.success() {
                Ok(())
            } else {
                Err(Failure::new(
                    Exit::Verification,
                    format!("S5: the sweep failed before it was killed: {status}"),
                ))
            };
        }
        watch.wait_until(watch.elapsed() + GLANCE);
    }
    // It may have ended by itself meanwhile.
    _ = child.kill();
    child.wait().map_err(|error| io("end the sweep", &error))?;
    Ok(())
}

fn table(bars: &Bars) -> Result<Vec<u8>, Failure> {
    let floats = |column: &[f64]| Column::Float(column.to_vec());
    let columns = vec![
        ("open_time", Column::Time(bars.open_time.to_vec())),
        ("open", floats(&bars.open)),
        ("high", floats(&bars.high)),
        ("low", floats(&bars.low)),
        ("close", floats(&bars.close)),
        ("volume", floats(&bars.volume)),
    ];
    let bytes = Table::new(columns, Vec::new()).to_parquet();
    bytes.map_err(|error| Failure::new(Exit::Operational, format!("cannot write candles: {error}")))
}

fn io(what: &str, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Operational, format!("S5: cannot {what}: {error}"))
}

struct Silent;

impl Observer for Silent {
    fn notice(&mut self, _: &str) {}
    fn begin(&mut self, _: usize, _: u64) {}
    fn progress(&mut self, _: f64) {}
}
