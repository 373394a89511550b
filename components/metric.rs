//! Metrics of strategies: what telemetry and capital policies know of a schedule's signals.

use bevy_ecs::prelude::Component;

use crate::signal::Signal;

/// A number drawn from a schedule's signals.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The name in telemetry and results.
    pub name: &'static str,
    /// How the samples become one number.
    pub fold: Fold,
    /// The sample a signal gives, if any.
    pub sample: fn(&Signal) -> Option<f64>,
}

/// How samples become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Their mean.
    Mean,
    /// The largest.
    Max,
}

/// The mean confidence of the signals, which every engine has.
pub const CONFIDENCE: Metric =
    Metric { name: "avg_confidence", fold: Fold::Mean, sample: |signal| Some(signal.confidence.get()) };

/// The samples of a schedule so far; a metric without samples has no value.
#[derive(Component, Clone, Debug, Default)]
pub struct Metrics {
    metrics: Vec<(Metric, Samples)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Samples {
    count: u64,
    sum: f64,
    max: f64,
}

impl Metrics {
    /// The confidence and an engine's own metrics, without samples.
    #[must_use]
    pub fn new(own: &[Metric]) -> Self {
        let all = std::iter::once(&CONFIDENCE).chain(own);
        Self { metrics: all.map(|metric| (*metric, Samples::default())).collect() }
    }

    /// Takes in a signal.
    pub fn take(&mut self, signal: &Signal) {
        for (metric, samples) in &mut self.metrics {
            if let Some(sample) = (metric.sample)(signal) {
                samples.max = if samples.count == 0 { sample } else { samples.max.max(sample) };
                samples.sum += sample;
                samples.count += 1;
            }
        }
    }

    /// The metrics that have samples, by name.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.metrics.iter().filter(|(_, samples)| samples.count > 0).map(|(metric, samples)| {
            let value = match metric.fold {
                Fold::Mean => samples.sum / samples.count as f64,
                Fold::Max => samples.max,
            };
            (metric.name, value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::SignalKind;
    use crate::units::Ratio;

    #[test]
    fn a_metric_without_samples_is_absent_and_the_others_are_folded() {
        let largest =
            Metric { name: "largest", fold: Fold::Max, sample: |signal| Some(-signal.confidence.get()) };
        let silent = Metric { name: "silent", fold: Fold::Mean, sample: |_| None };
        let mut metrics = Metrics::new(&[largest, silent]);
        assert_eq!(metrics.values().count(), 0);
        for confidence in [0.25, 0.75] {
            metrics.take(&Signal::new(SignalKind::Exit, Ratio::new(confidence)));
        }
        assert_eq!(metrics.values().collect::<Vec<_>>(), [("avg_confidence", 0.5), ("largest", -0.25)]);
    }
}
