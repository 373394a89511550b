//! The tables at the end of a run.

use std::fmt::Write as _;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use hemiola_components::schedule::Telemetry;

use super::summary::{Money, RiskCounts, Summary};

const HEADER: [&str; 10] =
    ["schedule", "strategy", "signals", "refused", "orders", "fills", "realised", "fees", "net", "hit rate"];

const COSTS: [&str; 8] =
    ["strategy", "fees", "slippage", "borrow", "costs", "realised, average cost", "realised, FIFO", "net"];

/// Schedules, strategies, total and statistics as text.
#[must_use]
pub fn render(summary: &Summary) -> String {
    let mut schedules = table(&HEADER, 2);
    for schedule in &summary.schedules {
        let counts = &schedule.counts.telemetry;
        schedules.add_row(row(
            &schedule.name,
            &schedule.strategy,
            counts,
            &schedule.money,
            schedule.hit_rate,
        ));
    }
    let total = &summary.total.telemetry;
    schedules.add_row(row("total", "", total, &summary.money, summary.statistics.hit_rate));
    let mut strategies = table(&COSTS, 1);
    for (name, money) in &summary.strategies {
        strategies.add_row(costs(name, money));
    }
    strategies.add_row(costs("total", &summary.money));
    let mut text = format!("{schedules}\n{strategies}\n");
    statistics(summary, &mut text);
    text
}

/// An empty table whose columns hold numbers from `numbers` on.
pub(crate) fn table(header: &[&str], numbers: usize) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    for column in table.column_iter_mut().skip(numbers) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn row(name: &str, strategy: &str, counts: &Telemetry, money: &Money, hit_rate: Option<f64>) -> Vec<String> {
    let Telemetry { signals, refusals, orders, fills, .. } = counts;
    let mut cells = vec![name.to_owned(), strategy.to_owned()];
    cells.extend([signals, refusals, orders, fills].map(ToString::to_string));
    cells.extend([money.realised, money.fees, money.net()].map(amount));
    cells.push(percent(hit_rate));
    cells
}

fn costs(name: &str, money: &Money) -> Vec<String> {
    let by_fills = [money.by_fills.average_cost, money.by_fills.fifo];
    let mut cells = vec![name.to_owned()];
    cells.extend([money.fees, money.slippage, money.borrow, money.costs()].map(amount));
    cells.extend(by_fills.map(|profit| profit.map_or("-".to_owned(), amount)));
    cells.push(amount(money.net()));
    cells
}

pub(super) fn amount(money: f64) -> String {
    format!("{money:.2}")
}

/// What the risk engine did, as far as it did anything.
fn interventions(risk: &RiskCounts) -> Option<String> {
    let groups = [
        ("latched", &risk.latched),
        ("released", &risk.released),
        ("adjusted", &risk.adjusted),
        ("alerts", &risk.alerts),
    ];
    let told = groups.into_iter().filter(|(_, counts)| !counts.is_empty()).map(|(what, counts)| {
        let each: Vec<_> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        format!("{what}: {}", each.join(", "))
    });
    let told: Vec<_> = told.collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn statistics(summary: &Summary, text: &mut String) {
    let s = &summary.statistics;
    let ratio = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.2}"));
    let mut line = |name: &str, value: String| {
        writeln!(text, "{name:<22}{value}").expect("a String takes all text");
    };
    line(
        "candles",
        format!(
            "{} read, {} gaps ({} candles missing), {} without volume",
            summary.candles("bars"),
            summary.candles("gaps"),
            summary.candles("missing"),
            summary.candles("zero_volume")
        ),
    );
    line("days", s.days.to_string());
    line("total return", percent(s.total_return));
    line("CAGR", percent(s.cagr));
    line("volatility, a year", percent(s.annualised_volatility));
    line("Sharpe (√365, rf 0)", ratio(s.sharpe));
    line("Sortino (√365)", ratio(s.sortino));
    let days = s.max_drawdown_days.map_or(String::new(), |days| format!(", longest {days:.0} days"));
    line("max drawdown", format!("{}{days}", percent(Some(s.max_drawdown))));
    line("Calmar", ratio(s.calmar));
    line("turnover, a year", ratio(s.turnover));
    line("exposure", percent(s.exposure));
    line("profit factor", ratio(s.profit_factor));
    if let Some(interventions) = interventions(&summary.risk) {
        line("risk", interventions);
    }
}

pub(crate) fn percent(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{:.2} %", value * 100.0))
}
