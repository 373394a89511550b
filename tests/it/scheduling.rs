//! What schedules may do: suspensions, limits, windows, fallbacks, priorities, the governor, and policies that look at
//! telemetry.

use hemiola::assembly::{Market, Options};
use hemiola::config::plan::Plan;
use hemiola::modes::backtest::Outcome;
use hemiola_components::capital::{Policy, PolicyKind, Weight};
use hemiola_components::control::{Command, Expiry, OperatorAction, Target};
use hemiola_components::governor::{GovernorSettings, Scoring, Terms};
use hemiola_components::id::ScheduleIndex;
use hemiola_components::journal::{Change, Event};
use hemiola_components::order::Origin;
use hemiola_components::schedule::{OnSuspend, TradingWindow};
use hemiola_components::time::Nanos;
use hemiola_systems::signals::engine::ScanLimit;

use crate::support::*;

fn at(minute: i64) -> Nanos {
    Nanos::new(minute * MINUTE)
}

fn action(minute: i64, what: Command) -> OperatorAction {
    OperatorAction { at: at(minute), who: "ann".into(), why: Some("drill".into()), what }
}

fn suspend(name: &str, expiry: Expiry) -> Command {
    Command::Suspend { target: Target::Schedule(name.into()), expiry }
}

/// An hour of candles; every schedule follows its strategy's targets, half in from every third minute, out again a minute
/// later.
fn flickering(schedules: &[&str]) -> (Plan, Market) {
    let strategies = schedules.iter().map(|name| external(&format!("strategy of {name}"))).collect();
    let schedules: Vec<_> =
        schedules.iter().enumerate().map(|(index, name)| schedule(name, index, &[0])).collect();
    let plan = plan(&["A"], strategies, schedules);
    let candles: Vec<(f64, f64)> = (0..60).map(|bar| (100.0, 100.0 + f64::from(bar % 2))).collect();
    let mut market = market(&plan, &[minutes(&candles)]);
    let rows: Vec<(i64, f64)> = (0..19).flat_map(|i| [(3 * i + 1, 0.5), (3 * i + 2, 0.0)]).collect();
    for outside in &mut market.targets {
        outside.insert("venue:A".into(), targets(&rows));
    }
    (plan, market)
}

fn changes(outcome: &Outcome) -> Vec<(Nanos, &Change)> {
    let change = |record: &hemiola_components::journal::Record| record.at;
    let changes = outcome.records.iter().filter_map(|record| match &record.event {
        Event::Control(control) => Some((change(record), &**control)),
        _ => None,
    });
    changes.collect()
}

/// Minutes at which a schedule's orders were decided.
fn orders(outcome: &Outcome, schedule: usize) -> Vec<i64> {
    let order = |record: &hemiola_components::journal::Record| match &record.event {
        Event::Order(order) if order.schedule.get() == schedule => Some(order.at.get() / MINUTE),
        _ => None,
    };
    outcome.records.iter().filter_map(order).collect()
}

fn weights(outcome: &Outcome, schedule: usize) -> Vec<(i64, Weight)> {
    let weight = |record: &hemiola_components::journal::Record| match &record.event {
        Event::Weight { schedule: of, weight } if of.get() == schedule => {
            Some((record.at.get() / MINUTE, *weight))
        }
        _ => None,
    };
    outcome.records.iter().filter_map(weight).collect()
}

#[test]
fn a_suspension_holds_back_everything_and_ends_by_itself() {
    let (mut plan, market) = flickering(&["a", "b"]);
    plan.initial = vec![action(0, suspend("a", Expiry::After(at(10))))];
    let outcome = run(&plan, &market);
    let free = orders(&outcome, 1);
    assert_eq!(&free[..4], [1, 2, 4, 5]);
    let held: Vec<i64> = orders(&outcome, 0);
    assert_eq!(held, free.into_iter().filter(|minute| *minute >= 10).collect::<Vec<_>>());
    assert!(refusals(&outcome).iter().all(|(rule, ..)| *rule == "suspended"));
    let said: Vec<_> = changes(&outcome);
    let [
        (start, Change::Command(given)),
        (_, Change::Suspended { schedule, suspension }),
        (end, Change::SuspensionEnded(ended)),
        (resumed_at, Change::Resumed { schedule: resumed }),
    ] = said.as_slice()
    else {
        panic!("{said:?}");
    };
    assert_eq!((*start, given.who.as_str()), (at(0), "ann"));
    assert_eq!((*schedule, suspension.reason.as_str()), (ScheduleIndex::new(0), "drill"));
    assert_eq!((*end, *resumed_at, ended, *resumed), (at(10), at(10), suspension, ScheduleIndex::new(0)));
}

#[test]
fn a_schedule_that_is_to_be_flat_is_closed_when_it_is_suspended() {
    for on_suspend in [OnSuspend::Hold, OnSuspend::Flatten] {
        let (mut plan, mut market) = flickering(&["a", "b"]);
        for outside in &mut market.targets {
            outside.insert("venue:A".into(), targets(&[(1, 0.5), (30, 0.0)]));
        }
        plan.schedules[0].on_suspend = on_suspend;
        plan.operator = vec![action(5, suspend("a", Expiry::At(at(20))))];
        let outcome = run(&plan, &market);
        let fills: Vec<_> = fills(&outcome);
        let own: Vec<_> = fills.iter().filter(|fill| fill.order.schedule.get() == 0).collect();
        match on_suspend {
            OnSuspend::Hold => assert_eq!(own[1].order.at, at(30), "{own:?}"),
            OnSuspend::Flatten => {
                assert_eq!((own[1].order.at, own[1].order.origin), (at(5), Origin::Suspension));
            }
        }
        let quantities: Vec<f64> = outcome.holdings.iter().map(|holding| holding.quantity.get()).collect();
        assert_eq!(quantities, [0.0, 0.0]);
    }
}

#[test]
fn a_tag_holds_all_its_schedules_and_resuming_one_does_not_lift_it() {
    let (mut plan, market) = flickering(&["a", "b"]);
    for strategy in &mut plan.strategies {
        strategy.definition.tags = vec!["core".into()];
    }
    let tag = || Target::Tag("core".into());
    plan.operator = vec![
        action(0, Command::Suspend { target: tag(), expiry: Expiry::Never }),
        action(10, Command::Resume { target: Target::Schedule("a".into()) }),
        action(20, Command::Resume { target: tag() }),
    ];
    let outcome = run(&plan, &market);
    for schedule in [0, 1] {
        assert_eq!(orders(&outcome, schedule).first(), Some(&22), "the first entry or exit after minute 20");
    }
}

#[test]
fn a_limit_of_zero_stops_entries_and_no_exit() {
    let (mut plan, market) = flickering(&["a"]);
    plan.operator = vec![
        action(
            5,
            Command::SetLimit {
                strategy: "strategy of a".into(),
                risk_profile: "none".into(),
                limit: 0,
                expiry: Expiry::After(at(20)),
            },
        ),
        action(16, Command::ClearLimit { strategy: "strategy of a".into(), risk_profile: "none".into() }),
    ];
    let outcome = run(&plan, &market);
    assert_eq!(&orders(&outcome, 0)[..6], [1, 2, 4, 5, 16, 17]);
    assert!(refusals(&outcome).iter().all(|(rule, ..)| *rule == "signal_limit"));
    assert_eq!(refusals(&outcome).len(), 3, "entries of minutes 7, 10 and 13");
    let kept = |record: &hemiola_components::journal::Record| match &record.event {
        Event::Signal(emitted) => Some(emitted.kept),
        _ => None,
    };
    assert_eq!(outcome.records.iter().filter_map(kept).filter(|kept| !kept).count(), 3);
}

#[test]
fn outside_its_windows_a_schedule_only_reduces() {
    let (mut plan, market) = flickering(&["a"]);
    // The epoch was a Thursday: bit 3.
    plan.schedules[0].windows = vec![TradingWindow { days: 1 << 3, from: at(10), to: at(20) }];
    let outcome = run(&plan, &market);
    assert_eq!(orders(&outcome, 0), [10, 11, 13, 14, 16, 17, 19, 20]);
    assert!(refusals(&outcome).iter().all(|(rule, ..)| *rule == "outside_window"));
}

#[test]
fn a_window_over_midnight_belongs_to_the_day_it_begins_on() {
    let hours = |hours: i64| at(hours * 60);
    let friday = TradingWindow { days: 1 << 4, from: hours(22), to: hours(2) };
    // The epoch was a Thursday.
    let open: Vec<i64> = (0..96).filter(|hour| friday.contains(hours(*hour))).collect();
    assert_eq!(open, [46, 47, 48, 49]);
    let all = TradingWindow { days: 127, from: hours(8), to: hours(9) };
    assert_eq!((0..48).filter(|hour| all.contains(hours(*hour))).collect::<Vec<_>>(), [8, 32]);
}

#[test]
fn a_fallback_enters_only_while_the_one_it_stands_in_for_is_suspended() {
    let (mut plan, market) = flickering(&["a", "b"]);
    plan.schedules[0].fallbacks = vec![1];
    plan.operator = vec![action(10, suspend("a", Expiry::At(at(20))))];
    let outcome = run(&plan, &market);
    assert_eq!(orders(&outcome, 1), [10, 11, 13, 14, 16, 17, 19, 20]);
    assert!(orders(&outcome, 0).iter().all(|minute| !(10..20).contains(minute)));
}

#[test]
fn of_those_that_are_due_together_a_higher_priority_goes_first() {
    for (priority, first) in [(0, 0), (1, 1)] {
        let (mut plan, market) = flickering(&["a", "b"]);
        plan.schedules[1].priority = priority;
        let outcome = run(&plan, &market);
        let signal = |record: &hemiola_components::journal::Record| match &record.event {
            Event::Signal(emitted) => Some(emitted.schedule.get()),
            _ => None,
        };
        assert_eq!(outcome.records.iter().find_map(signal), Some(first));
    }
}

/// Two instruments, the second twice as volatile.
fn uneven() -> (Plan, Market) {
    let strategies = ["calm", "wild"].map(external).into();
    let mut plan = plan(&["A", "B"], strategies, vec![schedule("calm", 0, &[0]), schedule("wild", 1, &[1])]);
    let prices = |swing: f64| -> Vec<(f64, f64)> {
        (0..60).map(|bar| (100.0, 100.0 + f64::from(bar % 2) * swing)).collect()
    };
    plan.capital_policy = Policy::of(PolicyKind::RiskParity);
    let mut market = market(&plan, &[minutes(&prices(1.0)), minutes(&prices(2.0))]);
    let rows: Vec<(i64, f64)> =
        (1..58).map(|minute| (minute, if minute % 2 == 0 { 0.5 } else { 0.0 })).collect();
    market.targets[0].insert("venue:A".into(), targets(&rows));
    market.targets[1].insert("venue:B".into(), targets(&rows));
    (plan, market)
}

/// Sample standard deviation of the simple returns of 100, 100 + swing, 100, ...
fn volatility(swing: f64, returns: usize) -> f64 {
    let (up, down) = (swing / 100.0, -swing / (100.0 + swing));
    let values: Vec<f64> = (0..returns).map(|index| if index % 2 == 0 { up } else { down }).collect();
    let mean = values.iter().sum::<f64>() / returns as f64;
    (values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (returns - 1) as f64).sqrt()
}

#[test]
fn risk_parity_goes_by_the_candles_of_each_schedule() {
    let (plan, market) = uneven();
    let outcome = run(&plan, &market);
    let seen = weights(&outcome, 0);
    let share = |minute: i64| seen.iter().find(|(at, _)| *at == minute).unwrap().1.share;
    assert!((share(2) - 0.5).abs() < 1e-12, "one return is no volatility yet");
    let [calm, wild] = [volatility(1.0, 20), volatility(2.0, 20)].map(|volatility| 1.0 / volatility);
    for minute in [40, 42, 50] {
        assert!((share(minute) - calm / (calm + wild)).abs() < 1e-9, "{minute}: {}", share(minute));
    }
}

#[test]
fn between_re_allocations_weights_stay_as_they_are() {
    let (mut plan, market) = uneven();
    plan.cool_down = Some(at(30));
    let outcome = run(&plan, &market);
    let seen: Vec<(i64, f64)> =
        weights(&outcome, 0).into_iter().map(|(minute, weight)| (minute, weight.share)).collect();
    let [before, after]: [Vec<f64>; 2] = [0..30, 30..60].map(|range| {
        seen.iter().filter(|(minute, _)| range.contains(minute)).map(|(_, share)| *share).collect()
    });
    assert!(before.iter().all(|share| (share - 0.5).abs() < 1e-12), "{before:?}");
    assert!(after[0] > 0.6 && after.iter().all(|share| *share == after[0]), "{after:?}");
}

#[test]
fn a_smoothed_policy_takes_a_step_at_every_instant_whoever_trades() {
    let (mut plan, mut market) = uneven();
    plan.cool_down = Some(at(10));
    let base = Box::new(Policy::of(PolicyKind::RiskParity));
    let (alpha, min_delta, floor_weight) = (0.5, 0.0, 0.0);
    plan.capital_policy = Policy::of(PolicyKind::Smoothed { base, alpha, min_delta, floor_weight });
    // Between the second minute and the thirty-fifth nobody asks for a weight.
    let rows = targets(&[(2, 0.5), (35, 0.0), (55, 0.5)]);
    market.targets[0].insert("venue:A".into(), rows.clone());
    market.targets[1].insert("venue:B".into(), rows);
    let mut expected = 0.5;
    let mut steps = vec![(0, 0.5)];
    for minute in [10, 20, 30, 40, 50] {
        let returns = usize::try_from(minute - 1).unwrap().min(20);
        let [calm, wild] = [1.0, 2.0].map(|swing| 1.0 / volatility(swing, returns));
        expected += alpha * (calm / (calm + wild) - expected);
        steps.push((minute, expected));
    }
    for scan in [ScanLimit::Unlimited, ScanLimit::Decisions(1)] {
        let outcome = run_with(&plan, &market, Options { scan, ..Options::default() });
        for (minute, weight) in weights(&outcome, 0) {
            let step = steps.iter().rfind(|(instant, _)| *instant <= minute).unwrap().1;
            assert!((weight.share - step).abs() < 1e-9, "{minute}: {weight:?}, not {step}");
            assert!(weight.raw.is_some_and(|raw| minute < 10 || raw > 0.6), "{weight:?}");
        }
    }
}

#[test]
fn a_policy_and_an_interval_can_be_changed_while_it_runs() {
    let (mut plan, market) = uneven();
    let table = |weight| Policy::of(PolicyKind::FixedWeight([("calm".to_owned(), weight)].into()));
    let set = |policy, rebalances| Command::SetPolicy { policy: Box::new(policy), rebalances };
    plan.cool_down = Some(at(60));
    plan.operator = vec![
        action(5, Command::Rebalance),
        action(40, set(table(1.0), true)),
        action(50, Command::SetInterval { cool_down: None }),
        action(50, set(Policy::of(PolicyKind::RiskParity), false)),
    ];
    let outcome = run(&plan, &market);
    let seen = weights(&outcome, 0);
    let share = |minute: i64| seen.iter().find(|(at, _)| *at == minute).unwrap().1.share;
    assert!((share(4) - 0.5).abs() < 1e-12, "nothing was known at the start");
    assert!(share(6) > 0.6 && share(38) == share(6), "divided again at 5, then not before 40");
    assert!((share(40) - 1.0).abs() < 1e-12);
    assert!((share(50) - 1.0).abs() < 1e-12, "set, and not divided by yet");
    assert!(share(52) < 0.7, "{}", share(52));
}

#[test]
fn a_drawdown_of_the_ledger_takes_weight() {
    let strategies = ["winner", "loser"].map(external).into();
    let mut plan =
        plan(&["A", "B"], strategies, vec![schedule("winner", 0, &[0]), schedule("loser", 1, &[1])]);
    let prices = |step: f64| -> Vec<(f64, f64)> {
        (0..60).map(|bar| (100.0 + step * f64::from(bar), 100.0 + step * f64::from(bar))).collect()
    };
    let (warning_pct, panic_pct, pressure_weight) = (1.0, 10.0, 0.7);
    let (min_weight, max_weight) = (0.0, 1.0);
    let guard = PolicyKind::DrawdownGuard { warning_pct, panic_pct, pressure_weight, min_weight, max_weight };
    plan.capital_policy = Policy::of(guard);
    let mut market = market(&plan, &[minutes(&prices(0.5)), minutes(&prices(-0.5))]);
    for (outside, name) in market.targets.iter_mut().zip(["venue:A", "venue:B"]) {
        outside.insert(name.into(), targets(&[(1, 1.0), (41, 0.9)]));
    }
    let outcome = run(&plan, &market);
    let last =
        |schedule| weights(&outcome, schedule).iter().rfind(|(minute, _)| *minute == 41).unwrap().1.share;
    assert!((last(0) - 1.0).abs() < 1e-9 && last(1) == 0.0, "{} {}", last(0), last(1));
}

#[test]
fn the_governor_sees_every_decision_and_cuts_the_signals_of_who_does_worse() {
    let (mut plan, market) = flickering(&["a", "b"]);
    plan.schedules[0].metrics = [("alpha_score".to_owned(), 1.0)].into();
    plan.schedules[1].metrics = [("alpha_score".to_owned(), 0.0)].into();
    let terms = Terms {
        baseline_weight: 0.5,
        min_weight: 0.0,
        max_weight: 1.0,
        baseline_max_signals: None,
        max_signal_factor: 1.0,
    };
    plan.governor = Some(GovernorSettings {
        enabled: true,
        interval: at(20),
        smoothing: 1.0,
        scoring: Scoring { alpha: 1.0, cost: 0.0, slo: 0.0, risk: 0.0 },
        require_complete_metrics: true,
        min_score_threshold: 0.0,
        default_cost_bps: 0.0,
        max_signal_floor: 0,
        default_terms: terms,
        strategies: vec![("strategy of a".into(), terms), ("strategy of b".into(), terms)],
    });
    let outcome = run(&plan, &market);
    let decisions: Vec<(Nanos, &Change)> = changes(&outcome);
    let times: Vec<i64> = decisions.iter().map(|(at, _)| at.get() / MINUTE).collect();
    assert_eq!(times, [1, 21, 41]);
    let Change::Governed { strategies, decision, .. } = decisions[0].1 else { panic!("{decisions:?}") };
    assert_eq!(strategies, &["strategy of a", "strategy of b"]);
    assert_eq!(decision.weights, [1.0, 0.0]);
    assert!(orders(&outcome, 1).is_empty(), "its first entry comes with the first decision");
    assert!(!orders(&outcome, 0).is_empty());
    assert!(refusals(&outcome).iter().all(|(rule, ..)| *rule == "signal_limit"));
}
