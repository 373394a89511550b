//! Telemetry that capital policies read.

use serde::{Deserialize, Serialize};

/// A table of metrics, one row per schedule. Only finite values are there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Readings {
    names: Vec<String>,
    values: Vec<f64>,
    is_dropped: Vec<bool>,
}

impl Readings {
    /// A table of `schedules` rows in which every metric is missing.
    #[must_use]
    pub fn new(names: Vec<String>, schedules: usize) -> Self {
        Self { values: vec![f64::NAN; names.len() * schedules], is_dropped: vec![false; names.len()], names }
    }

    /// The metrics, by column.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Forgets everything: every metric is missing.
    pub fn clear(&mut self) {
        self.values.fill(f64::NAN);
        self.is_dropped.fill(false);
    }

    /// Sets a metric of a schedule. One that is not finite counts as missing, and is reported.
    pub fn set(&mut self, schedule: usize, column: usize, value: f64) {
        self.is_dropped[column] |= !value.is_finite();
        self.values[schedule * self.names.len() + column] = if value.is_finite() { value } else { f64::NAN };
    }

    /// A metric of a schedule; `None` when it is missing.
    #[must_use]
    pub fn get(&self, schedule: usize, column: usize) -> Option<f64> {
        let value = self.values.get(schedule * self.names.len() + column).copied();
        value.filter(|value| value.is_finite())
    }

    /// Metrics that were not finite for some schedule, in the order of the columns.
    pub fn dropped(&self) -> impl Iterator<Item = &str> {
        let named = self.names.iter().zip(&self.is_dropped);
        named.filter(|(_, is_dropped)| **is_dropped).map(|(name, _)| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_missing_and_named() {
        let mut readings = Readings::new(["a", "b", "c"].map(ToOwned::to_owned).into(), 2);
        for (column, value) in [f64::NAN, 1.5, f64::INFINITY].into_iter().enumerate() {
            readings.set(1, column, value);
        }
        readings.set(0, 2, 0.0);
        let row = |schedule| [0, 1, 2].map(|column| readings.get(schedule, column));
        assert_eq!((row(0), row(1)), ([None, None, Some(0.0)], [None, Some(1.5), None]));
        assert_eq!(readings.dropped().collect::<Vec<_>>(), ["a", "c"]);
    }
}
