//! Pure maths over columns and windows.

pub mod tick_sums;
