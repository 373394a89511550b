//! Figures of a benchmark.

use std::time::Duration;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde_json::{Value, json};

/// What a run took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Processor time of all threads.
    pub cpu: Duration,
    /// Time on the wall.
    pub wall: Duration,
}

impl Figures {
    /// The one with the median processor time.
    ///
    /// # Panics
    /// When there are none.
    #[must_use]
    pub fn median(mut all: Vec<Self>) -> Self {
        all.sort_unstable_by_key(|figures| figures.cpu);
        all[all.len() / 2]
    }
}

/// A workload's figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The workload.
    pub name: String,
    /// What it is.
    pub about: String,
    /// Candles times the strategies that looked at each.
    pub strategy_bars: u64,
    /// Orders filled.
    pub fills: u64,
    /// Portfolios in the world.
    pub accounts: usize,
    /// Making the world: what engines and marks read beyond the candles is worked out. End to end it is the load
    /// instead, which is part of the run there.
    pub assembly: Figures,
    /// Running it: passes, records and digest.
    pub world: Figures,
    /// The hand-written loop, if it was timed; end to end with a bare decode of the columns it reads.
    pub plain: Option<Figures>,
    /// The most memory the process has used, bytes; `None` where the system does not tell.
    pub peak_memory: Option<u64>,
}

impl Row {
    /// Processor time of the run as a multiple of the loop's.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        self.plain.map(|plain| self.world.cpu.as_secs_f64() / plain.cpu.as_secs_f64())
    }

    /// Strategy-bars per second of processor time.
    #[must_use]
    pub fn strategy_bars_per_second(&self) -> f64 {
        self.strategy_bars as f64 / self.world.cpu.as_secs_f64()
    }

    /// Fills per second of processor time.
    #[must_use]
    pub fn fills_per_second(&self) -> f64 {
        self.fills as f64 / self.world.cpu.as_secs_f64()
    }

    /// As one JSON object; times in seconds, memory in bytes.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "about": self.about,
            "strategy_bars": self.strategy_bars,
            "fills": self.fills,
            "accounts": self.accounts,
            "assembly_cpu_seconds": self.assembly.cpu.as_secs_f64(),
            "cpu_seconds": self.world.cpu.as_secs_f64(),
            "wall_seconds": self.world.wall.as_secs_f64(),
            "plain_cpu_seconds": self.plain.map(|plain| plain.cpu.as_secs_f64()),
            "times_plain": self.ratio(),
            "strategy_bars_per_cpu_second": self.strategy_bars_per_second(),
            "fills_per_cpu_second": self.fills_per_second(),
            "peak_memory_bytes": self.peak_memory,
        })
    }
}

/// A table for people; a set that was not run says so.
#[must_use]
pub fn table(rows: &[Row], skipped: &[String]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header([
        "set",
        "what",
        "assembly ms",
        "CPU ms",
        "wall ms",
        "plain ms",
        "x plain",
        "M strategy-bars/s",
        "k fills/s",
        "peak MiB",
    ]);
    for row in rows {
        let millis = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1e3);
        let dash = || "-".to_owned();
        table.add_row([
            row.name.clone(),
            row.about.clone(),
            millis(row.assembly.cpu),
            millis(row.world.cpu),
            millis(row.world.wall),
            row.plain.map_or_else(dash, |plain| millis(plain.cpu)),
            row.ratio().map_or_else(dash, |ratio| format!("{ratio:.2}")),
            format!("{:.1}", row.strategy_bars_per_second() / 1e6),
            format!("{:.0}", row.fills_per_second() / 1e3),
            row.peak_memory.map_or_else(dash, |bytes| format!("{:.0}", bytes as f64 / f64::from(1 << 20))),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = format!("{table}\n");
    for name in skipped {
        text += name;
        text += "  skipped: no candles\n";
    }
    text
}
