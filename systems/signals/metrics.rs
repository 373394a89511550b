//! The metrics that engines' signals have beside their confidence.

use hemiola_components::metric::{Fold, Metric};

/// The mean distance from the mean, in standard deviations.
pub const ABS_ZSCORE: Metric = Metric {
    name: "avg_abs_zscore",
    fold: Fold::Mean,
    sample: |signal| signal.number("zscore").map(f64::abs),
};

/// The mean volatility that was seen.
pub const REALIZED_VOLATILITY: Metric = Metric {
    name: "avg_realized_volatility",
    fold: Fold::Mean,
    sample: |signal| signal.number("volatility"),
};

/// How far the allocation is from its target, per cent of the target.
pub const ALLOCATION_ERROR: Metric = Metric {
    name: "allocation_error_pct",
    fold: Fold::Mean,
    sample: |signal| {
        let target = signal.number("target_allocation").filter(|target| *target != 0.0)?;
        let current = signal.number("current_allocation")?;
        Some(100.0 * (target - current).abs() / target.abs().max(1e-9))
    },
};

/// How far the volatility is from its target, per cent of the target.
pub const VOLATILITY_ERROR: Metric = Metric {
    name: "realized_vs_target_vol_pct",
    fold: Fold::Mean,
    sample: |signal| {
        let target = signal.number("target_volatility").filter(|target| *target != 0.0)?;
        let realized = signal.number("realized_volatility")?;
        Some(100.0 * (realized - target).abs() / target.abs().max(1e-9))
    },
};

/// The largest age of a second leg's quote, milliseconds.
pub const SECONDARY_DELAY: Metric = Metric {
    name: "secondary_delay_ms",
    fold: Fold::Max,
    sample: |signal| signal.number("secondary_delay_ms"),
};

/// What a pair gained of its spread. Of signals that say both spreads as fractions of the price it is their difference
/// in hundredths of a per cent of that price; of others, that of the entry's spread.
pub const SPREAD_CAPTURE: Metric = Metric {
    name: "spread_capture_bps",
    fold: Fold::Mean,
    sample: |signal| {
        let entry = signal.number("entry_spread")?;
        if let Some(exit) = signal.number("exit_spread_ratio") {
            return Some((entry - exit) * 1e4);
        }
        let exit = signal.number("exit_spread").filter(|_| entry != 0.0)?;
        Some((entry - exit) * 1e4 / entry.abs())
    },
};
