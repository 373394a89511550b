//! Nothing that happens later changes what was decided before.

use std::sync::Arc;

use hemiola_components::journal::{Event, Record};
use hemiola_components::market::{Bars, Snapshots, Span};
use hemiola_components::order::{Fill, Origin};
use hemiola_components::risk::Rule;
use hemiola_components::time::Nanos;
use proptest::prelude::*;

use crate::support::random::{RandomWorld, world};
use crate::support::{first_difference, run};

/// The candles that have closed by `instant`.
fn until(bars: &Bars, instant: Nanos) -> Bars {
    let n = bars.closed_at(instant, 0);
    let Span::Uniform(_) = bars.span else { panic!("a series has one interval") };
    let mut cut = bars.clone();
    cut.open_time.to_mut().truncate(n);
    for column in [&mut cut.open, &mut cut.high, &mut cut.low, &mut cut.close, &mut cut.volume] {
        column.to_mut().truncate(n);
    }
    cut
}

/// The quotes at the first `candles` closes.
fn first(quotes: &Snapshots, candles: usize) -> Snapshots {
    let mut cut = quotes.clone();
    for column in [&mut cut.primary_bid, &mut cut.primary_ask, &mut cut.secondary_bid, &mut cut.secondary_ask]
    {
        column.truncate(candles);
    }
    cut.secondary_time.truncate(candles);
    cut
}

/// What happened up to and including `instant`, apart from the end of the data and of the day. At the end of a run nobody
/// closes positions any more: no order of the risk or the venue, its fill, or the orders taken back for it.
fn decisions(records: &[Record], instant: Nanos) -> Vec<Record> {
    let counts = |record: &Record| match &record.event {
        Event::Unfilled(_) | Event::DayClose { .. } | Event::Weight { .. } => false,
        Event::Order(order) | Event::Fill { fill: Fill { order, .. }, .. } => {
            order.origin == Origin::Engine || record.at < instant
        }
        Event::Refused { refusal, .. } => refusal.rule != Rule::Canceled || record.at < instant,
        _ => true,
    };
    records.iter().filter(|record| record.at <= instant && counts(record)).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn cutting_the_data_changes_no_decision_before_the_cut(
        RandomWorld { plan, market } in world(),
        share in 50_i64..1_000,
    ) {
        let whole = run(&plan, &market);
        let (start, end) = (whole.records.first().map_or(Nanos::ZERO, |record| record.at), whole.timeline.end);
        let cut = Nanos::new(start.get() + (end - start).get() / 1_000 * share);
        let mut past = market.clone();
        for series in &mut past.series {
            for bars in series.values_mut() {
                *bars = Arc::new(until(bars, cut));
            }
        }
        for ((pair, interval), quotes) in &mut past.snapshots {
            *quotes = Arc::new(first(quotes, past.series[pair.primary][interval].len()));
        }
        let used: Vec<usize> = plan.schedules.iter().flat_map(|schedule| schedule.instruments.clone()).collect();
        prop_assume!(used.iter().any(|i| past.series[*i].values().any(|bars| !bars.is_empty())));
        prop_assume!(plan.schedules.iter().any(|schedule| schedule.instruments.iter().any(|i| !past.series[*i][&schedule.interval].is_empty())));
        let known = run(&plan, &past);
        let end = known.timeline.end;
        let [of_whole, of_known] = [&whole, &known].map(|outcome| decisions(&outcome.records, end));
        prop_assert_eq!(first_difference(&of_whole, &of_known), None);
    }
}
