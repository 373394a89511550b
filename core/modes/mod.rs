//! The modes differ in what feeds the world and in its clock, never in its systems.

pub mod backtest;
pub mod explain;
pub mod paper;
pub mod why;
