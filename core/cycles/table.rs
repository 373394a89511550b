//! Cycles and evaluations as tables.

use hemiola_adapters::results::{Column, Table, Texts};
use hemiola_components::time::Nanos;

use super::{Cycle, Entry as _, Evaluation};

/// A row a cycle: its instants, how long it took in seconds, and what there was of each kind; the last columns have its
/// signals and results as JSON.
#[must_use]
pub fn cycles(cycles: &[Cycle]) -> Table {
    let time = |of: fn(&Cycle) -> Nanos| Column::Time(cycles.iter().map(of).collect());
    let count = |of: fn(&Cycle) -> usize| {
        Column::Integer(cycles.iter().map(|cycle| i64::try_from(of(cycle)).unwrap_or(i64::MAX)).collect())
    };
    let text = |of: fn(&Cycle) -> String| texts(cycles.iter().map(of));
    Table::new(
        vec![
            ("sequence", Column::Integer(cycles.iter().map(|cycle| cycle.sequence.cast_signed()).collect())),
            ("at", time(|cycle| cycle.at)),
            ("started_at", time(|cycle| cycle.started_at)),
            ("finished_at", time(Cycle::finished_at)),
            (
                "duration_s",
                Column::Float(cycles.iter().map(|cycle| cycle.duration_ns as f64 / 1e9).collect()),
            ),
            ("signals", count(|cycle| cycle.signals.len())),
            ("orders", count(Cycle::orders)),
            ("results", count(|cycle| cycle.results.len())),
            ("signals_json", text(|cycle| serde_json::to_string(&cycle.signals).unwrap_or_default())),
            ("results_json", text(|cycle| serde_json::to_string(&cycle.results).unwrap_or_default())),
        ],
        Vec::new(),
    )
}

/// A row an evaluation; NaN where there is no number.
#[must_use]
pub fn evaluations(evaluations: &[Evaluation]) -> Table {
    let label = |of: fn(&Evaluation) -> &str| Column::labels(evaluations.iter().map(of));
    let number = |of: fn(&Evaluation) -> Option<f64>| {
        Column::Float(evaluations.iter().map(|evaluation| of(evaluation).unwrap_or(f64::NAN)).collect())
    };
    let sequence = evaluations.iter().map(|evaluation| evaluation.sequence.cast_signed()).collect();
    Table::new(
        vec![
            ("sequence", Column::Integer(sequence)),
            ("at", Column::Time(evaluations.iter().map(|evaluation| evaluation.at).collect())),
            ("evaluated_at", Column::Time(evaluations.iter().map(Evaluation::time).collect())),
            ("schedule", label(|evaluation| &evaluation.schedule)),
            ("instrument", label(|evaluation| &evaluation.instrument)),
            ("verdict", label(|evaluation| evaluation.verdict.name())),
            ("rule", label(|evaluation| evaluation.rule.as_deref().unwrap_or_default())),
            ("value", number(|evaluation| evaluation.value)),
            ("limit", number(|evaluation| evaluation.limit)),
            ("headroom", number(|evaluation| evaluation.headroom)),
            ("quantity", number(|evaluation| evaluation.quantity)),
        ],
        Vec::new(),
    )
}

fn texts(texts: impl Iterator<Item = String>) -> Column {
    let mut column = Texts::default();
    texts.for_each(|text| column.push(|buffer| buffer.push_str(&text)));
    Column::Text(column)
}
