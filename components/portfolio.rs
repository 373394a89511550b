//! Portfolios: an account, its book, and its own time line.

use std::collections::VecDeque;
use std::sync::Arc;

use bevy_ecs::prelude::{Component, Entity};
use serde::{Deserialize, Serialize};

use crate::candles::Candles;
use crate::capital::Weights;
use crate::control::Controls;
use crate::id::PortfolioIndex;
use crate::market::TradingRules;
use crate::order::{
    Costs, FillModel, Liquidity, MarginTerms, OrderSize, OrderStatus, Shortfall, Side, WorkingOrder,
};
use crate::port::EquityCurve;
use crate::risk::{RiskPolicy, RiskProfile, RiskState, Rule};
use crate::rows::Rows;
use crate::time::Nanos;
use crate::units::{Notional, Price, Quantity};

/// An account with schedules of its own; in a sweep, one per variant.
#[derive(Component, Clone, Debug, PartialEq)]
#[component(immutable)]
pub struct Portfolio {
    /// The configured name.
    pub name: String,
    /// Its place in the world.
    pub index: PortfolioIndex,
    /// What its venue charges.
    pub costs: Costs,
    /// How its venue fills.
    pub fill_model: FillModel,
    /// How much of the market its orders get, and how late.
    pub liquidity: Liquidity,
    /// What its venue asks of its shorts.
    pub margin: MarginTerms,
    /// What becomes of orders that it cannot pay for.
    pub shortfall: Shortfall,
    /// Which points of its equity are kept.
    pub curve: EquityCurve,
    /// The limits of its schedules.
    pub risk_profiles: Vec<RiskProfile>,
    /// How they are applied.
    pub risk_policy: RiskPolicy,
}

/// All of a portfolio that changes while it trades. Nearly every phase reads or writes most of it, and each further
/// component would be looked up once per phase and tick, so it is one.
#[derive(Component, Clone, Debug)]
pub struct Desk {
    /// Where it stands in time.
    pub timeline: Timeline,
    /// Its money.
    pub account: Account,
    /// What it holds.
    pub book: Book,
    /// Its orders at the simulated venue, in the order of their instrument, schedule and ordinal.
    pub resting: Vec<RestingOrder>,
    /// When its positions want to be looked at.
    pub agenda: Agenda,
    /// How its capital is divided now.
    pub weights: Weights,
    /// What is imposed on its schedules.
    pub controls: Controls,
    /// When commands, expiries, re-allocations or the governor next change any of that; [`Nanos::NEVER`] when nothing
    /// does.
    pub turn: Nanos,
    /// What its risk profiles' limits are held against, in their order.
    pub risk: Vec<RiskState>,
    /// The orders that the guards ask about.
    pub recent: Recent,
    /// When what a latched profile holds is looked at; [`Nanos::NEVER`] when it has been.
    pub look_at: Nanos,
    /// The next midnight, when limits count from it or a latch may be released at it; else [`Nanos::NEVER`].
    pub midnight: Nanos,
}

/// Orders that have left, as far as a guard asks about them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Recent {
    /// When orders left in the last second, in order.
    pub times: VecDeque<Nanos>,
    /// By slot, the last order: when, which side, how much.
    pub last: Vec<Option<(Nanos, Side, Quantity)>>,
}

impl Recent {
    /// How many orders left after `instant`.
    #[must_use]
    pub fn since(&self, instant: Nanos) -> usize {
        self.times.iter().rev().take_while(|at| **at > instant).count()
    }

    /// Forgets those that left at `instant` or before.
    pub fn forget(&mut self, instant: Nanos) {
        while self.times.front().is_some_and(|at| *at <= instant) {
            self.times.pop_front();
        }
    }
}

/// Where a portfolio stands in time. Only the core moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// The instant of the last tick.
    pub now: Nanos,
    /// The midnight that ends the current trading day: the first at or after the next candle's close.
    pub day_end: Nanos,
    /// The first instant of the run.
    pub start: Nanos,
    /// The last instant of the run.
    pub end: Nanos,
}

/// Cash and the marks of equity, in the valuation currency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Cash, proceeds of shorts included.
    pub cash: Notional,
    /// The part of the cash that is locked for shorts: the sum of their margins.
    pub margin: Notional,
    /// Cash promised to orders at the venue.
    pub reserved: Notional,
    /// Cash plus the marked book.
    pub equity: Notional,
    /// The highest equity so far.
    pub peak: Notional,
    /// The largest fall from a peak, as a fraction of that peak.
    pub max_drawdown: f64,
    /// The fall from a peak at which the next risk profile is latched; infinite when none is.
    pub halts_at: f64,
    /// The equity at or below which the next risk profile is latched; minus infinity when none is.
    pub floor: f64,
    /// Equity when the trading day began.
    pub day_start: Notional,
    /// Equity when the week began, on Monday.
    pub week_start: Notional,
    /// The trading day, in days since the Unix epoch, UTC; `None` before the first.
    pub day: Option<i64>,
}

impl Account {
    /// A fresh account.
    #[must_use]
    pub const fn new(cash: Notional) -> Self {
        Self {
            cash,
            margin: Notional::ZERO,
            reserved: Notional::ZERO,
            equity: cash,
            peak: cash,
            max_drawdown: 0.0,
            halts_at: f64::INFINITY,
            floor: f64::NEG_INFINITY,
            day_start: cash,
            week_start: cash,
            day: None,
        }
    }
}

/// The book: one line per instrument, in Plan order; each is the sum of the schedules' positions in it.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// The lines.
    pub lines: Vec<BookLine>,
    /// Which lines are not flat, ascending. Marks visit only these.
    pub held: Vec<u32>,
    /// Which lines have `gross` other than `net`, ascending: those that somebody is short in.
    pub shorted: Vec<u32>,
    /// The lines side by side, where that is how they are marked.
    pub sheet: Option<Sheet>,
}

/// What an account of many instruments is marked from: a row of closes times a row of quantities.
///
/// While there is one, [`BookLine::closed`] is brought up only when somebody asks for the line's own mark.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The closes, shared with every account of the same lines.
    pub rows: Arc<Rows>,
    /// Rows that have been passed; the last of these is what the account is marked at.
    pub passed: usize,
    /// [`BookLine::net`] of each line, filled up to a row's length with zeros.
    pub net: Vec<f64>,
}

impl Sheet {
    /// Of flat lines, before the first row.
    #[must_use]
    pub fn new(rows: Arc<Rows>) -> Self {
        Self { net: vec![0.0; rows.width()], passed: 0, rows }
    }

    /// The closes the account is marked at; empty before the first row.
    #[must_use]
    pub fn marks(&self) -> &[f64] {
        self.passed.checked_sub(1).map_or(&[], |row| self.rows.row(row))
    }
}

/// One instrument in an account.
#[derive(Clone, Debug)]
pub struct BookLine {
    /// What it is marked and filled from.
    pub bars: Candles,
    /// The venue's rules.
    pub rules: TradingRules,
    /// Candles of `bars` known to have closed; those closed when the line was last looked at.
    pub closed: usize,
    /// Signed base units, all schedules together.
    pub net: f64,
    /// Base units, long and short added up.
    pub gross: f64,
    /// Positions that are not flat.
    pub holders: u32,
    /// Base units that orders at the venue would add to `gross`.
    pub pending: f64,
    /// Orders at the venue.
    pub in_flight: u32,
    /// A close above which the venue may close a short; never above the least that does. Infinite without shorts.
    pub margin_call: f64,
}

impl BookLine {
    /// A flat line.
    #[must_use]
    pub const fn new(bars: Candles, rules: TradingRules) -> Self {
        Self {
            bars,
            rules,
            closed: 0,
            net: 0.0,
            gross: 0.0,
            holders: 0,
            pending: 0.0,
            in_flight: 0,
            margin_call: f64::INFINITY,
        }
    }
}

/// When each position of a portfolio wants to be looked at again.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    /// Next due instant with something to do, per slot; [`Nanos::NEVER`] when only a fill can wake it.
    pub next: Vec<Nanos>,
    /// The positions, by slot.
    pub positions: Vec<Entity>,
    /// By slot, the slot whose engine decides: its own, or that of a pair's first leg.
    pub deciders: Vec<usize>,
    /// By slot, the risk profile of its schedule, by its place in the portfolio's list.
    pub risk_profiles: Vec<usize>,
    /// The schedules, by index.
    pub schedules: Vec<Entity>,
}

/// An order at the venue, and what happens to it next. Nobody but the venue reads ahead.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestingOrder {
    /// The order.
    pub working: WorkingOrder,
    /// Where it stands.
    pub status: OrderStatus,
    /// What is not filled yet, in the unit of its size.
    pub left: OrderSize,
    /// When it is in the market.
    pub arrival: Nanos,
    /// When its time is up; [`Nanos::NEVER`] when it has no end of its own.
    pub expires_at: Nanos,
    /// It has been in the market for a candle that traded.
    pub arrived: bool,
    /// Candles were missing or without volume since the decision.
    pub after_gap: bool,
    /// The first candle that has not been looked at.
    pub bar: usize,
    /// What happens to it next.
    pub next: NextStep,
    /// When that is known.
    pub known_at: Nanos,
}

/// What happens to an order at the venue next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum NextStep {
    /// It is filled, in all or in part; known at the candle's close.
    Fill(Filling),
    /// It gives up by its own terms, which this rule names.
    Cancel(Rule),
    /// Its time is up.
    Expire,
    /// Nothing as far as the venue looks ahead in one go.
    Look,
    /// The run ends before anything happens to it.
    Outlast,
}

/// A candle in which an order is filled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filling {
    /// Its place in the instrument's line.
    pub bar: usize,
    /// The candle's open, or the order's arrival in it.
    pub time: Nanos,
    /// Before slippage, quote currency.
    pub price: Price,
    /// The order rested in the market.
    pub maker: bool,
}
