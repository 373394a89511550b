//! Paper sessions.

#[cfg(target_os = "linux")]
mod desk;
mod faults;
mod kills;
mod sessions;
#[cfg(target_os = "linux")]
mod soak;
mod support;
#[cfg(target_os = "linux")]
mod wall;
