//! The outside world of Hemiola.

pub mod seed;
pub mod store;
