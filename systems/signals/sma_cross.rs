//! `sma_cross`: long while the fast mean of the closes is above the slow one, else flat.
//!
//! A level rule, not a crossing rule: being above is enough, whenever the position is flat. A tie is flat. With
//! fewer than `slow` closes there is no decision.

use std::ops::Range;

use hemiola_components::engine::{SmaCross, SmaCrossState};
use hemiola_components::market::TickSums;
use hemiola_components::reading::{Reading, Test};
use hemiola_components::signal::{Direction, Signal, SignalKind};
use hemiola_components::strategy::{Classification, LicenseTier, ParameterError, ParameterSpec, Parameters};
use hemiola_components::time::Nanos;

use super::engine::{Columns, Engine, View};
use super::kernel::{Loud, Quiet, chunk};
use crate::indicators::tick_sums::EXACT;

impl Engine for SmaCross {
    const NAME: &'static str = "sma_cross";
    const SUMMARY: &'static str =
        "Long while the mean of the last `fast` closes is above the mean of the last `slow`, else flat.";
    const CLASSIFICATION: Classification = Classification {
        capability: "sma_cross",
        license_tier: LicenseTier::Standard,
        risk_classes: &["directional"],
        required_data: &["ohlcv"],
        tags: &["trend"],
    };
    const PARAMETERS: &'static [ParameterSpec] = &[
        ParameterSpec::count("fast", 20, [1, 100_000], "closes in the fast mean; fewer than `slow`"),
        ParameterSpec::count("slow", 50, [2, 100_000], "closes in the slow mean"),
    ];
    const COLUMNS: Columns = Columns { tick_sums: true, ..Columns::PRICES };

    type Settings = Self;
    type State = SmaCrossState;

    fn prepare(parameters: &Parameters) -> Result<Self, ParameterError> {
        let (fast, slow) = (parameters.count("fast")?, parameters.count("slow")?);
        if fast >= slow {
            return Err(ParameterError::new("fast", format!("must be less than slow ({slow}), not {fast}")));
        }
        Ok(Self { fast, slow })
    }

    fn warm_up(settings: &Self) -> usize {
        settings.slow
    }

    fn handle_market_data(_: &Self, _: &mut SmaCrossState, _: &View<'_>, _: usize) {}

    fn generate_signal(
        settings: &Self,
        _: &mut SmaCrossState,
        view: &View<'_>,
        bar: usize,
        _: Nanos,
    ) -> Option<Signal> {
        if view.given(bar) < settings.slow {
            return None;
        }
        change(is_above(settings, view, bar), view.position.get() > 0.0)
    }

    fn looks_back_to(settings: &Self, _: &SmaCrossState, _: &View<'_>, seen: usize) -> usize {
        seen.saturating_sub(settings.slow)
    }

    fn explain(settings: &Self, _: &SmaCrossState, view: &View<'_>, bar: usize, _: Nanos) -> Vec<Reading> {
        let given = view.given(bar);
        let mut readings = vec![Reading::at_least("candles", given as f64, settings.slow as f64)];
        if given < settings.slow {
            return readings;
        }
        let [value, limit] = [settings.fast, settings.slow].map(|window| view.mean_close(bar, window));
        let above = is_above(settings, view, bar);
        // The rule compares more exactly than the two means do.
        let (name, comparison, holds) = if view.position.get() > 0.0 {
            ("exit: sma_fast", "<=", !above)
        } else {
            ("sma_fast", ">", above)
        };
        readings.push(Reading::plain("sma_slow", limit));
        readings.push(Reading { name, value, test: Some(Test { comparison, limit, holds }) });
        readings
    }

    fn scan(
        settings: &Self,
        _: &mut SmaCrossState,
        view: &View<'_>,
        range: Range<usize>,
    ) -> Option<(usize, Signal)> {
        let mut bars = range.start.max(view.first + settings.slow - 1)..range.end;
        let decide =
            |bar| Some((bar, Self::generate_signal(settings, &mut SmaCrossState, view, bar, Nanos::ZERO)?));
        match exact(view, settings) {
            Some(ticks) => {
                let others = Others { settings, ticks, holding: view.position.get() > 0.0 };
                Loud::<_, 32, 32>::new(others, bars).find_map(decide)
            }
            None => bars.find_map(decide),
        }
    }
}

/// Candles at which being above is other than `holding`, element by element by the rule of [`above`].
struct Others<'a> {
    settings: &'a SmaCross,
    ticks: &'a TickSums,
    holding: bool,
}

impl Quiet for Others<'_> {
    #[inline]
    fn loud<const N: usize>(&mut self, bar: usize) -> Option<[u8; N]> {
        let SmaCross { fast, slow } = *self.settings;
        let sums = |before: usize| chunk::<N>(&self.ticks.sums, (bar + 1).checked_sub(before)?);
        let (ends, fasts, slows) = (sums(0)?, sums(fast)?, sums(slow)?);
        let (fast, slow) = (fast as f64, slow as f64);
        let mut loud = [0; N];
        for at in 0..N {
            let above = (ends[at] - fasts[at]) * slow > (ends[at] - slows[at]) * fast;
            loud[at] = u8::from(above != self.holding);
        }
        Some(loud)
    }
}

fn change(above: bool, holding: bool) -> Option<Signal> {
    match (above, holding) {
        (true, false) => Some(Signal::certain(SignalKind::Enter(Direction::Long))),
        (false, true) => Some(Signal::certain(SignalKind::Exit)),
        _ => None,
    }
}

fn is_above(settings: &SmaCross, view: &View<'_>, bar: usize) -> bool {
    match exact(view, settings) {
        Some(ticks) => above(settings, ticks, bar),
        None => above_re_summed(settings, &view.bars.close[bar + 1 - settings.slow..=bar]),
    }
}

/// The running sums, if the cross-multiplied comparison below stays exact with them.
fn exact<'a>(view: &View<'a>, settings: &SmaCross) -> Option<&'a TickSums> {
    view.ticks.filter(|ticks| ticks.largest * settings.fast as f64 * settings.slow as f64 <= EXACT)
}

/// Compares the means, cross-multiplied: whole numbers on both sides, so a tie is a tie.
fn above(settings: &SmaCross, ticks: &TickSums, bar: usize) -> bool {
    let (fast, slow) = (settings.fast, settings.slow);
    ticks.window(bar, fast) * slow as f64 > ticks.window(bar, slow) * fast as f64
}

/// For prices without a tick: both windows are summed anew, oldest first.
fn above_re_summed(settings: &SmaCross, closes: &[f64]) -> bool {
    let fast: f64 = closes[settings.slow - settings.fast..].iter().sum();
    let slow: f64 = closes.iter().sum();
    fast / settings.fast as f64 > slow / settings.slow as f64
}
