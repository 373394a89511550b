//! The integration tests, one binary.

mod bench;
mod determinism;
mod execution;
mod lookahead;
mod order;
mod support;
mod tidy;
