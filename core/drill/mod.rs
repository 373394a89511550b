//! Drills: small made-up markets in which a limit has to act. They run as any backtest does, so that anybody can see
//! the risk engine do what it promises.

mod daily_reset;
mod liquidation;
mod max_position;
mod stage;

use hemiola_systems::signals::catalog::Catalog;

use crate::assembly::{Market, Options};
use crate::config::plan::Plan;
use crate::modes::backtest::{self, RunError};

/// A drill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drill {
    /// A fall from the peak latches a profile, whose positions are closed, and nothing is opened any more.
    Liquidation,
    /// A realised loss bars entries for the rest of the day, and the next day releases them.
    DailyReset,
    /// The orders of several strategies together keep to the limit of an instrument.
    MaxPosition,
}

/// One thing that a drill looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What has to be so.
    pub what: &'static str,
    /// Whether it is.
    pub holds: bool,
    /// What was seen, with its numbers.
    pub seen: String,
}

impl Check {
    fn new(what: &'static str, holds: bool, seen: impl Into<String>) -> Self {
        Self { what, holds, seen: seen.into() }
    }
}

impl Drill {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Liquidation, Self::DailyReset, Self::MaxPosition];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Liquidation => "liquidation",
            Self::DailyReset => "daily-reset",
            Self::MaxPosition => "max-position",
        }
    }

    /// The account and the market of the drill.
    #[must_use]
    pub fn stage(self) -> (Plan, Market) {
        match self {
            Self::Liquidation => liquidation::stage(),
            Self::DailyReset => daily_reset::stage(),
            Self::MaxPosition => max_position::stage(),
        }
    }

    /// Runs an account on the drill's stage, or on one like it, and looks at what has to be so.
    ///
    /// # Errors
    /// When the run does not come to its end.
    pub fn hold(self, plan: &Plan, market: &Market) -> Result<Vec<Check>, RunError> {
        let run = backtest::run(&[(plan, market)], &Catalog::built_in(), Options::default(), |_, _| ())?;
        let checks = run.outcomes.iter().flat_map(|outcome| match self {
            Self::Liquidation => liquidation::checks(outcome),
            Self::DailyReset => daily_reset::checks(outcome),
            Self::MaxPosition => max_position::checks(outcome),
        });
        Ok(checks.collect())
    }
}
