//! The table at the end of a run.

use std::fmt::Write as _;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use hemiola_components::schedule::Telemetry;

use super::summary::Summary;

const HEADER: [&str; 10] =
    ["schedule", "strategy", "signals", "refused", "orders", "fills", "realised", "fees", "net", "hit rate"];

/// Schedules, total and statistics as text.
#[must_use]
pub fn render(summary: &Summary) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(HEADER);
    for schedule in &summary.schedules {
        let money = [schedule.realised, schedule.fees, schedule.net()];
        table.add_row(row(&schedule.name, &schedule.strategy, &schedule.counts, money, schedule.hit_rate));
    }
    let money = [summary.realised, summary.fees, summary.realised + summary.unrealised - summary.fees];
    table.add_row(row("total", "", &summary.total, money, summary.statistics.hit_rate));
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = table.to_string();
    text.push('\n');
    statistics(summary, &mut text);
    text
}

fn row(
    name: &str,
    strategy: &str,
    counts: &Telemetry,
    money: [f64; 3],
    hit_rate: Option<f64>,
) -> Vec<String> {
    let Telemetry { signals, refusals, orders, fills, .. } = counts;
    let mut cells = vec![name.to_owned(), strategy.to_owned()];
    cells.extend([signals, refusals, orders, fills].map(ToString::to_string));
    cells.extend(money.map(|amount| format!("{amount:.2}")));
    cells.push(percent(hit_rate));
    cells
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
}

fn percent(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{:.2} %", value * 100.0))
}
