//! What a session did lately: its cycles and the evaluations of its risk gate, the newest of each kept.

mod evaluation;
mod gather;
mod keeper;
mod ring;
mod summary;
mod table;

pub use evaluation::{Evaluation, Verdict};
pub use gather::Gather;
pub use keeper::{BEHIND, Keeper, Kind, Limits, Read, Terms, Timing, read};
pub use ring::{Entry, Ring, normalised_limit, normalised_ttl};
pub(crate) use summary::counts;
pub use summary::{Filters, Spread, Summary};
pub use table::{cycles as cycle_table, evaluations as evaluation_table};

use std::borrow::Cow;
use std::sync::Arc;

use hemiola_components::time::Nanos;
use serde::{Deserialize, Serialize};

/// What a session took in at once, what its strategies wanted of it, and what became of that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cycle {
    /// Its number, from 1; it goes on when a session does.
    pub sequence: u64,
    /// The instant that the world came to.
    #[serde(with = "hemiola_adapters::time_text::instant")]
    pub at: Nanos,
    /// When it began, on the wall clock.
    #[serde(with = "hemiola_adapters::time_text::instant")]
    pub started_at: Nanos,
    /// How long it took, nanoseconds.
    pub duration_ns: u64,
    /// What strategies wanted.
    pub signals: Vec<CycleSignal>,
    /// What became of that.
    pub results: Vec<CycleResult>,
}

/// A signal of a cycle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CycleSignal {
    /// The schedule.
    pub schedule: Arc<str>,
    /// The instrument, as `venue:symbol`.
    pub instrument: Arc<str>,
    /// What the engine calls it.
    pub side: Cow<'static, str>,
    /// From 0 to 1.
    pub confidence: f64,
    /// Whether no suspension and no signal limit holds it back.
    pub kept: bool,
}

/// What became of a signal, or of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CycleResult {
    /// The schedule.
    pub schedule: Arc<str>,
    /// The instrument, as `venue:symbol`.
    pub instrument: Arc<str>,
    /// `submitted`, `filled`, `partially_filled`, `rejected`, `adjusted`, `unchanged` or `unfilled`.
    pub status: Cow<'static, str>,
    /// The order, when there is one.
    pub order_id: Option<String>,
    /// `buy` or `sell`, when there is an order.
    pub side: Option<Cow<'static, str>>,
    /// Base units, where they are known.
    pub quantity: Option<f64>,
    /// Quote currency a base unit, where it is known.
    pub price: Option<f64>,
    /// The rule that refused or adjusted.
    pub rule: Option<Cow<'static, str>>,
}

/// The status of an order that left for the venue.
const SUBMITTED: &str = "submitted";

impl Cycle {
    /// When it ended, on the wall clock.
    #[must_use]
    pub const fn finished_at(&self) -> Nanos {
        Nanos::new(self.started_at.get().saturating_add_unsigned(self.duration_ns))
    }

    /// Orders that left for the venue.
    #[must_use]
    pub fn orders(&self) -> usize {
        self.results.iter().filter(|result| &*result.status == SUBMITTED).count()
    }
}

impl Entry for Cycle {
    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn time(&self) -> Nanos {
        self.finished_at()
    }
}
