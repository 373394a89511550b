//! A risk state for people.

use std::fmt::Write as _;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use hemiola_adapters::risk_state::{Latch, RiskRecord};
use serde_json::Value;

use super::document::document;
use super::headroom::headroom;
use crate::instant;

/// Fields that have a table of their own.
const APART: [&str; 4] = ["profile", "limits", "latches", "positions"];

/// A state with everything that [`document`] says of it.
///
/// # Panics
/// Never: a text takes everything.
#[must_use]
pub fn text(record: &RiskRecord) -> String {
    let condition =
        if record.is_liquidating() { "in liquidation, only reducing orders pass" } else { "open" };
    let mut text = format!("profile {}: {condition}\n", record.profile);
    for latch in &record.latches {
        writeln!(text, "  {}", latched(latch)).expect("a text takes everything");
    }
    let mut tables = vec![state(record)];
    if !record.positions.is_empty() {
        tables.push(positions(record));
    }
    if !record.limits.is_empty() {
        tables.push(limits(record));
    }
    for table in tables {
        writeln!(text, "{table}").expect("a text takes everything");
    }
    text
}

/// A latch in a line.
fn latched(latch: &Latch) -> String {
    let mut line = format!("{} since {}", latch.rule, instant::text(latch.since));
    if let (Some(value), Some(limit)) = (latch.value, latch.limit) {
        write!(line, ": {value}, allowed {limit}").expect("a text takes everything");
    }
    if let Some(operator) = &latch.by_operator {
        write!(line, ", by {}: {}", operator.name, operator.reason).expect("a text takes everything");
    }
    line
}

fn state(record: &RiskRecord) -> Table {
    let mut table = table(&["", "value"]);
    let Value::Object(fields) = document(record) else { return table };
    for (name, value) in fields.iter().filter(|(name, _)| !APART.contains(&name.as_str())) {
        match value {
            Value::Object(parts) => {
                for (part, value) in parts {
                    table.add_row([format!("{name}.{part}"), plain(value)]);
                }
            }
            value => {
                table.add_row([name.clone(), plain(value)]);
            }
        }
    }
    table
}

fn positions(record: &RiskRecord) -> Table {
    let mut table = table(&["position", "side", "quantity", "average price", "notional"]);
    for (symbol, position) in &record.positions {
        let numbers =
            [position.quantity, position.average_price, position.notional].map(|number| number.to_string());
        let [quantity, price, notional] = numbers;
        table.add_row([symbol.clone(), position.side.name().to_owned(), quantity, price, notional]);
    }
    table
}

fn limits(record: &RiskRecord) -> Table {
    let mut table = table(&["limit", "value", "allowed", "headroom"]);
    let number = |number: Option<f64>| number.map_or("-".to_owned(), |number| number.to_string());
    for limit in headroom(record) {
        let is_off = limit.limit <= 0.0 && limit.name != "max_positions";
        let allowed = if is_off { "off".to_owned() } else { limit.limit.to_string() };
        table.add_row([limit.name, number(limit.value), allowed, number(limit.headroom)]);
    }
    table
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The first column is of names, the others are of numbers.
fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
