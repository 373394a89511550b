//! Walk-forward: the best of each training window is run in the test window after it.

use hemiola_adapters::results::{Column, Table};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Ratio};
use hemiola_systems::statistics::{History, Statistics};
use serde_json::{Value, json};

use super::order::Rank;
use super::row::{Ran, Row};
use super::run::Runner;
use super::shard::{self, Ground};
use super::walk::Step;
use crate::assembly::Window;
use crate::exit::{Exit, Failure};
use crate::instant;

/// What a window chose, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The windows.
    pub step: Step,
    /// The variant that was best in training.
    pub variant: usize,
    /// What it was chosen for.
    pub trained: f64,
    /// What it came to in the test.
    pub tested: Ran,
}

/// All windows, and the equity of their tests one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forward {
    /// One per window in which any variant had a value.
    pub choices: Vec<Choice>,
    /// Equity at each day's close, each test beginning with what the one before left.
    pub equity: Vec<(Nanos, f64)>,
    /// When the first test begins.
    pub start: Option<Nanos>,
}

impl Forward {
    /// Takes in a window whose variants have been trained.
    ///
    /// # Errors
    /// When the chosen variant cannot be run in the test.
    pub fn take(
        &mut self,
        runner: &Runner<'_>,
        step: Step,
        rows: &[Row],
        rank: &Rank,
    ) -> Result<(), Failure> {
        let Some(variant) = rank.order(rows).first().copied() else { return Ok(()) };
        let trained = rows[variant].ran().and_then(|ran| rank.value(ran)).unwrap_or_default();
        let failure = |error: String| {
            Failure::new(
                Exit::Data,
                format!("the best variant of a window cannot be run in its test: {error}"),
            )
        };
        let plan =
            runner.planner.maker(&runner.base.plan).plan(runner.space.settings(variant)).map_err(failure)?;
        let ground = Ground { market: &runner.base.data.market, catalog: runner.catalog, window: step.test };
        let (tested, closes) = shard::alone(&plan, ground).map_err(|error| failure(error.to_string()))?;
        let cash = runner.base.plan.cash.get();
        let level = self.equity.last().map_or(cash, |(_, equity)| *equity);
        self.equity.extend(closes.into_iter().map(|(at, equity)| (at, level * (equity / cash))));
        self.start = self.start.or(step.test.from);
        self.choices.push(Choice { step, variant, trained, tested });
        Ok(())
    }

    /// The statistics of the equity of all tests; what is not of days is left out.
    #[must_use]
    pub fn statistics(&self, cash: Notional) -> Statistics {
        let (mut peak, mut fall) = (cash.get(), 0.0_f64);
        for (_, equity) in &self.equity {
            peak = peak.max(*equity);
            fall = fall.max((peak - equity) / peak);
        }
        Statistics::of(&History {
            start: self.start.unwrap_or(Nanos::ZERO),
            starting_equity: cash,
            day_closes: &self.equity,
            days_held: 0,
            realised: &[],
            traded: Notional::ZERO,
            max_drawdown: Ratio::new(fall),
        })
    }

    /// One row per window.
    #[must_use]
    pub fn table(&self, rank: &Rank) -> Table {
        let times = |time: &dyn Fn(&Choice) -> Option<Nanos>| {
            Column::Time(self.choices.iter().map(|choice| time(choice).unwrap_or(Nanos::ZERO)).collect())
        };
        let floats = |value: &dyn Fn(&Choice) -> Option<f64>| {
            Column::Float(self.choices.iter().map(|choice| value(choice).unwrap_or(f64::NAN)).collect())
        };
        Table::new(
            vec![
                ("train_from", times(&|choice| choice.step.train.from)),
                ("train_to", times(&|choice| choice.step.train.to)),
                ("test_from", times(&|choice| choice.step.test.from)),
                ("test_to", times(&|choice| choice.step.test.to)),
                (
                    "variant",
                    Column::Integer(
                        self.choices
                            .iter()
                            .map(|choice| i64::try_from(choice.variant).unwrap_or(i64::MAX))
                            .collect(),
                    ),
                ),
                ("in_sample", floats(&|choice| Some(choice.trained))),
                ("out_of_sample", floats(&|choice| rank.value(&choice.tested))),
                ("total_return", floats(&|choice| choice.tested.statistic("total_return"))),
                (
                    "digest",
                    Column::Text(self.choices.iter().map(|choice| choice.tested.digest.as_str()).collect()),
                ),
            ],
            vec![("ranked_by".into(), rank.name().to_owned())],
        )
    }

    /// The equity of all tests.
    #[must_use]
    pub fn equity_table(&self) -> Table {
        let (times, equity) = self.equity.iter().copied().unzip();
        Table::new(vec![("time", Column::Time(times)), ("equity", Column::Float(equity))], Vec::new())
    }

    /// As a document.
    #[must_use]
    pub fn to_json(&self, rank: &Rank, cash: Notional) -> Value {
        let s = self.statistics(cash);
        let window = |window: Window| json!({ "from": window.from.map(instant::text), "to": window.to.map(instant::text) });
        let choice = |choice: &Choice| {
            json!({
                "train": window(choice.step.train),
                "test": window(choice.step.test),
                "variant": choice.variant,
                "in_sample": choice.trained,
                "out_of_sample": rank.value(&choice.tested),
                "total_return": choice.tested.statistic("total_return"),
            })
        };
        json!({
            "windows": self.choices.iter().map(choice).collect::<Vec<_>>(),
            "out_of_sample": {
                "days": s.days,
                "total_return": s.total_return,
                "cagr": s.cagr,
                "annualised_volatility": s.annualised_volatility,
                "sharpe": s.sharpe,
                "sortino": s.sortino,
                "max_drawdown": s.max_drawdown,
            },
        })
    }
}
