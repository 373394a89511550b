//! `daily_trend_momentum`: long when a daily close breaks out of its channel with trend and momentum behind it, out
//! at a trailing stop, a broken trend or a broken channel. Never short.

use std::ops::Range;

use hemiola_components::engine::{DailyTrendMomentum, DailyTrendMomentumState, TrailingStop};
use hemiola_components::reading::Reading;
use hemiola_components::signal::{Direction, Metadata, Protection, Reasons, Signal, SignalKind};
use hemiola_components::strategy::{
    Classification, LicenseTier, ParameterError, ParameterSpec, Parameters, Preset,
};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Price, Quantity, Ratio};

use super::engine::{Columns, Engine, View};
use super::kernel::{Loud, Quiet, chunk};
use crate::indicators::atr::{average_true_range, average_true_ranges};
use crate::indicators::window::{highest, lowest};

const LONGEST: u32 = 100_000;

impl Engine for DailyTrendMomentum {
    const NAME: &'static str = "daily_trend_momentum";
    const SUMMARY: &'static str =
        "Long on a breakout with trend and momentum behind it; out at a trailing stop or a broken trend.";
    const CLASSIFICATION: Classification = Classification {
        capability: "trend_d1",
        license_tier: LicenseTier::Standard,
        risk_classes: &["directional", "momentum"],
        required_data: &["ohlcv", "technical_indicators"],
        tags: &["trend", "momentum"],
    };
    const PARAMETERS: &'static [ParameterSpec] = &[
        ParameterSpec::count("fast_ma", 20, [1, LONGEST], "closes in the fast mean; fewer than `slow_ma`"),
        ParameterSpec::count("slow_ma", 100, [1, LONGEST], "closes in the slow mean"),
        ParameterSpec::count("breakout_lookback", 55, [1, LONGEST], "candles before this one in the channel"),
        ParameterSpec::count("momentum_window", 20, [1, LONGEST], "candles over which momentum is measured"),
        ParameterSpec::count("atr_window", 14, [1, LONGEST], "true ranges in the average"),
        ParameterSpec::positive(
            "atr_multiplier",
            2.0,
            1_000.0,
            "distance of the stop in average true ranges",
        ),
        ParameterSpec::number(
            "min_trend_strength",
            0.005,
            [-1.0, 1_000.0],
            "least excess of the fast mean over the slow one, as a fraction",
        ),
        ParameterSpec::number("min_momentum", 0.0, [-1.0, 1_000.0], "least momentum, as a fraction"),
        ParameterSpec::choice(
            "stop",
            &["ratchet", "close"],
            "`ratchet`: never moves back, hit when a candle trades through it; `close`: hit by a close",
        ),
    ];
    const PRESETS: &'static [Preset] =
        &[Preset { name: "shipped", values: &[("fast_ma", 25.0), ("min_momentum", 0.001)] }];
    const INTERVAL: Option<&'static str> = Some("1d");
    const COLUMNS: Columns = Columns { tick_sums: true, ..Columns::RANGES };

    type Settings = Self;
    type State = DailyTrendMomentumState;

    fn prepare(parameters: &Parameters) -> Result<Self, ParameterError> {
        let (fast_ma, slow_ma) = (parameters.count("fast_ma")?, parameters.count("slow_ma")?);
        if fast_ma >= slow_ma {
            let message = format!("must be less than slow_ma ({slow_ma}), not {fast_ma}");
            return Err(ParameterError::new("fast_ma", message));
        }
        Ok(Self {
            fast_ma,
            slow_ma,
            breakout_lookback: parameters.count("breakout_lookback")?,
            momentum_window: parameters.count("momentum_window")?,
            atr_window: parameters.count("atr_window")?,
            atr_multiplier: parameters.number("atr_multiplier")?,
            min_trend_strength: parameters.number("min_trend_strength")?,
            min_momentum: parameters.number("min_momentum")?,
            stop: if parameters.is("stop", "close")? { TrailingStop::Close } else { TrailingStop::Ratchet },
        })
    }

    fn doubt(settings: &Self) -> Option<ParameterError> {
        let least = settings.min_trend_strength;
        let message = format!("is {least}: entries against the trend are allowed");
        (least < 0.0).then(|| ParameterError::new("min_trend_strength", message))
    }

    fn warm_up(settings: &Self) -> usize {
        let channel = settings.breakout_lookback.max(settings.momentum_window) + 1;
        settings.slow_ma.max(channel).max(settings.atr_window)
    }

    fn handle_market_data(_: &Self, _: &mut DailyTrendMomentumState, _: &View<'_>, _: usize) {}

    fn generate_signal(
        settings: &Self,
        state: &mut DailyTrendMomentumState,
        view: &View<'_>,
        bar: usize,
        _: Nanos,
    ) -> Option<Signal> {
        if view.given(bar) < Self::warm_up(settings) {
            return None;
        }
        let eye = Eye { settings, view, bar };
        if view.position > Quantity::ZERO {
            eye.follow(state);
            eye.exits(state).then(|| eye.exit(state))
        } else {
            eye.enters().then(|| eye.enter())
        }
    }

    fn looks_back_to(
        settings: &Self,
        state: &DailyTrendMomentumState,
        view: &View<'_>,
        seen: usize,
    ) -> usize {
        let unfollowed = match Direction::of(view.position) {
            Some(_) if is_about(state, view) => state.seen,
            Some(_) => entry(view),
            None => seen,
        };
        unfollowed.min(seen).saturating_sub(Self::warm_up(settings) + 1)
    }

    fn forget(state: &mut DailyTrendMomentumState, candles: usize) {
        if state.seen > 0 {
            state.seen = state.seen.saturating_sub(candles).max(1);
        }
    }

    fn scan(
        settings: &Self,
        state: &mut DailyTrendMomentumState,
        view: &View<'_>,
        range: Range<usize>,
    ) -> Option<(usize, Signal)> {
        let bars = range.start.max(view.first + Self::warm_up(settings) - 1)..range.end;
        if view.position > Quantity::ZERO {
            return ride(settings, state, view, bars);
        }
        let mut eyes =
            Loud::<_, 16, 32>::new(NoEntry::new(settings, view), bars).map(|bar| Eye { settings, view, bar });
        let eye = eyes.find(Eye::enters)?;
        Some((eye.bar, eye.enter()))
    }

    fn explain(
        settings: &Self,
        state: &DailyTrendMomentumState,
        view: &View<'_>,
        bar: usize,
        _: Nanos,
    ) -> Vec<Reading> {
        let (given, needed) = (view.given(bar), Self::warm_up(settings));
        let mut readings = vec![Reading::at_least("candles", given as f64, needed as f64)];
        if given < needed {
            return readings;
        }
        let eye = Eye { settings, view, bar };
        let close = view.bars.close[bar];
        readings.push(Reading::plain("sma_fast", view.mean_close(bar, settings.fast_ma)));
        readings.push(Reading::plain("sma_slow", view.mean_close(bar, settings.slow_ma)));
        readings.push(Reading::plain("atr", eye.atr(bar)));
        if view.position > Quantity::ZERO {
            let mut state = *state;
            eye.follow(&mut state);
            readings.push(Reading::below("exit: trend_strength", eye.trend_strength(), 0.0));
            let low = if settings.stop == TrailingStop::Close { close } else { view.bars.low[bar] };
            readings.push(Reading::at_most("exit: stop", low, state.stop));
            readings.push(Reading::at_most("exit: breakout_low", close, eye.breakout_low()));
        } else {
            readings.push(Reading::at_least("close, breakout_high", close, eye.breakout_high()));
            readings.push(Reading::at_least(
                "trend_strength",
                eye.trend_strength(),
                settings.min_trend_strength,
            ));
            readings.push(Reading::at_least("momentum", eye.momentum(), settings.min_momentum));
        }
        readings
    }
}

/// Whether a state is about the position that is held.
fn is_about(state: &DailyTrendMomentumState, view: &View<'_>) -> bool {
    state.seen > 0 && state.opened_at == view.opened_at
}

/// The last candle that closed before the position was opened.
fn entry(view: &View<'_>) -> usize {
    view.bars.closed_at(view.opened_at, 0).saturating_sub(1).max(view.first)
}

/// A look at one candle.
struct Eye<'a> {
    settings: &'a DailyTrendMomentum,
    view: &'a View<'a>,
    bar: usize,
}

impl Eye<'_> {
    fn close(&self) -> f64 {
        self.view.bars.close[self.bar]
    }

    fn trend_strength(&self) -> f64 {
        let slow = self.view.mean_close(self.bar, self.settings.slow_ma);
        if slow == 0.0 { 0.0 } else { self.view.mean_close(self.bar, self.settings.fast_ma) / slow - 1.0 }
    }

    fn momentum(&self) -> f64 {
        let base = self.view.bars.close[self.bar - self.settings.momentum_window];
        if base == 0.0 { 0.0 } else { self.close() / base - 1.0 }
    }

    fn atr(&self, bar: usize) -> f64 {
        average_true_range(self.view.bars, self.view.first, bar, self.settings.atr_window)
    }

    fn breakout_high(&self) -> f64 {
        highest(&self.view.bars.high[self.bar - self.settings.breakout_lookback..self.bar])
    }

    fn breakout_low(&self) -> f64 {
        lowest(&self.view.bars.low[self.bar - self.settings.breakout_lookback..self.bar])
    }

    fn enters(&self) -> bool {
        self.momentum() >= self.settings.min_momentum
            && self.trend_strength() >= self.settings.min_trend_strength
            && self.close() >= self.breakout_high()
    }

    fn exits(&self, state: &DailyTrendMomentumState) -> bool {
        state.stopped || self.trend_strength() < 0.0 || self.close() <= self.breakout_low()
    }

    /// Brings peak and stop up to the candle. The peak begins with the last close before the entry.
    fn follow(&self, state: &mut DailyTrendMomentumState) {
        let bars = self.view.bars;
        if !is_about(state, self.view) {
            let opened_at = self.view.opened_at;
            let entry = entry(self.view);
            let (peak, stop) = (bars.close[entry], self.stop_below(bars.close[entry], entry));
            *state = DailyTrendMomentumState { opened_at, seen: entry + 1, peak, stop, stopped: false };
        }
        for bar in state.seen..=self.bar {
            self.move_stop(state, bar, self.atr(bar));
        }
        state.seen = state.seen.max(self.bar + 1);
    }

    /// Brings peak and stop from the candle before `bar` to it.
    fn move_stop(&self, state: &mut DailyTrendMomentumState, bar: usize, atr: f64) {
        let bars = self.view.bars;
        state.peak = state.peak.max(bars.close[bar]);
        let stop = state.peak - atr * self.settings.atr_multiplier;
        match self.settings.stop {
            TrailingStop::Close => {
                state.stop = stop;
                state.stopped = bars.close[bar] <= stop;
            }
            TrailingStop::Ratchet => {
                state.stopped |= bars.low[bar] <= state.stop;
                if !state.stopped {
                    state.stop = state.stop.max(stop);
                }
            }
        }
    }

    fn stop_below(&self, peak: f64, bar: usize) -> f64 {
        peak - self.atr(bar) * self.settings.atr_multiplier
    }

    fn enter(&self) -> Signal {
        let (trend, momentum) = (self.trend_strength(), self.momentum());
        let excess = (trend - self.settings.min_trend_strength).max(0.0);
        let push = (momentum - self.settings.min_momentum).max(0.0);
        let confidence = (0.35 + 2.0 * excess + 1.5 * push).clamp(0.1, 1.0);
        let stop = self.stop_below(self.close(), self.bar);
        Signal::new(SignalKind::Enter(Direction::Long), Ratio::new(confidence)).because(Reasons {
            protection: Some(Protection { atr: self.atr(self.bar), stop: Price::new(stop) }),
            metadata: self.metadata(stop, 1.0),
            ..Reasons::named("buy")
        })
    }

    fn exit(&self, state: &DailyTrendMomentumState) -> Signal {
        let below = (state.stop - self.close()).max(0.0) / self.close().max(1e-8);
        let down = (-self.trend_strength()).max(0.0);
        let confidence = (0.35 + 3.0 * below + 2.0 * down).clamp(0.1, 1.0);
        Signal::new(SignalKind::Exit, Ratio::new(confidence))
            .because(Reasons { metadata: self.metadata(state.stop, 0.0), ..Reasons::named("sell") })
    }

    fn metadata(&self, stop: f64, position: f64) -> Metadata {
        const NAMES: [&str; 9] = [
            "sma_fast",
            "sma_slow",
            "trend_strength",
            "momentum",
            "atr",
            "breakout_high",
            "breakout_low",
            "stop_price",
            "position",
        ];
        let values = [
            self.view.mean_close(self.bar, self.settings.fast_ma),
            self.view.mean_close(self.bar, self.settings.slow_ma),
            self.trend_strength(),
            self.momentum(),
            self.atr(self.bar),
            self.breakout_high(),
            self.breakout_low(),
            stop,
            position,
        ];
        Metadata::new(&NAMES, values)
    }
}

/// Candles of a position looked at side by side: few, for it may end at any of them.
const BLOCK: usize = 16;

/// Runs over the candles of a position. The stop moves candle after candle; what moves it and what else ends the
/// position is found side by side.
fn ride(
    settings: &DailyTrendMomentum,
    state: &mut DailyTrendMomentumState,
    view: &View<'_>,
    mut bars: Range<usize>,
) -> Option<(usize, Signal)> {
    while !bars.is_empty() {
        let follows = state.seen == bars.start && state.opened_at == view.opened_at;
        let begins = bars.start + 1 - settings.atr_window;
        let fits = follows && bars.len() >= BLOCK && begins > view.first;
        let weak = if fits { weak(settings, view, bars.start) } else { None };
        let Some(weak) = weak else {
            let eye = Eye { settings, view, bar: bars.start };
            eye.follow(state);
            if eye.exits(state) {
                return Some((eye.bar, eye.exit(state)));
            }
            bars.start += 1;
            continue;
        };
        let ranges = average_true_ranges::<BLOCK>(view.bars, bars.start, settings.atr_window);
        for (atr, weak) in ranges.into_iter().zip(weak) {
            let eye = Eye { settings, view, bar: bars.start };
            eye.move_stop(state, eye.bar, atr);
            state.seen = eye.bar + 1;
            if (state.stopped || weak != 0) && eye.exits(state) {
                return Some((eye.bar, eye.exit(state)));
            }
            bars.start += 1;
        }
    }
    None
}

/// Candles that surely open nothing: too little momentum, too little trend, or an earlier candle of the channel
/// that went higher.
struct NoEntry<'a> {
    settings: &'a DailyTrendMomentum,
    view: &'a View<'a>,
    /// Quotients below these are too little.
    momentum: f64,
    trend: f64,
}

/// Far more than the rounding of means, a quotient and a difference, as a fraction of each and as it is.
const MARGIN: f64 = 1e-9;

impl<'a> NoEntry<'a> {
    fn new(settings: &'a DailyTrendMomentum, view: &'a View<'a>) -> Self {
        // What is computed as a quotient less one is off by a few roundings of the quotient and one of the least.
        let surely_below = |least: f64| (1.0 + least) * (1.0 - MARGIN) - MARGIN;
        let momentum = surely_below(settings.min_momentum);
        Self { settings, view, momentum, trend: surely_below(settings.min_trend_strength) }
    }
}

impl Quiet for NoEntry<'_> {
    #[inline]
    fn loud<const N: usize>(&mut self, bar: usize) -> Option<[u8; N]> {
        let Self { settings, view, momentum, trend } = *self;
        let closes = chunk::<N>(&view.bars.close, bar)?;
        let bases = chunk::<N>(&view.bars.close, bar.checked_sub(settings.momentum_window)?)?;
        let before = chunk::<N>(&view.bars.high, bar.checked_sub(1)?)?;
        let shared = highest(shared::<N>(&view.bars.high, bar, settings.breakout_lookback)?);
        let mut loud = [0; N];
        for at in 0..N {
            let is_weak = closes[at] < bases[at] * momentum;
            let (is_lower, is_low) = (closes[at] < before[at], closes[at] < shared);
            loud[at] = u8::from(!(is_weak | is_lower | is_low));
        }
        if let Some([fast, slow]) = trends::<N>(settings, view, bar) {
            for at in 0..N {
                let is_weak = fast[at] < slow[at] * trend;
                loud[at] &= u8::from(!is_weak);
            }
        }
        Some(loud)
    }
}

/// For the candles from `bar` on, 0 where the position is surely kept unless its stop is hit: the fast mean is above
/// the slow one, and an earlier candle of the channel went lower.
fn weak(settings: &DailyTrendMomentum, view: &View<'_>, bar: usize) -> Option<[u8; BLOCK]> {
    let closes = chunk::<BLOCK>(&view.bars.close, bar)?;
    let before = chunk::<BLOCK>(&view.bars.low, bar - 1)?;
    let [fast, slow] = trends::<BLOCK>(settings, view, bar)?;
    let shared = lowest(shared::<BLOCK>(&view.bars.low, bar, settings.breakout_lookback)?);
    let mut weak = [0; BLOCK];
    for at in 0..BLOCK {
        let (is_higher, is_high) = (closes[at] > before[at], closes[at] > shared);
        let is_firm = fast[at] > slow[at] * (1.0 + MARGIN);
        weak[at] = u8::from(!((is_higher | is_high) & is_firm));
    }
    Some(weak)
}

/// The newest candles, at most 64, that are in the channels of all `N` candles from `bar` on; none when these are
/// shorter than that.
fn shared<const N: usize>(column: &[f64], bar: usize, lookback: usize) -> Option<&[f64]> {
    column.get(bar.checked_sub(lookback.saturating_sub(N - 1).min(64))?..bar)
}

/// Fast and slow means of the closes, in a unit of their own; `None` without exact sums.
fn trends<const N: usize>(
    settings: &DailyTrendMomentum,
    view: &View<'_>,
    bar: usize,
) -> Option<[[f64; N]; 2]> {
    let sums = |before: usize| chunk::<N>(&view.ticks?.sums, (bar + 1).checked_sub(before)?);
    let (ends, fasts, slows) = (sums(0)?, sums(settings.fast_ma)?, sums(settings.slow_ma)?);
    let (fast, slow) = (settings.fast_ma as f64, settings.slow_ma as f64);
    let mut means = [[0.0; N]; 2];
    for at in 0..N {
        means[0][at] = (ends[at] - fasts[at]) * slow;
        means[1][at] = (ends[at] - slows[at]) * fast;
    }
    Some(means)
}
