//! Another policy's weights, smoothed.

use std::collections::BTreeMap;

use hemiola_components::capital::{Memory, Readings};
use serde::{Deserialize, Serialize};

use super::node::{Binding, Node};
use super::normalize::normalize_or_equal;

/// An exponential average of shares. A schedule without a previous share takes the newest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Smoothed {
    path: String,
    base: Box<Node>,
    alpha: f64,
    min_delta: f64,
    floor: f64,
    raw: Vec<f64>,
    /// By member; zero is none.
    previous: Vec<f64>,
    has_run: bool,
}

impl Smoothed {
    pub(super) fn bind(
        binding: &Binding<'_>,
        path: &str,
        base: Node,
        [alpha, min_delta, floor]: [f64; 3],
        members: &[usize],
    ) -> Self {
        let remembered = binding.memory.get(path);
        let previous = |schedule: &usize| {
            let name = &binding.schedules[*schedule].name;
            remembered.and_then(|previous| previous.get(name)).copied().unwrap_or(0.0)
        };
        Self {
            path: path.to_owned(),
            base: Box::new(base),
            alpha: alpha.clamp(0.0, 1.0),
            min_delta: min_delta.max(0.0),
            floor: floor.max(0.0),
            raw: vec![0.0; members.len()],
            previous: members.iter().map(previous).collect(),
            has_run: false,
        }
    }

    pub(super) fn base(&self) -> &Node {
        &self.base
    }

    /// Shares before they were smoothed.
    pub(super) fn raw(&self) -> &[f64] {
        &self.raw
    }

    pub(super) fn weigh(&mut self, readings: &Readings, out: &mut [f64]) {
        self.raw.copy_from_slice(self.base.evaluate(readings));
        normalize_or_equal(&mut self.raw);
        for ((weight, &raw), &previous) in out.iter_mut().zip(&self.raw).zip(&self.previous) {
            let change = raw - previous;
            let smoothed = if previous == 0.0 || self.alpha == 1.0 && change.abs() >= self.min_delta {
                raw
            } else if change.abs() < self.min_delta {
                previous
            } else {
                previous + self.alpha * change
            };
            *weight = smoothed.max(self.floor);
        }
        normalize_or_equal(out);
        self.previous.copy_from_slice(out);
        self.has_run = true;
    }

    /// Adds what it remembers, once it has run.
    pub(super) fn remember(&self, names: &[String], members: &[usize], memory: &mut Memory) {
        if self.has_run {
            let entries = members.iter().zip(&self.previous).filter(|(_, previous)| **previous > 0.0);
            let previous: BTreeMap<String, f64> =
                entries.map(|(schedule, previous)| (names[*schedule].clone(), *previous)).collect();
            memory.insert(self.path.clone(), previous);
        }
    }
}
