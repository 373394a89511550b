//! The risk states that a run leaves, as they are kept.

use std::collections::BTreeMap;

use hemiola_adapters::risk_state::{
    Change, CostTotals, Latch, Position, PositionSide, RiskRecord, RiskStates, Transition,
};
use hemiola_components::journal::{Event, Record};
use hemiola_components::position::Holding;
use hemiola_components::risk::{RiskState, Rule};
use hemiola_components::time::Nanos;
use hemiola_systems::execution::margin::maintenance_rate;
use hemiola_systems::risk::calendar::{day_of, monday_of};

use crate::config::plan::{Plan, SchedulePlan};
use crate::job::Prepared;
use crate::modes::backtest::Outcome;

/// The state of every risk profile at the end of a run, and when each was latched and released. Money beyond what a
/// number holds is the largest there is.
#[must_use]
pub fn risk_states(prepared: &Prepared, outcome: &Outcome) -> RiskStates {
    let profiles = prepared.plan.risk_profiles.iter().zip(&outcome.risk).zip(&prepared.limits).enumerate();
    let records = profiles.map(|(index, ((profile, state), limits))| {
        let run = Run { plan: &prepared.plan, outcome, profile: index };
        (profile.name.clone(), run.record(state, limits))
    });
    let transitions = outcome.records.iter().filter_map(|record| transition(&prepared.plan, record));
    RiskStates { records: records.collect(), events: transitions.collect() }
}

fn transition(plan: &Plan, Record { at, event, .. }: &Record) -> Option<Transition> {
    let Event::Latch { risk_profile, rule, entered, value, limit } = *event else { return None };
    let seen = |value: f64| Some(value).filter(|value| entered && value.is_finite());
    Some(Transition {
        at: *at,
        profile: plan.risk_profiles[risk_profile].name.clone(),
        change: if entered { Change::Entered } else { Change::Exited },
        rule: rule.name().to_owned(),
        value: seen(value),
        limit: seen(limit),
        by: None,
        reason: None,
    })
}

/// A run, as far as one risk profile is concerned.
struct Run<'a> {
    plan: &'a Plan,
    outcome: &'a Outcome,
    profile: usize,
}

impl Run<'_> {
    fn record(&self, state: &RiskState, limits: &BTreeMap<String, f64>) -> RiskRecord {
        let account = &self.outcome.account;
        let day = account.day.unwrap_or_else(|| day_of(self.outcome.timeline.end));
        let midnight = |day: i64| Nanos::new(day * Nanos::DAY.get());
        RiskRecord {
            profile: self.plan.risk_profiles[self.profile].name.clone(),
            as_of: self.outcome.timeline.end,
            current_day: midnight(day),
            start_of_week: midnight(monday_of(day)),
            start_of_day_equity: bounded(account.day_start.get()),
            start_of_week_equity: bounded(account.week_start.get()),
            last_equity: bounded(account.equity.get()),
            peak_equity: bounded(account.peak.get()),
            available_margin: bounded((account.cash - account.margin - account.reserved).get()),
            maintenance_margin: bounded(self.maintenance()),
            daily_realized_pnl: bounded(state.daily_realised.get()),
            weekly_realized_pnl: bounded(state.weekly_realised.get()),
            rolling_profit_30d: bounded(state.profit_30d.get()),
            rolling_costs_30d: bounded(state.costs_30d.get()),
            latches: self.latches(state),
            positions: self.positions(),
            costs: self.costs(),
            limits: limits.clone(),
        }
    }

    /// The profile's positions, flat ones too: the index of the instrument, the ledger, and the last mark.
    fn holdings(&self) -> impl Iterator<Item = (usize, &Holding, f64)> {
        let schedules = self.plan.schedules.iter();
        let places = schedules.flat_map(|schedule: &SchedulePlan| {
            schedule.instruments.iter().map(|instrument| (schedule.risk_profile, *instrument))
        });
        let marked = self.outcome.holdings.iter().zip(&self.outcome.marks);
        let all = places.zip(marked).filter(|((profile, _), _)| *profile == self.profile);
        all.map(|((_, instrument), (holding, mark))| (instrument, holding, mark.get()))
    }

    /// What the venue asks to be left of the margins of shorts.
    fn maintenance(&self) -> f64 {
        let name = &self.plan.risk_profiles[self.profile].name;
        let rate = maintenance_rate(self.plan.margin.maintenance, name).get();
        let shorts = self.holdings().filter(|(_, holding, _)| holding.quantity.get() < 0.0);
        shorts.map(|(_, holding, mark)| -holding.quantity.get() * mark * rate).sum()
    }

    /// Open positions by instrument. Where schedules are long and short at once, the quantity and its side are what is
    /// left of both, and the value is that of both added up, as limits have it.
    fn positions(&self) -> BTreeMap<String, Position> {
        /// Net and gross base units, what the gross ones were opened for, and the mark.
        #[derive(Default)]
        struct Sum {
            net: f64,
            gross: f64,
            cost: f64,
            mark: f64,
        }
        let mut sums: BTreeMap<usize, Sum> = BTreeMap::new();
        for (instrument, holding, mark) in self.holdings().filter(|(_, one, _)| one.quantity.get() != 0.0) {
            let sum = sums.entry(instrument).or_default();
            let quantity = holding.quantity.get();
            sum.net += quantity;
            sum.gross += quantity.abs();
            sum.cost += quantity.abs() * holding.average_price.get();
            sum.mark = mark;
        }
        let positions = sums.into_iter().map(|(instrument, Sum { net, gross, cost, mark })| {
            let position = Position {
                side: if net < 0.0 { PositionSide::Short } else { PositionSide::Long },
                quantity: bounded(net.abs()),
                average_price: bounded(cost / gross),
                notional: bounded(gross * mark),
            };
            (self.plan.instruments[instrument].name(), position)
        });
        positions.collect()
    }

    fn costs(&self) -> CostTotals {
        let mut costs = CostTotals::default();
        for (_, holding, _) in self.holdings() {
            costs.fees += holding.fees.get();
            costs.slippage += holding.slippage.get();
            costs.borrow += holding.borrow.get();
        }
        for Record { event, .. } in &self.outcome.records {
            if let Event::Fill { fill, .. } = event
                && self.plan.schedules[fill.order.schedule.get()].risk_profile == self.profile
            {
                costs.traded_notional += fill.quantity.at(fill.price).get();
            }
        }
        for number in [&mut costs.fees, &mut costs.slippage, &mut costs.borrow, &mut costs.traded_notional] {
            *number = bounded(*number);
        }
        costs
    }

    /// What keeps the profile in liquidation, each as it was entered last; what the run began with counts from there.
    fn latches(&self, state: &RiskState) -> Vec<Latch> {
        let entered = |wanted: &str| {
            let transitions = self.outcome.records.iter().rev().filter(|record| {
                matches!(record.event, Event::Latch { risk_profile, .. } if risk_profile == self.profile)
            });
            let mut transitions = transitions.filter_map(|record| transition(self.plan, record));
            transitions.find(|one| one.rule == wanted && one.change == Change::Entered)
        };
        let latch = |rule: Rule| {
            let entered = entered(rule.name());
            Latch {
                rule: rule.name().to_owned(),
                value: entered.as_ref().and_then(|one| one.value),
                limit: entered.as_ref().and_then(|one| one.limit),
                since: entered.map_or(self.outcome.timeline.start, |one| one.at),
                by_operator: None,
            }
        };
        state.latches.iter().map(latch).collect()
    }
}

fn bounded(value: f64) -> f64 {
    value.clamp(f64::MIN, f64::MAX)
}
