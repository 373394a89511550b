//! What operators and configuration impose on schedules: signal limits and suspensions.

mod command;
mod controls;
mod limit;
mod suspension;
mod terms;

pub use command::{Command, OperatorAction};
pub use controls::{Controls, Standing};
pub use limit::{SignalLimit, SignalLimits};
pub use suspension::{Suspension, Suspensions, Target};
pub use terms::{ControlError, Expiry, Terms};
