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
const CONFIDENCE: &str = "avg_confidence";

/// The samples of a schedule so far; a metric without samples has no value.
#[derive(Component, Clone, Debug, Default)]
pub struct Metrics {
    confidence: Samples,
    own: Vec<(Metric, Samples)>,
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
        let own = own.iter().map(|metric| (*metric, Samples::default())).collect();
        Self { confidence: Samples::default(), own }
    }

    /// Takes in a signal.
    pub fn take(&mut self, signal: &Signal) {
        self.confidence.take(signal.confidence.get());
        for (metric, samples) in &mut self.own {
            if let Some(sample) = (metric.sample)(signal) {
                samples.take(sample);
            }
        }
    }

    /// The metrics that have samples, by name.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let confidence = std::iter::once((CONFIDENCE, Fold::Mean, &self.confidence));
        let own = self.own.iter().map(|(metric, samples)| (metric.name, metric.fold, samples));
        confidence.chain(own).filter(|(.., samples)| samples.count > 0).map(|(name, fold, samples)| {
            let value = match fold {
                Fold::Mean => samples.sum / samples.count as f64,
                Fold::Max => samples.max,
            };
            (name, value)
        })
    }
}

impl Samples {
    fn take(&mut self, sample: f64) {
        self.max = if self.count == 0 { sample } else { self.max.max(sample) };
        self.sum += sample;
        self.count += 1;
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
