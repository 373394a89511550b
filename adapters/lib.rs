//! The outside world of Hemiola.

pub mod bare;
pub mod feed;
pub mod history_store;
pub mod input_log;
pub mod journal;
pub mod ledger;
pub mod operator_state;
pub mod process;
pub mod results;
pub mod risk_state;
pub mod seed;
pub mod state;
pub mod store;

mod day_pattern;
#[cfg(test)]
mod shared;
pub mod time_text;
