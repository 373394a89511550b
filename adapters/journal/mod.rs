//! The decision journal: what a record says, how it is written down, and what proves that nobody touched it.

mod assets;
mod body;
pub mod canonical;
mod chain;
mod checkpoint;
mod form;
mod instant;
mod key;
mod keygen;
mod mac;
mod number;
mod source;
mod target;
#[cfg(test)]
mod vectors;
pub mod verify;
pub mod writer;

pub use assets::assets;
pub use body::{DecisionBody, Field};
pub use chain::{Chain, Head, Link};
pub use checkpoint::{Checkpoint, CheckpointKey, PublicKey};
pub use form::{Form, Part, Values};
pub use key::{KeyError, Secret, key_id};
pub use keygen::{KeyFiles, generate};
pub use mac::{Algorithm, Code, MacKey};
pub use source::{Line, Lines, files};
pub use target::Target;
