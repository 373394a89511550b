//! `volatility_target`: holds as much of its budget as brings the position's volatility to a wanted one.

use std::ops::Range;

use hemiola_components::engine::{ProtectionRule, VolatilityTarget, VolatilityTargetState};
use hemiola_components::market::LogReturns;
use hemiola_components::metric::Metric;
use hemiola_components::reading::Reading;
use hemiola_components::signal::{Answer, Direction, Metadata, Reasons, Signal, SignalKind};
use hemiola_components::strategy::{
    Classification, LicenseTier, ParameterError, ParameterSpec, Parameters, Preset,
};
use hemiola_components::time::Nanos;
use hemiola_components::units::Ratio;

use super::engine::{Columns, Engine, View};
use super::kernel::{Loud, Quiet};
use super::metrics::{ALLOCATION_ERROR, VOLATILITY_ERROR};
use crate::indicators::atr::protection;
use crate::indicators::log_returns::Variances;
use crate::indicators::window::sample_variance;

/// Markets that never close have this many days a year.
const YEAR: Nanos = Nanos::new(365 * Nanos::DAY.get());

impl Engine for VolatilityTarget {
    const NAME: &'static str = "volatility_target";
    const SUMMARY: &'static str =
        "Holds as much of its budget as brings the position to a wanted volatility.";
    const CLASSIFICATION: Classification = Classification {
        capability: "volatility_target",
        license_tier: LicenseTier::Enterprise,
        risk_classes: &["risk_control", "volatility"],
        required_data: &["ohlcv", "realized_volatility"],
        tags: &["volatility", "risk"],
    };
    const PARAMETERS: &'static [ParameterSpec] = &[
        ParameterSpec::positive("target_volatility", 0.1, 1_000.0, "wanted volatility, as a fraction"),
        ParameterSpec::count("lookback", 60, [1, 100_000], "returns in the window"),
        ParameterSpec::number(
            "rebalance_threshold",
            0.1,
            [0.0, 1_000.0],
            "least change of the allocation that is worth a trade, as a fraction of the new one",
        ),
        ParameterSpec::positive("min_allocation", 0.1, 1_000.0, "smallest fraction of the budget held"),
        ParameterSpec::positive("max_allocation", 1.0, 1_000.0, "largest fraction of the budget held"),
        ParameterSpec::number(
            "floor_volatility",
            0.02,
            [0.0, 1_000.0],
            "volatility is taken to be at least this",
        ),
        ParameterSpec::number(
            "annualization_factor",
            0.0,
            [0.0, 1e6],
            "turns a candle's volatility into that of the target's period; 0: a year, from the candle's length",
        ),
        ParameterSpec::count("atr_window", 14, [1, 100_000], "true ranges in the average"),
        ParameterSpec::positive(
            "stop_atr_multiple",
            3.0,
            1_000.0,
            "distance of the stop in average true ranges",
        ),
    ];
    const PRESETS: &'static [Preset] = &[Preset {
        name: "shipped",
        values: &[
            ("rebalance_threshold", 0.08),
            ("min_allocation", 0.15),
            ("max_allocation", 0.95),
            ("floor_volatility", 0.015),
        ],
    }];
    const COLUMNS: Columns = Columns { log_returns: true, ..Columns::RANGES };
    const METRICS: &'static [Metric] = &[ALLOCATION_ERROR, VOLATILITY_ERROR];

    type Settings = Self;
    type State = VolatilityTargetState;

    fn prepare(parameters: &Parameters) -> Result<Self, ParameterError> {
        let (least, most) = (parameters.number("min_allocation")?, parameters.number("max_allocation")?);
        if least > most {
            let message = format!("must be at most max_allocation ({most}), not {least}");
            return Err(ParameterError::new("min_allocation", message));
        }
        let factor = parameters.number("annualization_factor")?;
        Ok(Self {
            target_volatility: parameters.number("target_volatility")?,
            lookback: parameters.count("lookback")?,
            rebalance_threshold: parameters.number("rebalance_threshold")?,
            min_allocation: least,
            max_allocation: most,
            floor_volatility: parameters.number("floor_volatility")?,
            annualization: (factor > 0.0).then_some(factor),
            protection: ProtectionRule {
                atr_window: parameters.count("atr_window")?,
                multiple: parameters.number("stop_atr_multiple")?,
            },
        })
    }

    fn warm_up(settings: &Self) -> usize {
        settings.lookback + 1
    }

    fn handle_market_data(_: &Self, _: &mut VolatilityTargetState, _: &View<'_>, _: usize) {}

    fn generate_signal(
        settings: &Self,
        state: &mut VolatilityTargetState,
        view: &View<'_>,
        bar: usize,
        _: Nanos,
    ) -> Option<Signal> {
        let volatility = realized_volatility(settings, view, bar)?;
        let target = target(settings, volatility);
        let change = target - state.allocation;
        if target <= 0.0 || change.abs() / target < settings.rebalance_threshold {
            return None;
        }
        state.wanted = target;
        let grows = target > state.allocation;
        let stop = || protection(view.bars, view.first, bar, Direction::Long, settings.protection);
        Some(
            Signal::new(
                SignalKind::Target(Ratio::new(target)),
                Ratio::new((change.abs() / target.max(1e-6)).min(1.0)),
            )
            .because(Reasons {
                protection: grows.then(stop),
                metadata: Metadata::new(
                    &["target_allocation", "current_allocation", "realized_volatility", "target_volatility"],
                    [target, target - change, volatility, settings.target_volatility],
                ),
                ..Reasons::named("rebalance")
            }),
        )
    }

    fn looks_back_to(settings: &Self, _: &VolatilityTargetState, view: &View<'_>, seen: usize) -> usize {
        let Some((returns, last)) = view.returns.zip(seen.checked_sub(1)) else { return 0 };
        let known = returns.count(last);
        let window = match &returns.known {
            Some(counts) => counts[..last].partition_point(|count| known - count >= settings.lookback),
            None => (last + 1).saturating_sub(settings.lookback),
        };
        window.saturating_sub(1).min(seen.saturating_sub(settings.protection.reach()))
    }

    fn on_answer(_: &Self, state: &mut VolatilityTargetState, answer: Answer) {
        match answer {
            Answer::Filled(fraction) => state.allocation += (state.wanted - state.allocation) * fraction,
            Answer::Unchanged => state.allocation = state.wanted,
            Answer::Refused => {}
            Answer::Closed => state.allocation = 0.0,
        }
    }

    fn explain(
        settings: &Self,
        state: &VolatilityTargetState,
        view: &View<'_>,
        bar: usize,
        _: Nanos,
    ) -> Vec<Reading> {
        let known = view.returns.map_or(0, |returns| returns.count(bar) - returns.count(view.first));
        let mut readings = vec![Reading::at_least("returns", known as f64, settings.lookback as f64)];
        if let Some(volatility) = realized_volatility(settings, view, bar) {
            let target = target(settings, volatility);
            let change = (target - state.allocation).abs() / target;
            readings.extend([
                Reading::plain("realized_volatility", volatility),
                Reading::plain("target_allocation", target),
                Reading::plain("current_allocation", state.allocation),
                Reading::at_least("change / target", change, settings.rebalance_threshold),
            ]);
        }
        readings
    }

    /// Running sums tell whether a window is surely quiet; only the others are summed anew.
    fn scan(
        settings: &Self,
        state: &mut VolatilityTargetState,
        view: &View<'_>,
        range: Range<usize>,
    ) -> Option<(usize, Signal)> {
        let allocation = state.allocation;
        let mut decide = |bar| Self::generate_signal(settings, state, view, bar, Nanos::ZERO);
        let calm = view.returns.and_then(|returns| Calm::new(settings, allocation, view, returns));
        match calm {
            Some(calm) => {
                let bars = range.start.max(calm.from)..range.end;
                Loud::<_, 32, 32>::new(calm, bars).find_map(|bar| Some((bar, decide(bar)?)))
            }
            None => range.into_iter().find_map(|bar| Some((bar, decide(bar)?))),
        }
    }
}

/// The sample standard deviation of the last returns, over the target's period; `None` with too few returns.
fn realized_volatility(settings: &VolatilityTarget, view: &View<'_>, bar: usize) -> Option<f64> {
    let returns = view.returns?;
    let until = returns.count(bar);
    if until - returns.count(view.first) < settings.lookback {
        return None;
    }
    let window = &returns.values[until - settings.lookback..until];
    Some(sample_variance(window, settings.lookback).sqrt() * annualization(settings, view))
}

fn annualization(settings: &VolatilityTarget, view: &View<'_>) -> f64 {
    let of_length = |length: Nanos| (YEAR.get() as f64 / length.get() as f64).sqrt();
    settings.annualization.unwrap_or_else(|| view.bars.length().map_or(1.0, of_length))
}

/// The fraction of the budget to hold at this volatility.
fn target(settings: &VolatilityTarget, volatility: f64) -> f64 {
    let effective = volatility.max(settings.floor_volatility);
    if effective == 0.0 {
        return settings.max_allocation;
    }
    (settings.target_volatility / effective).clamp(settings.min_allocation, settings.max_allocation)
}

/// The variances at which nothing is to be done, with room for the rounding of running sums.
struct Calm<'a> {
    variances: Variances<'a>,
    /// The first candle with enough returns.
    from: usize,
    low: f64,
    high: f64,
}

impl<'a> Calm<'a> {
    /// `None` when no variance is surely quiet.
    fn new(
        settings: &VolatilityTarget,
        allocation: f64,
        view: &View<'_>,
        returns: &'a LogReturns,
    ) -> Option<Self> {
        /// Thresholds are drawn in by this much, far more than the rounding of square root and division.
        const MARGIN: f64 = 1e-9;
        let VolatilityTarget { lookback, min_allocation, max_allocation, rebalance_threshold, .. } =
            *settings;
        let least = allocation / (1.0 + rebalance_threshold);
        // A threshold above 1 lets no growth through; at 1, growth from next to nothing hangs on a rounding.
        let most = if rebalance_threshold > 1.0 {
            f64::INFINITY
        } else {
            allocation / (1.0 - rebalance_threshold + MARGIN)
        };
        if least >= max_allocation || most <= min_allocation {
            return None;
        }
        // The target falls as volatility rises: more than `least` below `high`, less than `most` above `low`.
        let high = if least < min_allocation { f64::INFINITY } else { settings.target_volatility / least };
        let low = if most > max_allocation { 0.0 } else { settings.target_volatility / most };
        if settings.floor_volatility >= high * (1.0 - MARGIN) {
            return None;
        }
        let low = if settings.floor_volatility > low * (1.0 + MARGIN) { 0.0 } else { low };
        let variances = Variances::new(returns, lookback)?;
        let variance = |volatility: f64| {
            let per_candle = volatility / annualization(settings, view);
            per_candle * per_candle
        };
        let low = if low == 0.0 { -1.0 } else { variance(low) * (1.0 + MARGIN) + variances.error };
        let high = variance(high) * (1.0 - MARGIN) - variances.error;
        Some(Self { variances, from: view.first + lookback, low, high })
    }
}

impl Quiet for Calm<'_> {
    #[inline]
    fn loud<const N: usize>(&mut self, bar: usize) -> Option<[u8; N]> {
        let variances = self.variances.from::<N>(bar)?;
        let (low, high) = (self.low, self.high);
        let mut loud = [0; N];
        for at in 0..N {
            let (is_above, is_below) = (low < variances[at], variances[at] < high);
            loud[at] = u8::from(!(is_above & is_below));
        }
        Some(loud)
    }
}
