//! Demo candles for the series a Plan reads, so that a fresh clone has something to run on.

use std::fs;
use std::path::Path;

use hemiola_adapters::seed::{self, SeedSpec};
use hemiola_adapters::store::CandleStore;
use hemiola_components::time::Nanos;

use crate::config::plan::Plan;
use crate::exit::{Exit, Failure};
use crate::instant;
use crate::market_data::intervals;

/// What is made up when nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Open time of the first candle.
    pub from: Nanos,
    /// Close time of the last.
    pub to: Nanos,
    /// The walk's seed.
    pub seed: u64,
}

/// 2024-01-01.
const START: Nanos = Nanos::new(19_723 * Nanos::DAY.get());
const DAYS: i64 = 730;

impl Default for Range {
    fn default() -> Self {
        Self { from: START, to: START + Nanos::new(DAYS * Nanos::DAY.get()), seed: 1 }
    }
}

/// Writes candles for every instrument of the Plan and returns a line per series.
///
/// # Errors
/// When the store cannot be written, or holds real candles where these would go or be looked for: then nothing is
/// written.
pub fn seed(plan: &Plan, root: &Path, range: Range) -> Result<Vec<String>, Failure> {
    let specs: Vec<SeedSpec> = (0..plan.instruments.len()).map(|index| spec(plan, index, range)).collect();
    for spec in &specs {
        check_that_it_would_be_read(spec, root)?;
        seed::check(root, spec)?;
    }
    let mut lines = Vec::new();
    for spec in &specs {
        for (interval, candles) in seed::write(root, spec)?.series {
            lines.push(format!("{}:{} {interval}: {candles} synthetic candles", spec.venue, spec.symbol));
        }
    }
    Ok(lines)
}

fn spec(plan: &Plan, index: usize, range: Range) -> SeedSpec {
    let instrument = &plan.instruments[index];
    SeedSpec {
        venue: instrument.venue.clone(),
        symbol: instrument.symbol.clone(),
        folder: plan.venue_symbols[index].clone(),
        intervals: intervals(plan, index).into_iter().collect(),
        from: range.from,
        to: range.to,
        seed: range.seed,
    }
}

/// Candles in a folder of the configured name are read before those in the venue's own, which is where demo
/// candles go.
fn check_that_it_would_be_read(spec: &SeedSpec, root: &Path) -> Result<(), Failure> {
    if spec.folder == spec.symbol || !root.exists() {
        return Ok(());
    }
    let stored = CandleStore::open(root)?.intervals(&spec.venue, &[&spec.symbol])?;
    match stored.iter().find(|interval| spec.intervals.contains(interval)) {
        None => Ok(()),
        Some(interval) => {
            let message = format!(
                "{} has {interval} candles of {}:{} already: move them away or seed another folder with --output",
                root.display(),
                spec.venue,
                spec.symbol
            );
            Err(Failure::new(Exit::Operational, message))
        }
    }
}

/// Makes a store that is not there yet, and says so. It appears complete or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn seed_first_time(plan: &Plan, root: &Path, notice: &mut dyn FnMut(&str)) -> Result<(), Failure> {
    let range = Range::default();
    notice(&format!(
        "no candles at {}: making up demo candles from {} to {}",
        root.display(),
        instant::text(range.from),
        instant::text(range.to)
    ));
    let failure = |error: std::io::Error| {
        let message = format!("{}: cannot write the demo candles: {error}", root.display());
        Failure::new(Exit::Operational, message)
    };
    let parent = root.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(failure)?;
    let hidden = tempfile::Builder::new().prefix(".demo-candles-").tempdir_in(parent).map_err(failure)?;
    let folder = hidden.path().join("store");
    seed(plan, &folder, range)?;
    fs::rename(folder, root).map_err(failure)
}
