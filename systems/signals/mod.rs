//! Phase 2, Signals: engines and the systems that run them.

pub mod catalog;
pub mod engine;
pub mod external;
pub mod sma_cross;
