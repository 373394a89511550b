//! Worlds for benchmarks: one account, one strategy of `sma_cross`, no limits.

use std::sync::Arc;

use hemiola::assembly::Market;
use hemiola::bench::account::{self, Crossing};
use hemiola::config::plan::Plan;
use hemiola_components::market::Bars;
use hemiola_components::schedule::Sizing;

pub(crate) use hemiola::bench::walk::walk;

/// One schedule of `sma_cross` over instruments with the given candles.
pub(crate) fn account(series: &[Arc<Bars>], fast: u32, slow: u32, sizing: Sizing) -> (Plan, Market) {
    let crossing = Crossing { fast, slow, series: (0..series.len()).collect() };
    account::account(series, &[crossing], sizing)
}
