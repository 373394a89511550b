//! A question about past decisions: what did an engine see, and what did it hold it against?

use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::position::Holding;
use hemiola_components::reading::Reading;
use hemiola_components::time::Nanos;
use hemiola_components::units::Quantity;

/// Decisions of one schedule in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Whose decisions.
    pub schedule: ScheduleIndex,
    /// Decisions later than this,
    pub after: Nanos,
    /// up to this instant.
    pub until: Nanos,
}

/// A question with what is known of its answer. While it is asked, its schedule decides candle by candle; the
/// result of the run is the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Explain {
    /// What is asked.
    pub question: Question,
    /// What was seen, per instrument in the order it was looked at.
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
    pub holding: Holding,
    /// The position of a pair's second leg.
    pub hedge: Quantity,
    /// The numbers, in the engine's order; empty for an engine that explains nothing.
    pub readings: Vec<Reading>,
}

impl Question {
    pub(super) fn covers(&self, due: Nanos) -> bool {
        self.after < due && due <= self.until
    }
}

impl From<Question> for Explain {
    fn from(question: Question) -> Self {
        Self { question, decisions: Vec::new() }
    }
}
