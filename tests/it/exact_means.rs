//! Means of low-tick prices, most of which are ties, held against whole numbers.

use hemiola_components::column::Column;
use hemiola_components::engine::{
    DailyTrendMomentum, DailyTrendMomentumState, SmaCross, SmaCrossState, TrailingStop,
};
use hemiola_components::market::{Bars, TickSums};
use hemiola_components::signal::{Direction, Signal, SignalKind};
use hemiola_components::time::Nanos;
use hemiola_components::units::Quantity;
use hemiola_systems::indicators::tick_sums::tick_sums;
use hemiola_systems::signals::engine::{Engine, View};
use proptest::prelude::*;

use crate::support::columns::view_of;
use crate::support::{MINUTE, sma};

/// Prices are whole multiples of 1 over this.
const SCALE: u32 = 10_000;

/// Ticks from 1.1000 to 1.1006 that mostly stay where they are.
fn ticks() -> impl Strategy<Value = Vec<u32>> {
    let change = prop_oneof![15 => Just(0_i32), 1 => -3..=3_i32];
    prop::collection::vec(change, 60..300).prop_map(|changes| {
        let mut ticks = 11_003_i32;
        changes
            .into_iter()
            .map(|change| {
                ticks = (ticks + change).clamp(11_000, 11_006);
                ticks.unsigned_abs()
            })
            .collect()
    })
}

fn bars(ticks: &[u32]) -> Bars {
    let prices: Column<f64> = ticks.iter().map(|ticks| f64::from(*ticks) / f64::from(SCALE)).collect();
    Bars {
        open_time: (0..).map(|bar| Nanos::new(bar * MINUTE)).take(ticks.len()).collect(),
        open: prices.clone(),
        high: prices.clone(),
        low: prices.clone(),
        volume: vec![1.0; ticks.len()].into(),
        close: prices,
        ..Bars::empty(Nanos::new(MINUTE))
    }
}

fn view<'a>(bars: &'a Bars, ticks: &'a TickSums, held: f64) -> View<'a> {
    View { ticks: Some(ticks), position: Quantity::new(held), ..view_of(bars) }
}

/// The sum of the `window` ticks that end with `bar`.
fn sum(ticks: &[u32], bar: usize, window: usize) -> i128 {
    ticks[bar + 1 - window..=bar].iter().map(|ticks| i128::from(*ticks)).sum()
}

/// How the fast mean of ticks stands to the slow one.
fn compare(settings: SmaCross, ticks: &[u32], bar: usize) -> std::cmp::Ordering {
    let [fast, slow] = [settings.fast, settings.slow].map(|window| sum(ticks, bar, window));
    (fast * settings.slow as i128).cmp(&(slow * settings.fast as i128))
}

/// All signals of `sma_cross` while its position stays as it is, by candle.
fn signals(settings: &SmaCross, view: &View<'_>) -> Vec<(usize, Signal)> {
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(hit) = SmaCross::scan(settings, &mut SmaCrossState, view, from..view.bars.len()) {
        from = hit.0 + 1;
        found.push(hit);
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn sma_cross_decides_by_whole_numbers(
        ticks in ticks(),
        fast in 1_usize..30,
        more in 1_usize..30,
        (first, is_configured) in (0_usize..4, any::<bool>()),
    ) {
        let settings = SmaCross::prepare(&sma("", fast as f64, (fast + more) as f64).parameters).unwrap();
        let bars = bars(&ticks);
        let sums = tick_sums(&bars.close, if is_configured { 1.0 / f64::from(SCALE) } else { 0.0 }).unwrap();
        for holding in [false, true] {
            let view = View { first, ..view(&bars, &sums, f64::from(u8::from(holding))) };
            let expected = |bar: usize| {
                let above = bar + 1 - view.first >= settings.slow && compare(settings, &ticks, bar).is_gt();
                let kind = if above { SignalKind::Enter(Direction::Long) } else { SignalKind::Exit };
                let decides = bar + 1 - view.first >= settings.slow && above != holding;
                decides.then(|| Signal::certain(kind))
            };
            let each = |bar| SmaCross::generate_signal(&settings, &mut SmaCrossState, &view, bar, Nanos::ZERO);
            for bar in view.first..bars.len() {
                prop_assert_eq!(each(bar), expected(bar), "{:?} at {}", settings, bar);
            }
            let all: Vec<_> = (view.first..bars.len()).filter_map(|bar| Some((bar, expected(bar)?))).collect();
            prop_assert_eq!(signals(&settings, &view), all);
        }
    }

    /// The sum is one division of whole numbers and so the nearest f64 to it; the mean is rounded once more, which
    /// changes nothing where the window is a power of two.
    #[test]
    fn means_are_as_near_as_two_roundings_leave_them(
        ticks in ticks(),
        window in prop_oneof![1_usize..60, (0_u32..6).prop_map(|power| 1_usize << power)],
    ) {
        let bars = bars(&ticks);
        let sums = tick_sums(&bars.close, 0.0).unwrap();
        let view = view(&bars, &sums, 0.0);
        for bar in window - 1..bars.len() {
            let (whole, count) = (sum(&ticks, bar, window) as f64, window as f64);
            let (mean, nearest) = (view.mean_close(bar, window), whole / (f64::from(SCALE) * count));
            prop_assert_eq!(sums.sum(bar, window), whole / f64::from(SCALE));
            prop_assert!((mean - nearest).abs() <= f64::EPSILON, "{} at {}", mean, bar);
            if window.is_power_of_two() {
                prop_assert_eq!(mean, nearest, "{} at {}", window, bar);
            }
        }
    }

    /// `daily_trend_momentum` with windows that are powers of two: what its trend is held against, in whole numbers.
    #[test]
    fn a_trend_of_exact_means_ends_where_whole_numbers_say(
        ticks in ticks(),
        fast in 0_u32..4,
        more in 1_u32..3,
    ) {
        let windows = SmaCross { fast: 1 << fast, slow: 1 << (fast + more) };
        let settings = DailyTrendMomentum {
            fast_ma: windows.fast,
            slow_ma: windows.slow,
            breakout_lookback: 1,
            momentum_window: 1,
            atr_window: 1,
            atr_multiplier: 1_000.0,
            min_trend_strength: 0.0,
            min_momentum: -1.0,
            stop: TrailingStop::Close,
        };
        let mut bars = bars(&ticks);
        bars.high.fill(1.0);
        bars.low.fill(1.0);
        let sums = tick_sums(&bars.close, 0.0).unwrap();
        for held in [0.0, 1.0] {
            let view = View { opened_at: bars.close_time(0), ..view(&bars, &sums, held) };
            let (mut from, mut found) = (0, Vec::new());
            let mut state = DailyTrendMomentumState::default();
            while let Some((bar, _)) = DailyTrendMomentum::scan(&settings, &mut state, &view, from..bars.len()) {
                found.push(bar);
                from = bar + 1;
            }
            let expected = (DailyTrendMomentum::warm_up(&settings) - 1..bars.len()).filter(|bar| {
                let trend = compare(windows, &ticks, *bar);
                if held > 0.0 { trend.is_lt() } else { trend.is_ge() }
            });
            prop_assert_eq!(found, expected.collect::<Vec<_>>());
        }
    }
}

#[test]
fn most_of_these_prices_are_ties() {
    let ticks: Vec<u32> =
        (0..4_000_u32).map(|bar| 11_000 + (bar / 61).wrapping_mul(2_654_435_761) % 7).collect();
    let settings = SmaCross { fast: 5, slow: 20 };
    let ties = (19..ticks.len()).filter(|bar| compare(settings, &ticks, *bar).is_eq()).count();
    assert!(ties * 2 > ticks.len(), "{ties}");
    let bars = bars(&ticks);
    let sums = tick_sums(&bars.close, 0.0).unwrap();
    let above = (19..ticks.len()).filter(|bar| compare(settings, &ticks, *bar).is_gt());
    assert!(above.eq(signals(&settings, &view(&bars, &sums, 0.0)).into_iter().map(|(bar, _)| bar)));
}
