//! What drills have in common: an account whose strategies follow targets, in a market of hourly closes.

use std::collections::BTreeMap;
use std::sync::Arc;

use hemiola_components::capital::{Policy, PolicyKind};
use hemiola_components::journal::{Event, Record};
use hemiola_components::market::{Bars, Instrument, Targets, TradingRules};
use hemiola_components::order::{Costs, FillModel, Liquidity, MarginTerms, Order, Shortfall};
use hemiola_components::risk::{Refusal, RiskPolicy, RiskProfile, Rule};
use hemiola_components::schedule::Sizing;
use hemiola_components::strategy::{Classification, ParameterValue, Parameters};
use hemiola_components::time::{Interval, Nanos};
use hemiola_components::units::Notional;

use crate::assembly::Market;
use crate::config::definition::{Additions, Definition};
use crate::config::plan::{Plan, SchedulePlan, StrategyPlan};
use crate::modes::backtest::Outcome;

/// What an account begins with, USDT.
pub(super) const CASH: f64 = 10_000.0;

/// 2024-01-01, a Monday.
const START: Nanos = Nanos::new(19_723 * Nanos::DAY.get());

const HOUR: Nanos = Nanos::new(3_600 * Nanos::SECOND.get());

/// The end of the `hour`th candle.
pub(super) const fn at(hour: i64) -> Nanos {
    Nanos::new(START.get() + hour * HOUR.get())
}

/// A strategy with a schedule of its own over all instruments, and what it wants at the ends of which hours: fractions
/// of what it may hold, by instrument.
pub(super) struct Trader {
    pub(super) name: &'static str,
    pub(super) sizing: Sizing,
    pub(super) wants: Vec<Vec<(i64, f64)>>,
}

/// An account without costs under one profile, in instruments with these hourly closes; each hour opens at the close of
/// the one before.
pub(super) fn stage(profile: RiskProfile, closes: &[Vec<f64>], traders: &[Trader]) -> (Plan, Market) {
    let hour: Interval = "1h".parse().expect("an interval of the catalogue");
    let instruments: Vec<Instrument> = ["A", "B", "C"].iter().take(closes.len()).map(instrument).collect();
    let series = closes.iter().map(|closes| BTreeMap::from([(hour, candles(closes))]));
    let targets = traders.iter().map(|trader| {
        let wanted = instruments.iter().zip(&trader.wants);
        wanted.map(|(instrument, wants)| (instrument.name(), targets(wants))).collect()
    });
    let market = Market { series: series.collect(), targets: targets.collect(), ..Market::default() };
    let schedule = |(strategy, trader): (usize, &Trader)| SchedulePlan {
        strategy,
        instruments: (0..closes.len()).collect(),
        sizing: trader.sizing,
        ..SchedulePlan::new(trader.name, hour)
    };
    let plan = Plan {
        environment: "drill".into(),
        scheduler: "drill".into(),
        telemetry_namespace: "scheduler.drill".into(),
        valuation: "USDT".into(),
        equal_quotes: Vec::new(),
        cash: Notional::new(CASH),
        costs: Costs::NONE,
        fill_model: FillModel::NextOpen,
        liquidity: Liquidity::default(),
        margin: MarginTerms::default(),
        shortfall: Shortfall::Clip,
        venue_symbols: instruments.iter().map(|instrument| instrument.symbol.clone()).collect(),
        instruments,
        strategies: traders.iter().map(strategy).collect(),
        schedules: traders.iter().enumerate().map(schedule).collect(),
        risk_profiles: vec![profile],
        risk_policy: RiskPolicy::default(),
        latches: Vec::new(),
        capital_policy: Policy::of(PolicyKind::EqualWeight),
        cool_down: None,
        governor: None,
        initial: Vec::new(),
        operator: Vec::new(),
        data_root: "nowhere".into(),
        is_demo: false,
    };
    (plan, market)
}

fn instrument(symbol: &&str) -> Instrument {
    Instrument {
        venue: "drill".into(),
        symbol: (*symbol).into(),
        base: (*symbol).into(),
        quote: "USDT".into(),
        rules: TradingRules::default(),
    }
}

fn strategy(trader: &Trader) -> StrategyPlan {
    let targets = ("targets".to_owned(), ParameterValue::Text("made up".into()));
    StrategyPlan {
        name: trader.name.to_owned(),
        engine: "external_signals".into(),
        parameters: Parameters([targets].into()),
        definition: Definition::new(&Classification::CUSTOM, Additions::default()),
    }
}

fn candles(closes: &[f64]) -> Arc<Bars> {
    let opens: Vec<f64> = closes.first().into_iter().chain(closes).copied().take(closes.len()).collect();
    let ends = || opens.iter().zip(closes);
    Arc::new(Bars {
        open_time: (0..).map(at).take(closes.len()).collect(),
        high: ends().map(|(open, close)| open.max(*close)).collect(),
        low: ends().map(|(open, close)| open.min(*close)).collect(),
        close: closes.to_vec().into(),
        volume: vec![1_000.0; closes.len()].into(),
        open: opens.clone().into(),
        ..Bars::empty(HOUR)
    })
}

fn targets(wants: &[(i64, f64)]) -> Arc<Targets> {
    Arc::new(Targets {
        time: wants.iter().map(|(hour, _)| at(*hour)).collect(),
        fraction: wants.iter().map(|(_, fraction)| *fraction).collect(),
    })
}

/// Latches that were entered, or released: when, by which rule, the value it saw and its limit.
pub(super) fn latches(outcome: &Outcome, entering: bool) -> Vec<(Nanos, Rule, f64, f64)> {
    let latch = |Record { at, event, .. }: &Record| match event {
        Event::Latch { rule, entered, value, limit, .. } if *entered == entering => {
            Some((*at, *rule, *value, *limit))
        }
        _ => None,
    };
    outcome.records.iter().filter_map(latch).collect()
}

/// Orders that left for the venue.
pub(super) fn orders(outcome: &Outcome) -> Vec<Order> {
    let order = |record: &Record| if let Event::Order(order) = record.event { Some(order) } else { None };
    outcome.records.iter().filter_map(order).collect()
}

/// Signals and orders that were refused, and when.
pub(super) fn refusals(outcome: &Outcome) -> Vec<(Nanos, Refusal)> {
    let refusal = |Record { at, event, .. }: &Record| match event {
        Event::Refused { refusal, .. } => Some((*at, *refusal)),
        _ => None,
    };
    outcome.records.iter().filter_map(refusal).collect()
}
