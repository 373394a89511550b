//! A risk state as people and programs read it.

mod document;
mod headroom;
mod metrics;
mod text;

pub use document::document;
pub use headroom::{Headroom, headroom};
pub use metrics::{CostBreakdown, Metrics};
pub use text::text;
