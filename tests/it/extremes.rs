//! Candles at the edge of what f64 holds: nothing panics, and no number that is none reaches a signal or a statistic.

use std::sync::Arc;

use hemiola::assembly::{Market, Options};
use hemiola::config::plan::{Pair, Plan, StrategyPlan};
use hemiola::modes::backtest::{self, Outcome};
use hemiola_components::journal::Event;
use hemiola_components::market::Bars;
use hemiola_components::order::{Costs, FillModel};
use hemiola_components::port::EquityCurve;
use hemiola_components::risk::RiskProfile;
use hemiola_components::schedule::{Cadence, Sizing};
use hemiola_components::strategy::Parameters;
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Quantity, Ratio};
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::engine::ScanLimit;
use hemiola_systems::statistics::{History, Statistics};
use proptest::prelude::*;

use crate::support::columns::sound_bars;
use crate::support::parameters::{ENGINES, parameters};
use crate::support::{MINUTE, definition, market, plan, schedule};

fn sizing() -> impl Strategy<Value = Sizing> {
    let amount = || prop_oneof![1e-3..1e6, 1e-300..1e300];
    prop_oneof![
        3 => Just(Sizing::Weight),
        1 => amount().prop_map(|amount| Sizing::Quote(Notional::new(amount))),
        1 => amount().prop_map(|quantity| Sizing::Base(Quantity::new(quantity))),
        1 => Just(Sizing::AllIn),
    ]
}

/// One schedule per engine, on the same two instruments.
fn worlds() -> impl Strategy<Value = (Plan, Market)> {
    let bars = || sound_bars(20..150);
    let profile = (0_u32..9, prop_oneof![Just(0.0), 0.01..1.0], prop_oneof![Just(0.0), 0.1..5.0]);
    let venue = (prop_oneof![Just(0.0), 0.0..0.01], any::<bool>(), prop_oneof![Just(0.0), Just(0.125)]);
    let schedules = prop::array::uniform5((sizing(), 1_i64..5));
    (bars(), bars(), ENGINES.map(parameters), schedules, profile, venue).prop_map(
        |(first, second, parameters, schedules, profile, venue)| {
            world([first, second], parameters, schedules, profile, venue)
        },
    )
}

fn world(
    bars: [Bars; 2],
    parameters: [Parameters; 5],
    schedules: [(Sizing, i64); 5],
    (max_positions, max_position, max_leverage): (u32, f64, f64),
    (cost, instant, step): (f64, bool, f64),
) -> (Plan, Market) {
    let strategies = ENGINES.into_iter().zip(parameters).map(|(engine, parameters)| StrategyPlan {
        name: engine.to_owned(),
        engine: engine.to_owned(),
        parameters,
        definition: definition(),
    });
    let schedules = (0..).zip(schedules).map(|(strategy, (sizing, every))| {
        let mut one = schedule(ENGINES[strategy], strategy, &[0, 1]);
        one.cadence = Cadence { every: Nanos::new(every * MINUTE), offset: Nanos::ZERO };
        one.sizing = sizing;
        if strategy == 0 {
            one.pairs = vec![Pair { primary: 0, secondary: 1 }];
        }
        one
    });
    let mut plan = plan(&["A", "A"], strategies.collect(), schedules.collect());
    plan.instruments[1].venue = "other".into();
    plan.instruments[1].rules.step = Quantity::new(step);
    plan.costs = Costs { taker_fee: Ratio::new(cost), slippage: Ratio::new(cost), ..Costs::default() };
    plan.fill_model = if instant { FillModel::Instant } else { FillModel::NextOpen };
    plan.risk_profiles = vec![RiskProfile {
        max_positions,
        max_position: Ratio::new(max_position),
        max_leverage,
        ..RiskProfile::unlimited("some")
    }];
    let market = market(&plan, &bars.map(Arc::new));
    (plan, market)
}

/// Runs to the end, which must come.
fn run(plan: &Plan, market: &Market, options: Options) -> Outcome {
    let mut looks = 0;
    let count = |now, _| {
        looks += 1;
        assert!(looks < 20, "time stands still at {now:?}");
    };
    let mut run = backtest::run(&[(plan, market)], &Catalog::built_in(), options, count).unwrap();
    run.outcomes.pop().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_candle_upsets_the_world((plan, market) in worlds()) {
        let options = Options { curve: EquityCurve::EveryBar, ..Options::default() };
        let outcome = run(&plan, &market, options);
        let (mut closes, mut realised, mut traded) = (Vec::new(), Vec::new(), 0.0);
        for record in &outcome.records {
            match &record.event {
                Event::Signal(emitted) => prop_assert!(emitted.signal.is_finite(), "{emitted:?}"),
                Event::DayClose { equity, .. } => closes.push((record.at, equity.get())),
                Event::Fill { fill, realised: profit, .. } => {
                    realised.push(profit.get());
                    traded += fill.quantity.at(fill.price).get();
                }
                _ => {}
            }
        }
        let statistics = Statistics::of(&History {
            start: outcome.timeline.start,
            starting_equity: plan.cash,
            day_closes: &closes,
            days_held: closes.len(),
            realised: &realised,
            traded: Notional::new(traded),
            max_drawdown: Ratio::new(outcome.account.max_drawdown),
        });
        let text = format!("{statistics:?}");
        prop_assert!(!text.contains("NaN"), "{text}");
        let bar_by_bar = run(&plan, &market, Options { scan: ScanLimit::Decisions(1), ..options });
        prop_assert_eq!(outcome.digest, bar_by_bar.digest);
        prop_assert_eq!(outcome.not_finite, bar_by_bar.not_finite);
    }
}
