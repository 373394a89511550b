//! When to wake: absolute deadlines on the grids of the schedules, and how late the wakes are.

mod clock;
mod lateness;
mod pacer;

pub use clock::{Clock, Sleeper, SystemClock};
pub use lateness::{Lateness, Percentiles};
pub use pacer::{Missed, Pacer, Wake};

#[cfg(test)]
mod tests;
