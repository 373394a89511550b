//! Conformance: the cases of `strategies.jsonl`, through the engines as they run in a world.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use hemiola::assembly::{Market, Options};
use hemiola::config::plan::{Pair, Plan, StrategyPlan};
use hemiola::modes::backtest::{self, Outcome};
use hemiola_components::journal::{Emitted, Event};
use hemiola_components::market::{Bars, Snapshots};
use hemiola_components::order::FillModel;
use hemiola_components::schedule::{Cadence, Sizing};
use hemiola_components::signal::Reasons;
use hemiola_components::strategy::{ParameterValue, Parameters};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Quantity};
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::engine::ScanLimit;
use serde_json::{Map, Value};

use crate::support::parameters::defaults;
use crate::support::{definition, interval, plan, schedule, shared};

/// The parameters that make the engines behave as the cases expect, where ours behave better.
const CONFORMANCE: [(&str, &str, &str); 8] = [
    ("daily_trend_momentum", "stop", "close"),
    ("mean_reversion", "volume_unit", "base"),
    ("mean_reversion", "stop", "none"),
    ("grid_trading", "inventory_unit", "base"),
    ("grid_trading", "outside", "wait"),
    ("cross_exchange_arbitrage", "leg_quantity", "per_leg"),
    ("cross_exchange_arbitrage", "edge", "gross"),
    ("volatility_target", "annualization_factor", "1"),
];
const CONFORMANCE_ZERO: [(&str, &str); 2] =
    [("grid_trading", "dead_band"), ("cross_exchange_arbitrage", "max_quote_age_seconds")];

/// Cases stamp a candle with the instant it is known; ours close then.
const SPAN: Nanos = Nanos::SECOND;

#[test]
fn vectors_strategies() {
    let Some(path) = shared::vectors("strategies.jsonl") else { return };
    let text = fs::read_to_string(path).unwrap();
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(cases.len() >= 100);
    let mut wrong = Vec::new();
    for case in &cases {
        for scan in [ScanLimit::Unlimited, ScanLimit::Decisions(1)] {
            if let Err(difference) = check(case, scan) {
                wrong.push(format!("{} ({scan:?}): {difference}", case["id"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), 2 * cases.len(), wrong.join("\n"));
}

fn check(case: &Value, scan: ScanLimit) -> Result<(), String> {
    let world = World::of(case);
    let options = Options { scan, ..Options::default() };
    let catalog = Catalog::built_in();
    let mut run = backtest::run(&[(&world.plan, &world.market)], &catalog, options, |_, _| ())
        .map_err(|error| error.to_string())?;
    let outcome = run.outcomes.pop().unwrap();
    if !run.notes.short_warmups.is_empty() || outcome.not_finite.iter().any(|count| *count > 0) {
        return Err(format!("{:?}", run.notes));
    }
    let mut emitted = world.signals(&outcome);
    emitted.sort_by_key(|(index, _)| *index);
    let expected = case["signals"].as_array().unwrap();
    if emitted.len() != expected.len() {
        let bars = |index: &(usize, Emitted)| index.0;
        let found: Vec<usize> = emitted.iter().map(bars).collect();
        let wanted: Vec<&Value> = expected.iter().map(|signal| &signal["bar"]).collect();
        return Err(format!("signals at {found:?} instead of {wanted:?}"));
    }
    for ((index, emitted), expected) in emitted.iter().zip(expected) {
        let found = world.described(case, *index, emitted);
        compare("", &found, expected).map_err(|difference| format!("bar {index}{difference}"))?;
    }
    let telemetry = world.telemetry(&catalog, &emitted);
    compare("telemetry", &telemetry, &case["telemetry"])
}

/// A case as a Plan with its market: one schedule per symbol.
struct World {
    plan: Plan,
    market: Market,
    /// Per symbol, the place of each candle among the case's bars, by its time.
    places: Vec<BTreeMap<Nanos, usize>>,
    engine: String,
}

impl World {
    fn of(case: &Value) -> Self {
        let engine = case["engine"].as_str().unwrap().to_owned();
        let rows = |key: &str| case[key].as_array().unwrap().iter().collect::<Vec<_>>();
        let (warm_up, bars) = (rows("warmup"), rows("bars"));
        let mut symbols: Vec<&str> = Vec::new();
        for row in warm_up.iter().chain(&bars) {
            let symbol = row[0].as_str().unwrap();
            if !symbols.contains(&symbol) {
                symbols.push(symbol);
            }
        }
        let is_pair = engine == "cross_exchange_arbitrage";
        let mut names = Vec::new();
        let (mut schedules, mut places) = (Vec::new(), Vec::new());
        let mut market = Market::default();
        for symbol in &symbols {
            let of_symbol = |rows: &[&Value]| -> Vec<Value> {
                rows.iter().filter(|row| row[0] == **symbol).map(|row| (*row).clone()).collect()
            };
            let (before, after) = (of_symbol(&warm_up), of_symbol(&bars));
            let all: Vec<Value> = before.iter().chain(&after).cloned().collect();
            let columns = Arc::new(columns(&all));
            let first = names.len();
            let mut one = schedule(symbol, 0, &[first]);
            one.interval = interval("2s");
            one.cadence = Cadence { every: Nanos::new(1_000_000), offset: Nanos::ZERO };
            one.warmup_bars = before.len();
            // A short must be covered and a leg may be anything: a million of either is enough.
            one.sizing = Sizing::Base(Quantity::new(1e6));
            names.push(*symbol);
            market.series.push(BTreeMap::from([
                (interval("1s"), Arc::new(priced(&columns))),
                (interval("2s"), Arc::clone(&columns)),
            ]));
            if is_pair {
                let pair = Pair { primary: first, secondary: first + 1 };
                one.instruments = vec![first, first + 1];
                one.pairs = vec![pair];
                names.push(*symbol);
                market.series.push(market.series[first].clone());
                market.snapshots.insert((pair, interval("2s")), Arc::new(snapshots(&all, &columns)));
            }
            schedules.push(one);
            let index_of = |row: &Value| bars.iter().position(|bar| **bar == *row).unwrap();
            places.push(after.iter().map(|row| (time(&row[1]) - SPAN, index_of(row))).collect());
        }
        let mut plan = plan(&names, vec![strategy(case)], schedules);
        if is_pair {
            for (index, instrument) in plan.instruments.iter_mut().enumerate() {
                let key = ["primary_exchange", "secondary_exchange"][index % 2];
                case["params"][key].as_str().unwrap().clone_into(&mut instrument.venue);
            }
        }
        plan.cash = Notional::new(1e15);
        plan.fill_model = FillModel::Instant;
        market.targets.push(BTreeMap::new());
        Self { plan, market, places, engine }
    }

    /// The signals with the place of their candle among the case's bars.
    fn signals(&self, outcome: &Outcome) -> Vec<(usize, Emitted)> {
        let emitted = outcome.records.iter().filter_map(|record| match &record.event {
            Event::Signal(emitted) => Some(emitted.clone()),
            _ => None,
        });
        emitted.map(|one| (self.places[one.schedule.get()][&one.bar_time], one)).collect()
    }

    /// A signal in the form of the cases.
    fn described(&self, case: &Value, index: usize, emitted: &Emitted) -> Value {
        let confidence = emitted.signal.confidence;
        let Reasons { side, regime, metadata, legs, .. } = emitted.signal.reasons();
        let mut values: Map<String, Value> =
            metadata.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        // Ours only.
        values.remove("exit_spread_ratio");
        if !regime.is_empty() {
            values.insert("regime".into(), regime.into());
        }
        let symbol = case["bars"][index][0].clone();
        let mut described = Map::from_iter([
            ("bar".to_owned(), index.into()),
            ("symbol".to_owned(), symbol.clone()),
            ("side".to_owned(), side.into()),
            ("confidence".to_owned(), confidence.get().into()),
            ("intent".to_owned(), emitted.signal.intent().into()),
        ]);
        if let Some(legs) = legs {
            let first = emitted.instrument.get();
            let closes = side.starts_with("close_");
            let names = if closes {
                ["primary_exit", "secondary_exit"]
            } else {
                ["primary_entry", "secondary_entry"]
            };
            let leg = |place: usize| {
                serde_json::json!({
                    "exchange": self.plan.instruments[first + place].venue,
                    "symbol": symbol,
                    "side": legs[place].side.name().to_uppercase(),
                    "quantity": legs[place].quantity.get(),
                    "price": legs[place].price.get(),
                    "leg": names[place],
                })
            };
            described.insert("legs".into(), Value::Array(vec![leg(0), leg(1)]));
            if !closes {
                for (place, key) in ["primary_exchange", "secondary_exchange"].into_iter().enumerate() {
                    values.insert(key.into(), self.plan.instruments[first + place].venue.clone().into());
                }
            }
        }
        described.insert("metadata".into(), Value::Object(values));
        Value::Object(described)
    }

    /// All signals as one schedule run.
    fn telemetry(&self, catalog: &Catalog, emitted: &[(usize, Emitted)]) -> Value {
        let mut metrics =
            hemiola_components::metric::Metrics::new(catalog.get(&self.engine).unwrap().metrics);
        for (_, emitted) in emitted {
            metrics.take(Nanos::ZERO, &emitted.signal);
        }
        let mut values: Map<String, Value> =
            metrics.values().map(|(name, value)| (name.to_owned(), value.into())).collect();
        values.insert("signals".into(), emitted.len().into());
        values.remove("spread_capture_bps");
        Value::Object(values)
    }
}

fn strategy(case: &Value) -> StrategyPlan {
    let engine = case["engine"].as_str().unwrap();
    let catalog = Catalog::built_in();
    let specs = catalog.get(engine).unwrap().spec.parameters;
    let mut parameters = defaults(engine);
    for (of, name, value) in CONFORMANCE.iter().filter(|(of, ..)| *of == engine) {
        let value =
            value.parse().map_or_else(|_| ParameterValue::Text((*value).to_owned()), ParameterValue::Number);
        assert!(parameters.insert((*name).to_owned(), value).is_some(), "{of} has no {name}");
    }
    for (_, name) in CONFORMANCE_ZERO.iter().filter(|(of, _)| *of == engine) {
        parameters.insert((*name).to_owned(), ParameterValue::Number(0.0));
    }
    let given = case["params"].as_object().unwrap();
    let fees = given.get("market").and_then(Value::as_object).into_iter().flatten();
    for (name, value) in given.iter().chain(fees) {
        if specs.iter().any(|spec| spec.name == name) {
            let value = match value {
                Value::Number(number) => ParameterValue::Number(number.as_f64().unwrap()),
                other => ParameterValue::Text(other.as_str().unwrap().to_owned()),
            };
            parameters.insert(name.clone(), value);
        } else {
            assert!(["market", "maker_fee_rate"].contains(&name.as_str()), "{engine} has no {name}");
        }
    }
    StrategyPlan {
        name: "case".into(),
        engine: engine.to_owned(),
        parameters: Parameters(parameters),
        definition: definition(),
    }
}

/// Seconds, or milliseconds when that would be too far away.
fn time(value: &Value) -> Nanos {
    let stamp = value.as_i64().unwrap();
    Nanos::from_millis(if stamp > 10_000_000_000 { stamp } else { stamp * 1_000 }).unwrap()
}

fn columns(rows: &[Value]) -> Bars {
    let column = |index: usize| rows.iter().map(|row| row[index].as_f64().unwrap()).collect();
    Bars {
        open_time: rows.iter().map(|row| time(&row[1]) - SPAN).collect(),
        open: column(2),
        high: column(3),
        low: column(4),
        close: column(5),
        volume: column(6),
        ..Bars::empty(SPAN)
    }
}

/// What is traded at: the cases' engines are shown closes that no venue could fill at.
fn priced(columns: &Bars) -> Bars {
    let close = columns.close.iter().map(|close| if *close > 0.0 { *close } else { 1.0 }).collect();
    Bars { close, ..columns.clone() }
}

/// Quotes that are missing fall back to the close, times to the candle's.
fn snapshots(rows: &[Value], bars: &Bars) -> Snapshots {
    let quote = |name: &str| {
        let quotes = rows.iter().zip(&bars.close);
        quotes.map(|(row, close)| row[7][name].as_f64().unwrap_or(*close)).collect()
    };
    let seen = |row: &Value| {
        let stamp = &row[7]["secondary_timestamp"];
        time(if stamp.is_null() { &row[1] } else { stamp })
    };
    Snapshots {
        primary_bid: quote("primary_bid"),
        primary_ask: quote("primary_ask"),
        secondary_bid: quote("secondary_bid"),
        secondary_ask: quote("secondary_ask"),
        secondary_time: rows.iter().map(seen).collect(),
    }
}

/// Numbers are the same to 1e-9, everything else exactly.
fn compare(path: &str, found: &Value, expected: &Value) -> Result<(), String> {
    match (found, expected) {
        (Value::Number(found), Value::Number(expected)) => {
            let (a, b) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            let close = (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0);
            if close { Ok(()) } else { Err(format!("{path}: {a} instead of {b}")) }
        }
        (Value::Object(found), Value::Object(expected)) => {
            let keys = |map: &Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
            if keys(found) != keys(expected) {
                return Err(format!("{path}: keys {:?} instead of {:?}", keys(found), keys(expected)));
            }
            found.iter().try_for_each(|(key, value)| compare(&format!("{path}.{key}"), value, &expected[key]))
        }
        (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => {
            let pairs = found.iter().zip(expected).enumerate();
            pairs.into_iter().try_for_each(|(index, (a, b))| compare(&format!("{path}.{index}"), a, b))
        }
        _ if found == expected => Ok(()),
        _ => Err(format!("{path}: {found} instead of {expected}")),
    }
}
