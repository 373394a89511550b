//! The data of Hemiola: components, resources and boundary records. No behaviour beyond checking a value.

pub mod candle;
pub mod candles;
pub mod capital;
pub mod column;
pub mod control;
pub mod engine;
pub mod governor;
pub mod id;
pub mod journal;
pub mod market;
pub mod metric;
pub mod order;
pub mod port;
pub mod portfolio;
pub mod position;
pub mod reading;
pub mod risk;
pub mod rows;
pub mod schedule;
pub mod signal;
pub mod strategy;
pub mod time;
pub mod units;
