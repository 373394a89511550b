//! What the choice of the best among many is worth.

use hemiola_systems::selection::{BlockSums, Deflated, Overfitting, deflated_sharpe};
use serde_json::{Value, json};

use super::row::{Ran, Row};

/// Measures of a selection, of daily returns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// How many variants ran.
    pub trials: usize,
    /// Of the best one; `None` where its returns say nothing.
    pub deflated: Option<Deflated>,
    /// Of the choice by Sharpe ratio; `None` for fewer than 32 days.
    pub overfitting: Option<Overfitting>,
}

impl Worth {
    /// Judges the choice of `best` among all rows. A variant whose returns do not vary is a trial with a Sharpe ratio of 0.
    #[must_use]
    pub fn of(rows: &[Row], best: usize) -> Self {
        let ran: Vec<&Ran> = rows.iter().filter_map(Row::ran).collect();
        let sharpes: Vec<f64> =
            ran.iter().map(|ran| ran.moments().map_or(0.0, |moments| moments.sharpe)).collect();
        let count = sharpes.len() as f64;
        let mean = sharpes.iter().sum::<f64>() / count;
        let variance =
            sharpes.iter().map(|sharpe| (sharpe - mean) * (sharpe - mean)).sum::<f64>() / (count - 1.0);
        let moments = rows.get(best).and_then(Row::ran).and_then(Ran::moments);
        let blocks: Option<Vec<BlockSums>> = ran.iter().map(|ran| ran.blocks()).collect();
        Self {
            trials: ran.len(),
            deflated: moments.and_then(|moments| deflated_sharpe(&moments, ran.len(), variance)),
            overfitting: blocks.and_then(|blocks| Overfitting::of(&blocks)),
        }
    }

    /// As a document.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "trials": self.trials,
            "deflated_sharpe": self.deflated.map(|found| json!({
                "probability": found.deflated,
                "probabilistic_sharpe": found.probabilistic,
                "expected_maximum_daily_sharpe": found.expected_maximum,
            })),
            "overfitting": self.overfitting.map(|found| json!({
                "probability": found.probability,
                "combinations": found.combinations,
                "median_logit": found.median_logit,
                "probability_of_loss": found.probability_of_loss,
                "slope": found.slope,
            })),
        })
    }
}
