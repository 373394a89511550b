//! What of the candles a run needs.

use hemiola_components::time::Nanos;

use super::check::Check;

/// What is read of candle files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// How much is verified. What is verified in full is read in full.
    pub check: Check,
    /// Whether anybody looks at highs and lows. Where nobody does and the data are trusted, they are not read.
    pub high_low: bool,
    /// Whether anybody looks at volumes. Where nobody does, the data are trusted and the files' footers prove that
    /// every candle traded, they are not read.
    pub volume: bool,
    /// The part of a series that is wanted.
    pub stretch: Stretch,
    /// How many threads decode; at least 1. Results do not depend on it.
    pub threads: usize,
}

/// A part of a series. More than asked for may be read, and is where that is not known to be safe: of files with
/// several symbols, and of those without statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Its first instant; the beginning of the series when there is none.
    pub from: Option<Nanos>,
    /// Its last instant; the end of the series when there is none.
    pub to: Option<Nanos>,
    /// How many candles before `from` are wanted as well, however long ago they were.
    pub warm_up: usize,
}

impl Demand {
    pub(super) fn wants_high_low(&self) -> bool {
        self.high_low || self.check == Check::Full
    }

    pub(super) fn wants_volume(&self) -> bool {
        self.volume || self.check == Check::Full
    }
}

/// Everything, on one thread.
impl From<Check> for Demand {
    fn from(check: Check) -> Self {
        Self { check, high_low: true, volume: true, stretch: Stretch::default(), threads: 1 }
    }
}
