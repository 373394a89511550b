//! Demo candles for the series a Plan reads, so that a fresh clone has something to run on.

use std::path::Path;

use hemiola_adapters::seed::{self, SeedSpec};
use hemiola_components::time::Nanos;

use crate::config::plan::Plan;
use crate::exit::Failure;
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
/// When the store cannot be written, or holds real candles where these would go.
pub fn seed(plan: &Plan, root: &Path, range: Range) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for (index, instrument) in plan.instruments.iter().enumerate() {
        let spec = SeedSpec {
            venue: instrument.venue.clone(),
            symbol: instrument.symbol.clone(),
            folder: plan.venue_symbols[index].clone(),
            intervals: intervals(plan, index).into_iter().collect(),
            from: range.from,
            to: range.to,
            seed: range.seed,
        };
        for (interval, candles) in seed::write(root, &spec)?.series {
            lines.push(format!("{} {interval}: {candles} synthetic candles", instrument.name()));
        }
    }
    Ok(lines)
}

/// Seeds a store that is not there yet, and says so.
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
    seed(plan, root, range).map(drop)
}
