//! What operators do to a scheduler, and what is kept of it.

pub mod allocation;
pub mod due;
pub mod log;
pub mod once;
pub mod rights;
pub mod session;
pub mod show;
pub mod state;
