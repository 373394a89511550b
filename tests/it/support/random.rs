//! Random worlds for property tests: gapped and volume-less candles, several intervals and cadences, every way
//! of sizing, limits that bite.

use std::collections::BTreeMap;

use hemiola::assembly::Market;
use hemiola::config::plan::{Plan, SchedulePlan};
use hemiola_components::capital::CapitalPolicy;
use hemiola_components::order::Costs;
use hemiola_components::risk::RiskProfile;
use hemiola_components::schedule::{Cadence, Sizing};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Quantity, Ratio};
use proptest::prelude::*;

use super::{Candle, MINUTE, bars, external, interval, plan, sma, targets};

/// A Plan with its market.
#[derive(Clone, Debug)]
pub(crate) struct RandomWorld {
    pub(crate) plan: Plan,
    pub(crate) market: Market,
}

/// Minutes of a series: the step to the next candle (usually one), the open's and the close's move in ticks,
/// and whether anybody traded.
fn candles(tick: f64, minutes: usize) -> impl Strategy<Value = Vec<Candle>> {
    let step = prop_oneof![30 => Just(1_i64), 1 => 2_i64..2_000];
    let volume = prop_oneof![8 => Just(1.0), 1 => Just(0.0)];
    let rows = prop::collection::vec((step, -3_i32..=3, -30_i32..=30, volume), minutes / 2..minutes);
    (rows, 0_i64..60).prop_map(move |(rows, listed)| {
        let (mut minute, mut price) = (listed, 1_000_i32);
        let rows = rows.into_iter().map(|(step, gap, change, volume)| {
            let open = (price + gap).max(5);
            price = (open + change).max(5);
            let candle = (minute, f64::from(open) * tick, f64::from(price) * tick, volume);
            minute += step;
            candle
        });
        rows.collect()
    })
}

/// Five-minute candles over the same prices.
fn fives(minutes: &[Candle]) -> Vec<Candle> {
    let mut fives: Vec<Candle> = Vec::new();
    for &(minute, open, close, volume) in minutes {
        let start = minute - minute.rem_euclid(5);
        match fives.last_mut() {
            Some(last) if last.0 == start => (last.2, last.3) = (close, last.3 + volume),
            _ => fives.push((start, open, close, volume)),
        }
    }
    fives
}

fn sizing() -> impl Strategy<Value = Sizing> {
    prop_oneof![
        3 => Just(Sizing::Weight),
        2 => (50.0..2_000.0_f64).prop_map(|amount| Sizing::Quote(Notional::new(amount))),
        1 => Just(Sizing::AllIn),
    ]
}

fn profile() -> impl Strategy<Value = RiskProfile> {
    let on = |range: std::ops::Range<f64>| prop_oneof![2 => Just(0.0), 1 => range];
    (0_u32..6, on(0.05..1.0), on(0.2..2.0)).prop_map(|(max_positions, position, max_leverage)| RiskProfile {
        name: format!("up to {max_positions}"),
        max_positions,
        max_position: Ratio::new(position),
        max_leverage,
    })
}

fn schedule(index: usize) -> impl Strategy<Value = SchedulePlan> {
    let instruments = prop_oneof![Just(vec![0]), Just(vec![1]), Just(vec![0, 1])];
    let cadence = prop_oneof![3 => Just(1_i64), 1 => Just(3), 1 => Just(7), 1 => Just(60), 1 => Just(1_440)];
    let parts =
        (0_usize..3, instruments, any::<bool>(), cadence, 0_i64..20, 0_usize..30, 0_usize..2, sizing());
    parts.prop_map(
        move |(strategy, instruments, coarse, every, offset, warmup_bars, risk_profile, sizing)| {
            SchedulePlan {
                name: format!("schedule {index}"),
                strategy,
                instruments,
                interval: interval(if coarse { "5m" } else { "1m" }),
                cadence: Cadence {
                    every: Nanos::new(every * MINUTE),
                    offset: Nanos::new(offset * MINUTE / 2),
                },
                warmup_bars,
                risk_profile,
                pairs: Vec::new(),
                sizing,
            }
        },
    )
}

fn schedules() -> impl Strategy<Value = Vec<SchedulePlan>> {
    prop_oneof![
        schedule(0).prop_map(|one| vec![one]),
        (schedule(0), schedule(1), schedule(2)).prop_map(|(a, b, c)| vec![a, b, c]),
    ]
}

pub(crate) fn world() -> impl Strategy<Value = RandomWorld> {
    // The second tick has no exact decimal form at the prices it gives, so its sums are not exact.
    let series = (candles(0.25, 400), candles(1.0 / 3.0, 300));
    let costs = (0.0..0.01_f64, 0.0..0.01_f64, prop_oneof![Just(0.0), Just(0.125)]);
    let windows = (1_usize..6, 1_usize..20, 1_usize..4, 1_usize..8);
    let wanted = prop::collection::vec((1_i64..60, -1.5..1.5_f64), 0..30);
    let profiles = (profile(), profile());
    (series, schedules(), costs, windows, wanted, profiles).prop_map(
        |((a, b), schedules, (fee, slippage, step), (fast, more, fast2, more2), wanted, profiles)| {
            let strategies = vec![
                sma("calm", fast as f64, (fast + more) as f64),
                sma("quick", fast2 as f64, (fast2 + more2) as f64),
                external("outside"),
            ];
            let mut plan = plan(&["A", "B"], strategies, schedules);
            plan.costs = Costs { taker_fee: Ratio::new(fee), slippage: Ratio::new(slippage) };
            plan.instruments[0].rules.step = Quantity::new(step);
            plan.risk_profiles = vec![profiles.0, profiles.1];
            plan.capital_policy = CapitalPolicy::FixedWeight(BTreeMap::from([
                ("calm".to_owned(), 2.0),
                ("outside".to_owned(), 1.0),
                ("schedule 1".to_owned(), 0.5),
            ]));
            let series = [a, b].map(|minutes| {
                BTreeMap::from([
                    (interval("5m"), bars(interval("5m"), &fives(&minutes))),
                    (interval("1m"), bars(interval("1m"), &minutes)),
                ])
            });
            let mut rows: Vec<(i64, f64)> = Vec::new();
            for (step, fraction) in wanted {
                rows.push((rows.last().map_or(0, |row| row.0) + step, fraction));
            }
            let mut market = Market {
                series: series.into(),
                targets: vec![BTreeMap::new(); 3],
                snapshots: BTreeMap::new(),
            };
            market.targets[2].insert("venue:A".into(), targets(&rows));
            market.targets[2].insert("venue:B".into(), targets(&rows[..rows.len() / 2]));
            RandomWorld { plan, market }
        },
    )
}
