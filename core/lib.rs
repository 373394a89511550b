//! Composition of Hemiola: configuration becomes a world, the world is stepped, results are written.

pub mod assembly;
pub mod config;
pub mod modes;
pub mod price_line;
pub mod runtime;
