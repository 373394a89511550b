//! Pure maths over columns and windows.

pub mod atr;
pub mod log_returns;
pub mod moments;
pub mod snapshots;
pub mod tick_sums;
pub mod window;
