//! The same result however the run was carried out.

use std::sync::Arc;

use hemiola::assembly::Options;
use hemiola::modes::backtest;
use hemiola_components::order::FillModel;
use hemiola_components::port::EquityCurve;
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::engine::ScanLimit;
use proptest::prelude::*;

use crate::support::random::{RandomWorld, world};
use crate::support::*;

fn scanning(scan: ScanLimit) -> Options {
    Options { scan, curve: EquityCurve::EveryBar, ..Options::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// However far engines scan ahead, the records, the account and every point of the curve are the same.
    #[test]
    fn results_do_not_depend_on_how_far_a_scan_runs(RandomWorld { plan, market } in world(), seed in any::<u64>()) {
        let furthest = run_with(&plan, &market, scanning(ScanLimit::Unlimited));
        for scan in [ScanLimit::Decisions(1), ScanLimit::Decisions(7), ScanLimit::Random(seed)] {
            let other = run_with(&plan, &market, scanning(scan));
            prop_assert_eq!(first_difference(&furthest.records, &other.records), None);
            prop_assert_eq!(&furthest.equity, &other.equity);
            prop_assert_eq!(furthest.account, other.account);
            prop_assert_eq!(&furthest.digest, &other.digest);
        }
    }

    /// Marking in one go or candle by candle gives the same account, and so does looking at each mark or not.
    #[test]
    fn results_do_not_depend_on_which_points_of_the_curve_are_kept(RandomWorld { plan, market } in world()) {
        let kept = run_with(&plan, &market, scanning(ScanLimit::Unlimited));
        for curve in [EquityCurve::Off, EquityCurve::Events] {
            let other = run_with(&plan, &market, Options { curve, ..Options::default() });
            prop_assert_eq!(kept.account, other.account);
            prop_assert_eq!(&kept.digest, &other.digest);
        }
        let worst = kept.equity.iter().map(|point| point.drawdown).fold(0.0, f64::max);
        prop_assert_eq!(worst, kept.account.max_drawdown);
    }

    /// Portfolios of one world never influence each other.
    #[test]
    fn a_portfolio_gives_the_same_alone_and_beside_others(a in world(), b in world()) {
        let plans = [(&a.plan, &a.market), (&b.plan, &b.market), (&a.plan, &a.market)];
        let together = backtest::run(&plans, &Catalog::built_in(), Options::default(), |_, _| ()).unwrap();
        for ((plan, market), outcome) in plans.iter().zip(&together.outcomes) {
            let alone = run(plan, market);
            prop_assert_eq!(&alone.digest, &outcome.digest);
            prop_assert_eq!(alone.telemetry, outcome.telemetry.clone());
        }
    }

    /// The same again, with the systems added in another order.
    #[test]
    fn results_do_not_depend_on_the_order_of_insertion(RandomWorld { plan, market } in world(), seed in any::<u64>()) {
        let digest = run(&plan, &market).digest;
        prop_assert_eq!(&digest, &run(&plan, &market).digest);
        let shuffled = run_with(&plan, &market, Options { shuffle: Some(seed), ..Options::default() });
        prop_assert_eq!(&digest, &shuffled.digest);
    }

    /// One price of one fill is enough for another digest.
    #[test]
    fn another_fill_price_is_another_digest(RandomWorld { plan, mut market } in world(), pick in any::<prop::sample::Index>()) {
        let before = run(&plan, &market);
        let fills = fills(&before);
        prop_assume!(!fills.is_empty() && plan.fill_model != FillModel::Realistic);
        let fill = fills[pick.index(fills.len())];
        let series = &mut market.series[fill.order.instrument.get()];
        for bars in series.values_mut() {
            let changed = Arc::make_mut(bars);
            match plan.fill_model {
                FillModel::NextOpen | FillModel::Realistic => if let Ok(bar) = changed.open_time.binary_search(&fill.time) {
                    changed.open[bar] *= 1.0 + 1e-12;
                },
                FillModel::Instant => if let Some(bar) = changed.closed_at(fill.time, 0).checked_sub(1) {
                    changed.close[bar] *= 1.0 + 1e-12;
                },
            }
        }
        prop_assert_ne!(before.digest, run(&plan, &market).digest);
    }
}
