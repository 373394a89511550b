//! Paper sessions.

mod desk;
mod faults;
mod kills;
mod sessions;
mod soak;
mod support;
mod wall;
