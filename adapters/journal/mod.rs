//! The decision journal: what a record says and how it is written down.

mod assets;
mod body;
pub mod canonical;
mod form;
mod instant;
mod number;
#[cfg(test)]
mod vectors;

pub use assets::assets;
pub use body::{DecisionBody, Field};
pub use form::{Form, Part, Values};
