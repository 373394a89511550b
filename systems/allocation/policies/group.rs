//! Schedules that share a budget.

use hemiola_components::capital::Readings;
use serde::{Deserialize, Serialize};

use super::node::Node;
use super::normalize::normalize_or_equal;

/// Schedules with a share of their own, divided by a policy of their own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) share: f64,
    pub(super) inner: Node,
    /// Places of its schedules among those of the policy that formed it.
    places: Vec<usize>,
    /// Shares inside the group.
    pub(super) fractions: Vec<f64>,
}

impl Group {
    pub(super) fn new(name: String, share: f64, inner: Node, places: Vec<usize>) -> Self {
        let fractions = vec![0.0; places.len()];
        Self { name, share, inner, places, fractions }
    }

    /// Divides the share between the members.
    pub(super) fn divide(&mut self, readings: &Readings, out: &mut [f64]) {
        self.fractions.copy_from_slice(self.inner.evaluate(readings));
        normalize_or_equal(&mut self.fractions);
        for (place, fraction) in self.places.iter().zip(&self.fractions) {
            out[*place] = self.share * fraction;
        }
    }

    /// The places of its members with their shares inside it.
    pub(super) fn members(&self) -> impl Iterator<Item = (usize, f64)> {
        self.places.iter().copied().zip(self.fractions.iter().copied())
    }
}
