//! Weights from a table.

use std::collections::BTreeMap;

use hemiola_components::capital::ScheduleView;

use super::normalize::normalize;

/// The weight of each schedule: the first entry that matches it, of a table in lower case. Several schedules may
/// share one; nothing matches when all are zero.
pub(super) fn hits<'a>(
    table: &BTreeMap<String, f64>,
    schedules: impl Iterator<Item = &'a ScheduleView>,
) -> Vec<f64> {
    let mut values: Vec<f64> = table.values().copied().collect();
    normalize(&mut values);
    let table: BTreeMap<&str, f64> = table.keys().map(String::as_str).zip(values).collect();
    let usable = |key: &str| table.get(key).copied().filter(|weight| *weight > 0.0);
    let hit = |view: &ScheduleView| {
        let [schedule, strategy, profile] =
            [&view.name, &view.strategy, &view.risk_profile].map(|name| name.to_lowercase());
        usable(&format!("{schedule}:{profile}"))
            .or_else(|| usable(&format!("{strategy}:{profile}")))
            .or_else(|| usable(&schedule))
            .or_else(|| usable(&strategy))
            .unwrap_or(0.0)
    };
    let mut hits: Vec<f64> = schedules.map(hit).collect();
    normalize(&mut hits);
    hits
}
