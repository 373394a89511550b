//! Why a world is not saved, or a snapshot not taken up.

use hemiola_systems::signals::saving::StateError;
use thiserror::Error;

use crate::assembly::AssemblyError;

/// Why a world is not saved, or a snapshot not taken up. Nothing has changed then.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// The world has all of its candles.
    #[error("only a world whose candles come while it runs is saved: a backtest is run again")]
    NotGrowing,
    /// Records or equity points wait in the outbox.
    #[error("what came out of the world has not all been taken: take it, then save")]
    NotTakenOut,
    /// Somebody has looked at what is not known yet, which nobody does where candles come while a world runs.
    #[error("the world looks ahead of its last tick or explains decisions, which is not saved")]
    LooksAhead,
    /// The state of an engine cannot be written or read.
    #[error(
        "the state of the engine of position {slot} (by schedule, then instrument) is not saved: {source}"
    )]
    State {
        /// The position's slot.
        slot: usize,
        /// What is wrong.
        source: StateError,
    },
    /// The bytes are something else.
    #[error("this is no snapshot: use another file")]
    NotASnapshot,
    /// The end is missing.
    #[error("the snapshot is cut short, {found} bytes of {expected}: {USE_ANOTHER}")]
    Cut {
        /// How many bytes there should be.
        expected: u64,
        /// How many there are.
        found: usize,
    },
    /// It is not what was written.
    #[error("the snapshot is damaged, its SHA-256 is another: {USE_ANOTHER}")]
    Damaged,
    /// An older form.
    #[error("the snapshot has form {found}, older than the {known} of this program: {USE_LOG}")]
    Older {
        /// Its form.
        found: u32,
        /// The form that is written.
        known: u32,
    },
    /// A newer form.
    #[error("the snapshot has form {found}, newer than the {known} of this program: use a newer program")]
    Newer {
        /// Its form.
        found: u32,
        /// The form that is written.
        known: u32,
    },
    /// Another version of this program wrote it.
    #[error("the snapshot was written by version {found}, and this is {known}: {USE_LOG}")]
    OtherProgram {
        /// Which version.
        found: String,
        /// This version.
        known: &'static str,
    },
    /// It is of another run.
    #[error("the snapshot is of run `{found}`, not of `{wanted}`: use one from this run's folder")]
    OtherRun {
        /// Its run.
        found: String,
        /// The run that asks.
        wanted: String,
    },
    /// It is what was written, and still not a snapshot.
    #[error("the snapshot cannot be read ({0}): {USE_ANOTHER}")]
    Unreadable(postcard::Error),
    /// It is of a world of something else.
    #[error("the snapshot is of a world with another {0}: use the configuration that the run began with")]
    OtherPlan(&'static str),
    /// Its parts do not belong together.
    #[error("the snapshot's {0} contradict the rest of it: {USE_ANOTHER}")]
    Unsound(&'static str),
    /// The world cannot be built.
    #[error(transparent)]
    Assembly(#[from] AssemblyError),
}

const USE_ANOTHER: &str = "use an older snapshot, or replay the input log from its beginning";
const USE_LOG: &str = "replay the input log from its beginning";
