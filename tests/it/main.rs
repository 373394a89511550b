//! The integration tests, one binary.

mod bench;
mod cli;
mod determinism;
mod execution;
mod lookahead;
mod market;
mod order;
mod support;
mod tidy;
