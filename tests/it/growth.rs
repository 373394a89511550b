//! Candles that come while the world runs give what they give when all are there.

use std::collections::BTreeMap;
use std::sync::Arc;

use hemiola::assembly::{Market, Options, Window, assemble};
use hemiola::config::plan::Plan;
use hemiola::modes::backtest::{Keep, Keeper as _, Outcome, Recorder};
use hemiola::runtime::Runtime;
use hemiola::streams::Arrival;
use hemiola_components::market::Span;
use hemiola_components::port::EquityCurve;
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;
use proptest::prelude::*;

use crate::support::random::{RandomWorld, world};
use crate::support::{first_difference, run_with};

/// The candles of a market that have closed by `instant`, and the others by their close.
pub(crate) fn split(market: &Market, instant: Nanos) -> (Market, BTreeMap<Nanos, Vec<Arrival>>) {
    let (mut known, mut later) = (market.clone(), BTreeMap::<_, Vec<Arrival>>::new());
    let mut place = 0;
    for series in &mut known.series {
        for bars in series.values_mut() {
            let n = bars.closed_at(instant, 0);
            for bar in n..bars.len() {
                let arrival = Arrival { series: place, candle: bars.candle(bar) };
                later.entry(bars.close_time(bar)).or_default().push(arrival);
            }
            let cut = Arc::make_mut(bars);
            assert!(matches!(cut.span, Span::Uniform(_)));
            cut.open_time.to_mut().truncate(n);
            for column in [&mut cut.open, &mut cut.high, &mut cut.low, &mut cut.close, &mut cut.volume] {
                column.to_mut().truncate(n);
            }
            place += 1;
        }
    }
    (known, later)
}

/// Runs a Plan over candles that come at their close.
fn grown(plan: &Plan, known: &Market, later: &BTreeMap<Nanos, Vec<Arrival>>, window: Window) -> Outcome {
    let options = Options { window, curve: EquityCurve::EveryBar, grows: true, ..Options::default() };
    let plans = [(plan, known)];
    let (mut runtime, _) = assemble(&plans, &Catalog::built_in(), options).unwrap();
    let mut recorder = Recorder::new(plan, Keep::Records, &runtime, 0);
    let mut take = |runtime: &mut Runtime| {
        let outbox = runtime.outbox();
        outbox.records.drain().for_each(|record| recorder.record(record));
        outbox.equity.drain(..).for_each(|point| recorder.equity(point));
    };
    runtime.step_to(window.from.unwrap()).unwrap();
    for (known_at, arrivals) in later {
        runtime.step_to(*known_at - Nanos::new(1)).unwrap();
        runtime.grow(arrivals, *known_at).unwrap();
        runtime.step_to(*known_at).unwrap();
        take(&mut runtime);
    }
    while runtime.step().unwrap() {}
    take(&mut runtime);
    recorder.finish(&runtime, 0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn candles_that_come_one_by_one_give_what_they_give_at_once(
        RandomWorld { plan, mut market } in world(),
        share in 0_i64..1_000,
    ) {
        // What is known beyond candles is not known while they come.
        market.snapshots.clear();
        let read = plan.schedules.iter().flat_map(|schedule| {
            schedule.instruments.iter().map(|instrument| &market.series[*instrument][&schedule.interval])
        });
        let read: Vec<_> = read.filter(|bars| !bars.is_empty()).collect();
        let first = read.iter().map(|bars| bars.open_time[0]).min().unwrap();
        let last = read.iter().map(|bars| bars.close_time(bars.len() - 1)).max().unwrap();
        let from = Nanos::new(first.get() + (last - first).get() / 1_000 * share);
        let window = Window { from: Some(from), to: Some(last) };
        let (known, mut later) = split(&market, from);
        later.retain(|known_at, _| *known_at <= last);
        let options = Options { window, curve: EquityCurve::EveryBar, ..Options::default() };
        let at_once = run_with(&plan, &market, options);
        let grown = grown(&plan, &known, &later, window);
        prop_assert_eq!(first_difference(&at_once.records, &grown.records), None);
        prop_assert_eq!(&at_once.equity, &grown.equity);
        prop_assert_eq!(at_once.account, grown.account);
        prop_assert_eq!(&at_once.digest, &grown.digest);
        prop_assert_eq!(&at_once.telemetry, &grown.telemetry);
    }
}
