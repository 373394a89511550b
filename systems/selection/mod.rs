//! What a selection among many trials is worth: the best of many looks good by chance alone.
//!
//! Sharpe ratios are those of the returns of one period, not annualised, against a risk-free rate of 0. All is pure:
//! what a formula does not define is `None`, and nothing is ever NaN.

mod blocks;
mod deflated;
mod moments;
mod normal;
mod overfitting;
mod splits;
#[cfg(test)]
mod tests;
mod tiles;

pub use blocks::{BlockSums, Blocks, NotBlocks};
pub use deflated::{Deflated, deflated_sharpe};
pub use moments::Moments;
pub use overfitting::Overfitting;
