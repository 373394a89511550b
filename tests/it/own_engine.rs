//! An engine from outside the crates takes its place in the catalogue with one line.

use bevy_ecs::prelude::Component;
use hemiola::assembly::{Market, Options, Window, assemble};
use hemiola::config::plan::Plan;
use hemiola::modes::backtest;
use hemiola::snapshot::restore;
use hemiola_components::order::Fill;
use hemiola_components::schedule::Sizing;
use hemiola_components::signal::{Direction, Signal, SignalKind};
use hemiola_components::strategy::{ParameterError, ParameterSpec, Parameters};
use hemiola_components::time::Nanos;
use hemiola_components::units::Notional;
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::engine::{Engine, ScanLimit, View};
use serde::{Deserialize, Serialize};

use crate::growth::split;
use crate::support::{fills, fills_of, market, minutes, plan, schedule, sma};

/// Long after so many rising closes in a row, flat after one that does not rise.
#[derive(Component)]
struct Streak {
    closes: usize,
}

#[derive(Component, Clone, Default, Serialize, Deserialize)]
struct StreakState {
    rising: usize,
}

impl Engine for Streak {
    const NAME: &'static str = "streak";
    const SUMMARY: &'static str =
        "Long after `closes` rising closes in a row, flat after one that does not rise.";
    const PARAMETERS: &'static [ParameterSpec] =
        &[ParameterSpec::count("closes", 3, [1, 100], "rising closes in a row")];

    type Settings = Self;
    type State = StreakState;

    fn prepare(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self { closes: parameters.count("closes")? })
    }

    fn handle_market_data(_: &Self, state: &mut StreakState, view: &View<'_>, bar: usize) {
        let rose = bar > view.first && view.bars.close[bar] > view.bars.close[bar - 1];
        state.rising = if rose { state.rising + 1 } else { 0 };
    }

    fn looks_back_to(_: &Self, _: &StreakState, _: &View<'_>, seen: usize) -> usize {
        seen.saturating_sub(1)
    }

    fn generate_signal(
        settings: &Self,
        state: &mut StreakState,
        view: &View<'_>,
        _: usize,
        _: Nanos,
    ) -> Option<Signal> {
        match (state.rising, view.position.get() > 0.0) {
            (rising, false) if rising >= settings.closes => {
                Some(Signal::certain(SignalKind::Enter(Direction::Long)))
            }
            (0, true) => Some(Signal::certain(SignalKind::Exit)),
            _ => None,
        }
    }
}

#[test]
fn a_registered_engine_runs_beside_the_built_in_ones() {
    let (catalog, plan, market) = world();
    assert!(catalog.specs().iter().any(|spec| spec.name == "streak"));
    let run = |scan| {
        let options = Options { scan, ..Options::default() };
        backtest::run(&[(&plan, &market)], &catalog, options, |_, _| ()).unwrap().outcomes.remove(0)
    };
    let outcome = run(ScanLimit::Unlimited);
    assert_eq!(prices(&fills(&outcome)), [13.0, 13.0, 15.0], "in after 12, out after 12 again, in after 14");
    assert_eq!(outcome.digest, run(ScanLimit::Decisions(1)).digest);
}

#[test]
fn its_state_is_saved_with_the_world() {
    let (catalog, plan, market) = world();
    let from = market.series[0][&plan.schedules[0].interval].open_time[0];
    let (known, later) = split(&market, from);
    let window = Window { from: Some(from), to: None };
    let options = Options { window, grows: true, ..Options::default() };
    let (mut runtime, _) = assemble(&[(&plan, &known)], &catalog, options).unwrap();
    let mut records = Vec::new();
    for (at, arrivals) in later {
        runtime.grow(&arrivals, at).unwrap();
        runtime.step_to(at).unwrap();
        records.extend(runtime.outbox().records.drain());
        runtime = restore(&plan, &catalog, &runtime.save(0).unwrap()).unwrap();
    }
    assert_eq!(prices(&fills_of(&records)), [13.0, 13.0, 15.0]);
}

fn prices(fills: &[Fill]) -> Vec<f64> {
    fills.iter().filter(|fill| fill.order.schedule.get() == 0).map(|fill| fill.price.get()).collect()
}

/// The engine beside another one, and a price that it trades.
fn world() -> (Catalog, Plan, Market) {
    let mut catalog = Catalog::built_in();
    catalog.register::<Streak>();
    let mut streak = sma("s", 1.0, 2.0);
    streak.engine = "streak".into();
    streak.parameters =
        Parameters([("closes".to_owned(), hemiola_components::strategy::ParameterValue::Number(2.0))].into());
    let mut plan =
        plan(&["A"], vec![streak, sma("t", 1.0, 2.0)], vec![schedule("a", 0, &[0]), schedule("b", 1, &[0])]);
    for schedule in &mut plan.schedules {
        schedule.sizing = Sizing::Quote(Notional::new(100.0));
    }
    let closes = [10.0, 11.0, 12.0, 13.0, 12.0, 13.0, 14.0, 15.0];
    let prices: Vec<(f64, f64)> = closes.iter().map(|close| (*close, *close)).collect();
    let market = market(&plan, &[minutes(&prices)]);
    (catalog, plan, market)
}
