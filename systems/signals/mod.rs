//! Phase 2, Signals: the engine contract, the engines and their catalogue.

pub mod capability;
pub mod catalog;
pub mod engine;
pub mod explain;
pub mod metrics;
pub mod saving;

mod cross_exchange_arbitrage;
mod daily_trend_momentum;
mod external;
mod failure;
mod grid_trading;
mod kernel;
mod mean_reversion;
mod sma_cross;
mod volatility_target;
