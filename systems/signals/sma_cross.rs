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
        let Some(ticks) = exact(view, settings) else {
            return bars.find_map(|bar| {
                Some((bar, Self::generate_signal(settings, &mut SmaCrossState, view, bar, Nanos::ZERO)?))
            });
        };
        let holding = view.position.get() > 0.0;
        let bar = first_other(settings, ticks, bars, holding)?;
        Some((bar, change(!holding, holding)?))
    }
}

/// The first candle of `bars` at which being above is other than `holding`.
fn first_other(
    settings: &SmaCross,
    ticks: &TickSums,
    mut bars: Range<usize>,
    holding: bool,
) -> Option<usize> {
    while bars.len() >= WORD {
        let Some(above) = word(settings, ticks, bars.start) else { break };
        let others = if holding { !above } else { above };
        if others != 0 {
            return Some(bars.start + others.trailing_zeros() as usize);
        }
        bars.start += WORD;
    }
    bars.find(|bar| above(settings, ticks, *bar) != holding)
}

/// Candles looked at side by side: few enough that little is looked at in vain behind a change.
const WORD: usize = 32;

/// For the candles from `bar` on, whether the fast mean is above the slow one, lowest bit first; `None` when there
/// are not as many. Element by element the same as [`above`].
fn word(settings: &SmaCross, ticks: &TickSums, bar: usize) -> Option<u32> {
    /// Moves the lowest bit of each byte to its place in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let sums = |before: usize| ticks.sums.get(bar + 1 - before..)?.first_chunk::<WORD>();
    let (ends, fasts, slows) = (sums(0)?, sums(settings.fast)?, sums(settings.slow)?);
    let (fast, slow) = (settings.fast as f64, settings.slow as f64);
    let mut above = [0; WORD];
    for at in 0..WORD {
        above[at] = u8::from((ends[at] - fasts[at]) * slow > (ends[at] - slows[at]) * fast);
    }
    let (bytes, _) = above.as_chunks::<8>();
    let bits = bytes.iter().map(|bytes| (u64::from_le_bytes(*bytes).wrapping_mul(GATHER) >> 56) as u32);
    Some(bits.rev().fold(0, |word, byte| word << 8 | byte))
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
