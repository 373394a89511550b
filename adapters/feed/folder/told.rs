//! Which candles of a series have been told.

use std::collections::BTreeMap;

use hemiola_components::candle::Candle;
use hemiola_components::time::Nanos;

/// Candles that are remembered at most.
const REMEMBERED: usize = 1_440;

/// The last candles that were told.
#[derive(Debug)]
pub(super) struct Told {
    /// Candles that opened before are not told.
    since: Nanos,
    recent: BTreeMap<Nanos, Candle>,
}

impl Told {
    /// Nothing yet, and nothing before this instant.
    pub(super) const fn new(since: Nanos) -> Self {
        Self { since, recent: BTreeMap::new() }
    }

    /// From when on a candle may be news.
    pub(super) const fn since(&self) -> Nanos {
        self.since
    }

    /// Whether a candle is to be told, which it is then; one that was told is, when it has changed.
    pub(super) fn is_news(&mut self, candle: &Candle) -> bool {
        if candle.open_time < self.since {
            return false;
        }
        let before = self.recent.insert(candle.open_time, *candle);
        if self.recent.len() > REMEMBERED
            && let Some((oldest, _)) = self.recent.pop_first()
        {
            self.since = oldest + Nanos::new(1);
        }
        before.is_none_or(|before| bits(&before) != bits(candle))
    }
}

/// What is no number equals itself here.
fn bits(candle: &Candle) -> [u64; 5] {
    [candle.open, candle.high, candle.low, candle.close, candle.volume].map(f64::to_bits)
}
