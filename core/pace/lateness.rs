//! How late wakes are, from the instant they were planned for.

use hdrhistogram::Histogram;
use hemiola_components::time::Nanos;
use serde::Serialize;

/// Latenesses beyond an hour count as one.
const MOST: u64 = 3_600_000_000_000;

/// Grids that have histograms of their own; others are in the total only.
const MOST_GROUPS: usize = 64;

/// Lateness of the wakes of schedules, in total and by cadence: ten thousand schedules of one cadence wake together, so
/// that they share a histogram.
#[derive(Clone, Debug)]
pub struct Lateness {
    total: Pair,
    groups: Vec<(Nanos, Pair)>,
}

/// As it was seen, and corrected for the instants during which nothing could be seen (coordinated omission; G. Tene, How
/// not to measure latency, 2013): a wake that is late by several periods stands for those that could not be on time either.
#[derive(Clone, Debug)]
struct Pair {
    raw: Histogram<u64>,
    corrected: Histogram<u64>,
}

/// Percentiles, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// How many wakes.
    pub count: u64,
    /// The median.
    pub p50: u64,
    /// Nine of ten are not later.
    pub p90: u64,
    /// Of a hundred 99.
    pub p99: u64,
    /// Of a thousand 999.
    pub p999: u64,
    /// Of ten thousand 9,999.
    pub p9999: u64,
    /// The latest.
    pub max: u64,
}

impl Percentiles {
    /// Those of a histogram of nanoseconds.
    #[must_use]
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile);
        Self {
            count: histogram.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            p9999: at(0.9999),
            max: histogram.max(),
        }
    }
}

impl Pair {
    /// # Panics
    /// Never: the bounds are sound.
    fn new(digits: u8) -> Self {
        let histogram = || Histogram::new_with_bounds(1, MOST, digits).expect("the bounds are sound");
        Self { raw: histogram(), corrected: histogram() }
    }

    fn record(&mut self, late: u64, every: u64) {
        self.raw.saturating_record(late);
        // It is below the bound that is checked.
        _ = if every == 0 {
            self.corrected.record(late.min(MOST))
        } else {
            self.corrected.record_correct(late.min(MOST), every)
        };
    }
}

impl Lateness {
    /// Of wakes with these periods.
    #[must_use]
    pub fn new(periods: impl IntoIterator<Item = Nanos>) -> Self {
        let groups = periods.into_iter().take(MOST_GROUPS).map(|every| (every, Pair::new(2)));
        Self { total: Pair::new(3), groups: groups.collect() }
    }

    /// A wake of the period at a place was so late; without an expected interval the corrected figures are as it was seen.
    pub fn record(&mut self, place: usize, late: Nanos, expected: Nanos) {
        let [late, every] = [late, expected].map(|time| time.get().max(0).unsigned_abs());
        if let Some((_, pair)) = self.groups.get_mut(place) {
            pair.record(late, every);
        }
        self.total.record(late, every);
    }

    /// All wakes, as they were seen.
    #[must_use]
    pub const fn raw(&self) -> &Histogram<u64> {
        &self.total.raw
    }

    /// All wakes, corrected.
    #[must_use]
    pub const fn corrected(&self) -> &Histogram<u64> {
        &self.total.corrected
    }

    /// By period, of the first grids: corrected percentiles.
    pub fn by_period(&self) -> impl Iterator<Item = (Nanos, Percentiles)> + '_ {
        self.groups.iter().map(|(every, pair)| (*every, Percentiles::of(&pair.corrected)))
    }
}
