//! What a scheduler under load came to, for people and as a document.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use super::budget::{Budget, Status, worst};
use super::load::{Load, Measured};

/// What is allowed. Megabytes are MiB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Of the longest tick, milliseconds.
    pub latency: f64,
    /// Of the process, per cent of one processor. Not held against ticks without a period: those never rest.
    pub cpu: f64,
    /// Resident.
    pub memory: f64,
    /// From storage, a second.
    pub read: f64,
    /// To storage, a second.
    pub write: f64,
}

/// What was measured under a load, with what is allowed.
#[derive(Clone, Debug)]
pub struct LoadReport {
    load: Load,
    limits: Limits,
    measured: Measured,
    budgets: [Budget; 5],
}

/// Bytes of a MiB.
const MEGABYTE: f64 = 1_048_576.0;

/// Nanoseconds of a millisecond.
const MILLISECOND: f64 = 1e6;

/// The parts of all ticks that are told, in per cent.
const PERCENTILES: [(&str, f64); 4] = [("p50", 50.0), ("p95", 95.0), ("p99", 99.0), ("p99.9", 99.9)];

impl LoadReport {
    /// Holds what was measured against what is allowed.
    #[must_use]
    pub fn new(load: Load, limits: Limits, measured: Measured) -> Self {
        let seconds = measured.wall.as_secs_f64();
        let rate = |bytes: u64| bytes as f64 / MEGABYTE / seconds;
        let budget = |name, measured, limit| Budget { name, measured, limit: Some(limit) };
        let budgets = [
            budget("latency_ms", Some(measured.latency.max() as f64 / MILLISECOND), limits.latency),
            Budget {
                name: "cpu_percent",
                measured: Some(measured.cpu.as_secs_f64() / seconds * 100.0),
                limit: (!load.period.is_zero()).then_some(limits.cpu),
            },
            budget("memory_mb", measured.memory.map(|bytes| bytes as f64 / MEGABYTE), limits.memory),
            budget("read_mb_s", measured.transfer.map(|bytes| rate(bytes.read)), limits.read),
            budget("write_mb_s", measured.transfer.map(|bytes| rate(bytes.written)), limits.write),
        ];
        Self { load, limits, measured, budgets }
    }

    /// How it relates to the budgets.
    #[must_use]
    pub fn status(&self) -> Status {
        worst(&self.budgets)
    }

    /// The budgets that are used up, in words; empty when none is.
    #[must_use]
    pub fn exceeded(&self) -> String {
        let exceeded = self.budgets.iter().filter(|budget| budget.status() == Some(Status::Error));
        let told = exceeded.filter_map(|budget| {
            Some(format!("{} {:.3} of {}", budget.name, budget.measured?, budget.limit?))
        });
        told.collect::<Vec<_>>().join(", ")
    }

    /// As one document; times in milliseconds, memory in MiB.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Self { load, limits, measured, .. } = self;
        let latency = &measured.latency;
        let resource = |budget: &Budget| {
            let status = budget.status().map_or("not judged", Status::name);
            let values = json!({
                "measured": budget.measured,
                "budget": budget.limit,
                "ratio": budget.ratio(),
                "status": status,
            });
            (budget.name.to_owned(), values)
        };
        json!({
            "schedules": load.schedules,
            "iterations": latency.len(),
            "signals_emitted": measured.signals,
            "orders": measured.orders,
            "fills": measured.fills,
            "avg_latency_ms": latency.mean() / MILLISECOND,
            "max_latency_ms": latency.max() as f64 / MILLISECOND,
            "jitter_ms": jitter(latency),
            "latency_ms": percentiles(latency),
            "lateness_ms": measured.lateness.as_ref().map(percentiles),
            "wall_seconds": measured.wall.as_secs_f64(),
            "cpu_seconds": measured.cpu.as_secs_f64(),
            "resources": self.budgets.iter().map(resource).collect::<Map<_, _>>(),
            "resource_status": self.status().name(),
            "settings": {
                "iterations": load.iterations,
                "schedules": load.schedules,
                "signals": load.signals,
                "period_ms": load.period.as_secs_f64() * 1e3,
                "latency_budget": limits.latency,
                "cpu_budget": limits.cpu,
                "memory_budget": limits.memory,
                "read_budget": limits.read,
                "write_budget": limits.write,
            },
        })
    }

    /// For people.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Measured { latency, lateness, signals, orders, fills, wall, .. } = &self.measured;
        let names = PERCENTILES.iter().map(|(name, _)| *name);
        let mut header = vec!["", "min", "mean"];
        header.extend(names.chain(["max", "max - min"]));
        let mut times = table(&header);
        times.add_row(row("tick, us", latency));
        if let Some(lateness) = lateness {
            times.add_row(row("began late, us", lateness));
        }
        let mut resources = table(&["resource", "measured", "budget", "ratio", "status"]);
        let cell = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
        for budget in &self.budgets {
            let status = budget.status().map_or("-", Status::name);
            let limit = budget.limit.map_or_else(|| "-".to_owned(), |limit| limit.to_string());
            let cells = [cell(budget.measured), limit, cell(budget.ratio()), status.to_owned()];
            resources.add_row(std::iter::once(budget.name.to_owned()).chain(cells));
        }
        format!(
            "{times}\n{resources}\n{} ticks of {} schedules in {:.3} s: {signals} signals, {orders} orders, {fills} \
             fills\n",
            latency.len(),
            self.load.schedules,
            wall.as_secs_f64()
        )
    }
}

fn jitter(histogram: &Histogram<u64>) -> f64 {
    (histogram.max() - histogram.min()) as f64 / MILLISECOND
}

fn percentiles(histogram: &Histogram<u64>) -> Map<String, Value> {
    let percentile = |(name, part): (&str, f64)| {
        (name.to_owned(), json!(histogram.value_at_percentile(part) as f64 / MILLISECOND))
    };
    let mut all: Map<String, Value> = PERCENTILES.map(percentile).into_iter().collect();
    all.insert("max".to_owned(), json!(histogram.max() as f64 / MILLISECOND));
    all
}

fn row(name: &str, histogram: &Histogram<u64>) -> Vec<String> {
    let micros = |nanos: f64| format!("{:.1}", nanos / 1e3);
    let mut cells = vec![name.to_owned(), micros(histogram.min() as f64), micros(histogram.mean())];
    cells.extend(PERCENTILES.map(|(_, part)| micros(histogram.value_at_percentile(part) as f64)));
    cells.extend([micros(histogram.max() as f64), micros((histogram.max() - histogram.min()) as f64)]);
    cells
}

/// An empty table whose columns hold numbers from the second on.
fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
