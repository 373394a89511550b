//! Paper mode: the world while things happen, over a simulated venue.

pub mod entry;
pub mod intake;
pub mod world;
