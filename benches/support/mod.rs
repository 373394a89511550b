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
use hemiola_components::time::{Interval, Nanos};
use hemiola_components::units::{Notional, Ratio};

pub(crate) const FEE: f64 = 0.001;
pub(crate) const CASH: f64 = 1_000_000.0;

pub(crate) fn minute() -> Interval {
    "1m".parse().expect("an interval")
}

/// A seeded walk on a grid of 1/64 with a slow drift, `bars` candles of one minute.
pub(crate) fn walk(seed: u64, bars: usize) -> Arc<Bars> {
    let mut state = seed;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    let mut noise = move || uniform() + uniform() + uniform() + uniform();
    let grid = |price: f64| (price * 64.0).round() / 64.0;
    let (mut price, mut drift) = (20_000.0, 0.0);
    let mut columns = Bars::empty(minute().length());
    for bar in (0..).take(bars) {
        let open = grid(price * (1.0 + noise() * 1.5e-4));
        drift = 0.997 * drift + noise() * 1.1e-5;
        price *= 1.0 + drift + noise() * 1.0e-3 - 2.0e-5 * (price / 20_000.0 - 1.0);
        let close = grid(price);
        columns.open_time.push(Nanos::new(bar * minute().length().get()));
        columns.open.push(open);
        columns.high.push(open.max(close));
        columns.low.push(open.min(close));
        columns.close.push(close);
        columns.volume.push(1.0);
    }
    Arc::new(columns)
}

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
