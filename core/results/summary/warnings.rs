//! What is probably not meant, or worth knowing.

use crate::assembly::Notes;
use crate::job::Prepared;
use crate::modes::backtest::Outcome;

/// The warnings of configuration and data, and what the run learned beyond them.
pub(super) fn warnings(prepared: &Prepared, outcome: &Outcome, notes: &Notes) -> Vec<String> {
    let mut warnings = prepared.warnings.clone();
    if !prepared.plan.equal_quotes.is_empty() {
        let equal = prepared.plan.equal_quotes.join(", ");
        warnings.push(format!("the configuration declares {equal} equal to {}", prepared.plan.valuation));
    }
    warnings.extend(notes.short_warmups.iter().map(|short| {
        format!(
            "schedule `{}` asked for {} candles of {} to warm up and got {}",
            short.schedule, short.wanted, short.instrument, short.found
        )
    }));
    warnings.extend(notes.short_histories.iter().map(|short| {
        format!(
            "schedule `{}` decides after {} candles of {}, and there are {}: {} are missing, so it never does",
            short.schedule,
            short.needed,
            short.instrument,
            short.found,
            short.needed - short.found
        )
    }));
    warnings.extend(notes.stale_quotes.iter().map(|stale| {
        format!(
            "schedule `{}` enters no pair at {} of {} candles of {}: the last quote of {} is older than {} s",
            stale.schedule,
            stale.stale,
            stale.candles,
            stale.primary,
            stale.secondary,
            stale.bound.get() as f64 / 1e9
        )
    }));
    let held_back = prepared.plan.schedules.iter().zip(&outcome.not_finite).filter(|(_, count)| **count > 0);
    warnings.extend(held_back.map(|(schedule, count)| {
        format!("schedule `{}` held back {count} signals with numbers that are not finite", schedule.name)
    }));
    warnings.extend(notes.inexact_series.iter().map(|series| {
        format!("the prices of {series} have no common tick: windows are summed anew instead of exactly")
    }));
    warnings
}
