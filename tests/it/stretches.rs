//! What is read of the candles does not show in the results.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use hemiola::assembly::{AssemblyError, Market, Options, Window};
use hemiola::market_data::demand;
use hemiola::modes::backtest::{self, RunError};
use hemiola_adapters::store::{CandleStore, Check, Demand};
use hemiola_components::market::Bars;
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use proptest::prelude::*;

use crate::support::random::{RandomWorld, world};
use crate::support::*;

fn write(path: &Path, bars: &Bars, group: usize, statistics: EnabledStatistics) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let numbers = |column: &[f64]| Arc::new(Float64Array::from(column.to_vec())) as ArrayRef;
    let time = Int64Array::from_iter_values(bars.open_time.iter().map(|time| time.get()));
    let columns: [(&str, ArrayRef); 6] = [
        ("ts", Arc::new(time)),
        ("open", numbers(&bars.open)),
        ("high", numbers(&bars.high)),
        ("low", numbers(&bars.low)),
        ("close", numbers(&bars.close)),
        ("volume", numbers(&bars.volume)),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group))
        .set_statistics_enabled(statistics)
        .build();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// The market as a store gives it, and how many candles that are.
fn read(world: &RandomWorld, root: &Path, demand: Demand) -> (Market, usize) {
    let store = CandleStore::open(root).unwrap();
    let (mut market, mut candles) = (world.market.clone(), 0);
    for (instrument, series) in world.plan.instruments.iter().zip(&mut market.series) {
        let intervals: Vec<_> = series.keys().copied().collect();
        *series = BTreeMap::new();
        for interval in intervals {
            let loaded =
                store.load(&instrument.venue, &[&instrument.symbol], interval, demand).unwrap().unwrap();
            candles += loaded.bars.len();
            series.insert(interval, Arc::new(loaded.bars));
        }
    }
    (market, candles)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The candles that a run does not need, and the columns that it does not look at, may be there or not.
    #[test]
    fn results_do_not_depend_on_what_is_left_unread(
        world in world(),
        (from, to) in (prop::option::of(0_i64..500), prop::option::of(1_i64..400)),
        group in prop_oneof![Just(7_usize), Just(50), Just(10_000)],
        statistics in prop_oneof![3 => Just(EnabledStatistics::Chunk), 1 => Just(EnabledStatistics::None)],
    ) {
        let folder = tempfile::tempdir().unwrap();
        for (instrument, series) in world.plan.instruments.iter().zip(&world.market.series) {
            for (interval, bars) in series {
                let file = format!("{}/{}/{interval}.parquet", instrument.venue, instrument.symbol);
                write(&folder.path().join(file), bars, group, statistics);
            }
        }
        let instant = |minutes: i64| Nanos::new(minutes * MINUTE + MINUTE / 3);
        let window = Window { from: from.map(instant), to: to.map(|to| instant(from.unwrap_or(0) + to)) };
        let catalog = Catalog::built_in();
        let run = |market: &Market| {
            let options = Options { window, ..Options::default() };
            match backtest::run(&[(&world.plan, market)], &catalog, options, |_, _| ()) {
                Err(RunError::Assembly(AssemblyError::EmptyWindow)) => None,
                run => {
                    let mut run = run.unwrap();
                    Some((run.notes.short_warmups.clone(), run.outcomes.remove(0)))
                }
            }
        };
        let (whole, all) = read(&world, folder.path(), Demand::from(Check::Full));
        for check in [Check::Full, Check::Trusted] {
            let (part, some) = read(&world, folder.path(), demand(&world.plan, &catalog, check, window));
            prop_assert!(some <= all);
            match (run(&whole), run(&part)) {
                (Some((notes, whole)), Some((part_notes, part))) => {
                    prop_assert_eq!(notes, part_notes);
                    prop_assert_eq!(&whole.records, &part.records);
                    prop_assert_eq!(whole.account, part.account);
                    prop_assert_eq!(whole.timeline, part.timeline);
                    prop_assert_eq!(&whole.digest, &part.digest);
                }
                (whole, part) => prop_assert_eq!(whole.is_none(), part.is_none()),
            }
        }
    }
}
