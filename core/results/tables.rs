//! The tables of a run, one Parquet file each.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use hemiola_adapters::results::{Column, Table, Texts};
use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::journal::{Emitted, Event, Record};
use hemiola_components::signal::{Protection, Reasons, Signal, SignalKind};
use hemiola_components::time::Nanos;
use serde_json::{Map, Value, json};

use super::order_id;
use super::telemetry::telemetry;
use crate::job::Prepared;
use crate::modes::backtest::Outcome;

/// Every table with its file name.
#[must_use]
pub fn all(prepared: &Prepared, outcome: &Outcome) -> [(&'static str, Table); 5] {
    [
        ("equity.parquet", equity(prepared, outcome)),
        ("trades.parquet", trades(prepared, outcome)),
        ("signals.parquet", signals(prepared, outcome)),
        ("weights.parquet", weights(prepared, outcome)),
        ("telemetry.parquet", telemetry(prepared, outcome)),
    ]
}

pub(super) fn table(prepared: &Prepared, columns: Vec<(&'static str, Column)>) -> Table {
    let synthetic = prepared.data.is_synthetic().to_string();
    let metadata = vec![("run_id".into(), prepared.run_id.clone()), ("synthetic".into(), synthetic)];
    Table::new(columns, metadata)
}

fn label<T>(rows: &[T], names: Vec<String>, index: impl Fn(&T) -> usize) -> Column {
    let values =
        rows.iter().map(|row| u32::try_from(index(row)).expect("a Plan has fewer than 2^32 entries"));
    Column::Label { values: values.collect(), names }
}

pub(super) fn schedules<T>(prepared: &Prepared, rows: &[T], index: impl Fn(&T) -> ScheduleIndex) -> Column {
    let names = prepared.plan.schedules.iter().map(|schedule| schedule.name.clone());
    label(rows, names.collect(), |row| index(row).get())
}

pub(super) fn strategies<T>(prepared: &Prepared, rows: &[T], index: impl Fn(&T) -> ScheduleIndex) -> Column {
    let names = prepared.plan.strategies.iter().map(|strategy| strategy.name.clone());
    label(rows, names.collect(), |row| prepared.plan.schedules[index(row).get()].strategy)
}

fn instruments<T>(prepared: &Prepared, rows: &[T], index: impl Fn(&T) -> InstrumentIndex) -> Column {
    let names = prepared.plan.instruments.iter().map(hemiola_components::market::Instrument::name);
    label(rows, names.collect(), |row| index(row).get())
}

fn texts<T>(rows: &[T], text: impl Fn(&T, &mut String)) -> Column {
    let mut texts = Texts::default();
    for row in rows {
        texts.push(|buffer| text(row, buffer));
    }
    Column::Text(texts)
}

fn labels<'a, T>(rows: &'a [T], text: impl Fn(&'a T) -> &'a str) -> Column {
    Column::labels(rows.iter().map(text))
}

pub(super) fn floats<T>(rows: &[T], value: impl Fn(&T) -> f64) -> Column {
    Column::Float(rows.iter().map(value).collect())
}

pub(super) fn times<T>(rows: &[T], time: impl Fn(&T) -> Nanos) -> Column {
    Column::Time(rows.iter().map(time).collect())
}

fn equity(prepared: &Prepared, outcome: &Outcome) -> Table {
    let rows = &outcome.equity;
    table(
        prepared,
        vec![
            ("time", times(rows, |point| point.at)),
            ("equity", floats(rows, |point| point.equity)),
            ("cash", floats(rows, |point| point.cash)),
            ("drawdown", floats(rows, |point| point.drawdown)),
        ],
    )
}

fn trades(prepared: &Prepared, outcome: &Outcome) -> Table {
    let fills = outcome.records.iter().filter_map(|record| match &record.event {
        Event::Fill { fill, position, realised } => Some((fill, *position, *realised)),
        _ => None,
    });
    let rows: Vec<_> = fills.collect();
    let rows = &rows[..];
    table(
        prepared,
        vec![
            ("time", times(rows, |(fill, ..)| fill.time)),
            ("decided_at", times(rows, |(fill, ..)| fill.order.at)),
            ("order_id", texts(rows, |(fill, ..), text| order_id(&prepared.run_id, &fill.order, text))),
            ("schedule", schedules(prepared, rows, |(fill, ..)| fill.order.schedule)),
            ("strategy", strategies(prepared, rows, |(fill, ..)| fill.order.schedule)),
            ("instrument", instruments(prepared, rows, |(fill, ..)| fill.order.instrument)),
            ("side", labels(rows, |(fill, ..)| fill.order.side.name())),
            ("order_type", labels(rows, |(fill, ..)| fill.order.kind.name())),
            ("origin", labels(rows, |(fill, ..)| fill.order.origin.name())),
            ("status", labels(rows, |(fill, ..)| fill.status.name())),
            ("quantity", floats(rows, |(fill, ..)| fill.quantity.get())),
            ("price", floats(rows, |(fill, ..)| fill.price.get())),
            ("fee", floats(rows, |(fill, ..)| fill.fee.get())),
            ("slippage", floats(rows, |(fill, ..)| fill.slippage.get())),
            ("realised", floats(rows, |(.., realised)| realised.get())),
            ("position", floats(rows, |(_, position, _)| position.get())),
            ("maker", Column::Flag(rows.iter().map(|(fill, ..)| fill.maker).collect())),
            ("clipped", Column::Flag(rows.iter().map(|(fill, ..)| fill.clipped).collect())),
            ("after_gap", Column::Flag(rows.iter().map(|(fill, ..)| fill.after_gap).collect())),
        ],
    )
}

/// A signal and what became of it.
struct Told<'a> {
    at: Nanos,
    emitted: &'a Emitted,
    outcome: &'static str,
}

impl Told<'_> {
    /// Its value, for those that have one.
    fn value(&self) -> f64 {
        match self.emitted.signal.kind {
            SignalKind::Enter(_) | SignalKind::Exit => f64::NAN,
            SignalKind::Target(fraction) => fraction.get(),
            SignalKind::Delta(quantity) => quantity.get(),
        }
    }

    fn protection(&self, of: impl Fn(Protection) -> f64) -> f64 {
        self.emitted.signal.protection().map_or(f64::NAN, of)
    }
}

fn told<'a>(prepared: &Prepared, outcome: &'a Outcome) -> Vec<Told<'a>> {
    let mut rows = Vec::new();
    let mut open: BTreeMap<(ScheduleIndex, InstrumentIndex), usize> = BTreeMap::new();
    for Record { at, event, .. } in &outcome.records {
        let (place, what) = match event {
            Event::Signal(emitted) => {
                open.insert((emitted.schedule, emitted.instrument), rows.len());
                rows.push(Told { at: *at, emitted, outcome: "" });
                continue;
            }
            Event::Order(order) => ((order.schedule, order.instrument), "order"),
            Event::Unchanged { schedule, instrument } => ((*schedule, *instrument), "unchanged"),
            Event::Refused { schedule, instrument, refusal } => {
                ((*schedule, *instrument), refusal.rule.name())
            }
            _ => continue,
        };
        if let Some(index) = open.remove(&(place.0, deciding(prepared, place))) {
            rows[index].outcome = what;
        }
    }
    rows
}

fn signals(prepared: &Prepared, outcome: &Outcome) -> Table {
    let rows = &told(prepared, outcome)[..];
    table(
        prepared,
        vec![
            ("time", times(rows, |told| told.at)),
            ("bar_time", times(rows, |told| told.emitted.bar_time)),
            ("schedule", schedules(prepared, rows, |told| told.emitted.schedule)),
            ("strategy", strategies(prepared, rows, |told| told.emitted.schedule)),
            ("instrument", instruments(prepared, rows, |told| told.emitted.instrument)),
            ("signal", labels(rows, |told| told.emitted.signal.kind.name())),
            ("value", floats(rows, Told::value)),
            ("confidence", floats(rows, |told| told.emitted.signal.confidence.get())),
            ("side", labels(rows, |told| told.emitted.signal.side())),
            ("intent", labels(rows, |told| told.emitted.signal.intent())),
            ("regime", labels(rows, |told| told.emitted.signal.regime())),
            ("atr", floats(rows, |told| told.protection(|protection| protection.atr))),
            ("stop_price", floats(rows, |told| told.protection(|protection| protection.stop.get()))),
            ("metadata", texts(rows, |told, text| metadata(&told.emitted.signal, text))),
            ("outcome", labels(rows, |told| told.outcome)),
        ],
    )
}

/// The instrument whose candles decided: a pair's first leg, for what happens to either.
fn deciding(
    prepared: &Prepared,
    (schedule, instrument): (ScheduleIndex, InstrumentIndex),
) -> InstrumentIndex {
    let pairs = &prepared.plan.schedules[schedule.get()].pairs;
    let pair = pairs.iter().find(|pair| pair.secondary == instrument.get());
    pair.map_or(instrument, |pair| InstrumentIndex::new(pair.primary))
}

/// The numbers behind a signal as one JSON object, the names in order.
fn metadata(signal: &Signal, text: &mut String) {
    if !signal.explains() {
        return text.push_str("{}");
    }
    let Reasons { metadata, legs, .. } = signal.reasons();
    let mut values: Map<String, Value> =
        metadata.iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    if let Some(legs) = &legs {
        values.insert("legs".into(), super::legs(legs));
    }
    write!(text, "{}", Value::Object(values)).expect("a String takes all text");
}

fn weights(prepared: &Prepared, outcome: &Outcome) -> Table {
    let weight = |record: &Record| match record.event {
        Event::Weight { schedule, weight } => Some((record.at, schedule, weight)),
        _ => None,
    };
    let rows: Vec<_> = outcome.records.iter().filter_map(weight).collect();
    let rows = &rows[..];
    table(
        prepared,
        vec![
            ("time", times(rows, |(at, ..)| *at)),
            ("schedule", schedules(prepared, rows, |(_, schedule, _)| *schedule)),
            ("strategy", strategies(prepared, rows, |(_, schedule, _)| *schedule)),
            ("weight", floats(rows, |(.., weight)| weight.share)),
            ("raw_weight", floats(rows, |(.., weight)| weight.raw.unwrap_or(f64::NAN))),
            ("smoothed_weight", floats(rows, |(.., weight)| weight.smoothed)),
            ("profile_weight", floats(rows, |(.., weight)| weight.profile)),
            ("tag_weight", floats(rows, |(.., weight)| weight.tag.map_or(f64::NAN, |tag| tag.weight))),
        ],
    )
}
