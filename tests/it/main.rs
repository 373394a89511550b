//! The integration tests, one binary.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod arbitrage;
mod beliefs;
mod bench;
mod cli;
mod configuration_pages;
mod determinism;
mod documented_configurations;
mod drills;
mod engines;
mod exact_means;
mod execution;
mod explain;
mod extremes;
mod failing_engine;
mod generator;
mod journal_attacks;
mod journal_page;
mod journal_python;
mod latches;
mod lookahead;
mod market;
mod market_schedules;
mod operator_log;
mod order;
mod own_engine;
mod pairs;
mod parameters;
mod properties;
mod risk_repository;
mod scheduling;
mod smoke;
mod strategy_pages;
mod stretches;
mod support;
mod tidy;
mod vectors_controls;
mod vectors_governor;
mod vectors_grammar;
mod vectors_paper;
mod vectors_policies;
mod vectors_risk;
mod vectors_runs;
mod vectors_strategies;
mod venue;
