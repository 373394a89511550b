//! The integration tests, one binary.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod arbitrage;
mod bench;
mod cli;
mod determinism;
mod execution;
mod lookahead;
mod market;
mod order;
mod own_engine;
mod support;
mod tidy;
mod vectors_strategies;
