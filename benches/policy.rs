//! One re-allocation of a thousand schedules, per capital policy.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use hemiola_components::capital::{Component, Memory, Policy, PolicyKind, Readings, Rule, ScheduleView};
use hemiola_systems::allocation::policies::Allocator;

const SCHEDULES: usize = 1_000;

const METRICS: [&str; 6] = [
    "avg_realized_volatility",
    "realized_vs_target_vol_pct",
    "signals",
    "avg_confidence",
    "max_drawdown_pct",
    "drawdown_pressure",
];

const PROFILES: [&str; 3] = ["conservative", "balanced", "aggressive"];

const TAGS: [&str; 4] = ["trend", "mean", "arb", "grid"];

fn views() -> Vec<ScheduleView> {
    let view = |index: usize| ScheduleView {
        name: format!("schedule_{index}"),
        strategy: format!("strategy_{}", index % 40),
        risk_profile: PROFILES[index % PROFILES.len()].to_owned(),
        tags: vec![TAGS[index % TAGS.len()].to_owned()],
        primary_tag: None,
    };
    (0..SCHEDULES).map(view).collect()
}

/// Ordinary telemetry that differs between schedules.
fn readings() -> Readings {
    let mut readings = Readings::new(METRICS.map(ToOwned::to_owned).into(), SCHEDULES);
    for schedule in 0..SCHEDULES {
        for column in 0..METRICS.len() {
            readings.set(schedule, column, ((schedule * 31 + column * 17) % 97) as f64 / 10.0 + 0.1);
        }
    }
    readings
}

fn policies() -> Vec<(&'static str, Policy)> {
    let of = Policy::of;
    let rule = |metric: &str, weight| Rule {
        metric: metric.to_owned(),
        weight,
        default: 0.0,
        min: Some(0.0),
        max: None,
        absolute: false,
        scale: 1.0,
    };
    let weights = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 1.0)).collect();
    let smoothed =
        |base| PolicyKind::Smoothed { base: Box::new(base), alpha: 0.35, min_delta: 0.0, floor_weight: 0.0 };
    let component = |label: &str, policy| Component { label: label.to_owned(), weight: 1.0, policy };
    let blended = PolicyKind::Blended {
        components: vec![
            component("signals", of(PolicyKind::SignalStrength)),
            component("smooth", of(smoothed(of(PolicyKind::RiskParity)))),
        ],
        normalize_components: true,
        fallback: None,
    };
    let guard = PolicyKind::DrawdownGuard {
        warning_pct: 2.0,
        panic_pct: 8.0,
        pressure_weight: 0.7,
        min_weight: 0.05,
        max_weight: 1.0,
    };
    let metric_weighted = PolicyKind::MetricWeighted {
        rules: vec![rule("avg_confidence", 1.5), rule("max_drawdown_pct", -0.2)],
        default_score: 0.1,
        shift_epsilon: 1e-6,
        fallback: None,
    };
    let quotas = PolicyKind::TagQuota {
        tags: weights(&TAGS[..3]),
        default_weight: Some(1.0),
        within_tag: Box::new(of(PolicyKind::EqualWeight)),
        fallback: None,
        primary_only: true,
    };
    let budgets = PolicyKind::RiskProfile {
        profiles: weights(&PROFILES[1..]),
        profile_floor: 0.1,
        within_profile: Box::new(of(blended)),
    };
    vec![
        ("equal_weight", of(PolicyKind::EqualWeight)),
        ("fixed_weight", of(PolicyKind::FixedWeight(weights(&["strategy_1", "strategy_2:balanced"])))),
        ("risk_parity", of(PolicyKind::RiskParity)),
        ("volatility_target", of(PolicyKind::VolatilityTarget)),
        ("signal_strength", of(PolicyKind::SignalStrength)),
        ("drawdown_guard", of(guard)),
        ("metric_weighted", of(metric_weighted)),
        ("smoothed", of(smoothed(of(PolicyKind::SignalStrength)))),
        ("tag_quota", of(quotas)),
        ("risk_profile over blended over smoothed", of(budgets)),
    ]
}

fn policy(criterion: &mut Criterion) {
    let (views, readings) = (views(), readings());
    let mut group = criterion.benchmark_group("policy");
    for (name, policy) in policies() {
        let mut allocator = Allocator::bind(&policy, &views, readings.names(), Memory::new());
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(allocator.allocate(black_box(&readings)).effective[0]));
        });
    }
    group.finish();
}

criterion_group!(benches, policy);
criterion_main!(benches);
