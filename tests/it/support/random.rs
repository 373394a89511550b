//! Random worlds for property tests: every engine, pairs across venues, gapped and volume-less candles, several
//! intervals and cadences, every way of sizing and filling, limits that bite.

use std::collections::BTreeMap;
use std::sync::Arc;

use hemiola::assembly::Market;
use hemiola::config::plan::{Pair, Plan, SchedulePlan, StrategyPlan};
use hemiola_components::market::{Bars, Snapshots};
use hemiola_components::order::{
    Costs, EntryKind, EntryOrder, FillModel, Liquidity, MarginTerms, TimeInForce,
};
use hemiola_components::risk::{Flips, Guards, LatchRelease, RiskPolicy, RiskProfile, Suggestion, Triggers};
use hemiola_components::schedule::{Cadence, Sizing};
use hemiola_components::time::{Interval, Nanos};
use hemiola_components::units::{Notional, Quantity, Ratio};
use proptest::prelude::*;

use super::controls::controlled;
use super::parameters::{ENGINES, parameters};
use super::{Candle, MINUTE, bars, definition, external, interval, plan, sma, targets};

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

/// Candles of the same thing on another venue: some are missing, closes are a few ticks off.
fn elsewhere(candles: &[Candle], tick: f64, apart: &[(bool, i32)]) -> Vec<Candle> {
    let rows = candles.iter().zip(apart.iter().cycle()).filter(|(_, (there, _))| *there);
    rows.map(|(&(minute, open, close, volume), (_, ticks))| {
        (minute, open, (close + f64::from(*ticks) * tick).max(tick), volume)
    })
    .collect()
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

/// Stretches highs and lows beyond open and close, by so many ticks.
fn widen(mut bars: Arc<Bars>, tick: f64, wicks: &[(u8, u8)]) -> Arc<Bars> {
    let columns = Arc::make_mut(&mut bars);
    for ((high, low), (up, down)) in columns.high.iter_mut().zip(&mut columns.low).zip(wicks.iter().cycle()) {
        *high += f64::from(*up) * tick;
        *low = (*low - f64::from(*down) * tick).max(tick);
    }
    bars
}

/// Quotes around the closes of a pair's first leg: bids and offers so many ticks away, some crossed, and the age of
/// the second leg's in seconds.
fn quotes(bars: &Bars, tick: f64, around: &[([i32; 4], i64)]) -> Arc<Snapshots> {
    let mut all = Snapshots::default();
    for (bar, (ticks, age)) in (0..bars.len()).zip(around.iter().cycle()) {
        let price = ticks.map(|ticks| (bars.close[bar] + f64::from(ticks) * tick).max(tick));
        let [primary_bid, primary_ask, secondary_bid, secondary_ask] = price;
        all.primary_bid.push(primary_bid);
        all.primary_ask.push(primary_ask);
        all.secondary_bid.push(secondary_bid);
        all.secondary_ask.push(secondary_ask);
        all.secondary_time.push(Nanos::new(bars.close_time(bar).get() - age * Nanos::SECOND.get()));
    }
    Arc::new(all)
}

fn sizing() -> impl Strategy<Value = Sizing> {
    prop_oneof![
        3 => Just(Sizing::Weight),
        2 => (50.0..2_000.0_f64).prop_map(|amount| Sizing::Quote(Notional::new(amount))),
        2 => (0.1..5.0_f64).prop_map(|quantity| Sizing::Base(Quantity::new(quantity))),
        1 => Just(Sizing::AllIn),
    ]
}

fn profile() -> BoxedStrategy<RiskProfile> {
    let on = |range: std::ops::Range<f64>| prop_oneof![5 => Just(0.0), 1 => range];
    let ratio = |range| on(range).prop_map(Ratio::new);
    let exposure = (0_u32..6, ratio(0.05..1.0), on(0.2..2.0), ratio(0.1..1.0), ratio(0.2..2.0));
    let losses = [0.0005..0.05, 0.0005..0.02, 0.0005..0.02, 0.0005..0.02, 0.0005..0.02].map(ratio);
    let stops = (prop_oneof![3 => Just(0.0), 1 => 0.001..0.2], 0.5..3.0, on(0.0005..0.05));
    (exposure, losses, stops, on(0.1..2.0), on(0.05..0.5))
        .prop_map(
            |(
                (max_positions, max_position, max_leverage, instrument, portfolio),
                losses,
                stops,
                kill_r,
                costs,
            )| {
                let [max_drawdown, max_daily_loss, max_daily_fall, kill_daily_loss, kill_weekly_loss] =
                    losses;
                RiskProfile {
                    max_positions,
                    max_position,
                    max_leverage,
                    max_drawdown,
                    max_daily_loss,
                    max_daily_fall,
                    trade_risk: [Ratio::ZERO, Ratio::new(stops.2)],
                    target_volatility: Ratio::new(stops.0),
                    stop_atr_multiple: stops.1,
                    instrument_alert: Ratio::new(instrument.get() / 2.0),
                    instrument_limit: instrument,
                    portfolio_alert: Ratio::new(portfolio.get() / 2.0),
                    portfolio_limit: portfolio,
                    kill_daily_r: kill_r,
                    kill_daily_loss,
                    kill_weekly_loss,
                    max_cost_to_profit: costs,
                    ..RiskProfile::unlimited(format!("up to {max_positions}"))
                }
            },
        )
        .boxed()
}

/// Every way of applying limits.
fn risk_policy() -> impl Strategy<Value = RiskPolicy> {
    let guards = (any::<bool>(), 0_u32..3, 0_i64..5).prop_map(|(on, per_second, minutes)| Guards {
        max_order_notional: Notional::new(if on { 400.0 } else { 0.0 }),
        max_orders_per_second: per_second,
        duplicate_window: Nanos::new(minutes * MINUTE),
        ..Guards::default()
    });
    let words = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (words, prop_oneof![2 => Just(Guards::default()), 1 => guards]).prop_map(
        |((midnight, at_check, refuse, first), guards)| RiskPolicy {
            latch_release: if midnight { LatchRelease::Midnight } else { LatchRelease::Manual },
            triggers: if at_check { Triggers::AtCheck } else { Triggers::AtOnce },
            flips: if refuse { Flips::Refuse } else { Flips::Split },
            suggestion: if first { Suggestion::First } else { Suggestion::Tightest },
            guards,
        },
    )
}

/// Strategies of a Plan: three of their own kind, then one of each of [`ENGINES`].
const OUTSIDE: usize = 2;
const FIRST_ENGINE: usize = 3;
const STRATEGIES: usize = FIRST_ENGINE + ENGINES.len();

/// What a schedule trades: instruments 0 and 1 are on one venue, 2 and 3 are the same on the other.
fn traded(strategy: usize) -> BoxedStrategy<(Vec<usize>, Vec<Pair>)> {
    let pair = |primary, secondary| Pair { primary, secondary };
    if strategy == FIRST_ENGINE {
        prop_oneof![
            Just((vec![0, 2], vec![pair(0, 2)])),
            Just((vec![1, 3], vec![pair(3, 1)])),
            Just((vec![0, 1, 2, 3], vec![pair(0, 2), pair(1, 3)])),
        ]
        .boxed()
    } else {
        let alone = |instruments: &[usize]| Just((instruments.to_vec(), Vec::new()));
        prop_oneof![alone(&[0]), alone(&[1]), alone(&[0, 1]), alone(&[1, 2])].boxed()
    }
}

fn schedule(index: usize) -> impl Strategy<Value = SchedulePlan> {
    let cadence = prop_oneof![3 => Just(1_i64), 1 => Just(3), 1 => Just(7), 1 => Just(60), 1 => Just(1_440)];
    let when = (any::<bool>(), cadence, 0_i64..20, 0_usize..30);
    let strategy = (0..STRATEGIES).prop_flat_map(|strategy| (Just(strategy), traded(strategy)));
    (strategy, when, 0_usize..2, sizing()).prop_map(
        move |(
            (strategy, (instruments, pairs)),
            (coarse, every, offset, warmup_bars),
            risk_profile,
            sizing,
        )| {
            let interval = interval(if coarse { "5m" } else { "1m" });
            SchedulePlan {
                strategy,
                instruments,
                pairs,
                cadence: Cadence {
                    every: Nanos::new(every * MINUTE),
                    offset: Nanos::new(offset * MINUTE / 2),
                },
                warmup_bars,
                risk_profile,
                sizing,
                ..SchedulePlan::new(format!("schedule {index}"), interval)
            }
        },
    )
}

fn schedules() -> impl Strategy<Value = Vec<SchedulePlan>> {
    let three = [0, 1, 2].map(|index| schedule(index).boxed());
    let one = three[0].clone().prop_map(|one| vec![one]);
    prop_oneof![one, three.prop_map(Vec::from)]
}

fn strategies() -> impl Strategy<Value = Vec<StrategyPlan>> {
    let windows = (1_usize..6, 1_usize..20, 1_usize..4, 1_usize..8);
    (windows, ENGINES.map(parameters)).prop_map(|((fast, more, fast2, more2), parameters)| {
        let mut all = vec![
            sma("calm", fast as f64, (fast + more) as f64),
            sma("quick", fast2 as f64, (fast2 + more2) as f64),
            external("outside"),
        ];
        all.extend(ENGINES.into_iter().zip(parameters).map(|(engine, parameters)| StrategyPlan {
            name: engine.to_owned(),
            engine: engine.to_owned(),
            parameters,
            definition: definition(),
        }));
        all
    })
}

/// Candles of the four instruments. The second tick has no exact decimal form at the prices it gives, so its sums
/// are not exact.
fn series() -> BoxedStrategy<[BTreeMap<Interval, Arc<Bars>>; 4]> {
    const TICKS: [f64; 2] = [0.25, 1.0 / 3.0];
    let there = prop_oneof![9 => Just(true), 1 => Just(false)];
    let apart = prop::collection::vec((there, -4_i32..=4), 40);
    let wicks = prop::collection::vec((0_u8..10, 0_u8..10), 30);
    (candles(TICKS[0], 400), candles(TICKS[1], 300), apart, wicks)
        .prop_map(|(a, b, apart, wicks)| {
            let [c, d] = [elsewhere(&a, TICKS[0], &apart), elsewhere(&b, TICKS[1], &apart)];
            [(a, TICKS[0]), (b, TICKS[1]), (c, TICKS[0]), (d, TICKS[1])].map(|(minutes, tick)| {
                let of = |interval, candles: &[Candle]| widen(bars(interval, candles), tick, &wicks);
                let (one, five) = (interval("1m"), interval("5m"));
                BTreeMap::from([(five, of(five, &fives(&minutes))), (one, of(one, &minutes))])
            })
        })
        .boxed()
}

/// Snapshots of every pair, or none, so that pairs are quoted at their closes.
fn snapshots(
    schedules: &[SchedulePlan],
    series: &[BTreeMap<Interval, Arc<Bars>>],
    around: &[([i32; 4], i64)],
) -> BTreeMap<(Pair, Interval), Arc<Snapshots>> {
    let pairs =
        schedules.iter().flat_map(|schedule| schedule.pairs.iter().map(|pair| (*pair, schedule.interval)));
    let known = pairs.filter(|_| !around.is_empty());
    known
        .map(|(pair, interval)| ((pair, interval), quotes(&series[pair.primary][&interval], 0.25, around)))
        .collect()
}

/// Four instruments, or the first of them alone: an account of one is marked in another way.
///
/// Parts are boxed: a tree of all of them by value would not fit on a test's stack.
pub(crate) fn world() -> impl Strategy<Value = RandomWorld> {
    (four().boxed(), prop::bool::weighted(0.25))
        .prop_map(|(world, alone)| if alone { world.first_alone() } else { world })
}

impl RandomWorld {
    fn first_alone(mut self) -> Self {
        const OF_ONE: usize = 0;
        self.plan.instruments.truncate(1);
        self.plan.venue_symbols.truncate(1);
        self.market.series.truncate(1);
        self.market.snapshots.clear();
        for schedule in &mut self.plan.schedules {
            if !schedule.pairs.is_empty() {
                schedule.pairs.clear();
                schedule.strategy = OF_ONE;
            }
            schedule.instruments = vec![0];
        }
        self
    }
}

/// What a venue charges, and how believable its fills are.
fn realism() -> impl Strategy<Value = (Liquidity, MarginTerms, [f64; 2])> {
    let on = |range: std::ops::Range<f64>| prop_oneof![1 => Just(0.0), 1 => range];
    let late = || prop_oneof![Just(0), 0_i64..90];
    let terms = (on(0.0..1.0), 1.0..3.0_f64, prop::array::uniform2(on(0.0..0.01)));
    (on(0.01..1.0), late(), late(), any::<u64>(), terms).prop_map(
        |(share, latency, jitter, seed, (borrow_rate, leverage, costs))| {
            let seconds = |seconds: i64| Nanos::new(seconds * Nanos::SECOND.get());
            let liquidity = Liquidity {
                max_volume_share: Ratio::new(share),
                latency: seconds(latency),
                latency_jitter: seconds(jitter),
                seed,
            };
            let borrow_rate = Ratio::new(borrow_rate);
            (liquidity, MarginTerms { borrow_rate, leverage, ..MarginTerms::default() }, costs)
        },
    )
}

/// How entries go to the market.
fn entry_order() -> impl Strategy<Value = EntryOrder> {
    let kind = prop_oneof![
        Just(EntryKind::Market),
        any::<bool>().prop_map(|post_only| EntryKind::Limit { post_only }),
        Just(EntryKind::Stop),
    ];
    let time_in_force = prop_oneof![
        3 => Just(TimeInForce::UntilFilled),
        1 => Just(TimeInForce::ImmediateOrCancel),
        1 => Just(TimeInForce::FillOrKill),
    ];
    let good_for =
        prop_oneof![1 => Just(Nanos::NEVER), 3 => (1_i64..30).prop_map(|m| Nanos::new(m * MINUTE))];
    (kind, 0.0..0.02_f64, time_in_force, good_for).prop_map(|(kind, offset, time_in_force, good_for)| {
        EntryOrder { kind, offset: Ratio::new(offset), time_in_force, good_for }
    })
}

fn four() -> impl Strategy<Value = RandomWorld> {
    let cost = || prop_oneof![1 => Just(0.0), 1 => 0.0..0.0005_f64, 2 => 0.0..0.01_f64];
    let venue = (
        cost(),
        cost(),
        prop_oneof![Just(0.0), Just(0.125)],
        prop_oneof![
            2 => Just(FillModel::NextOpen),
            1 => Just(FillModel::Instant),
            2 => Just(FillModel::Realistic),
        ],
        realism(),
        prop::array::uniform3(entry_order()),
    );
    let fraction = prop_oneof![1 => Just(0.0), 3 => -1.5..1.5_f64];
    let wanted = prop::collection::vec((1_i64..60, fraction), 0..30);
    let ticks = prop::array::uniform4(-6_i32..=6);
    let around = prop_oneof![Just(Vec::new()), prop::collection::vec((ticks, 0_i64..400), 50)];
    let capital = ((profile(), profile(), risk_policy()), controlled()).boxed();
    let market = (series(), schedules().boxed());
    (market, venue.boxed(), strategies().boxed(), (wanted, around), capital).prop_map(
        |((series, schedules), venue, strategies, (wanted, around), (profiles, controlled))| {
            let snapshots = snapshots(&schedules, &series, &around);
            let mut plan = plan(&["A", "B", "A", "B"], strategies, schedules);
            let (fee, slippage, step, fill_model, (liquidity, margin, [maker_fee, impact]), entries) = venue;
            plan.costs =
                Costs { taker_fee: Ratio::new(fee), slippage: Ratio::new(slippage), ..Costs::default() };
            plan.fill_model = fill_model;
            plan.margin = margin;
            if fill_model == FillModel::Realistic {
                plan.liquidity = liquidity;
                (plan.costs.maker_fee, plan.costs.impact) = (Ratio::new(maker_fee), Ratio::new(impact));
                for (schedule, entry) in plan.schedules.iter_mut().zip(entries) {
                    schedule.entry_order = entry;
                }
            }
            plan.instruments[0].rules.step = Quantity::new(step);
            for instrument in &mut plan.instruments[2..] {
                instrument.venue = "other".into();
            }
            plan.risk_profiles = vec![profiles.0, profiles.1];
            plan.risk_policy = profiles.2;
            controlled.apply(&mut plan);
            let mut rows: Vec<(i64, f64)> = Vec::new();
            for (step, fraction) in wanted {
                rows.push((rows.last().map_or(0, |row| row.0) + step, fraction));
            }
            let mut market = Market {
                series: series.into(),
                targets: vec![BTreeMap::new(); STRATEGIES],
                snapshots,
                scratch: None,
            };
            market.targets[OUTSIDE].insert("venue:A".into(), targets(&rows));
            market.targets[OUTSIDE].insert("venue:B".into(), targets(&rows[..rows.len() / 2]));
            RandomWorld { plan, market }
        },
    )
}
