//! Several policies, mixed.

use std::collections::BTreeMap;

use hemiola_components::capital::{Component, Readings};
use serde::{Deserialize, Serialize};

use super::node::{Binding, Node};
use super::normalize::{normalize, normalize_or_equal};

/// Policies with their shares of the mix. The shares add up to one: weights that do not lead to the same result.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Blended {
    parts: Vec<Part>,
    fallback: Option<Box<Node>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Part {
    label: String,
    share: f64,
    node: Node,
    weights: Vec<f64>,
}

impl Blended {
    pub(super) fn bind(
        binding: &Binding<'_>,
        path: &str,
        components: &[Component],
        fallback: Option<Node>,
        members: &[usize],
    ) -> Self {
        let total: f64 = components.iter().map(|component| component.weight.max(0.0)).sum();
        let mut parts: Vec<Part> = Vec::new();
        for component in components.iter().filter(|component| component.weight > 0.0) {
            let taken = |label: &str| parts.iter().any(|part| part.label == label);
            let numbered = (2..).map(|number| format!("{}#{number}", component.label));
            let mut labels = std::iter::once(component.label.clone()).chain(numbered);
            let label = labels.find(|label| !taken(label)).expect("there is no end of labels");
            parts.push(Part {
                node: binding.node(
                    &component.policy,
                    members.to_vec(),
                    &format!("{path}/components/{label}"),
                ),
                share: component.weight / total,
                weights: vec![0.0; members.len()],
                label,
            });
        }
        Self { parts, fallback: fallback.map(Box::new) }
    }

    pub(super) fn inner(&self) -> impl Iterator<Item = &Node> {
        self.parts.iter().map(|part| &part.node).chain(self.fallback.as_deref())
    }

    pub(super) fn weigh(&mut self, readings: &Readings, out: &mut [f64]) {
        out.fill(0.0);
        for part in &mut self.parts {
            part.weights.copy_from_slice(part.node.evaluate(readings));
            normalize(&mut part.weights);
            for (sum, weight) in out.iter_mut().zip(&part.weights) {
                *sum += part.share * weight;
            }
        }
        if normalize(out) {
            return;
        }
        if let Some(fallback) = &mut self.fallback {
            out.copy_from_slice(fallback.evaluate(readings));
            if self.parts.is_empty() {
                return;
            }
        }
        normalize_or_equal(out);
    }

    pub(super) fn details(
        &self,
        names: &[String],
        members: &[usize],
    ) -> BTreeMap<String, BTreeMap<String, f64>> {
        let details = |part: &Part| {
            let weights = members.iter().zip(&part.weights).filter(|(_, weight)| **weight > 0.0);
            let mut row: BTreeMap<String, f64> =
                weights.map(|(schedule, weight)| (names[*schedule].clone(), *weight)).collect();
            row.insert("mix_weight".to_owned(), part.share);
            (part.label.clone(), row)
        };
        self.parts.iter().map(details).collect()
    }
}
