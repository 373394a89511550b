//! Limits, what they are held against, and why an order was refused.

mod policy;
mod profile;
mod refusal;
mod state;

pub use policy::{Flips, Guards, LatchRelease, RiskPolicy, Suggestion, Triggers};
pub use profile::{Bucket, Family, RiskProfile};
pub use refusal::{Alert, Refusal, Rule};
pub use state::{Latches, Month, RiskState};
