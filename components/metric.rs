//! Metrics of strategies: what telemetry and capital policies know of a schedule's signals.

use bevy_ecs::prelude::Component;
use serde::{Deserialize, Serialize};

use crate::schedule::Cadence;
use crate::signal::Signal;
use crate::time::Nanos;

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

/// The samples of a schedule: of its whole run, and of the last decision with signals. A metric without samples has no
/// value.
#[derive(Component, Clone, Debug, Default)]
pub struct Metrics {
    confidence: Series,
    own: Vec<(Metric, Series)>,
    /// The last decision with signals, and how many they were.
    newest: Option<(Nanos, u64)>,
}

/// The samples of a schedule without the metrics they are of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedMetrics {
    confidence: Series,
    own: Vec<Series>,
    newest: Option<(Nanos, u64)>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Series {
    all: Samples,
    newest: Samples,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Samples {
    count: u64,
    sum: f64,
    max: f64,
}

/// Cadences that a metric of a schedule's signals outlives its decision by.
const HELD: i64 = 10;

impl Metrics {
    /// The confidence and an engine's own metrics, without samples.
    #[must_use]
    pub fn new(own: &[Metric]) -> Self {
        let own = own.iter().map(|metric| (*metric, Series::default())).collect();
        Self { confidence: Series::default(), own, newest: None }
    }

    /// Takes in a signal of the decision at `at`. One whose confidence is no number has none.
    pub fn take(&mut self, at: Nanos, signal: &Signal) {
        if self.newest.is_none_or(|(newest, _)| newest != at) {
            self.newest = Some((at, 0));
            self.confidence.newest = Samples::default();
            self.own.iter_mut().for_each(|(_, series)| series.newest = Samples::default());
        }
        if let Some((_, count)) = &mut self.newest {
            *count += 1;
        }
        self.confidence.take(Some(signal.confidence.get()).filter(|confidence| !confidence.is_nan()));
        for (metric, series) in &mut self.own {
            series.take((metric.sample)(signal));
        }
    }

    /// The metrics of the whole run that have samples, by name.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.series().filter_map(|(name, fold, series)| Some((name, series.all.value(fold)?)))
    }

    /// Signals of the last decision at or before `now`, seen before the decision at `now` is made: none when that was
    /// a decision without any.
    #[must_use]
    pub fn signals(&self, now: Nanos, cadence: Cadence) -> u64 {
        let counts = |(at, _): &(Nanos, u64)| now <= at.next_on_grid(cadence.offset, cadence.every);
        self.newest.filter(counts).map_or(0, |(_, count)| count)
    }

    /// A metric of the last decision that had signals; `None` without samples, or when that was more than ten cadences
    /// before `now`.
    #[must_use]
    pub fn newest(&self, name: &str, now: Nanos, cadence: Cadence) -> Option<f64> {
        let (at, _) = self.newest?;
        if (now - at).get() > cadence.every.get().saturating_mul(HELD) {
            return None;
        }
        let (_, fold, series) = self.series().find(|(known, ..)| *known == name)?;
        series.newest.value(fold)
    }

    /// The same metrics without samples.
    #[must_use]
    pub fn blank(&self) -> Self {
        Self::new(&self.own.iter().map(|(metric, _)| *metric).collect::<Vec<_>>())
    }

    /// The samples, to go on with another time.
    #[must_use]
    pub fn save(&self) -> SavedMetrics {
        let own = self.own.iter().map(|(_, series)| *series).collect();
        SavedMetrics { confidence: self.confidence, own, newest: self.newest }
    }

    /// Goes on with these samples. Returns whether they are of as many metrics; nothing has changed otherwise.
    #[must_use]
    pub fn load(&mut self, saved: &SavedMetrics) -> bool {
        let fits = saved.own.len() == self.own.len();
        if fits {
            (self.confidence, self.newest) = (saved.confidence, saved.newest);
            self.own.iter_mut().zip(&saved.own).for_each(|((_, series), saved)| *series = *saved);
        }
        fits
    }

    /// The names of all metrics.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.series().map(|(name, ..)| name)
    }

    fn series(&self) -> impl Iterator<Item = (&'static str, Fold, &Series)> {
        let confidence = std::iter::once((CONFIDENCE, Fold::Mean, &self.confidence));
        confidence.chain(self.own.iter().map(|(metric, series)| (metric.name, metric.fold, series)))
    }
}

impl Series {
    fn take(&mut self, sample: Option<f64>) {
        if let Some(sample) = sample {
            self.all.take(sample);
            self.newest.take(sample);
        }
    }
}

impl Samples {
    fn value(&self, fold: Fold) -> Option<f64> {
        (self.count > 0).then(|| match fold {
            Fold::Mean => self.sum / self.count as f64,
            Fold::Max => self.max,
        })
    }

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
            metrics.take(Nanos::ZERO, &Signal::new(SignalKind::Exit, Ratio::new(confidence)));
        }
        assert_eq!(metrics.values().collect::<Vec<_>>(), [("avg_confidence", 0.5), ("largest", -0.25)]);
    }

    #[test]
    fn signals_count_until_the_next_decision_and_what_they_say_for_ten() {
        let cadence = Cadence { every: Nanos::new(10), offset: Nanos::new(3) };
        let mut metrics = Metrics::new(&[]);
        for (at, confidence) in [(3, 0.1), (13, 0.2), (13, 0.4)] {
            metrics.take(Nanos::new(at), &Signal::new(SignalKind::Exit, Ratio::new(confidence)));
        }
        let signals = |now| metrics.signals(Nanos::new(now), cadence);
        assert_eq!([signals(13), signals(23), signals(24)], [2, 2, 0]);
        let confidence = |now| metrics.newest("avg_confidence", Nanos::new(now), cadence);
        assert!((confidence(113).unwrap() - 0.3).abs() < 1e-12, "{:?}", confidence(113));
        assert_eq!([confidence(114), metrics.newest("unknown", Nanos::new(13), cadence)], [None, None]);
    }
}
