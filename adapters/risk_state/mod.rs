//! Risk states that survive the process: a SQLite database per environment, one writer, every row with its hash.
//!
//! A state that cannot be believed is an error and never "no state": a latch that is lost re-opens trading.

mod backup;
mod contents;
mod error;
mod folder;
mod record;
mod repository;
mod schema;
mod seal;
mod write;

pub use backup::{reset, restore};
pub use contents::RiskStates;
pub use error::RiskStateError;
pub use folder::{DATABASE, StateFolder, StateLock};
pub use record::{
    Change, CostTotals, KILL_SWITCH, Latch, Operator, Position, PositionSide, RiskRecord, Transition,
};
pub use repository::{RiskRepository, read, read_file};
pub use write::create;

#[cfg(test)]
mod tests;
