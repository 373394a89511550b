//! An engine that panics is suspended with what it said; everybody else goes on.

use bevy_ecs::prelude::Component;
use hemiola::assembly::Options;
use hemiola::modes::backtest::{self, Outcome};
use hemiola_components::journal::{Change, Event};
use hemiola_components::signal::{Direction, Signal, SignalKind};
use hemiola_components::strategy::{ParameterError, ParameterSpec, Parameters};
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::engine::{Engine, ScanLimit, View};
use serde::{Deserialize, Serialize};

use crate::support::*;

/// In at every tenth close and out at the fifth after it, up to a price that it cannot bear.
#[derive(Component)]
struct Brittle;

#[derive(Component, Clone, Default, Serialize, Deserialize)]
struct BrittleState {
    seen: usize,
}

impl Engine for Brittle {
    const NAME: &'static str = "brittle";
    const SUMMARY: &'static str = "In and out again, up to a price of 143.";
    const PARAMETERS: &'static [ParameterSpec] = &[];

    type Settings = Self;
    type State = BrittleState;

    fn prepare(_: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self)
    }

    fn handle_market_data(_: &Self, state: &mut BrittleState, view: &View<'_>, bar: usize) {
        assert!(view.bars.close[bar] < 143.0, "{} is too much", view.bars.close[bar]);
        state.seen += 1;
    }

    fn generate_signal(
        _: &Self,
        state: &mut BrittleState,
        view: &View<'_>,
        _: usize,
        _: Nanos,
    ) -> Option<Signal> {
        match (state.seen % 10, view.position.get() > 0.0) {
            (0, false) => Some(Signal::certain(SignalKind::Enter(Direction::Long))),
            (5, true) => Some(Signal::certain(SignalKind::Exit)),
            _ => None,
        }
    }
}

fn run(scan: ScanLimit) -> Outcome {
    let mut catalog = Catalog::built_in();
    catalog.register::<Brittle>();
    let mut brittle = sma("s", 1.0, 2.0);
    brittle.engine = "brittle".into();
    brittle.parameters = Parameters::default();
    let schedules = vec![schedule("a", 0, &[0]), schedule("b", 1, &[0])];
    let plan = plan(&["A"], vec![brittle, external("t")], schedules);
    let prices: Vec<(f64, f64)> =
        (0..60).map(|bar| (100.0 + f64::from(bar), 100.0 + f64::from(bar))).collect();
    let mut market = market(&plan, &[minutes(&prices)]);
    let rows: Vec<(i64, f64)> =
        (1..58).map(|minute| (minute, if minute % 2 == 0 { 0.5 } else { 0.0 })).collect();
    market.targets[1].insert("venue:A".into(), targets(&rows));
    let options = Options { scan, ..Options::default() };
    backtest::run(&[(&plan, &market)], &catalog, options, |_, _| ()).unwrap().outcomes.remove(0)
}

#[test]
fn an_engine_that_panics_is_suspended_at_its_decision_and_others_go_on() {
    let outcome = run(ScanLimit::Unlimited);
    let changes: Vec<(i64, &Change)> = outcome
        .records
        .iter()
        .filter_map(|record| match &record.event {
            Event::Control(change) => Some((record.at.get() / MINUTE, &**change)),
            _ => None,
        })
        .collect();
    let [
        (failed_at, Change::Failed { message, .. }),
        (_, Change::Command(action)),
        (at, Change::Suspended { suspension, .. }),
    ] = changes.as_slice()
    else {
        panic!("{changes:?}");
    };
    // The candle of minute 43 closes at 44; the engine has looked ahead from the fill of its last order, at 41.
    assert_eq!((*failed_at, *at, message.as_str()), (44, 44, "143 is too much"));
    assert_eq!(
        (action.who.as_str(), suspension.reason.as_str()),
        ("engine", "strategy failure: 143 is too much")
    );
    let orders = |schedule: usize| {
        let order = |record: &hemiola_components::journal::Record| match &record.event {
            Event::Order(order) if order.schedule.get() == schedule => Some(order.at.get() / MINUTE),
            _ => None,
        };
        outcome.records.iter().filter_map(order).collect::<Vec<_>>()
    };
    assert_eq!(orders(0), [10, 15, 20, 25, 30, 35, 40]);
    assert_eq!(orders(1).last(), Some(&57));
    for scan in [ScanLimit::Decisions(1), ScanLimit::Decisions(7), ScanLimit::Random(3)] {
        assert_eq!(run(scan).digest, outcome.digest, "{scan:?}");
    }
}
