//! Ports are data: what goes into a tick and what comes out of it.

use serde::{Deserialize, Serialize};

use crate::id::PortfolioIndex;
use crate::journal::Record;
use crate::portfolio::Account;
use crate::time::Nanos;

/// What the core puts in before a pass. Empty again after it.
#[derive(Debug, Default)]
pub struct Inbox {
    /// The portfolios that have a tick in this pass, each at most once, in index order.
    pub ticks: Vec<Tick>,
}

/// One instant of one portfolio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Whose.
    pub portfolio: PortfolioIndex,
    /// When.
    pub now: Nanos,
}

/// What the core takes out after a pass.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Decisions, fills and day closes, in the order they happened within each portfolio.
    pub records: Records,
    /// Points of equity curves.
    pub equity: Vec<EquityPoint>,
}

/// What happened, in order. Phases add to it; Journaling hands over what there is, Telemetry counts that, and the core
/// takes it out.
#[derive(Debug, Default)]
pub struct Records {
    all: Vec<Record>,
    journaled: usize,
    counted: usize,
}

impl Records {
    /// Adds what has just happened.
    pub fn push(&mut self, record: Record) {
        self.all.push(record);
    }

    /// Whether anything has not been handed over yet.
    #[must_use]
    pub const fn has_news(&self) -> bool {
        self.journaled < self.all.len()
    }

    /// Hands over everything up to now.
    pub const fn journal(&mut self) {
        self.journaled = self.all.len();
    }

    /// What has been handed over since the last look.
    pub fn count(&mut self) -> &[Record] {
        let fresh = std::mem::replace(&mut self.counted, self.journaled)..self.journaled;
        &self.all[fresh]
    }

    /// How many have been handed over and not been taken out.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.journaled
    }

    /// Whether there is nothing to take out.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.journaled == 0
    }

    /// Takes out what has been handed over.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Record> {
        let taken = std::mem::take(&mut self.journaled);
        self.counted = 0;
        self.all.drain(..taken)
    }
}

/// Equity of a portfolio at an instant, in the valuation currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EquityPoint {
    /// Whose.
    pub portfolio: PortfolioIndex,
    /// When.
    pub at: Nanos,
    /// Cash plus the marked book.
    pub equity: f64,
    /// Cash.
    pub cash: f64,
    /// Fall from the highest equity so far, as a fraction of it.
    pub drawdown: f64,
}

impl EquityPoint {
    /// The account as it stands.
    #[must_use]
    pub fn of(portfolio: PortfolioIndex, at: Nanos, account: &Account) -> Self {
        let (equity, peak) = (account.equity.get(), account.peak.get());
        Self { portfolio, at, equity, cash: account.cash.get(), drawdown: (peak - equity) / peak }
    }
}

/// Which points of a portfolio's equity go to the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EquityCurve {
    /// None: sweeps and benchmarks.
    #[default]
    Off,
    /// After fills and at day closes.
    Events,
    /// At every instant that changes it.
    EveryBar,
}
