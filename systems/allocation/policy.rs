//! When the shares are brought up.

use hemiola_components::capital::{Policy, Weights};
use hemiola_components::time::Nanos;

use super::policies::shares;

/// Brings the shares up to the re-allocation instant that is in force at `now`.
///
/// The instants are the cool-down's grid from the epoch; without a cool-down, every due instant.
pub(super) fn allocate(policy: &Policy, weights: &mut Weights, now: Nanos) {
    let instant =
        weights.cool_down.map_or(now, |cool_down| now.next_on_grid(Nanos::ZERO, cool_down) - cool_down);
    if weights.allocated_at == Some(instant) {
        return;
    }
    // A run's policies do not look at telemetry, so the first evaluation stands for all.
    if weights.allocated_at.is_none() {
        weights.shares = shares(policy, &weights.schedules);
    }
    weights.allocated_at = Some(instant);
}

#[cfg(test)]
mod tests {
    use hemiola_components::capital::{PolicyKind, ScheduleView};

    use super::*;

    fn views(names: &[(&str, &str, &str)]) -> Vec<ScheduleView> {
        let view = |(name, strategy, profile): &(&str, &str, &str)| ScheduleView {
            name: (*name).into(),
            strategy: (*strategy).into(),
            risk_profile: (*profile).into(),
            ..ScheduleView::default()
        };
        names.iter().map(view).collect()
    }

    fn fixed_shares(table: &[(&str, f64)], schedules: &[(&str, &str, &str)]) -> Vec<f64> {
        let table = table.iter().map(|(key, weight)| ((*key).to_owned(), *weight)).collect();
        shares(&Policy::of(PolicyKind::FixedWeight(table)), &views(schedules))
    }

    #[test]
    fn equal_weight_divides_by_the_number_of_schedules() {
        let four = views(&[("a", "s", "p"), ("b", "s", "p"), ("c", "s", "p"), ("d", "s", "p")]);
        assert_eq!(shares(&Policy::of(PolicyKind::EqualWeight), &four), [0.25; 4]);
        assert!(shares(&Policy::of(PolicyKind::EqualWeight), &[]).is_empty());
    }

    #[test]
    fn fixed_weight_prefers_the_narrower_key_and_normalises_what_was_hit() {
        let schedules =
            [("Trend_A", "trend", "Balanced"), ("b", "trend", "aggressive"), ("c", "grid", "balanced")];
        assert_eq!(
            fixed_shares(&[("trend_a:balanced", 3.0), ("trend_a", 9.0), ("trend", 1.0)], &schedules),
            [0.75, 0.25, 0.0]
        );
        assert_eq!(fixed_shares(&[("trend:aggressive", 2.0), ("grid", 2.0)], &schedules), [0.0, 0.5, 0.5]);
        assert_eq!(
            fixed_shares(&[("trend", 2.0)], &schedules),
            [0.5, 0.5, 0.0],
            "each hit gets the whole entry"
        );
    }

    #[test]
    fn a_table_that_hits_nothing_means_equal() {
        assert_eq!(fixed_shares(&[("x", 1.0), ("a", -1.0)], &[("a", "s", "p"), ("b", "s", "p")]), [0.5, 0.5]);
    }
}
