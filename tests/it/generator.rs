//! The random worlds are worth checking properties on: in a fixed sample of them everything happens.

use std::collections::{BTreeMap, BTreeSet};

use hemiola_components::journal::{Emitted, Event};
use hemiola_components::order::{FillModel, OrderKind, OrderStatus};
use hemiola_components::signal::SignalKind;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use crate::support::random::{RandomWorld, world};
use crate::support::run;

const WORLDS: usize = 800;

/// What must have happened, by engine.
const EXPECTED: [(&str, &[&str]); 7] = [
    (
        "cross_exchange_arbitrage",
        &[
            "enter_long",
            "enter_short",
            "exit",
            "late exit",
            "refused",
            "other leg refused",
            "opened",
            "closed",
        ],
    ),
    ("daily_trend_momentum", &["enter_long", "exit", "stopped", "refused", "opened", "closed"]),
    ("external_signals", &["target", "refused", "opened", "closed"]),
    ("grid_trading", &["target", "delta", "exit", "refused", "opened", "closed", "short"]),
    (
        "mean_reversion",
        &["enter_long", "enter_short", "exit", "stopped", "refused", "opened", "closed", "short"],
    ),
    ("sma_cross", &["enter_long", "exit", "refused", "opened", "closed"]),
    ("volatility_target", &["grows", "shrinks", "refused", "opened"]),
];

/// What the venues of the random worlds do, whoever trades there.
const AT_THE_VENUE: [&str; 9] = [
    "limit taken",
    "limit made",
    "stop",
    "part",
    "borrow",
    "expired",
    "post_only",
    "immediate_or_cancel",
    "fill_or_kill",
];

/// What holds schedules of the random worlds back.
const CONTROLS: [&str; 4] = ["suspended", "signal_limit", "outside_window", "idle_fallback"];

type Seen = BTreeMap<(String, &'static str), usize>;

/// What a signal says of itself besides its kind.
fn described(emitted: &Emitted, world: &RandomWorld) -> Option<&'static str> {
    let signal = &emitted.signal;
    let number = |name| signal.number(name);
    let exits = signal.kind == SignalKind::Exit;
    if let (Some(target), Some(current)) = (number("target_allocation"), number("current_allocation")) {
        return Some(if target > current { "grows" } else { "shrinks" });
    }
    if let (true, Some(trend), Some(low)) = (exits, number("trend_strength"), number("breakout_low")) {
        let schedule = &world.plan.schedules[emitted.schedule.get()];
        let bars = &world.market.series[emitted.instrument.get()][&schedule.interval];
        let bar = bars.open_time.binary_search(&emitted.bar_time).unwrap();
        return (trend >= 0.0 && bars.close[bar] > low).then_some("stopped");
    }
    if let (true, Some(ratio)) = (exits, number("exit_spread_ratio")) {
        let schedule = &world.plan.schedules[emitted.schedule.get()];
        let parameters = &world.plan.strategies[schedule.strategy].parameters;
        return (ratio > parameters.number("spread_exit").unwrap()).then_some("late exit");
    }
    (signal.reasons().regime == "stop_exit").then_some("stopped")
}

fn look(world: &RandomWorld, seen: &mut Seen) {
    let engine =
        |schedule: usize| world.plan.strategies[world.plan.schedules[schedule].strategy].engine.clone();
    let mut note = |schedule: usize, what| *seen.entry((engine(schedule), what)).or_default() += 1;
    let mut held: BTreeSet<(usize, usize)> = BTreeSet::new();
    for record in run(&world.plan, &world.market).records {
        match record.event {
            Event::Signal(emitted) => {
                note(emitted.schedule.get(), emitted.signal.kind.name());
                if let Some(what) = described(&emitted, world) {
                    note(emitted.schedule.get(), what);
                }
            }
            Event::Refused { schedule, refusal, .. } => {
                let other = refusal.rule.name() == "other_leg";
                note(schedule.get(), if other { "other leg refused" } else { "refused" });
                note(schedule.get(), refusal.rule.name());
            }
            Event::Borrow { schedule, .. } => note(schedule.get(), "borrow"),
            Event::Fill { fill, position, .. } => {
                let place = (fill.order.schedule.get(), fill.order.instrument.get());
                match fill.order.kind {
                    OrderKind::Limit { .. } if fill.maker => note(place.0, "limit made"),
                    OrderKind::Limit { .. } => note(place.0, "limit taken"),
                    OrderKind::Stop { .. } => note(place.0, "stop"),
                    OrderKind::Market => {}
                }
                if fill.status == OrderStatus::PartiallyFilled {
                    note(place.0, "part");
                }
                if position.get() == 0.0 {
                    held.remove(&place);
                    note(place.0, "closed");
                } else if held.insert(place) {
                    note(place.0, "opened");
                }
                if position.get() < 0.0 {
                    note(place.0, "short");
                }
            }
            _ => {}
        }
    }
}

#[test]
fn everything_happens_in_the_random_worlds() {
    let mut runner = TestRunner::deterministic();
    let (mut seen, mut instant, mut quoted) = (Seen::new(), 0, 0);
    for _ in 0..WORLDS {
        let world = world().new_tree(&mut runner).unwrap().current();
        instant += usize::from(world.plan.fill_model == FillModel::Instant);
        quoted += usize::from(!world.market.snapshots.is_empty());
        look(&world, &mut seen);
    }
    assert!((50..WORLDS - 50).contains(&instant), "{instant} worlds fill at once");
    assert!(quoted >= 20, "{quoted} worlds have quotes");
    for what in AT_THE_VENUE.into_iter().chain(CONTROLS) {
        let count: usize = seen.iter().filter(|((_, seen), _)| *seen == what).map(|(_, count)| count).sum();
        assert!(count >= 20, "`{what}` {count} times in {seen:#?}");
    }
    for (engine, expected) in EXPECTED {
        for what in expected {
            let count = seen.get(&(engine.to_owned(), *what)).copied().unwrap_or_default();
            assert!(count >= 5, "{engine}: `{what}` {count} times in {seen:#?}");
        }
    }
}
