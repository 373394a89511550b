//! Asking what an engine saw: the answer is true, and asking changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use hemiola::assembly::{Market, Options, Window, assemble};
use hemiola::config::plan::{Pair, Plan, StrategyPlan};
use hemiola::modes::explain::{self, Reason, View};
use hemiola_components::id::ScheduleIndex;
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::FillModel;
use hemiola_components::reading::Reading;
use hemiola_components::schedule::Cadence;
use hemiola_components::strategy::{EngineSpec, ParameterDefault, ParameterKind, ParameterValue, Parameters};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Quantity};
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::explain::{Explanation, Question};
use proptest::prelude::*;

use crate::support::random::{RandomWorld, world};
use crate::support::*;

fn at(minute: i64) -> Nanos {
    Nanos::new(minute * MINUTE)
}

fn views(plan: &Plan, market: &Market, question: Question) -> Vec<View> {
    explain::run(plan, market, &Catalog::built_in(), Window::default(), question).unwrap()
}

fn all_hold(readings: &[Reading]) -> bool {
    readings.iter().filter_map(|reading| reading.test).all(|test| test.holds)
}

/// When a schedule signalled in an instrument.
fn signals(records: &[Record], schedule: ScheduleIndex, instrument: usize) -> Vec<Nanos> {
    let of = |record: &&Record| {
        matches!(&record.event, Event::Signal(emitted)
            if emitted.schedule == schedule && emitted.instrument.get() == instrument)
    };
    records.iter().filter(of).map(|record| record.at).collect()
}

/// A schedule's position in an instrument after the fills known at `now`.
fn position(records: &[Record], schedule: ScheduleIndex, instrument: usize, now: Nanos) -> Quantity {
    let after = |record: &Record| match &record.event {
        Event::Fill { fill, position, .. }
            if fill.order.schedule == schedule && fill.order.instrument.get() == instrument =>
        {
            Some(*position)
        }
        _ => None,
    };
    records.iter().take_while(|record| record.at <= now).filter_map(after).last().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A question about any stretch changes nothing that a run puts out.
    #[test]
    fn results_do_not_depend_on_what_is_asked(RandomWorld { plan, market } in world(), schedule in any::<prop::sample::Index>(), minutes in (0_i64..400, 0_i64..400)) {
        let schedule = ScheduleIndex::new(schedule.index(plan.schedules.len()));
        let unasked = run(&plan, &market);
        let question = Question { schedule, after: at(minutes.0), until: at(minutes.0 + minutes.1) };
        let asked = run_with(&plan, &market, Options { explain: Some(question), ..Options::default() });
        prop_assert_eq!(&unasked.records, &asked.records);
        prop_assert_eq!(unasked.account, asked.account);
        prop_assert_eq!(&unasked.digest, &asked.digest);
    }

    /// The view is that of the whole run: the position is what its fills made, there is a signal where it has one,
    /// and there is one exactly where every threshold is met. Without a decision there is a reason and no signal.
    #[test]
    fn an_explanation_is_true(RandomWorld { plan, market } in world(), schedule in any::<prop::sample::Index>(), minute in -5_i64..500) {
        let schedule = schedule.index(plan.schedules.len());
        let whole = run(&plan, &market);
        let question = explain::question(&plan, schedule, at(minute));
        let views = views(&plan, &market, question);
        let of = &plan.schedules[schedule];
        let deciding = if of.pairs.is_empty() { of.instruments.len() } else { of.pairs.len() };
        prop_assert_eq!(views.len(), deciding);
        // What enters and what leaves are different tests in the other engines.
        let one_test = ["sma_cross", "external_signals"].contains(&plan.strategies[of.strategy].engine.as_str());
        for view in views {
            let signals = signals(&whole.records, question.schedule, view.instrument);
            match &view.seen {
                Ok(seen) => {
                    let Explanation { due, holding, readings, bar_time, .. } = &seen.explanation;
                    prop_assert!(question.after < *due && *due <= question.until);
                    prop_assert_eq!(*bar_time, seen.bars.open_time[seen.bar]);
                    prop_assert!(seen.bars.close_time(seen.bar) <= *due);
                    // A venue that fills at once does so after the decision.
                    let known = if plan.fill_model == FillModel::Instant { *due - Nanos::new(1) } else { *due };
                    let held = position(&whole.records, question.schedule, view.instrument, known);
                    prop_assert_eq!(holding.quantity, held);
                    prop_assert_eq!(view.emitted.is_some(), signals.contains(due));
                    if one_test {
                        prop_assert_eq!(view.emitted.is_some(), all_hold(readings));
                    }
                    prop_assert!(!signals.iter().any(|at| due < at && *at <= question.until));
                }
                Err(reasons) => {
                    prop_assert!(!reasons.is_empty());
                    prop_assert!(view.emitted.is_none());
                    prop_assert!(!signals.iter().any(|at| question.after < *at && *at <= question.until));
                }
            }
        }
    }
}

/// Defaults, and something for what has none.
fn strategy(spec: &EngineSpec) -> StrategyPlan {
    let mut venues = ["near", "far"].into_iter();
    let parameters = spec.parameters.iter().map(|parameter| {
        let value = match (parameter.default, parameter.kind) {
            (ParameterDefault::Number(number), _) => ParameterValue::Number(number),
            (ParameterDefault::Text(text), _) => ParameterValue::Text(text.to_owned()),
            (ParameterDefault::Required, ParameterKind::Venue) => {
                ParameterValue::Text(venues.next().unwrap().to_owned())
            }
            (ParameterDefault::Required, _) => ParameterValue::Text("targets.parquet".to_owned()),
        };
        (parameter.name.to_owned(), value)
    });
    StrategyPlan {
        name: spec.name.to_owned(),
        engine: spec.name.to_owned(),
        parameters: Parameters(parameters.collect()),
        definition: definition(),
    }
}

/// Six hundred candles that rise, fall and shake.
fn restless(spec: &EngineSpec) -> (Plan, Market) {
    let interval = interval(spec.interval.unwrap_or("1h"));
    let minutes = interval.length().get() / MINUTE;
    let price = |bar: i64| {
        let wave = (bar.rem_euclid(160) - 80).abs() as f64;
        100.0 + wave + f64::from(i32::try_from((bar * 7_919).rem_euclid(101)).unwrap()) / 10.0
    };
    let candles = |factor: f64| -> Vec<Candle> {
        let candle =
            |bar: i64| (bar * minutes, price(bar - 1) * factor, price(bar) * factor, 1e6 + price(bar));
        (0..600).map(candle).collect()
    };
    let instruments = if spec.trades_pairs { vec![0, 1] } else { vec![0] };
    let mut one = schedule("one", 0, &instruments);
    one.interval = interval;
    one.cadence = Cadence { every: interval.length(), offset: Nanos::ZERO };
    if spec.trades_pairs {
        one.pairs = vec![Pair { primary: 0, secondary: 1 }];
    }
    let mut plan = plan(&["A", "B"], vec![strategy(spec)], vec![one]);
    plan.cash = Notional::new(1e9);
    let series = |factor| BTreeMap::from([(interval, bars(interval, &candles(factor)))]);
    let mut market = market(&plan, &[]);
    market.series = vec![series(1.0), series(1.01)];
    let wanted: Vec<(i64, f64)> = (1..50).map(|step| (step * 600, 1.0 / step as f64)).collect();
    market.targets[0].insert("venue:A".into(), targets(&wanted));
    (plan, market)
}

#[test]
fn every_built_in_engine_explains_every_decision() {
    let catalog = Catalog::built_in();
    for spec in catalog.specs() {
        let (plan, market) = restless(&spec);
        let always =
            Question { schedule: ScheduleIndex::new(0), after: Nanos::new(i64::MIN), until: Nanos::NEVER };
        let options = Options { explain: Some(always), ..Options::default() };
        let (mut runtime, _) = assemble(&[(&plan, &market)], &catalog, options).unwrap();
        let mut signals = BTreeSet::new();
        while runtime.step().unwrap() {
            let emitted = |record: Record| match &record.event {
                Event::Signal(emitted) => Some((record.at, emitted.signal.reasons().side)),
                _ => None,
            };
            signals.extend(runtime.outbox().records.drain().filter_map(emitted));
        }
        let decisions = runtime.explanations();
        assert!(decisions.len() >= 400, "{}: {} decisions", spec.name, decisions.len());
        for Explanation { due, readings, .. } in decisions {
            let names: BTreeSet<&str> = readings.iter().map(|reading| reading.name).collect();
            assert!(!names.is_empty(), "{} explains nothing at {due:?}", spec.name);
            assert_eq!(names.len(), readings.len(), "{} repeats a name: {readings:?}", spec.name);
            assert!(readings.iter().any(|reading| reading.test.is_some()), "{}: {readings:?}", spec.name);
        }
        let held = decisions.iter().filter(|decision| decision.holding.quantity != Quantity::ZERO).count();
        assert!(held > 0 && held < decisions.len(), "{}: held at {held} decisions", spec.name);
        let decided: BTreeSet<Nanos> = decisions.iter().map(|decision| decision.due).collect();
        assert!(signals.iter().all(|(at, _)| decided.contains(at)), "{}: {signals:?}", spec.name);
    }
}

fn readings(plan: &Plan, market: &Market, minute: i64) -> Vec<Reading> {
    let mut views = views(plan, market, explain::question(plan, 0, at(minute)));
    views.remove(0).seen.unwrap().explanation.readings
}

#[test]
fn a_target_is_shown_with_its_age_after_it_was_acted_upon() {
    let plan = plan(&["A"], vec![external("outside")], vec![schedule("a", 0, &[0])]);
    let mut market = market(&plan, &[minutes(&[(10.0, 10.0); 8])]);
    market.targets[0].insert("venue:A".into(), targets(&[(2, 0.5), (3, 0.25)]));
    assert_eq!(readings(&plan, &market, 1), [Reading::at_least("new targets", 0.0, 1.0)]);
    let shown = |new, target, age| {
        [
            Reading::at_least("new targets", new, 1.0),
            Reading::plain("target", target),
            Reading::plain("target age, seconds", age),
        ]
    };
    assert_eq!(readings(&plan, &market, 2), shown(1.0, 0.5, 0.0));
    assert_eq!(readings(&plan, &market, 3), shown(1.0, 0.25, 0.0));
    assert_eq!(readings(&plan, &market, 5), shown(0.0, 0.25, 120.0));
}

#[test]
fn a_tie_of_two_means_is_explained_as_the_rule_decides_it() {
    // Both means are 0.3; as sums of f64 they would differ.
    let closes = [0.4, 0.2, 0.3];
    let prices: Vec<(f64, f64)> = closes.iter().map(|close| (*close, *close)).collect();
    let plan = plan(&["A"], vec![sma("s", 1.0, 3.0)], vec![schedule("a", 0, &[0])]);
    let market = market(&plan, &[minutes(&prices)]);
    let readings = readings(&plan, &market, 3);
    let fast = readings.last().unwrap();
    let test = fast.test.unwrap();
    assert_eq!(fast.value, test.limit);
    assert_eq!((fast.name, test.comparison, test.holds), ("sma_fast", ">", false));
    assert!(run(&plan, &market).records.iter().all(|record| !matches!(&record.event, Event::Signal(_))));
}

#[test]
fn a_broken_pair_is_flattened_without_a_decision() {
    let catalog = Catalog::built_in();
    let spec = catalog.get("cross_exchange_arbitrage").unwrap().spec;
    let mut one = schedule("one", 0, &[0, 1]);
    one.pairs = vec![Pair { primary: 0, secondary: 1 }];
    let plan = plan(&["A", "B"], vec![strategy(&spec)], vec![one]);
    // What was to be bought at 100 costs 1,000 at the next open, and the cash buys less than was sold.
    let dear = minutes(&[(100.0, 100.0), (1_000.0, 1_000.0), (1_000.0, 1_000.0)]);
    let market = market(&plan, &[dear, minutes(&[(102.0, 102.0); 3])]);
    let views = views(&plan, &market, explain::question(&plan, 0, at(2)));
    let [View { seen: Err(reasons), emitted: Some(unwound), second_leg: Some(1), .. }] = &views[..] else {
        panic!("{views:?}")
    };
    assert_eq!((unwound.signal.reasons().side, unwound.at), ("unwind", at(2)));
    assert_eq!(unwound.outcome.iter().filter(|event| matches!(event, Event::Order(_))).count(), 2);
    let answered: Vec<Option<Nanos>> = reasons
        .iter()
        .map(|reason| match reason {
            Reason::OrderAtVenue { answered, .. } => *answered,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(answered, [Some(at(2)), Some(at(2)), None, None]);
}
