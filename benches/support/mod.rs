//! Worlds for benchmarks: one account, `sma_cross`, no limits.

use std::collections::BTreeMap;
use std::sync::Arc;

use hemiola::assembly::Market;
use hemiola::config::definition::{Additions, Definition};
use hemiola::config::plan::{Plan, SchedulePlan, StrategyPlan};
use hemiola_components::capital::CapitalPolicy;
use hemiola_components::market::{Bars, Instrument, TradingRules};
use hemiola_components::order::{Costs, FillModel};
use hemiola_components::risk::RiskProfile;
use hemiola_components::schedule::{Cadence, Sizing};
use hemiola_components::strategy::{Classification, ParameterValue, Parameters};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Ratio};

pub(crate) use walk::{minute, walk};

mod walk;

pub(crate) const FEE: f64 = 0.001;
pub(crate) const CASH: f64 = 1_000_000.0;

/// One schedule of `sma_cross` over instruments with the given candles.
pub(crate) fn account(series: &[Arc<Bars>], fast: f64, slow: f64, sizing: Sizing) -> (Plan, Market) {
    let instrument = |index: usize| Instrument {
        venue: "bench".into(),
        symbol: format!("S{index}"),
        base: format!("S{index}"),
        quote: "USDT".into(),
        rules: TradingRules::default(),
    };
    let parameters = [("fast", fast), ("slow", slow)];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), ParameterValue::Number(value)));
    let plan = Plan {
        environment: "bench".into(),
        scheduler: "bench".into(),
        telemetry_namespace: "scheduler.bench".into(),
        valuation: "USDT".into(),
        equal_quotes: Vec::new(),
        cash: Notional::new(CASH),
        costs: Costs { taker_fee: Ratio::new(FEE), slippage: Ratio::ZERO },
        fill_model: FillModel::NextOpen,
        instruments: (0..series.len()).map(instrument).collect(),
        venue_symbols: (0..series.len()).map(|index| format!("S{index}")).collect(),
        strategies: vec![StrategyPlan {
            name: "sma".into(),
            engine: "sma_cross".into(),
            parameters: Parameters(parameters.into()),
            definition: Definition::new(&Classification::CUSTOM, Additions::default()),
        }],
        schedules: vec![SchedulePlan {
            name: "sma".into(),
            strategy: 0,
            instruments: (0..series.len()).collect(),
            interval: minute(),
            cadence: Cadence { every: minute().length(), offset: Nanos::ZERO },
            warmup_bars: 0,
            risk_profile: 0,
            pairs: Vec::new(),
            sizing,
        }],
        risk_profiles: vec![RiskProfile {
            name: "none".into(),
            max_positions: u32::MAX,
            max_position: Ratio::ZERO,
            max_leverage: 0.0,
        }],
        capital_policy: CapitalPolicy::EqualWeight,
        cool_down: None,
        data_root: "nowhere".into(),
        is_demo: false,
    };
    let market = Market {
        series: series.iter().map(|bars| BTreeMap::from([(minute(), Arc::clone(bars))])).collect(),
        targets: vec![BTreeMap::new()],
        snapshots: BTreeMap::new(),
    };
    (plan, market)
}
