//! What no capital policy does, whatever telemetry says.

use std::collections::BTreeMap;

use hemiola_components::capital::{Component, Memory, Policy, PolicyKind, Readings, Rule, ScheduleView};
use hemiola_systems::allocation::policies::Allocator;

use super::dice::Dice;
use super::{Playing, seeds};

const SEQUENCES: u64 = 2_000;

const METRICS: [&str; 7] = [
    "avg_realized_volatility",
    "realized_vs_target_vol_pct",
    "signals",
    "avg_confidence",
    "max_drawdown_pct",
    "drawdown_pressure",
    "own",
];

const PROFILES: [&str; 3] = ["balanced", "aggressive", "manual"];

const TAGS: [&str; 3] = ["trend", "mean", "core"];

/// Schedules with their telemetry, a row of [`METRICS`] each; a number may be anything.
struct Case {
    views: Vec<ScheduleView>,
    rows: Vec<Vec<f64>>,
}

impl Case {
    fn new(dice: &mut Dice) -> Self {
        let count = 1 + dice.below(9);
        let views = (0..count).map(|index| ScheduleView {
            name: format!("schedule {index}"),
            strategy: format!("strategy {}", dice.below(3)),
            risk_profile: dice.one_of(&PROFILES).to_owned(),
            tags: TAGS.iter().filter(|_| dice.happens(0.4)).map(|tag| (*tag).to_owned()).collect(),
            primary_tag: dice.happens(0.3).then(|| dice.one_of(&TAGS).to_owned()),
        });
        let views = views.collect();
        Self { views, rows: Self::rows(dice, count) }
    }

    /// Rows of numbers.
    fn rows(dice: &mut Dice, count: usize) -> Vec<Vec<f64>> {
        (0..count).map(|_| METRICS.iter().map(|_| number(dice)).collect()).collect()
    }

    fn readings(&self) -> Readings {
        let mut readings = Readings::new(METRICS.map(ToOwned::to_owned).into(), self.rows.len());
        for (schedule, row) in self.rows.iter().enumerate() {
            for (column, value) in row.iter().enumerate() {
                readings.set(schedule, column, *value);
            }
        }
        readings
    }

    /// Shares by the schedule's name.
    fn shares(&self, policy: &Policy) -> BTreeMap<String, f64> {
        let readings = self.readings();
        let mut allocator = Allocator::bind(policy, &self.views, readings.names(), Memory::new());
        let shares = allocator.allocate(&readings).effective.clone();
        self.views.iter().map(|view| view.name.clone()).zip(shares).collect()
    }

    /// The same in another order.
    fn turned(&self) -> Self {
        let (mut views, mut rows) = (self.views.clone(), self.rows.clone());
        views.reverse();
        rows.reverse();
        Self { views, rows }
    }

    /// The same with every value of a metric times a power of two, which rounds nothing.
    fn scaled(&self, metric: &str, factor: f64) -> Self {
        let column = METRICS.iter().position(|known| *known == metric).unwrap();
        let mut rows = self.rows.clone();
        for row in &mut rows {
            row[column] *= factor;
        }
        Self { views: self.views.clone(), rows }
    }
}

/// Mostly an ordinary number, now and then one that is not.
fn number(dice: &mut Dice) -> f64 {
    match dice.below(12) {
        0 => dice.one_of(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN_POSITIVE]),
        1 => 0.0,
        2 => dice.between(-50.0..0.0),
        _ => dice.between(0.01..30.0),
    }
}

/// A tree of policies, at most `depth` deep.
fn policy(dice: &mut Dice, depth: usize) -> Policy {
    let kinds = if depth == 0 { 6 } else { 11 };
    let weights = |dice: &mut Dice, names: &[&str]| {
        names.iter().map(|name| ((*name).to_owned(), dice.maybe(0.7, 0.1..5.0))).collect::<BTreeMap<_, _>>()
    };
    let fallback =
        |dice: &mut Dice| (depth > 0 && dice.happens(0.5)).then(|| Box::new(policy(dice, depth - 1)));
    Policy::of(match dice.below(kinds) {
        0 => PolicyKind::EqualWeight,
        1 => PolicyKind::RiskParity,
        2 => PolicyKind::VolatilityTarget,
        3 => PolicyKind::SignalStrength,
        4 => PolicyKind::FixedWeight(weights(dice, &["schedule 0", "strategy 1", "strategy 2:balanced"])),
        5 => PolicyKind::DrawdownGuard {
            warning_pct: dice.between(0.0..20.0),
            panic_pct: dice.between(0.0..40.0),
            pressure_weight: dice.between(0.0..1.0),
            min_weight: dice.maybe(0.5, 0.0..0.2),
            max_weight: dice.between(0.5..2.0),
        },
        6 => PolicyKind::MetricWeighted {
            rules: (0..dice.below(4)).map(|_| rule(dice)).collect(),
            default_score: dice.between(-1.0..1.0),
            shift_epsilon: 1e-6,
            fallback: fallback(dice),
        },
        7 => PolicyKind::Smoothed {
            base: Box::new(policy(dice, depth - 1)),
            alpha: dice.between(0.0..1.0),
            min_delta: dice.maybe(0.5, 0.0..0.1),
            floor_weight: dice.maybe(0.5, 0.0..0.1),
        },
        8 => PolicyKind::RiskProfile {
            profiles: weights(dice, &PROFILES[..2]),
            profile_floor: dice.maybe(0.5, 0.0..0.6),
            within_profile: Box::new(policy(dice, depth - 1)),
        },
        9 => PolicyKind::Blended {
            components: (0..dice.below(4)).map(|_| component(dice, depth - 1)).collect(),
            normalize_components: dice.happens(0.5),
            fallback: fallback(dice),
        },
        _ => PolicyKind::TagQuota {
            tags: weights(dice, &TAGS[..2]),
            default_weight: dice.happens(0.5).then_some(1.0),
            within_tag: Box::new(policy(dice, depth - 1)),
            fallback: fallback(dice),
            primary_only: dice.happens(0.5),
        },
    })
}

fn rule(dice: &mut Dice) -> Rule {
    Rule {
        metric: dice.one_of(&METRICS).to_owned(),
        weight: dice.between(-2.0..2.0),
        default: dice.between(-1.0..1.0),
        min: dice.happens(0.3).then_some(0.0),
        max: dice.happens(0.3).then_some(10.0),
        absolute: dice.happens(0.3),
        scale: 1.0,
    }
}

fn component(dice: &mut Dice, depth: usize) -> Component {
    let policy = policy(dice, depth);
    Component { label: policy.name.clone(), weight: dice.maybe(0.8, 0.1..3.0), policy }
}

/// Plays `check` with a policy and a case of every seed.
fn play(check: impl Fn(&mut Dice)) {
    for seed in seeds(SEQUENCES) {
        let playing = Playing(seed);
        check(&mut Dice::new(seed));
        drop(playing);
    }
}

#[test]
fn shares_are_never_negative_and_add_up_to_one() {
    play(|dice| {
        let (policy, case) = (policy(dice, 3), Case::new(dice));
        let readings = case.readings();
        let mut allocator = Allocator::bind(&policy, &case.views, readings.names(), Memory::new());
        for _ in 0..3 {
            let allocation = allocator.allocate(&readings);
            let given: f64 = allocation.policy.iter().sum();
            assert!(allocation.policy.iter().all(|weight| *weight >= 0.0), "{policy:?}: {allocation:?}");
            assert!(given == 0.0 || (given - 1.0).abs() < 1e-9, "{policy:?}: {allocation:?}");
            let total: f64 = allocation.effective.iter().sum();
            assert!((total - 1.0).abs() < 1e-9, "{policy:?}: {allocation:?}");
        }
    });
}

#[test]
fn the_order_of_the_schedules_does_not_matter() {
    play(|dice| {
        let (policy, case) = (policy(dice, 3), Case::new(dice));
        let (one, other) = (case.shares(&policy), case.turned().shares(&policy));
        for (name, share) in &one {
            assert!((share - other[name]).abs() < 1e-9, "{policy:?}: {one:?}, turned {other:?}");
        }
    });
}

#[test]
fn units_do_not_matter_where_only_proportions_count() {
    play(|dice| {
        let case = Case::new(dice);
        for (kind, metric) in
            [(PolicyKind::RiskParity, "avg_realized_volatility"), (PolicyKind::SignalStrength, "signals")]
        {
            let mut case = Case { views: case.views.clone(), rows: case.rows.clone() };
            // Missing and extreme values have a scale of their own.
            for row in &mut case.rows {
                row.fill_with(|| dice.between(0.5..4.0));
            }
            let policy = Policy::of(kind);
            assert_eq!(case.shares(&policy), case.scaled(metric, 8.0).shares(&policy), "{policy:?}");
        }
        let table = |factor: f64| {
            let entry = |index: usize, weight: f64| (format!("schedule {index}"), weight * factor);
            Policy::of(PolicyKind::FixedWeight([entry(0, 3.0), entry(1, 1.0)].into()))
        };
        assert_eq!(case.shares(&table(1.0)), case.shares(&table(4.0)));
    });
}

#[test]
fn smoothing_that_keeps_nothing_changes_nothing() {
    play(|dice| {
        let (base, first) = (policy(dice, 2), Case::new(dice));
        let smoothed = smoothed(&base, 1.0);
        let bound = |policy: &Policy| {
            Allocator::bind(policy, &first.views, &METRICS.map(str::to_owned), Memory::new())
        };
        let (mut plain, mut smoothed) = (bound(&base), bound(&smoothed));
        for factor in [1.0, 2.0, 0.25] {
            let readings = first.scaled("own", factor).scaled("signals", factor).readings();
            let pairs =
                plain.allocate(&readings).effective.iter().zip(&smoothed.allocate(&readings).effective);
            for (plain, smoothed) in pairs {
                assert!((plain - smoothed).abs() < 1e-9, "{base:?}");
            }
        }
    });
}

#[test]
fn memory_that_is_carried_over_goes_on_where_it_was() {
    let mut remembered = 0;
    for seed in seeds(SEQUENCES) {
        let playing = Playing(seed);
        let dice = &mut Dice::new(seed);
        let (policy, first) = (smoothed(&policy(dice, 2), 0.3), Case::new(dice));
        let other = Case { views: first.views.clone(), rows: Case::rows(dice, first.rows.len()) };
        let (before, after) = (first.readings(), other.readings());
        let bound = |memory| Allocator::bind(&policy, &first.views, before.names(), memory);
        let mut kept = bound(Memory::new());
        kept.allocate(&before);
        let mut restored = bound(kept.memory());
        let found = restored.allocate(&after).effective.clone();
        assert_eq!(found, kept.allocate(&after).effective, "{policy:?}");
        remembered += usize::from(found != bound(Memory::new()).allocate(&after).effective);
        drop(playing);
    }
    assert!(seeds(SEQUENCES).count() == 1 || remembered > 100, "memory mattered {remembered} times");
}

/// Another policy, smoothed without a floor or a least step.
fn smoothed(base: &Policy, alpha: f64) -> Policy {
    let base = Box::new(base.clone());
    Policy::of(PolicyKind::Smoothed { base, alpha, min_delta: 0.0, floor_weight: 0.0 })
}
