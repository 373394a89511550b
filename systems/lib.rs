//! The behaviour of Hemiola: the seven phases of a tick and the pure maths they call. No I/O, no clocks, no threads.

pub mod allocation;
pub mod book;
pub mod cadence;
pub mod control;
pub mod digest;
pub mod execution;
pub mod governor;
pub mod growth;
pub mod indicators;
pub mod ingest;
pub mod journaling;
pub mod pass;
mod prefetch;
pub mod queue;
pub mod risk;
pub mod schedule;
pub mod selection;
pub mod signals;
pub mod statistics;
mod table;
pub mod telemetry;
pub mod timeline;
