//! What feeds tell is checked before a world sees it.

use std::collections::VecDeque;

use hemiola_components::candle::Candle;
use hemiola_components::time::Nanos;

/// How a candle is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// A price or a volume that cannot be: not finite, not positive, or outside high and low.
    Malformed,
    /// It has not ended yet.
    Future,
    /// It is known, and the same.
    Duplicated,
    /// It is known, and was different: what was taken in first stands.
    Restated,
    /// A later one is known, and this one is not; it is too late for it.
    OutOfOrder,
    /// It begins before the one that is known has ended.
    Overlapping,
}

impl Flaw {
    /// What alerts and counters call it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "CANDLE-MALFORMED",
            Self::Future => "CANDLE-FUTURE",
            Self::Duplicated => "CANDLE-DUPLICATED",
            Self::Restated => "CANDLE-RESTATED",
            Self::OutOfOrder => "CANDLE-OUT-OF-ORDER",
            Self::Overlapping => "CANDLE-OVERLAPPING",
        }
    }
}

/// Candles of a series that can be told from restated ones.
pub(super) const REMEMBERED: usize = 1_440;

/// The end of a series, as far as it has been taken in.
#[derive(Clone, Debug)]
pub struct Intake {
    length: Nanos,
    recent: VecDeque<Candle>,
}

impl Intake {
    /// Of a series with candles of this length, of which these are known, in order.
    #[must_use]
    pub fn new(length: Nanos, known: impl IntoIterator<Item = Candle>) -> Self {
        let mut intake = Self { length, recent: VecDeque::new() };
        known.into_iter().for_each(|candle| intake.remember(candle));
        intake
    }

    /// When the last known candle ended; `None` before the first.
    #[must_use]
    pub fn ended(&self) -> Option<Nanos> {
        self.recent.back().map(|candle| candle.open_time + self.length)
    }

    /// When the candle after it ends, if none is missing.
    #[must_use]
    pub fn next_end(&self) -> Option<Nanos> {
        self.ended().map(|ended| ended + self.length)
    }

    /// When a candle of the series ends.
    #[must_use]
    pub fn end_of(&self, candle: &Candle) -> Nanos {
        Nanos::new(candle.open_time.get().saturating_add(self.length.get()))
    }

    /// Takes a candle in at `now`.
    ///
    /// # Errors
    /// What is wrong with it; it is as if it had never come then.
    pub fn take(&mut self, candle: Candle, now: Nanos) -> Result<(), Flaw> {
        if !is_sound(&candle) {
            return Err(Flaw::Malformed);
        }
        if self.end_of(&candle) > now {
            return Err(Flaw::Future);
        }
        if self.recent.back().is_some_and(|last| candle.open_time <= last.open_time) {
            let place = self.recent.binary_search_by_key(&candle.open_time, |known| known.open_time);
            let is_older = self.recent.front().is_some_and(|first| candle.open_time < first.open_time);
            return Err(match place {
                Ok(place) if self.recent[place] == candle => Flaw::Duplicated,
                Ok(_) => Flaw::Restated,
                // Whether it was different nobody remembers.
                Err(_) if is_older => Flaw::Duplicated,
                Err(_) => Flaw::OutOfOrder,
            });
        }
        if self.ended().is_some_and(|ended| candle.open_time < ended) {
            return Err(Flaw::Overlapping);
        }
        self.remember(candle);
        Ok(())
    }

    fn remember(&mut self, candle: Candle) {
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(candle);
    }
}

/// Whether a candle is one: prices positive and finite, high and low around the others, volume not negative.
fn is_sound(candle: &Candle) -> bool {
    let Candle { open_time, open, high, low, close, volume } = *candle;
    let prices = [open, high, low, close];
    prices.iter().all(|price| price.is_finite() && *price > 0.0)
        && low <= open.min(close)
        && high >= open.max(close)
        && volume.is_finite()
        && volume >= 0.0
        && open_time >= Nanos::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candle(open_time: i64, close: f64) -> Candle {
        Candle { open_time: Nanos::new(open_time), open: 5.0, high: 9.0, low: 1.0, close, volume: 2.0 }
    }

    #[test]
    fn only_what_goes_on_is_taken_in() {
        let mut intake = Intake::new(Nanos::new(10), [candle(0, 2.0)]);
        let mut take = |candle, now| intake.take(candle, Nanos::new(now));
        assert_eq!(take(candle(10, 3.0), 19), Err(Flaw::Future));
        assert_eq!(take(candle(10, 3.0), 20), Ok(()));
        assert_eq!(take(candle(10, 3.0), 21), Err(Flaw::Duplicated));
        assert_eq!(take(candle(10, 4.0), 21), Err(Flaw::Restated));
        assert_eq!(take(candle(15, 4.0), 99), Err(Flaw::Overlapping));
        assert_eq!(take(candle(40, 4.0), 99), Ok(()), "a gap is a gap");
        assert_eq!(take(candle(30, 4.0), 99), Err(Flaw::OutOfOrder));
        assert_eq!(take(candle(10, 3.0), 99), Err(Flaw::Duplicated));
        assert_eq!(take(candle(0, 2.5), 99), Err(Flaw::Restated));
        assert_eq!(intake.ended(), Some(Nanos::new(50)));
    }

    #[test]
    fn what_no_market_gives_is_malformed() {
        let sound = candle(0, 2.0);
        let flaws = [
            Candle { open: f64::NAN, ..sound },
            Candle { high: f64::INFINITY, ..sound },
            Candle { low: 0.0, ..sound },
            Candle { close: -1.0, ..sound },
            Candle { high: 4.0, ..sound },
            Candle { low: 3.0, ..sound },
            Candle { volume: -1.0, ..sound },
            Candle { volume: f64::NAN, ..sound },
            Candle { open_time: Nanos::new(-10), ..sound },
        ];
        for flawed in flaws {
            let mut intake = Intake::new(Nanos::new(10), []);
            assert_eq!(intake.take(flawed, Nanos::new(99)), Err(Flaw::Malformed), "{flawed:?}");
            assert_eq!(intake.take(sound, Nanos::new(99)), Ok(()));
        }
    }

    #[test]
    fn what_is_long_ago_is_known_and_nobody_remembers_how_it_was() {
        let candles = (0..2_000).map(|bar| candle(bar * 10, 2.0));
        let mut intake = Intake::new(Nanos::new(10), candles);
        assert_eq!(intake.take(candle(10, 3.0), Nanos::new(99_999)), Err(Flaw::Duplicated));
        assert_eq!(intake.take(candle(19_000, 3.0), Nanos::new(99_999)), Err(Flaw::Restated));
    }
}
