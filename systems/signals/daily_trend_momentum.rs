//! `daily_trend_momentum`: long when a daily close breaks out of its channel with trend and momentum behind it, out
//! at a trailing stop, a broken trend or a broken channel. Never short.

use hemiola_components::engine::{DailyTrendMomentum, DailyTrendMomentumState, TrailingStop};
use hemiola_components::reading::Reading;
use hemiola_components::signal::{Direction, Metadata, Protection, Signal, SignalKind};
use hemiola_components::strategy::{
    Classification, LicenseTier, ParameterError, ParameterSpec, Parameters, Preset,
};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Price, Quantity, Ratio};

use super::engine::{Columns, Engine, View};
use crate::indicators::atr::average_true_range;
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
        if state.seen == 0 || state.opened_at != self.view.opened_at {
            let opened_at = self.view.opened_at;
            let entry = bars.closed_at(opened_at, 0).saturating_sub(1).max(self.view.first);
            let (peak, stop) = (bars.close[entry], self.stop_below(bars.close[entry], entry));
            *state = DailyTrendMomentumState { opened_at, seen: entry + 1, peak, stop, stopped: false };
        }
        for bar in state.seen..=self.bar {
            state.peak = state.peak.max(bars.close[bar]);
            match self.settings.stop {
                TrailingStop::Close => {
                    state.stop = self.stop_below(state.peak, bar);
                    state.stopped = bars.close[bar] <= state.stop;
                }
                TrailingStop::Ratchet => {
                    state.stopped |= bars.low[bar] <= state.stop;
                    if !state.stopped {
                        state.stop = state.stop.max(self.stop_below(state.peak, bar));
                    }
                }
            }
        }
        state.seen = state.seen.max(self.bar + 1);
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
        Signal {
            side: "buy",
            protection: Some(Protection { atr: self.atr(self.bar), stop: Price::new(stop) }),
            metadata: self.metadata(stop, 1.0),
            ..Signal::new(SignalKind::Enter(Direction::Long), Ratio::new(confidence))
        }
    }

    fn exit(&self, state: &DailyTrendMomentumState) -> Signal {
        let below = (state.stop - self.close()).max(0.0) / self.close().max(1e-8);
        let down = (-self.trend_strength()).max(0.0);
        let confidence = (0.35 + 3.0 * below + 2.0 * down).clamp(0.1, 1.0);
        Signal {
            side: "sell",
            metadata: self.metadata(state.stop, 0.0),
            ..Signal::new(SignalKind::Exit, Ratio::new(confidence))
        }
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
