//! Paper sessions.

mod sessions;
mod support;
