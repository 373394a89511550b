//! A random account with its market: few candles over a midnight, orders of every kind, every limit.

use std::collections::BTreeMap;

use hemiola::assembly::Market;
use hemiola::config::plan::{Plan, SchedulePlan};
use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::order::{
    Costs, EntryKind, EntryOrder, FillModel, Liquidity, Maintenance, MarginTerms, Shortfall, TimeInForce,
};
use hemiola_components::risk::{
    Bucket, Family, Flips, Guards, LatchRelease, Latches, RiskPolicy, RiskProfile, Rule, Suggestion, Triggers,
};
use hemiola_components::schedule::{Cadence, Sizing};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Quantity, Ratio};

use super::CASH;
use super::dice::Dice;
use crate::support::{Candle, MINUTE, bars, external, interval, plan, schedule, sma, targets};

/// Minutes before the midnight that most sequences pass.
const BEFORE_MIDNIGHT: i64 = 15;

/// The account of a seed; the three fill models take turns.
pub(super) fn sequence(seed: u64) -> (Plan, Market) {
    let mut dice = Dice::new(seed);
    let dice = &mut dice;
    let names = &["A", "B"][..=dice.below(2)];
    let strategies = vec![external("outside"), sma("quick", 1.0, 2.0 + dice.below(3) as f64)];
    let fill_model = FillModel::ALL[usize::try_from(seed % 3).unwrap()];
    let schedules = (0..=dice.below(3)).map(|index| of_schedule(dice, index, names.len(), fill_model));
    let mut plan = plan(names, strategies, schedules.collect());
    plan.cash = Notional::new(CASH);
    plan.fill_model = fill_model;
    plan.costs = Costs {
        taker_fee: Ratio::new(dice.maybe(0.7, 0.0..0.01)),
        slippage: Ratio::new(dice.maybe(0.5, 0.0..0.005)),
        ..Costs::NONE
    };
    if fill_model == FillModel::Realistic {
        plan.costs.maker_fee = Ratio::new(dice.maybe(0.5, 0.0..0.005));
        plan.costs.impact = Ratio::new(dice.maybe(0.5, 0.0..0.01));
        plan.liquidity = liquidity(dice);
    }
    plan.margin = margin(dice);
    plan.shortfall = if dice.happens(0.8) { Shortfall::Clip } else { Shortfall::Refuse };
    for instrument in &mut plan.instruments {
        instrument.rules.step = Quantity::new(dice.one_of(&[0.0, 0.0, 0.125]));
        instrument.rules.tick = dice.one_of(&[0.0, 0.25]);
        instrument.rules.min_notional = Notional::new(dice.one_of(&[0.0, 0.0, 20.0]));
    }
    let (instruments, schedules) = (plan.instruments.len(), plan.schedules.len());
    plan.risk_profiles = ["one", "other"].map(|name| profile(dice, name, instruments, schedules)).into();
    plan.risk_policy = risk_policy(dice);
    if dice.happens(0.1) {
        let mut halted = Latches::default();
        halted.set(Rule::KillSwitch);
        plan.latches = vec![halted];
    }
    let market = market(dice, &plan);
    (plan, market)
}

fn of_schedule(dice: &mut Dice, index: usize, instruments: usize, fill_model: FillModel) -> SchedulePlan {
    let strategy = dice.one_of(&[0, 0, 0, 1]);
    let traded = if dice.happens(0.5) { (0..instruments).collect() } else { vec![dice.below(instruments)] };
    SchedulePlan {
        cadence: Cadence { every: Nanos::new(dice.one_of(&[1, 1, 3]) * MINUTE), offset: Nanos::ZERO },
        risk_profile: dice.below(2),
        sizing: match dice.below(5) {
            0 => Sizing::Quote(Notional::new(dice.between(50.0..900.0))),
            1 => Sizing::Base(Quantity::new(dice.between(0.2..9.0))),
            2 => Sizing::AllIn,
            _ => Sizing::Weight,
        },
        entry_order: if fill_model == FillModel::Realistic {
            entry_order(dice)
        } else {
            EntryOrder::default()
        },
        ..schedule(&format!("schedule {index}"), strategy, &traded)
    }
}

fn entry_order(dice: &mut Dice) -> EntryOrder {
    let post_only = dice.happens(0.5);
    EntryOrder {
        kind: dice.one_of(&[EntryKind::Market, EntryKind::Limit { post_only }, EntryKind::Stop]),
        offset: Ratio::new(dice.between(0.0..0.01)),
        time_in_force: dice.one_of(&[
            TimeInForce::UntilFilled,
            TimeInForce::UntilFilled,
            TimeInForce::ImmediateOrCancel,
            TimeInForce::FillOrKill,
        ]),
        good_for: if dice.happens(0.5) {
            Nanos::new(dice.one_of(&[1, 4, 10]) * MINUTE)
        } else {
            Nanos::NEVER
        },
    }
}

fn liquidity(dice: &mut Dice) -> Liquidity {
    Liquidity {
        max_volume_share: Ratio::new(dice.maybe(0.7, 0.05..1.0)),
        latency: Nanos::new(dice.one_of(&[0, 1, 20, 70]) * Nanos::SECOND.get()),
        latency_jitter: Nanos::new(dice.one_of(&[0, 30]) * Nanos::SECOND.get()),
        seed: dice.next(),
    }
}

fn margin(dice: &mut Dice) -> MarginTerms {
    MarginTerms {
        leverage: dice.between(1.0..4.0),
        maintenance: if dice.happens(0.5) {
            Maintenance::Rate(Ratio::new(dice.between(0.1..0.4)))
        } else {
            Maintenance::None
        },
        liquidation_fee: Ratio::new(dice.maybe(0.5, 0.0..0.02)),
        borrow_rate: Ratio::new(dice.maybe(0.5, 0.0..2.0)),
    }
}

/// A profile with each of its limits on or off, tight enough to bite.
pub(super) fn profile(dice: &mut Dice, name: &str, instruments: usize, schedules: usize) -> RiskProfile {
    let instrument = dice.maybe(0.3, 0.1..1.0);
    let portfolio = dice.maybe(0.3, 0.2..1.5);
    let least = dice.maybe(0.3, 0.0..0.01);
    RiskProfile {
        max_positions: u32::try_from(dice.one_of(&[0, 1, 2, 5, 5, 5])).unwrap(),
        max_position: Ratio::new(dice.maybe(0.3, 0.05..1.0)),
        max_leverage: dice.maybe(0.3, 0.2..2.0),
        max_drawdown: Ratio::new(dice.maybe(0.4, 0.001..0.05)),
        max_daily_loss: Ratio::new(dice.maybe(0.3, 0.001..0.02)),
        max_daily_fall: Ratio::new(dice.maybe(0.3, 0.001..0.03)),
        trade_risk: [least, least + dice.maybe(0.5, 0.001..0.05)].map(Ratio::new),
        target_volatility: Ratio::new(dice.maybe(0.15, 0.01..0.2)),
        stop_atr_multiple: dice.maybe(0.8, 0.5..2.0),
        instrument_alert: Ratio::new(instrument / 2.0),
        instrument_limit: Ratio::new(instrument),
        portfolio_alert: Ratio::new(portfolio / 2.0),
        portfolio_limit: Ratio::new(portfolio),
        kill_daily_r: dice.maybe(0.2, 0.1..2.0),
        kill_daily_loss: Ratio::new(dice.maybe(0.3, 0.001..0.02)),
        kill_weekly_loss: Ratio::new(dice.maybe(0.3, 0.001..0.02)),
        max_cost_to_profit: dice.maybe(0.2, 0.05..0.5),
        buckets: if dice.happens(0.2) { vec![bucket(dice, instruments)] } else { Vec::new() },
        families: if dice.happens(0.2) { vec![family(dice, schedules)] } else { Vec::new() },
        ..RiskProfile::unlimited(name)
    }
}

fn bucket(dice: &mut Dice, instruments: usize) -> Bucket {
    Bucket {
        name: "bucket".into(),
        instruments: (0..instruments).filter(|_| dice.happens(0.8)).map(InstrumentIndex::new).collect(),
        max_position: Ratio::new(dice.maybe(0.5, 0.1..0.9)),
        max_notional: Notional::new(dice.maybe(0.5, 100.0..900.0)),
    }
}

fn family(dice: &mut Dice, schedules: usize) -> Family {
    Family {
        name: "family".into(),
        schedules: (0..schedules).filter(|_| dice.happens(0.7)).map(ScheduleIndex::new).collect(),
        share: Ratio::new(dice.between(0.1..0.9)),
    }
}

/// A way of applying limits.
pub(super) fn risk_policy(dice: &mut Dice) -> RiskPolicy {
    let guards = Guards {
        price_collar: Ratio::new(dice.maybe(0.3, 0.001..0.02)),
        max_order_notional: Notional::new(dice.maybe(0.3, 100.0..900.0)),
        max_orders_per_second: u32::try_from(dice.below(3)).unwrap(),
        duplicate_window: Nanos::new(dice.one_of(&[0, 3]) * MINUTE),
        max_price_age: Nanos::new(dice.one_of(&[0, 2]) * MINUTE),
        restricted: if dice.happens(0.1) { vec![true] } else { Vec::new() },
    };
    RiskPolicy {
        latch_release: dice.one_of(&[LatchRelease::Manual, LatchRelease::Midnight]),
        triggers: dice.one_of(&[Triggers::AtOnce, Triggers::AtCheck]),
        flips: dice.one_of(&[Flips::Split, Flips::Refuse]),
        suggestion: dice.one_of(&[Suggestion::Tightest, Suggestion::First]),
        guards: if dice.happens(0.3) { guards } else { Guards::default() },
    }
}

fn market(dice: &mut Dice, plan: &Plan) -> Market {
    let candles: Vec<Vec<Candle>> = plan.instruments.iter().map(|_| candles(dice)).collect();
    let series = candles.iter().map(|candles| {
        let one = interval("1m");
        let mut bars = bars(one, candles);
        let columns = std::sync::Arc::make_mut(&mut bars);
        for (high, low) in columns.high.iter_mut().zip(&mut columns.low) {
            *high += dice.maybe(0.5, 0.0..1.0);
            *low -= dice.maybe(0.5, 0.0..1.0);
        }
        BTreeMap::from([(one, bars)])
    });
    let series = series.collect();
    let targets = plan.instruments.iter().zip(&candles).map(|(instrument, candles)| {
        let wanted = candles.iter().filter_map(|(minute, ..)| {
            let fraction = dice.maybe(0.7, -1.3..1.3);
            dice.happens(0.4).then_some((*minute + 1, fraction))
        });
        (instrument.name(), targets(&wanted.collect::<Vec<_>>()))
    });
    let targets = vec![targets.collect(), BTreeMap::new()];
    Market { series, targets, ..Market::default() }
}

/// One-minute candles, most of them one after another: some are missing, in some nobody trades.
fn candles(dice: &mut Dice) -> Vec<Candle> {
    let mut minute = Nanos::DAY.get() / MINUTE - BEFORE_MIDNIGHT;
    let mut price = 400_i32;
    let wild = dice.one_of(&[3, 12, 40]);
    let tick = move |dice: &mut Dice| {
        i32::try_from(dice.below(2 * wild + 1)).unwrap() - i32::try_from(wild).unwrap()
    };
    let rows = (0..20 + dice.below(25)).map(|_| {
        let open = (price + tick(dice) / 4).max(40);
        price = (open + tick(dice)).max(40);
        let volume = dice.maybe(0.9, 0.5..40.0);
        let candle = (minute, f64::from(open) * 0.25, f64::from(price) * 0.25, volume);
        minute += if dice.happens(0.03) { 2 + 40 * i64::try_from(dice.below(60)).unwrap() } else { 1 };
        candle
    });
    rows.collect()
}
