//! Composition of Hemiola: configuration becomes a world, the world is stepped, results are written.

pub mod config;
