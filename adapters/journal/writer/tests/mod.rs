//! The writer on a disk that fails, and on the system's.

mod faults;
mod queue;
mod session;
mod system;
