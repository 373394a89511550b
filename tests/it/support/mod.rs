//! Small worlds for tests.

pub(crate) mod columns;
pub(crate) mod controls;
pub(crate) mod journals;
pub(crate) mod parameters;
pub(crate) mod random;
pub(crate) mod shared;
pub(crate) mod vectors;

use std::collections::BTreeMap;
use std::sync::Arc;

use hemiola::assembly::{Market, Options};
use hemiola::config::definition::{Additions, Definition};
use hemiola::config::plan::{Plan, SchedulePlan, StrategyPlan};
use hemiola::modes::backtest::{self, Outcome};
use hemiola_components::capital::{Policy, PolicyKind};
use hemiola_components::journal::{Event, Record};
use hemiola_components::market::{Bars, Instrument, Targets, TradingRules};
use hemiola_components::order::{Costs, Fill, FillModel, Liquidity, MarginTerms, Shortfall};
use hemiola_components::risk::{RiskPolicy, RiskProfile};

use hemiola_components::strategy::{Classification, ParameterValue, Parameters};
use hemiola_components::time::{Interval, Nanos};
use hemiola_components::units::Notional;
use hemiola_systems::signals::catalog::Catalog;

pub(crate) const MINUTE: i64 = 60 * 1_000_000_000;

/// A candle: open time in minutes, open, close, volume.
pub(crate) type Candle = (i64, f64, f64, f64);

pub(crate) fn interval(text: &str) -> Interval {
    text.parse().unwrap()
}

pub(crate) fn bars(interval: Interval, candles: &[Candle]) -> Arc<Bars> {
    Arc::new(Bars {
        open_time: candles.iter().map(|c| Nanos::new(c.0 * MINUTE)).collect(),
        open: candles.iter().map(|c| c.1).collect(),
        high: candles.iter().map(|c| c.1.max(c.2)).collect(),
        low: candles.iter().map(|c| c.1.min(c.2)).collect(),
        close: candles.iter().map(|c| c.2).collect(),
        volume: candles.iter().map(|c| c.3).collect(),
        ..Bars::empty(interval.length())
    })
}

/// Candles one after another, each opening at its own `open`.
pub(crate) fn minutes(prices: &[(f64, f64)]) -> Arc<Bars> {
    let candles: Vec<Candle> =
        (0..).zip(prices).map(|(minute, (open, close))| (minute, *open, *close, 1.0)).collect();
    bars(interval("1m"), &candles)
}

pub(crate) fn instrument(symbol: &str) -> Instrument {
    Instrument {
        venue: "venue".into(),
        symbol: symbol.into(),
        base: symbol.into(),
        quote: "USDT".into(),
        rules: TradingRules::default(),
    }
}

pub(crate) fn sma(name: &str, fast: f64, slow: f64) -> StrategyPlan {
    let parameters = [("fast", fast), ("slow", slow)];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), ParameterValue::Number(value)));
    StrategyPlan {
        name: name.into(),
        engine: "sma_cross".into(),
        parameters: Parameters(parameters.into()),
        definition: definition(),
    }
}

pub(crate) fn definition() -> Definition {
    Definition::new(&Classification::CUSTOM, Additions::default())
}

pub(crate) fn external(name: &str) -> StrategyPlan {
    let parameters = [("targets".to_owned(), ParameterValue::Text("targets.parquet".into()))];
    StrategyPlan {
        name: name.into(),
        engine: "external_signals".into(),
        parameters: Parameters(parameters.into()),
        definition: definition(),
    }
}

pub(crate) fn schedule(name: &str, strategy: usize, instruments: &[usize]) -> SchedulePlan {
    SchedulePlan { strategy, instruments: instruments.to_vec(), ..SchedulePlan::new(name, interval("1m")) }
}

/// A plan without costs and limits, with 1,000 USDT.
pub(crate) fn plan(
    instruments: &[&str],
    strategies: Vec<StrategyPlan>,
    schedules: Vec<SchedulePlan>,
) -> Plan {
    Plan {
        environment: "test".into(),
        scheduler: "main".into(),
        telemetry_namespace: "scheduler.main".into(),
        valuation: "USDT".into(),
        equal_quotes: Vec::new(),
        cash: Notional::new(1_000.0),
        costs: Costs::default(),
        fill_model: FillModel::NextOpen,
        liquidity: Liquidity::default(),
        margin: MarginTerms::default(),
        shortfall: Shortfall::Clip,
        instruments: instruments.iter().map(|symbol| instrument(symbol)).collect(),
        venue_symbols: instruments.iter().map(|symbol| (*symbol).to_owned()).collect(),
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

/// One-minute candles per instrument, no targets.
pub(crate) fn market(plan: &Plan, series: &[Arc<Bars>]) -> Market {
    Market {
        series: series.iter().map(|bars| BTreeMap::from([(interval("1m"), Arc::clone(bars))])).collect(),
        targets: plan.strategies.iter().map(|_| BTreeMap::new()).collect(),
        ..Market::default()
    }
}

pub(crate) fn targets(rows: &[(i64, f64)]) -> Arc<Targets> {
    Arc::new(Targets {
        time: rows.iter().map(|row| Nanos::new(row.0 * MINUTE)).collect(),
        fraction: rows.iter().map(|row| row.1).collect(),
    })
}

pub(crate) fn run_with(plan: &Plan, market: &Market, options: Options) -> Outcome {
    let mut run = backtest::run(&[(plan, market)], &Catalog::built_in(), options, |_, _| ()).unwrap();
    run.outcomes.pop().unwrap()
}

pub(crate) fn run(plan: &Plan, market: &Market) -> Outcome {
    run_with(plan, market, Options::default())
}

pub(crate) fn fills(outcome: &Outcome) -> Vec<Fill> {
    fills_of(&outcome.records)
}

pub(crate) fn fills_of(records: &[Record]) -> Vec<Fill> {
    records
        .iter()
        .filter_map(|record| if let Event::Fill { fill, .. } = record.event { Some(fill) } else { None })
        .collect()
}

/// Refusals as (rule, value, limit).
pub(crate) fn refusals(outcome: &Outcome) -> Vec<(&'static str, f64, f64)> {
    let refusal = |record: &Record| match record.event {
        Event::Refused { refusal, .. } => Some((refusal.rule.name(), refusal.value, refusal.limit)),
        _ => None,
    };
    outcome.records.iter().filter_map(refusal).collect()
}

/// Orders that were made smaller as ((rule, value, limit), quantity).
pub(crate) fn adjustments(outcome: &Outcome) -> Vec<((&'static str, f64, f64), f64)> {
    let adjustment = |record: &Record| match record.event {
        Event::Adjusted { refusal, quantity, .. } => {
            Some(((refusal.rule.name(), refusal.value, refusal.limit), quantity.get()))
        }
        _ => None,
    };
    outcome.records.iter().filter_map(adjustment).collect()
}

/// The first record that two runs do not share, with its place.
pub(crate) fn first_difference<'a>(
    one: &'a [Record],
    other: &'a [Record],
) -> Option<(usize, Option<&'a Record>, Option<&'a Record>)> {
    let mut pairs = (0..one.len().max(other.len())).map(|place| (place, one.get(place), other.get(place)));
    pairs.find(|(_, one, other)| one != other)
}
