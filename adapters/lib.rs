//! The outside world of Hemiola.

pub mod journal;
pub mod results;
pub mod seed;
pub mod store;

#[cfg(test)]
mod shared;
