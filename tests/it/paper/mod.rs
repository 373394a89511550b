//! Paper sessions.

mod faults;
mod kills;
mod sessions;
mod support;
