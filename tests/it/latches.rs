//! Latches by a fall from the peak: as deep a fall as a profile allows is found at its own candle, however far apart the
//! decisions are.

use std::collections::BTreeMap;

use hemiola::assembly::{Market, Options};
use hemiola::config::plan::Plan;
use hemiola::modes::backtest::Outcome;
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{FillModel, Order};
use hemiola_components::port::EquityCurve;
use hemiola_components::risk::{RiskProfile, Rule};
use hemiola_components::time::Nanos;
use hemiola_components::units::Ratio;
use hemiola_systems::signals::engine::ScanLimit;
use proptest::prelude::*;

use crate::support::random::{RandomWorld, world};
use crate::support::*;

/// A halt: when, which profile, how deep.
type Halt = (Nanos, usize, f64);

fn halts(outcome: &Outcome) -> Vec<Halt> {
    let halt = |Record { at, event, .. }: &Record| match event {
        Event::Latch { risk_profile, rule: Rule::Drawdown, entered: true, value, .. } => {
            Some((*at, *risk_profile, *value))
        }
        _ => None,
    };
    let mut all: Vec<Halt> = outcome.records.iter().filter_map(halt).collect();
    // The first of each profile: what latches again after a release depends on what was closed.
    all.sort_by_key(|(at, profile, _)| (*profile, *at));
    all.dedup_by_key(|(_, profile, _)| *profile);
    all.sort_by_key(|(at, profile, _)| (*at, *profile));
    all
}

/// All in from the second minute to the fortieth, and wanted again in the fiftieth; in between the price falls for
/// three candles and is back before anybody decides again.
fn dip(instruments: usize, limit: f64) -> (Plan, Market) {
    let names = &["A", "B", "C"][..instruments];
    let schedule = schedule("a", 0, &(0..instruments).collect::<Vec<_>>());
    let mut plan = plan(names, vec![external("s")], vec![schedule]);
    plan.risk_profiles[0].max_drawdown = Ratio::new(limit);
    let price = |bar: usize| match bar {
        10 => 85.0,
        11 => 79.0,
        12 => 70.0,
        _ => 100.0,
    };
    let candles: Vec<(f64, f64)> = (0..60).map(|bar| (100.0, price(bar))).collect();
    let mut market = market(&plan, &vec![minutes(&candles); instruments]);
    for name in names {
        market.targets[0].insert(format!("venue:{name}"), targets(&[(2, 1.0), (40, 0.0), (50, 1.0)]));
    }
    (plan, market)
}

#[test]
fn a_fall_that_begins_and_ends_between_two_signals_halts_at_its_candle() {
    for instruments in [1, 3] {
        for curve in [EquityCurve::Off, EquityCurve::EveryBar] {
            for scan in [ScanLimit::Unlimited, ScanLimit::Decisions(1), ScanLimit::Decisions(5)] {
                let (plan, market) = dip(instruments, 0.2);
                let outcome = run_with(&plan, &market, Options { scan, curve, ..Options::default() });
                let [(at, profile, drawdown)] = halts(&outcome)[..] else { panic!("{:?}", halts(&outcome)) };
                assert_eq!((at, profile), (Nanos::new(12 * MINUTE), 0), "the close of the twelfth candle");
                assert!((drawdown - 0.21).abs() < 1e-12, "{drawdown} of 21 %, not the 30 % it fell to");
                assert!((outcome.account.max_drawdown - 0.21).abs() < 1e-12, "closed at the next open");
                let fills = fills(&outcome);
                assert_eq!(fills.len(), 2 * instruments, "in, and out by the risk engine");
                assert!(fills[instruments..].iter().all(|fill| fill.order.at == at), "when it was latched");
                let refused = refusals(&outcome);
                assert_eq!(refused.len(), instruments, "nothing is opened any more");
                assert!(refused.iter().all(|(rule, ..)| *rule == "force_liquidation_latched"), "{refused:?}");
            }
        }
    }
}

#[test]
fn a_fall_just_short_of_the_limit_halts_nothing() {
    let (plan, market) = dip(1, 0.300_001);
    let outcome = run(&plan, &market);
    assert_eq!((halts(&outcome).len(), refusals(&outcome).len()), (0, 0));
    assert_eq!(fills(&outcome).len(), 3);
}

/// What the curve says: the first point as deep as each profile allows.
fn expected(profiles: &[RiskProfile], outcome: &Outcome) -> Vec<Halt> {
    let first = |(index, profile): (usize, &RiskProfile)| {
        let limit = profile.max_drawdown.get();
        let deep = outcome.equity.iter().find(|point| limit > 0.0 && point.drawdown >= limit)?;
        Some((deep.at, index, deep.drawdown))
    };
    let mut all: Vec<Halt> = profiles.iter().enumerate().filter_map(first).collect();
    all.sort_by_key(|(at, index, _)| (*at, *index));
    all
}

/// Fills after a halt of their profile, by orders that were decided after it.
fn fills_after_halt(plan: &Plan, outcome: &Outcome) -> Vec<(Order, f64, f64)> {
    let mut halted = BTreeMap::new();
    let mut positions = BTreeMap::new();
    let mut after = Vec::new();
    for record in &outcome.records {
        match &record.event {
            Event::Latch { risk_profile, entered: true, .. } => _ = halted.insert(*risk_profile, record.at),
            Event::Latch { risk_profile, .. } => _ = halted.remove(risk_profile),
            Event::Fill { fill, position, .. } => {
                let order = fill.order;
                let before = positions.insert((order.schedule, order.instrument), position.get());
                let profile = plan.schedules[order.schedule.get()].risk_profile;
                let binds = |halt: &Nanos| match plan.fill_model {
                    FillModel::NextOpen | FillModel::Realistic => order.at >= *halt,
                    // What is filled at once may be what halts.
                    FillModel::Instant => order.at > *halt,
                };
                if halted.get(&profile).is_some_and(binds) {
                    after.push((order, before.unwrap_or_default(), position.get()));
                }
            }
            _ => {}
        }
    }
    after
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The curve of every candle and the halts were found in different ways.
    #[test]
    fn halts_are_where_the_curve_first_falls_as_deep(RandomWorld { plan, market } in world(), seed in any::<u64>()) {
        let every = run_with(&plan, &market, Options { curve: EquityCurve::EveryBar, ..Options::default() });
        let expected = expected(&plan.risk_profiles, &every);
        for scan in [ScanLimit::Unlimited, ScanLimit::Decisions(1), ScanLimit::Random(seed)] {
            let outcome = run_with(&plan, &market, Options { scan, ..Options::default() });
            prop_assert_eq!(halts(&outcome), expected.clone());
            prop_assert_eq!(&outcome.digest, &every.digest);
        }
    }

    #[test]
    fn after_a_halt_positions_only_shrink(RandomWorld { plan, market } in world()) {
        for (order, before, after) in fills_after_halt(&plan, &run(&plan, &market)) {
            prop_assert!(after.abs() < before.abs() && after * before >= 0.0, "{order:?}: {before} to {after}");
        }
    }
}
