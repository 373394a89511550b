//! The paper ledger: a file of JSON Lines per UTC day, numbers in exact decimals.

mod amount;
mod balances;
mod days;
mod error;
mod realised;
mod row;
mod writer;

pub use amount::{PLACES, amount};
pub use balances::{Balances, Market, ReplayError, replay};
pub use days::{LedgerDays, PATTERN, RETENTION_DAYS, read};
pub use error::LedgerError;
pub use realised::{Realised, Trade, by_average_cost, by_fifo};
pub use row::{Row, RowSide};
pub use writer::{Ledger, Torn};

#[cfg(test)]
mod tests;
