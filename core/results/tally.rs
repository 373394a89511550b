//! What the records of a run add up to for its statistics, one record after the other.

use hemiola_components::id::ScheduleIndex;
use hemiola_components::journal::{Event, Record};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Ratio};
use hemiola_systems::statistics::{History, Statistics};

use crate::config::plan::Plan;

/// A running account of what statistics look at.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Equity at each day's close, in order of time.
    pub day_closes: Vec<(Nanos, f64)>,
    /// How many of those days had an open position.
    pub days_held: usize,
    /// Schedule and profit of each closing fill.
    pub closed: Vec<(ScheduleIndex, f64)>,
    /// The value of all fills, bought and sold added up.
    pub traded: f64,
    /// How many fills there were.
    pub fills: u64,
    /// By schedule, then instrument of the plan.
    positions: Vec<f64>,
    instruments: usize,
}

impl Tally {
    /// Nothing yet.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let instruments = plan.instruments.len();
        Self {
            day_closes: Vec::new(),
            days_held: 0,
            closed: Vec::new(),
            traded: 0.0,
            fills: 0,
            positions: vec![0.0; plan.schedules.len() * instruments],
            instruments,
        }
    }

    /// Takes in a record. Records come in the order they happened.
    pub fn take(&mut self, Record { at, event, .. }: &Record) {
        match event {
            Event::Fill { fill, position, realised } => {
                let place = fill.order.schedule.get() * self.instruments + fill.order.instrument.get();
                let before = std::mem::replace(&mut self.positions[place], position.get());
                if before * fill.order.side.sign() < 0.0 {
                    self.closed.push((fill.order.schedule, realised.get()));
                }
                self.traded += fill.quantity.at(fill.price).get();
                self.fills += 1;
            }
            Event::DayClose { equity, .. } => self.close_day(*at, equity.get()),
            _ => {}
        }
    }

    /// The run ends with this equity, which closes its last day.
    pub fn end(&mut self, at: Nanos, equity: Notional) {
        if self.day_closes.last().is_none_or(|(last, _)| *last < at) {
            self.close_day(at, equity.get());
        }
    }

    fn close_day(&mut self, at: Nanos, equity: f64) {
        self.day_closes.push((at, equity));
        self.days_held += usize::from(self.positions.iter().any(|quantity| *quantity != 0.0));
    }

    /// The statistics of a run that began at `start` with `cash`.
    #[must_use]
    pub fn statistics(&self, start: Nanos, cash: Notional, max_drawdown: f64) -> Statistics {
        let realised: Vec<f64> = self.closed.iter().map(|(_, profit)| *profit).collect();
        Statistics::of(&self.history(start, cash, max_drawdown, &realised))
    }

    /// Simple returns per day of a run that began with `cash`; `None` once equity is used up.
    #[must_use]
    pub fn daily_returns(&self, cash: Notional) -> Option<Vec<f64>> {
        self.history(Nanos::ZERO, cash, 0.0, &[]).daily_returns()
    }

    fn history<'a>(
        &'a self,
        start: Nanos,
        cash: Notional,
        max_drawdown: f64,
        realised: &'a [f64],
    ) -> History<'a> {
        History {
            start,
            starting_equity: cash,
            day_closes: &self.day_closes,
            days_held: self.days_held,
            realised,
            traded: Notional::new(self.traded),
            max_drawdown: Ratio::new(max_drawdown),
        }
    }
}
