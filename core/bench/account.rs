//! Accounts for benchmarks: `sma_cross`, no limits, the costs of the open workloads.

use std::collections::BTreeMap;
use std::sync::Arc;

use hemiola_components::capital::{Policy, PolicyKind};
use hemiola_components::market::{Bars, Instrument, TradingRules};
use hemiola_components::order::{Costs, FillModel, Liquidity, MarginTerms, Shortfall};
use hemiola_components::risk::{RiskPolicy, RiskProfile};
use hemiola_components::schedule::Sizing;
use hemiola_components::strategy::{Classification, ParameterValue, Parameters};
use hemiola_components::units::{Notional, Ratio};

use super::walk::minute;
use crate::assembly::Market;
use crate::config::definition::{Additions, Definition};
use crate::config::plan::{Plan, SchedulePlan, StrategyPlan};

/// Fee of every fill, as a fraction of its value.
pub const FEE: f64 = 0.001;

/// What an account begins with.
pub const CASH: f64 = 1_000_000.0;

/// A strategy of `sma_cross` and what it trades.
#[derive(Clone, Debug)]
pub struct Crossing {
    /// Closes in the fast mean.
    pub fast: u32,
    /// Closes in the slow mean.
    pub slow: u32,
    /// Indices of the series it trades.
    pub series: Vec<usize>,
}

/// One account over `series`, with a schedule of its own for each strategy. All sizes are made by one rule; the
/// capital is divided equally.
#[must_use]
pub fn account(series: &[Arc<Bars>], strategies: &[Crossing], sizing: Sizing) -> (Plan, Market) {
    let schedules = (0..).zip(strategies).map(|(index, one)| schedule(index, one, sizing)).collect();
    let market = Market {
        series: series.iter().map(|bars| BTreeMap::from([(minute(), Arc::clone(bars))])).collect(),
        targets: vec![BTreeMap::new(); strategies.len()],
        ..Market::default()
    };
    (plan(series.len(), strategies.iter().map(strategy).collect(), schedules), market)
}

/// An account that runs these schedules on so many instruments: the capital is divided equally, and nothing is limited.
pub(super) fn plan(instruments: usize, strategies: Vec<StrategyPlan>, schedules: Vec<SchedulePlan>) -> Plan {
    Plan {
        environment: "bench".into(),
        scheduler: "bench".into(),
        telemetry_namespace: "scheduler.bench".into(),
        valuation: "USDT".into(),
        equal_quotes: Vec::new(),
        cash: Notional::new(CASH),
        costs: Costs { taker_fee: Ratio::new(FEE), ..Costs::NONE },
        fill_model: FillModel::NextOpen,
        liquidity: Liquidity::default(),
        margin: MarginTerms::default(),
        shortfall: Shortfall::Clip,
        instruments: (0..instruments).map(instrument).collect(),
        venue_symbols: (0..instruments).map(|index| format!("S{index}")).collect(),
        strategies,
        schedules,
        risk_profiles: vec![RiskProfile::unlimited("none")],
        risk_policy: RiskPolicy::default(),
        latches: Vec::new(),
        capital_policy: Policy::of(PolicyKind::EqualWeight),
        cool_down: None,
        governor: None,
        initial: Vec::new(),
        operator: Vec::new(),
        data_root: "nowhere".into(),
        is_demo: false,
    }
}

fn instrument(index: usize) -> Instrument {
    Instrument {
        venue: "bench".into(),
        symbol: format!("S{index}"),
        base: format!("S{index}"),
        quote: "USDT".into(),
        rules: TradingRules::default(),
    }
}

fn strategy(Crossing { fast, slow, .. }: &Crossing) -> StrategyPlan {
    let parameters = [("fast", *fast), ("slow", *slow)];
    let parameters =
        parameters.map(|(name, value)| (name.to_owned(), ParameterValue::Number(f64::from(value))));
    StrategyPlan {
        name: format!("sma_{fast}_{slow}"),
        engine: "sma_cross".into(),
        parameters: Parameters(parameters.into()),
        definition: Definition::new(&Classification::CUSTOM, Additions::default()),
    }
}

fn schedule(strategy: usize, crossing: &Crossing, sizing: Sizing) -> SchedulePlan {
    SchedulePlan {
        strategy,
        instruments: crossing.series.clone(),
        sizing,
        ..SchedulePlan::new(format!("schedule_{strategy}"), minute())
    }
}
