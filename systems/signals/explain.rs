//! A question about past decisions: what did an engine see, and what did it hold it against?

use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::reading::Reading;
use hemiola_components::time::Nanos;
use hemiola_components::units::Quantity;

/// Decisions of one schedule in a stretch of time. While it is asked, that schedule decides candle by candle; the
/// result of the run is the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Explain {
    /// Whose decisions.
    pub schedule: ScheduleIndex,
    /// Decisions later than this,
    pub after: Nanos,
    /// up to this instant.
    pub until: Nanos,
    /// What was seen, in the order it was looked at.
    pub decisions: Vec<Explanation>,
}

/// What an engine saw when it decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// In what.
    pub instrument: InstrumentIndex,
    /// The due instant.
    pub due: Nanos,
    /// Open time of the candle that decided.
    pub bar_time: Nanos,
    /// The schedule's position.
    pub position: Quantity,
    /// The numbers, in the engine's order; empty for an engine that explains nothing.
    pub readings: Vec<Reading>,
}

impl Explain {
    pub(super) fn covers(&self, due: Nanos) -> bool {
        self.after < due && due <= self.until
    }
}
