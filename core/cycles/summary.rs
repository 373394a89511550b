//! Cycles in few figures.

use std::collections::BTreeMap;

use hemiola_adapters::time_text::optional_instant;
use hemiola_components::time::Nanos;
use serde::Serialize;

use super::{Cycle, Entry as _};

/// Which entries are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filters {
    /// Those that ended at this instant or later.
    #[serde(with = "optional_instant")]
    pub since: Option<Nanos>,
    /// Those that ended before this instant.
    #[serde(with = "optional_instant")]
    pub until: Option<Nanos>,
    /// Of those, so many of the newest.
    pub limit: Option<usize>,
}

impl Filters {
    /// Those of `entries` that are meant; they are in order.
    #[must_use]
    pub fn take<T: super::Entry>(&self, entries: Vec<T>) -> Vec<T> {
        let is_meant = |entry: &T| {
            let time = entry.time();
            self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time < until)
        };
        let mut meant: Vec<T> = entries.into_iter().filter(is_meant).collect();
        let many = self.limit.map_or(0, |limit| meant.len().saturating_sub(limit));
        meant.drain(..many);
        meant
    }
}

/// How some figures are spread; zeros when there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// Their sum.
    pub total: f64,
    /// Their mean.
    pub average: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
}

impl Spread {
    /// Of figures.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures = figures.into_iter();
        let Some(first) = figures.next() else { return Self::default() };
        let (mut count, mut total, mut min, mut max) = (1.0, first, first, first);
        for figure in figures {
            count += 1.0;
            total += figure;
            min = figure.min(min);
            max = figure.max(max);
        }
        Self { total, average: total / count, min, max }
    }
}

/// Cycles in few figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// How many cycles.
    pub total: usize,
    /// Orders a cycle.
    pub orders: Spread,
    /// Signals a cycle.
    pub signals: Spread,
    /// Signals by what engines call them.
    pub signals_by_side: BTreeMap<String, usize>,
    /// Results a cycle.
    pub results: Spread,
    /// Results by status.
    pub status_counts: BTreeMap<String, usize>,
    /// How long cycles took, seconds.
    pub duration: Spread,
    /// The first one's number.
    pub first_sequence: Option<u64>,
    /// The last one's number.
    pub last_sequence: Option<u64>,
    /// When the first one ended.
    #[serde(with = "optional_instant")]
    pub first_timestamp: Option<Nanos>,
    /// When the last one ended.
    #[serde(with = "optional_instant")]
    pub last_timestamp: Option<Nanos>,
}

impl Summary {
    /// Of cycles in order.
    #[must_use]
    pub fn of(cycles: &[Cycle]) -> Self {
        let (first, last) = (cycles.first(), cycles.last());
        let sides = cycles.iter().flat_map(|cycle| &cycle.signals).map(|signal| &*signal.side);
        let statuses = cycles.iter().flat_map(|cycle| &cycle.results).map(|result| &*result.status);
        Self {
            total: cycles.len(),
            orders: Spread::of(cycles.iter().map(|cycle| cycle.orders() as f64)),
            signals: Spread::of(cycles.iter().map(|cycle| cycle.signals.len() as f64)),
            signals_by_side: counts(sides),
            results: Spread::of(cycles.iter().map(|cycle| cycle.results.len() as f64)),
            status_counts: counts(statuses),
            duration: Spread::of(cycles.iter().map(|cycle| cycle.duration_ns as f64 / 1e9)),
            first_sequence: first.map(|cycle| cycle.sequence),
            last_sequence: last.map(|cycle| cycle.sequence),
            first_timestamp: first.map(Cycle::time),
            last_timestamp: last.map(Cycle::time),
        }
    }
}

/// How often each text is there.
pub(crate) fn counts<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for text in texts {
        match counts.get_mut(text) {
            Some(count) => *count += 1,
            None => _ = counts.insert(text.to_owned(), 1),
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cycles::{CycleResult, CycleSignal};

    fn cycle(sequence: u64, started: i64, statuses: &[&'static str]) -> Cycle {
        let signal = CycleSignal {
            schedule: "s".into(),
            instrument: "v:A".into(),
            side: "buy".into(),
            confidence: 0.5,
            kept: true,
        };
        let result = |status: &&'static str| CycleResult {
            schedule: "s".into(),
            instrument: "v:A".into(),
            status: (*status).into(),
            order_id: None,
            side: None,
            quantity: None,
            price: None,
            rule: None,
        };
        Cycle {
            sequence,
            at: Nanos::new(started),
            started_at: Nanos::new(started),
            duration_ns: 500_000_000,
            signals: vec![signal; statuses.len()],
            results: statuses.iter().map(result).collect(),
        }
    }

    #[test]
    fn cycles_are_summed_up() {
        let cycles = [cycle(4, 10, &["submitted", "filled"]), cycle(5, 20, &[]), cycle(6, 30, &["rejected"])];
        let summary = Summary::of(&cycles);
        assert_eq!((summary.total, summary.first_sequence, summary.last_sequence), (3, Some(4), Some(6)));
        assert_eq!(summary.orders, Spread { total: 1.0, average: 1.0 / 3.0, min: 0.0, max: 1.0 });
        assert_eq!(summary.signals, Spread { total: 3.0, average: 1.0, min: 0.0, max: 2.0 });
        assert_eq!(summary.duration, Spread { total: 1.5, average: 0.5, min: 0.5, max: 0.5 });
        assert_eq!(summary.signals_by_side["buy"], 3);
        let statuses: Vec<_> =
            summary.status_counts.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        assert_eq!(statuses, [("filled", 1), ("rejected", 1), ("submitted", 1)]);
        assert_eq!(summary.last_timestamp, Some(Nanos::new(500_000_030)));
        let none = Summary::of(&[]);
        assert_eq!((none.total, none.orders, none.first_timestamp), (0, Spread::default(), None));
    }

    #[test]
    fn filters_go_by_when_a_cycle_ended_and_then_by_number() {
        let cycles =
            || (1..=5).map(|number| cycle(number, number.cast_signed() * 1_000_000_000, &[])).collect();
        let ended = |number: i64| Some(Nanos::new(number * 1_000_000_000 + 500_000_000));
        let numbers = |filters: Filters| -> Vec<u64> {
            filters.take(cycles()).iter().map(|cycle: &Cycle| cycle.sequence).collect()
        };
        assert_eq!(numbers(Filters { since: ended(2), until: ended(4), limit: None }), [2, 3]);
        assert_eq!(numbers(Filters { since: ended(2), until: None, limit: Some(2) }), [4, 5]);
        assert_eq!(numbers(Filters { limit: Some(0), ..Filters::default() }), [0_u64; 0]);
        assert_eq!(numbers(Filters::default()), [1, 2, 3, 4, 5]);
    }
}
