//! How many signals a schedule may emit per instrument and decision, and which of more are kept.

use std::cmp::Ordering;

/// What decides how many signals a schedule may emit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// The schedule's own budget.
    pub base_max_signals: u32,
    /// The governor's factor; 1 without a governor.
    pub governor_factor: f64,
    /// The governor's least number of signals; 1 without a governor.
    pub max_signal_floor: u32,
    /// The schedule's share of the capital.
    pub allocator_factor: f64,
    /// The signal limit in force.
    pub limit: Option<u32>,
}

impl Capacity {
    /// The budget times the governor's factor, before it is rounded.
    #[must_use]
    pub fn governor_max_signals(&self) -> f64 {
        f64::from(self.base_max_signals) * self.governor_factor.max(0.0)
    }

    /// Signals at most. Halves are rounded to the even number. A limit only lowers; a share of the capital up to 1 does
    /// not, but without any share, and with one that is no number, there are none.
    #[must_use]
    pub fn active_max_signals(&self) -> u32 {
        if self.allocator_factor.max(0.0) == 0.0 {
            return 0;
        }
        let mut most = self.governor_max_signals().round_ties_even();
        if self.base_max_signals > 0 && self.governor_factor > 0.0 {
            most = most.max(f64::from(self.max_signal_floor));
        }
        if self.allocator_factor > 1.0 {
            most = (most * self.allocator_factor).round_ties_even();
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let most = most as u32;
        most.min(self.limit.unwrap_or(u32::MAX))
    }
}

/// Keeps the `most` surest of a decision's signals, the surest first; as many as are allowed keep their order. Of equally
/// sure ones the earlier are kept. A confidence that is no number is below all others.
pub fn truncate<T>(signals: &mut Vec<T>, most: u32, confidence: impl Fn(&T) -> f64) {
    let most = most as usize;
    if signals.len() <= most {
        return;
    }
    let descending = |one: &T, other: &T| {
        let (one, other) = (confidence(one), confidence(other));
        other.partial_cmp(&one).unwrap_or_else(|| match (one.is_nan(), other.is_nan()) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => Ordering::Equal,
        })
    };
    signals.sort_by(descending);
    signals.truncate(most);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_the_even_number_and_a_limit_only_lowers() {
        let base = Capacity {
            base_max_signals: 5,
            governor_factor: 0.5,
            max_signal_floor: 1,
            allocator_factor: 0.2,
            limit: None,
        };
        assert_eq!(base.active_max_signals(), 2);
        assert_eq!(Capacity { governor_factor: 0.7, ..base }.active_max_signals(), 4);
        assert_eq!(Capacity { limit: Some(8), ..base }.active_max_signals(), 2);
        assert_eq!(Capacity { limit: Some(0), ..base }.active_max_signals(), 0);
        assert_eq!(Capacity { max_signal_floor: 9, ..base }.active_max_signals(), 9);
    }

    #[test]
    fn without_a_share_or_with_a_governor_that_stops_it_a_schedule_emits_nothing() {
        let base = Capacity {
            base_max_signals: 4,
            governor_factor: 1.0,
            max_signal_floor: 9,
            allocator_factor: 1.0,
            limit: None,
        };
        for none in [0.0, -1.0, f64::NAN] {
            assert_eq!(Capacity { allocator_factor: none, ..base }.active_max_signals(), 0, "{none}");
            assert_eq!(Capacity { governor_factor: none, ..base }.active_max_signals(), 0, "{none}");
        }
        assert_eq!(Capacity { base_max_signals: 0, ..base }.active_max_signals(), 0);
        assert_eq!(Capacity { allocator_factor: 1.5, ..base }.active_max_signals(), 14, "half of 27 to even");
        assert_eq!(Capacity { allocator_factor: f64::INFINITY, ..base }.active_max_signals(), u32::MAX);
    }

    #[test]
    fn the_surest_are_kept_earlier_ones_first_and_what_is_no_number_last() {
        let kept = |most| {
            let mut signals = vec![('a', 0.5), ('b', f64::NAN), ('c', 0.9), ('d', 0.5), ('e', -1.0)];
            truncate(&mut signals, most, |signal| signal.1);
            signals.iter().map(|signal| signal.0).collect::<String>()
        };
        assert_eq!([kept(0), kept(2), kept(3), kept(4), kept(5)], ["", "ca", "cad", "cade", "abcde"]);
    }
}
