//! Paper mode: the world while things happen, over a simulated venue.

pub mod alert;
pub mod commit;
pub mod entry;
mod going;
pub mod history;
pub mod intake;
pub mod live;
mod narrator;
pub mod operators;
pub mod pace;
pub mod pulse;
mod recover;
pub mod replay;
pub mod session;
pub mod shots;
pub mod wall;
pub mod world;
