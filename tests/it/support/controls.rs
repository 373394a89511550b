//! Random ways of dividing capital, and random things that are imposed on schedules.

use hemiola::config::plan::{Plan, SchedulePlan};
use hemiola_components::capital::{Component, Policy, PolicyKind, Rule};
use hemiola_components::control::{Command, Expiry, OperatorAction, Target};
use hemiola_components::governor::{GovernorSettings, Scoring, Terms};
use hemiola_components::schedule::{OnSuspend, TradingWindow};
use hemiola_components::time::Nanos;
use proptest::prelude::*;

use super::MINUTE;

/// What a scheduler may add to schedules that trade.
#[derive(Clone, Debug)]
pub(crate) struct Controlled {
    policy: Policy,
    cool_down: Option<Nanos>,
    governor: Option<GovernorSettings>,
    actions: Vec<OperatorAction>,
    manners: [Manners; 3],
}

#[derive(Clone, Debug)]
struct Manners {
    priority: i32,
    max_signals: u32,
    flattens: bool,
    window: Option<TradingWindow>,
    has_fallback: bool,
}

impl Controlled {
    pub(crate) fn apply(self, plan: &mut Plan) {
        let Self { policy, cool_down, governor, actions, manners } = self;
        (plan.capital_policy, plan.cool_down, plan.governor) = (policy, cool_down, governor);
        (plan.initial, plan.operator) = actions.into_iter().partition(|action| action.at == Nanos::ZERO);
        let last = plan.schedules.len() - 1;
        for (index, (schedule, manners)) in plan.schedules.iter_mut().zip(manners).enumerate() {
            *schedule = SchedulePlan {
                priority: manners.priority,
                max_signals: manners.max_signals,
                on_suspend: if manners.flattens { OnSuspend::Flatten } else { OnSuspend::Hold },
                windows: manners.window.into_iter().collect(),
                fallbacks: if manners.has_fallback && index < last { vec![last] } else { Vec::new() },
                ..schedule.clone()
            };
        }
    }
}

fn boxed(policy: Policy) -> Box<Policy> {
    Box::new(policy)
}

/// Every kind of policy, two deep.
fn policy() -> BoxedStrategy<Policy> {
    let fixed = [("calm", 2.0), ("outside", 1.0), ("mean_reversion", 1.0), ("schedule 1", 0.5)];
    let fixed = fixed.map(|(name, weight)| (name.to_owned(), weight));
    let rule = |metric: &str, weight| Rule {
        metric: metric.to_owned(),
        weight,
        default: 0.5,
        min: None,
        max: None,
        absolute: false,
        scale: 1.0,
    };
    let scored = PolicyKind::MetricWeighted {
        rules: vec![rule("avg_confidence", 1.0), rule("drawdown_pct", -0.1), rule("signals", 0.2)],
        default_score: 0.1,
        shift_epsilon: 1e-6,
        fallback: None,
    };
    let guard = PolicyKind::DrawdownGuard {
        warning_pct: 0.01,
        panic_pct: 1.0,
        pressure_weight: 0.7,
        min_weight: 0.0,
        max_weight: 1.0,
    };
    let flat = prop_oneof![
        6 => Just(PolicyKind::EqualWeight),
        2 => Just(PolicyKind::FixedWeight(fixed.into())),
        2 => Just(PolicyKind::RiskParity),
        1 => Just(PolicyKind::VolatilityTarget),
        1 => Just(PolicyKind::SignalStrength),
        1 => Just(scored),
        1 => Just(guard),
    ]
    .prop_map(Policy::of)
    .boxed();
    let smoothed =
        |(base, alpha)| PolicyKind::Smoothed { base: boxed(base), alpha, min_delta: 0.0, floor_weight: 0.0 };
    let smoothed = (flat.clone(), 0.1..1.0).prop_map(smoothed).prop_map(Policy::of);
    let inner = prop_oneof![2 => flat.clone(), 1 => smoothed].boxed();
    let nested = (inner.clone(), inner.clone(), 0_u8..3).prop_map(|(one, other, kind)| {
        let component = |label: &str, policy| Component { label: label.to_owned(), weight: 1.0, policy };
        Policy::of(match kind {
            0 => PolicyKind::Blended {
                components: vec![component("one", one), component("other", other)],
                normalize_components: true,
                fallback: None,
            },
            1 => PolicyKind::RiskProfile {
                profiles: [("up to 1".to_owned(), 0.7)].into(),
                profile_floor: 0.1,
                within_profile: boxed(one),
            },
            _ => PolicyKind::TagQuota {
                tags: [("trend".to_owned(), 0.7)].into(),
                default_weight: Some(0.3),
                within_tag: boxed(one),
                fallback: None,
                primary_only: true,
            },
        })
    });
    prop_oneof![3 => flat, 1 => inner, 1 => nested].boxed()
}

fn command() -> impl Strategy<Value = Command> {
    let strategy =
        || prop_oneof![Just("calm".to_owned()), Just("quick".to_owned()), Just("outside".to_owned())];
    let profile = || (0_u32..6).prop_map(|most| format!("up to {most}"));
    let schedule = || (0_usize..3).prop_map(|index| Target::Schedule(format!("schedule {index}")));
    let expiry = || {
        prop_oneof![
            1 => Just(Expiry::Never),
            2 => (1_i64..300).prop_map(|minutes| Expiry::After(Nanos::new(minutes * MINUTE / 2))),
            1 => (0_i64..500).prop_map(|minute| Expiry::At(Nanos::new(minute * MINUTE))),
        ]
    };
    prop_oneof![
        2 => (strategy(), profile(), 0_u32..3, expiry()).prop_map(|(strategy, risk_profile, limit, expiry)| {
            Command::SetLimit { strategy, risk_profile, limit, expiry }
        }),
        1 => (strategy(), profile()).prop_map(|(strategy, risk_profile)| {
            Command::ClearLimit { strategy, risk_profile }
        }),
        3 => (schedule(), expiry()).prop_map(|(target, expiry)| Command::Suspend { target, expiry }),
        1 => schedule().prop_map(|target| Command::Resume { target }),
        1 => (policy(), any::<bool>()).prop_map(|(policy, rebalances)| {
            Command::SetPolicy { policy: boxed(policy), rebalances }
        }),
        1 => prop::option::of(1_i64..100).prop_map(|minutes| {
            Command::SetInterval { cool_down: minutes.map(|minutes| Nanos::new(minutes * MINUTE)) }
        }),
        1 => Just(Command::Rebalance),
    ]
}

/// What somebody does, in order; what is done at the epoch is what the scheduler starts with.
pub(crate) fn actions() -> impl Strategy<Value = Vec<OperatorAction>> {
    let action = (prop_oneof![1 => Just(0_i64), 4 => 0_i64..800], command());
    prop::collection::vec(action, 0..5).prop_map(|actions| {
        let action = |(halves, what)| OperatorAction {
            at: Nanos::new(halves * MINUTE / 2),
            who: "somebody".to_owned(),
            why: Some("because".to_owned()),
            what,
        };
        let mut actions: Vec<OperatorAction> = actions.into_iter().map(action).collect();
        actions.sort_by_key(|action| action.at);
        actions
    })
}

fn governor() -> impl Strategy<Value = GovernorSettings> {
    (1_i64..200, 0.1..1.0_f64, 0_u32..2).prop_map(|(minutes, smoothing, max_signal_floor)| GovernorSettings {
        enabled: true,
        interval: Nanos::new(minutes * MINUTE),
        smoothing,
        scoring: Scoring { alpha: 1.0, cost: 0.0, slo: 1.0, risk: 1.0 },
        require_complete_metrics: false,
        min_score_threshold: 0.1,
        default_cost_bps: 0.0,
        max_signal_floor,
        default_terms: Terms {
            baseline_weight: 0.3,
            min_weight: 0.0,
            max_weight: 0.8,
            baseline_max_signals: None,
            max_signal_factor: 1.0,
        },
        strategies: Vec::new(),
    })
}

fn manners() -> impl Strategy<Value = Manners> {
    let window = (1_u8..128, 0_i64..1_440, 0_i64..1_440).prop_map(|(days, from, to)| TradingWindow {
        days,
        from: Nanos::new(from * MINUTE),
        to: Nanos::new(to * MINUTE),
    });
    let window = prop::option::weighted(0.1, window);
    (-1_i32..2, 1_u32..4, any::<bool>(), window, prop::bool::weighted(0.1)).prop_map(
        |(priority, max_signals, flattens, window, has_fallback)| Manners {
            priority,
            max_signals,
            flattens,
            window,
            has_fallback,
        },
    )
}

pub(crate) fn controlled() -> impl Strategy<Value = Controlled> {
    let cool_down = prop::option::of((1_i64..200).prop_map(|minutes| Nanos::new(minutes * MINUTE)));
    let governor = prop::option::weighted(0.2, governor());
    let manners = prop::array::uniform3(manners());
    (policy(), cool_down, governor, actions(), manners).prop_map(
        |(policy, cool_down, governor, actions, manners)| Controlled {
            policy,
            cool_down,
            governor,
            actions,
            manners,
        },
    )
}
