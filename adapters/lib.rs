//! The outside world of Hemiola.

pub mod journal;
pub mod results;
