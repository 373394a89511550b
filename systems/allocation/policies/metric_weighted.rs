//! By a weighted sum of telemetry.

use std::collections::BTreeMap;

use hemiola_components::capital::{Readings, Rule};
use serde::{Deserialize, Serialize};

use super::node::{Binding, Node};
use super::normalize::{normalize, normalize_or_equal};

/// Rules with their columns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MetricWeighted {
    rules: Vec<(Option<usize>, Rule)>,
    default_score: f64,
    epsilon: f64,
    fallback: Option<Box<Node>>,
    scores: Vec<f64>,
    shift: f64,
    fell_back: bool,
}

impl MetricWeighted {
    pub(super) fn bind(
        binding: &Binding<'_>,
        rules: &[Rule],
        [default_score, epsilon]: [f64; 2],
        fallback: Option<Node>,
        members: usize,
    ) -> Self {
        let counts = |rule: &&Rule| rule.weight != 0.0 && rule.weight.is_finite();
        let bound = |rule: &Rule| (binding.column(&rule.metric), rule.clone());
        Self {
            rules: rules.iter().filter(counts).map(bound).collect(),
            default_score,
            epsilon: epsilon.max(1e-9),
            fallback: fallback.map(Box::new),
            scores: vec![0.0; members],
            shift: 0.0,
            fell_back: false,
        }
    }

    pub(super) fn fallback(&self) -> Option<&Node> {
        self.fallback.as_deref()
    }

    pub(super) fn weigh(&mut self, members: &[usize], readings: &Readings, out: &mut [f64]) {
        let mut lowest = f64::INFINITY;
        for (score, &schedule) in self.scores.iter_mut().zip(members) {
            let counted = self.rules.iter().map(|rule| value(rule, schedule, readings) * rule.1.weight);
            *score = counted.fold(self.default_score, |sum, part| sum + part);
            lowest = lowest.min(*score);
        }
        self.shift = match lowest {
            lowest if !lowest.is_finite() => self.epsilon,
            lowest if lowest <= 0.0 => lowest.abs() + self.epsilon,
            _ => 0.0,
        };
        for (weight, score) in out.iter_mut().zip(&self.scores) {
            *weight = lifted(*score, self.shift);
        }
        self.fell_back = self.rules.is_empty() || !normalize(out);
        if self.fell_back {
            match &mut self.fallback {
                Some(fallback) => out.copy_from_slice(fallback.evaluate(readings)),
                None => out.fill(0.0),
            }
            normalize_or_equal(out);
        }
    }

    pub(super) fn details(
        &self,
        member: usize,
        schedule: usize,
        readings: &Readings,
    ) -> BTreeMap<String, f64> {
        let mut details = BTreeMap::new();
        for rule in &self.rules {
            let (metric, value) = (&rule.1.metric, value(rule, schedule, readings));
            details.insert(format!("metric:{metric}"), value);
            details.insert(format!("contribution:{metric}"), value * rule.1.weight);
        }
        if !self.rules.is_empty() {
            details.insert("raw_score".to_owned(), self.scores[member]);
            details.insert("shifted_score".to_owned(), lifted(self.scores[member], self.shift));
            details.insert("shift".to_owned(), self.shift);
        }
        if self.fell_back {
            details.insert("fallback".to_owned(), 1.0);
        }
        details
    }
}

/// A score above zero, or nothing.
fn lifted(score: f64, shift: f64) -> f64 {
    let lifted = score + shift;
    if lifted.is_finite() { lifted.max(0.0) } else { 0.0 }
}

/// A schedule's value under a rule, before the rule's weight.
fn value((column, rule): &(Option<usize>, Rule), schedule: usize, readings: &Readings) -> f64 {
    let seen = column.and_then(|column| readings.get(schedule, column));
    let mut value = seen.unwrap_or(rule.default);
    if rule.absolute {
        value = value.abs();
    }
    value = rule.min.map_or(value, |min| value.max(min));
    value = rule.max.map_or(value, |max| value.min(max));
    value * rule.scale
}
