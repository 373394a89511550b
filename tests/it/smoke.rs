//! Smoke tests: what they say of engines that work and of engines that do not.

use bevy_ecs::prelude::Component;
use hemiola::smoke::{self, Smoked};
use hemiola_components::signal::{Signal, SignalKind};
use hemiola_components::strategy::{ParameterError, ParameterSpec, Parameters};
use hemiola_components::time::Nanos;
use hemiola_components::units::Ratio;
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::engine::{Engine, View};
use serde::{Deserialize, Serialize};

use crate::support::*;

/// Wants more at every close; above a price of 110 it wants what is no number, above 120 it fails.
#[derive(Component)]
struct Greedy;

#[derive(Component, Clone, Default, Serialize, Deserialize)]
struct GreedyState;

impl Engine for Greedy {
    const NAME: &'static str = "greedy";
    const SUMMARY: &'static str = "More at every close.";
    const PARAMETERS: &'static [ParameterSpec] = &[];

    type Settings = Self;
    type State = GreedyState;

    fn prepare(_: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self)
    }

    fn handle_market_data(_: &Self, _: &mut GreedyState, view: &View<'_>, bar: usize) {
        assert!(view.bars.close[bar] <= 120.0, "{} is too much", view.bars.close[bar]);
    }

    fn generate_signal(
        _: &Self,
        _: &mut GreedyState,
        view: &View<'_>,
        bar: usize,
        _: Nanos,
    ) -> Option<Signal> {
        let close = view.bars.close[bar];
        let wanted = if close > 110.0 { f64::NAN } else { close / 1_000.0 };
        Some(Signal::new(SignalKind::Target(Ratio::new(wanted)), Ratio::new(0.5)))
    }
}

/// Two schedules over a price that rises from 100 by 1 a minute, the second after a warm-up of five candles.
fn smoked(cycles: usize) -> Vec<Smoked> {
    let mut catalog = Catalog::built_in();
    catalog.register::<Greedy>();
    let mut greedy = sma("greedy", 1.0, 2.0);
    greedy.engine = "greedy".into();
    greedy.parameters = Parameters::default();
    let mut late = schedule("late", 0, &[0]);
    late.warmup_bars = 5;
    let plan = plan(&["A"], vec![greedy, sma("crossing", 1.0, 2.0)], vec![late, schedule("other", 1, &[0])]);
    let prices: Vec<(f64, f64)> =
        (0..40).map(|bar| (100.0 + f64::from(bar), 100.0 + f64::from(bar))).collect();
    let market = market(&plan, &[minutes(&prices)]);
    smoke::run(&plan, &market, &catalog, cycles).unwrap()
}

#[test]
fn cycles_are_counted_from_the_end_of_the_warm_up() {
    let [late, other] = &smoked(4)[..] else { panic!("two schedules") };
    assert_eq!((late.schedule.as_str(), late.cycles, late.emitted, &late.failure), ("late", 4, 4, &None));
    assert_eq!((late.telemetry["signals"], late.telemetry["avg_confidence"]), (1.0, 0.5));
    assert_eq!((other.schedule.as_str(), other.cycles, &other.failure), ("other", 4, &None));
    // The price has risen all the time, so the only signal is at the first close with two candles.
    assert_eq!((other.emitted, other.telemetry["signals"]), (1, 0.0));
    assert!(!other.telemetry.contains_key("avg_confidence"), "the last cycle had no signal");
}

#[test]
fn a_schedule_that_fails_says_why_and_others_go_on() {
    // The candles from 105 on are cycles: the sixth closes at 110, the seventh at 111.
    let [late, _] = &smoked(7)[..] else { panic!("two schedules") };
    assert_eq!(late.emitted, 6);
    assert!(late.failure.as_ref().unwrap().contains("not finite"), "{late:?}");
    let [late, other] = &smoked(17)[..] else { panic!("two schedules") };
    assert_eq!(late.failure.as_deref(), Some("its engine failed: 121 is too much"));
    assert_eq!((other.cycles, &other.failure), (17, &None));
}
