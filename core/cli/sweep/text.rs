//! A sweep for people.

use std::fmt::Write as _;

use hemiola_components::units::Notional;

use crate::results::heat_map;
use crate::results::terminal::{self, percent};
use crate::sweep::Ended;
use crate::sweep::axis::Axis;
use crate::sweep::forward::Forward;
use crate::sweep::row::Ran;
use crate::sweep::worth::Worth;

/// Columns of a heat map in the terminal.
const WIDTH: usize = 100;

/// A column of the table: its head and how a value is written.
type Shown = (&'static str, fn(&Ran) -> String);

const COLUMNS: [Shown; 7] = [
    ("return", |ran| percent(ran.statistic("total_return"))),
    ("CAGR", |ran| percent(ran.statistic("cagr"))),
    ("Sharpe", |ran| number(ran.statistic("sharpe"))),
    ("Sortino", |ran| number(ran.statistic("sortino"))),
    ("drawdown", |ran| percent(ran.statistic("max_drawdown"))),
    ("profit factor", |ran| number(ran.statistic("profit_factor"))),
    ("fills", |ran| ran.fills.to_string()),
];

/// The best variants and what they are worth; `colour` for terminals.
pub(super) fn render(ended: &Ended, top: usize, colour: bool) -> String {
    let Ended { space, rows, rank, order, result, .. } = ended;
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    let ran = rows.iter().filter(|row| row.ran().is_some()).count();
    let failed = if ran < rows.len() { format!(", {} failed", rows.len() - ran) } else { String::new() };
    line(format!("{} variants{failed}; best by {}", rows.len(), rank.name()));
    line(best(ended, top));
    if order.is_empty() {
        line(format!("no variant has a {}", rank.name()));
    }
    if let Some(map) = &ended.map {
        line(heat_map::to_terminal(map, WIDTH, colour));
    }
    if let Some(best) = order.first() {
        let settings: Vec<String> = space.settings(*best).iter().map(ToString::to_string).collect();
        line(format!("best                  {best}: {}", settings.join(" ")));
    }
    if let Some(worth) = &ended.worth {
        line(worth_text(worth));
    }
    if let Some(forward) = &ended.forward {
        line(forward_text(forward, ended));
    }
    let synthetic = if ended.is_synthetic { " (synthetic candles: says nothing about markets)" } else { "" };
    line(format!("results               {}{synthetic}", ended.folder.display()));
    line(format!("digest                {}", result["digest"].as_str().unwrap_or_default()));
    text
}

fn best(ended: &Ended, top: usize) -> String {
    let axes = ended.space.axes.iter().map(Axis::name);
    let heads = COLUMNS.iter().map(|(head, _)| *head);
    let mut table = terminal::table(&["variant"].into_iter().chain(axes).chain(heads).collect::<Vec<_>>(), 0);
    for variant in ended.order.iter().take(top) {
        let Some(ran) = ended.rows[*variant].ran() else { continue };
        let values = ended.space.values(*variant).into_iter().map(|value| value.to_string());
        let shown = COLUMNS.iter().map(|(_, shown)| shown(ran));
        table.add_row([variant.to_string()].into_iter().chain(values).chain(shown));
    }
    table.to_string()
}

fn worth_text(worth: &Worth) -> String {
    let mut text = format!("trials                {}\n", worth.trials);
    match worth.deflated {
        Some(found) => writeln!(
            text,
            "deflated Sharpe       {:.1} % sure that the best is better than luck (its Sharpe alone: {:.1} %)",
            found.deflated * 100.0,
            found.probabilistic * 100.0,
        ),
        None => writeln!(text, "deflated Sharpe       not defined: too few variants, or returns that say nothing"),
    }
    .expect("a String takes all text");
    match worth.overfitting {
        Some(found) => write!(
            text,
            "overfitting           in {:.1} % of {} halves the best of one was below the median of the other; in {:.1} % it lost",
            found.probability * 100.0,
            found.combinations,
            found.probability_of_loss * 100.0,
        ),
        None => write!(text, "overfitting           not defined: fewer than two variants or 32 days"),
    }
    .expect("a String takes all text");
    text
}

fn forward_text(forward: &Forward, ended: &Ended) -> String {
    let statistics = forward.statistics(Notional::new(ended.cash));
    format!(
        "walk forward          {} windows; out of sample: return {}, Sharpe {}, drawdown {}",
        forward.choices.len(),
        percent(statistics.total_return),
        number(statistics.sharpe),
        percent(Some(statistics.max_drawdown)),
    )
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
}
