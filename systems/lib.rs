//! The behaviour of Hemiola.

pub mod statistics;
