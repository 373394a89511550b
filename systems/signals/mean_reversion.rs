//! `mean_reversion`: against a close that is far from its mean, in standard deviations, while the market is calm;
//! out when it is back near the mean, after so many candles, or when the market is calm no more.

use std::ops::Range;

use hemiola_components::engine::{MeanReversion, MeanReversionState, ProtectionRule};
use hemiola_components::metric::Metric;
use hemiola_components::reading::Reading;
use hemiola_components::signal::{Direction, Metadata, Reasons, Signal, SignalKind};
use hemiola_components::strategy::{
    Classification, LicenseTier, ParameterError, ParameterSpec, Parameters, Preset,
};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Price, Ratio};

use super::engine::{Columns, Engine, View};
use super::kernel::{Loud, Quiet, chunk};
use super::metrics::{ABS_ZSCORE, REALIZED_VOLATILITY};
use crate::indicators::atr::protection;
use crate::indicators::log_returns::Variances;
use crate::indicators::moments::Moments;
use crate::indicators::window::{mean_and_variance, sample_variance};

const LONGEST: u32 = 100_000;

/// Above this multiple of its cap, volatility closes a position.
const TOO_WILD: f64 = 1.5;

/// The variance of closes is taken to be at least this.
const LEAST_VARIANCE: f64 = 1e-12;

impl Engine for MeanReversion {
    const NAME: &'static str = "mean_reversion";
    const SUMMARY: &'static str =
        "Against a close far from its mean while the market is calm; out when it is back, or after a while.";
    const CLASSIFICATION: Classification = Classification {
        capability: "mean_reversion",
        license_tier: LicenseTier::Professional,
        risk_classes: &["statistical", "mean_reversion"],
        required_data: &["ohlcv", "spread_history"],
        tags: &["mean_reversion", "stat_arbitrage"],
    };
    const PARAMETERS: &'static [ParameterSpec] = &[
        ParameterSpec::count(
            "lookback",
            96,
            [2, LONGEST],
            "closes in the window, and returns in the volatility",
        ),
        ParameterSpec::positive(
            "entry_zscore",
            1.8,
            1_000.0,
            "distance from the mean that opens a position, in standard deviations",
        ),
        ParameterSpec::number(
            "exit_zscore",
            0.4,
            [0.0, 1_000.0],
            "distance from the mean that closes it; less than `entry_zscore`",
        ),
        ParameterSpec::count("max_holding_period", 12, [1, LONGEST], "most candles a position is held"),
        ParameterSpec::positive(
            "volatility_cap",
            0.04,
            1_000.0,
            "volatility of a candle's return above which nothing is opened, as a fraction",
        ),
        ParameterSpec::number(
            "min_volume_usd",
            100_000.0,
            [0.0, 1e15],
            "least turnover of a candle for an entry, in quote currency",
        ),
        ParameterSpec::choice(
            "volume_unit",
            &["quote", "base"],
            "what `min_volume_usd` is held against: volume times close, or the volume as it is",
        ),
        ParameterSpec::count("atr_window", 14, [1, LONGEST], "true ranges in the average"),
        ParameterSpec::positive(
            "stop_atr_multiple",
            3.0,
            1_000.0,
            "distance of the stop in average true ranges",
        ),
        ParameterSpec::choice(
            "stop",
            &["touch", "none"],
            "`touch`: a candle that trades through the stop closes the position; `none`: nobody looks at it",
        ),
    ];
    const PRESETS: &'static [Preset] = &[
        Preset {
            name: "catalogue",
            values: &[("entry_zscore", 2.0), ("exit_zscore", 0.5), ("min_volume_usd", 1_000.0)],
        },
        Preset {
            name: "shipped",
            values: &[
                ("entry_zscore", 1.9),
                ("exit_zscore", 0.35),
                ("max_holding_period", 16.0),
                ("volatility_cap", 0.035),
                ("min_volume_usd", 250_000.0),
            ],
        },
    ];
    const COLUMNS: Columns = Columns { log_returns: true, ..Columns::CANDLES };
    const METRICS: &'static [Metric] = &[ABS_ZSCORE, REALIZED_VOLATILITY];

    type Settings = Self;
    type State = MeanReversionState;

    fn prepare(parameters: &Parameters) -> Result<Self, ParameterError> {
        let (entry, exit) = (parameters.number("entry_zscore")?, parameters.number("exit_zscore")?);
        if exit >= entry {
            let message = format!("must be less than entry_zscore ({entry}), not {exit}");
            return Err(ParameterError::new("exit_zscore", message));
        }
        Ok(Self {
            lookback: parameters.count("lookback")?,
            entry_zscore: entry,
            exit_zscore: exit,
            max_holding_period: parameters.count("max_holding_period")?,
            volatility_cap: parameters.number("volatility_cap")?,
            min_volume: parameters.number("min_volume_usd")?,
            volume_in_quote: parameters.is("volume_unit", "quote")?,
            protection: ProtectionRule {
                atr_window: parameters.count("atr_window")?,
                multiple: parameters.number("stop_atr_multiple")?,
            },
            obeys_stop: parameters.is("stop", "touch")?,
        })
    }

    fn warm_up(settings: &Self) -> usize {
        settings.lookback
    }

    fn handle_market_data(_: &Self, _: &mut MeanReversionState, _: &View<'_>, _: usize) {}

    fn generate_signal(
        settings: &Self,
        state: &mut MeanReversionState,
        view: &View<'_>,
        bar: usize,
        _: Nanos,
    ) -> Option<Signal> {
        if view.given(bar) < settings.lookback {
            return None;
        }
        let eye = Eye { settings, view, bar };
        match Direction::of(view.position) {
            Some(direction) => {
                eye.follow(state, direction);
                eye.exit(state, direction)
            }
            None => eye.enter(),
        }
    }

    fn looks_back_to(settings: &Self, state: &MeanReversionState, view: &View<'_>, seen: usize) -> usize {
        let windows = seen.saturating_sub(settings.protection.reach().max(settings.lookback + 1));
        let unfollowed = match Direction::of(view.position) {
            Some(_) if is_about(state, view) => {
                // Longer ago is as long ago.
                let held = state.first.max(seen.saturating_sub(settings.max_holding_period));
                held.min(state.seen.saturating_sub(1))
            }
            Some(_) => view.bars.closed_at(view.opened_at, 0),
            None => seen,
        };
        windows.min(unfollowed)
    }

    fn forget(state: &mut MeanReversionState, candles: usize) {
        if state.seen > 0 {
            state.first = state.first.saturating_sub(candles);
            state.seen = state.seen.saturating_sub(candles).max(1);
        }
    }

    /// Sums that move along tell whether a candle surely changes nothing; only the others are summed anew.
    fn scan(
        settings: &Self,
        state: &mut MeanReversionState,
        view: &View<'_>,
        range: Range<usize>,
    ) -> Option<(usize, Signal)> {
        let bars = range.start.max(view.first + settings.lookback - 1)..range.end;
        let last = bars.clone().next_back()?;
        let eye = |bar| Eye { settings, view, bar };
        let closes = Moments::new(&view.bars.close, settings.lookback);
        let Some(direction) = Direction::of(view.position) else {
            let near = Near { settings, view, closes };
            return Loud::<_, 8, 32>::new(near, bars).find_map(|bar| Some((bar, eye(bar).enter()?)));
        };
        eye(bars.start).follow(state, direction);
        let due = if state.stopped { bars.start } else { state.first + settings.max_holding_period - 1 };
        let due = due.clamp(bars.start, bars.end);
        let far = Far::new(settings, view, closes, direction);
        for bar in Loud::<_, 16, 16>::new(far, bars.start..due).chain(due..bars.end) {
            eye(bar).follow(state, direction);
            if let Some(signal) = eye(bar).exit(state, direction) {
                return Some((bar, signal));
            }
        }
        eye(last).follow(state, direction);
        None
    }

    fn explain(
        settings: &Self,
        state: &MeanReversionState,
        view: &View<'_>,
        bar: usize,
        _: Nanos,
    ) -> Vec<Reading> {
        let given = view.given(bar);
        let mut readings = vec![Reading::at_least("candles", given as f64, settings.lookback as f64)];
        if given < settings.lookback {
            return readings;
        }
        let eye = Eye { settings, view, bar };
        let (zscore, volatility) = (eye.zscore(), eye.volatility());
        if let Some(direction) = Direction::of(view.position) {
            let mut state = *state;
            eye.follow(&mut state, direction);
            let back = -direction.sign() * settings.exit_zscore;
            readings.push(match direction {
                Direction::Long => Reading::at_least("exit: zscore", zscore, back),
                Direction::Short => Reading::at_most("exit: zscore", zscore, back),
            });
            let (held, most) = (eye.held(&state) as f64, settings.max_holding_period as f64);
            readings.push(Reading::at_least("exit: candles held", held, most));
            let wild = TOO_WILD * settings.volatility_cap;
            readings.push(Reading::above("exit: volatility", volatility, wild));
            readings.push(Reading::at_least("exit: stopped", f64::from(u8::from(state.stopped)), 1.0));
        } else {
            readings.push(Reading::at_least("turnover", eye.turnover(), settings.min_volume));
            readings.push(Reading::plain("zscore", zscore));
            readings.push(Reading::at_least("distance", zscore.abs(), settings.entry_zscore));
            readings.push(Reading::at_most("volatility", volatility, settings.volatility_cap));
        }
        readings
    }
}

/// Whether a state is about the position that is held.
fn is_about(state: &MeanReversionState, view: &View<'_>) -> bool {
    state.seen > 0 && state.opened_at == view.opened_at
}

/// A look at one candle.
struct Eye<'a> {
    settings: &'a MeanReversion,
    view: &'a View<'a>,
    bar: usize,
}

impl Eye<'_> {
    /// The close's distance from the mean of the window, in sample standard deviations.
    fn zscore(&self) -> f64 {
        let lookback = self.settings.lookback;
        let closes = &self.view.bars.close[self.bar + 1 - lookback..=self.bar];
        let (mean, variance) = mean_and_variance(closes, lookback);
        (closes[lookback - 1] - mean) / variance.max(LEAST_VARIANCE).sqrt()
    }

    /// The sample standard deviation of the last returns. A candle without a return counts as one of zero.
    fn volatility(&self) -> f64 {
        let Some(returns) = self.view.returns else { return 0.0 };
        let candles = self.settings.lookback.min(self.bar - self.view.first);
        let (from, until) = (returns.count(self.bar - candles), returns.count(self.bar));
        sample_variance(&returns.values[from..until], candles).sqrt()
    }

    fn turnover(&self) -> f64 {
        let volume = self.view.bars.volume[self.bar];
        if self.settings.volume_in_quote { volume * self.view.bars.close[self.bar] } else { volume }
    }

    fn enter(&self) -> Option<Signal> {
        let settings = self.settings;
        if self.turnover() < settings.min_volume {
            return None;
        }
        let zscore = self.zscore();
        let (direction, side, regime) = if zscore <= -settings.entry_zscore {
            (Direction::Long, "buy", "long_entry")
        } else if zscore >= settings.entry_zscore {
            (Direction::Short, "sell", "short_entry")
        } else {
            return None;
        };
        let volatility = self.volatility();
        if volatility > settings.volatility_cap {
            return None;
        }
        let confidence = (zscore.abs() / settings.entry_zscore.max(1e-6)).min(1.0);
        let protection =
            protection(self.view.bars, self.view.first, self.bar, direction, settings.protection);
        Some(Signal::new(SignalKind::Enter(direction), Ratio::new(confidence)).because(Reasons {
            regime,
            protection: Some(protection),
            metadata: metadata(zscore, volatility),
            ..Reasons::named(side)
        }))
    }

    fn exit(&self, state: &MeanReversionState, direction: Direction) -> Option<Signal> {
        let settings = self.settings;
        let (zscore, volatility) = (self.zscore(), self.volatility());
        let (back, side, regime) = match direction {
            Direction::Long => (zscore >= -settings.exit_zscore, "sell", "long_exit"),
            Direction::Short => (zscore <= settings.exit_zscore, "buy", "short_exit"),
        };
        let wild = volatility > TOO_WILD * settings.volatility_cap;
        if !(back || wild || self.is_due_out(state)) {
            return None;
        }
        let confidence = (zscore.abs() / settings.exit_zscore.max(1e-6)).clamp(0.0, 1.0);
        Some(Signal::new(SignalKind::Exit, Ratio::new(confidence)).because(Reasons {
            regime: if state.stopped { "stop_exit" } else { regime },
            metadata: metadata(zscore, volatility),
            ..Reasons::named(side)
        }))
    }

    /// Whether it has been held for long enough, or a candle has traded through the stop.
    fn is_due_out(&self, state: &MeanReversionState) -> bool {
        state.stopped || self.held(state) >= self.settings.max_holding_period
    }

    /// Holds the candles since the last look against the stop.
    fn follow(&self, state: &mut MeanReversionState, direction: Direction) {
        let bars = self.view.bars;
        let opened_at = self.view.opened_at;
        if !is_about(state, self.view) {
            let first = bars.closed_at(opened_at, 0);
            *state = MeanReversionState { opened_at, first, seen: first, stopped: false };
        }
        if let Some(stop) = self.view.stop.filter(|_| self.settings.obeys_stop) {
            state.stopped |= (state.seen..=self.bar).any(|bar| match direction {
                Direction::Long => bars.low[bar] <= stop.get(),
                Direction::Short => bars.high[bar] >= stop.get(),
            });
        }
        state.seen = state.seen.max(self.bar + 1);
    }

    /// Candles that have closed since the entry.
    const fn held(&self, state: &MeanReversionState) -> usize {
        (self.bar + 1).saturating_sub(state.first)
    }
}

/// Candles that surely open nothing: closes near their mean, or too little turnover.
struct Near<'a> {
    settings: &'a MeanReversion,
    view: &'a View<'a>,
    closes: Moments<'a>,
}

impl Quiet for Near<'_> {
    #[inline]
    fn loud<const N: usize>(&mut self, bar: usize) -> Option<[u8; N]> {
        let MeanReversion { entry_zscore, min_volume, volume_in_quote, .. } = *self.settings;
        let near = self.closes.places::<N>(bar)?.are_within(entry_zscore);
        let volumes = chunk::<N>(&self.view.bars.volume, bar)?;
        let closes = chunk::<N>(&self.view.bars.close, bar)?;
        let mut loud = [0; N];
        for at in 0..N {
            let turnover = if volume_in_quote { volumes[at] * closes[at] } else { volumes[at] };
            let is_thin = turnover < min_volume;
            loud[at] = u8::from(!(near[at] | is_thin));
        }
        Some(loud)
    }
}

/// Candles that surely keep a position, as long as it may be held: closes far from their mean in a calm market, and
/// no trade at the stop.
struct Far<'a> {
    direction: Direction,
    exit_zscore: f64,
    closes: Moments<'a>,
    returns: Option<Variances<'a>>,
    /// The first candle with enough returns.
    from: usize,
    /// Variances of returns below this are surely calm.
    calm: f64,
    /// What the stop is held against.
    extremes: &'a [f64],
    /// NaN when there is none.
    stop: f64,
}

impl<'a> Far<'a> {
    fn new(settings: &MeanReversion, view: &View<'a>, closes: Moments<'a>, direction: Direction) -> Self {
        /// Far more than the rounding of square root and product.
        const MARGIN: f64 = 1e-9;
        let wild = TOO_WILD * settings.volatility_cap;
        let returns = view.returns.and_then(|returns| Variances::new(returns, settings.lookback));
        let error = returns.as_ref().map_or(0.0, |variances| variances.error);
        Self {
            direction,
            exit_zscore: settings.exit_zscore,
            closes,
            returns,
            from: view.first + settings.lookback,
            calm: wild * wild * (1.0 - MARGIN) - error * (1.0 + MARGIN),
            extremes: match direction {
                Direction::Long => &view.bars.low,
                Direction::Short => &view.bars.high,
            },
            stop: view.stop.filter(|_| settings.obeys_stop).map_or(f64::NAN, Price::get),
        }
    }
}

impl Quiet for Far<'_> {
    #[inline]
    fn loud<const N: usize>(&mut self, bar: usize) -> Option<[u8; N]> {
        let returns = self.returns.as_ref().filter(|_| bar >= self.from)?;
        let variances = returns.from::<N>(bar)?;
        let sign = self.direction.sign();
        let far = self.closes.places::<N>(bar)?.are_beyond(-sign, self.exit_zscore, LEAST_VARIANCE);
        let extremes = chunk::<N>(self.extremes, bar)?;
        let mut loud = [0; N];
        for at in 0..N {
            let is_calm = variances[at] < self.calm;
            let is_stopped = sign * extremes[at] <= sign * self.stop;
            loud[at] = u8::from(!(far[at] & is_calm) | is_stopped);
        }
        Some(loud)
    }
}

fn metadata(zscore: f64, volatility: f64) -> Metadata {
    Metadata::new(&["zscore", "volatility"], [zscore, volatility])
}
