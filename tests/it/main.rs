//! The integration tests, one binary.

mod determinism;
mod execution;
mod lookahead;
mod order;
mod support;
mod tidy;
