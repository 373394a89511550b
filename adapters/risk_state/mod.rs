//! Risk states that survive the process. A latch that is lost re-opens trading.

mod record;

pub use crate::state::{StateError as RiskStateError, StateLock, create, read, read_file, reset, restore};
pub use record::{
    Change, CostTotals, KILL_SWITCH, Latch, Operator, Position, PositionSide, RiskRecord, Transition,
};

use crate::state::{Folder, Kind, Record, Repository, States};

/// Name of the database, in an environment's folder and in a folder of results.
pub const DATABASE: &str = "risk.sqlite";

/// What a risk state's database holds, by profile.
pub type RiskStates = States<RiskRecord>;

/// The risk states of an environment, open for writing.
pub type RiskRepository = Repository<RiskRecord>;

/// Where an environment keeps its risk state.
pub type StateFolder = Folder<RiskRecord>;

impl Record for RiskRecord {
    type Event = Transition;

    const KIND: Kind = Kind {
        noun: "risk state",
        stem: "risk",
        // It spells `HeRS`.
        application: 0x4865_5253,
        name_column: "profile",
        events_table: "transition",
        without: "and without its latches nothing may trade",
        command: "hemiola risk",
    };

    fn name(&self) -> &str {
        &self.profile
    }
}

#[cfg(test)]
mod tests;
