//! What a variant came to.

use hemiola_systems::selection::{BlockSums, Blocks, Moments};
use hemiola_systems::statistics::Statistics;
use serde::{Deserialize, Serialize};

/// A variant's result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Row {
    /// It ran to its end.
    Ran(Box<Ran>),
    /// It could not be run, for this reason.
    Failed(String),
}

/// The result of a variant that ran to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ran {
    /// SHA-256 of what happened in lower-case hex, as the same run alone has it.
    pub digest: String,
    /// How many fills there were.
    pub fills: u64,
    /// Fees of all of them, in quote currency; `None` beyond what a float holds, as the next.
    pub fees: Option<f64>,
    /// Equity at the end, in quote currency.
    pub final_equity: Option<f64>,
    /// The values of [`STATISTICS`], in that order.
    pub statistics: Vec<Option<f64>>,
    /// Of the daily returns.
    pub moments: Option<DailyMoments>,
    /// The daily returns in blocks.
    pub blocks: Option<DailyBlocks>,
}

/// [`Moments`] of daily returns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DailyMoments {
    returns: usize,
    sharpe: f64,
    skewness: f64,
    kurtosis: f64,
}

/// [`BlockSums`] of daily returns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DailyBlocks {
    days: usize,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

/// A statistic by name.
pub type Statistic = (&'static str, fn(&Statistics) -> Option<f64>);

/// The statistics of a row.
pub const STATISTICS: [Statistic; 13] = [
    ("days", |s| Some(s.days as f64)),
    ("total_return", |s| s.total_return),
    ("cagr", |s| s.cagr),
    ("annualised_volatility", |s| s.annualised_volatility),
    ("sharpe", |s| s.sharpe),
    ("sortino", |s| s.sortino),
    ("max_drawdown", |s| Some(s.max_drawdown)),
    ("max_drawdown_days", |s| s.max_drawdown_days),
    ("calmar", |s| s.calmar),
    ("turnover", |s| s.turnover),
    ("exposure", |s| s.exposure),
    ("hit_rate", |s| s.hit_rate),
    ("profit_factor", |s| s.profit_factor),
];

impl Row {
    /// What it came to, if it ran.
    #[must_use]
    pub fn ran(&self) -> Option<&Ran> {
        match self {
            Self::Ran(ran) => Some(ran),
            Self::Failed(_) => None,
        }
    }
}

impl Ran {
    /// One of [`STATISTICS`].
    #[must_use]
    pub fn statistic(&self, name: &str) -> Option<f64> {
        let index = STATISTICS.iter().position(|(known, _)| *known == name)?;
        *self.statistics.get(index)?
    }

    /// What its daily returns are like.
    #[must_use]
    pub fn moments(&self) -> Option<Moments> {
        self.moments.map(|DailyMoments { returns, sharpe, skewness, kurtosis }| Moments {
            returns,
            sharpe,
            skewness,
            kurtosis,
        })
    }

    /// Its daily returns in blocks.
    #[must_use]
    pub fn blocks(&self) -> Option<BlockSums> {
        let DailyBlocks { days, sums, squares } = self.blocks.as_ref()?;
        BlockSums::from_parts(*days, sums, squares)
    }
}

impl DailyMoments {
    pub(super) fn of(returns: &[f64]) -> Option<Self> {
        let Moments { returns, sharpe, skewness, kurtosis } = Moments::of(returns)?;
        Some(Self { returns, sharpe, skewness, kurtosis })
    }
}

impl DailyBlocks {
    pub(super) fn of(returns: &[f64]) -> Option<Self> {
        let blocks = BlockSums::of(returns, Blocks::default())?;
        Some(Self {
            days: blocks.periods(),
            sums: blocks.sums().to_vec(),
            squares: blocks.squares().to_vec(),
        })
    }
}
