//! Composition of Hemiola: configuration becomes a world, the world is stepped, results are written.

pub mod assembly;
pub mod bench;
pub mod cli;
pub mod clock;
pub mod config;
pub mod cycles;
pub mod demo;
pub mod drill;
pub mod duration;
pub mod exit;
pub mod instant;
pub mod job;
pub mod journal;
pub mod license;
pub mod market_data;
pub mod memory;
pub mod modes;
pub mod operator;
pub mod pace;
pub mod price_line;
pub mod results;
pub mod runtime;
pub mod runtime_log;
pub mod signal_limit;
pub mod smoke;
pub mod snapshot;
pub mod streams;
pub mod sweep;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
