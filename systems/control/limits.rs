//! Signal limits: one per strategy and risk profile; names are matched exactly.

use hemiola_components::control::{ControlError, SignalLimit, SignalLimits, Terms};
use hemiola_components::time::Nanos;

/// Imposes a limit in the place of what there was for the strategy and the profile. A fraction counts as the whole
/// number towards zero, a negative number as zero.
///
/// # Errors
/// When the limit is no number, or the terms are not sound; nothing has changed then.
pub fn impose(
    limits: &mut SignalLimits,
    (strategy, risk_profile): (&str, &str),
    limit: f64,
    terms: &Terms,
    now: Nanos,
) -> Result<(), ControlError> {
    if limit.is_nan() {
        return Err(ControlError::Limit(limit));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let limit = SignalLimit {
        strategy: strategy.to_owned(),
        risk_profile: risk_profile.to_owned(),
        limit: limit as u32,
        reason: terms.reason(),
        created_at: now,
        expires_at: terms.expiry()?.instant(now),
    };
    match place(limits, strategy, risk_profile) {
        Some(place) => limits.0[place] = limit,
        None => limits.0.push(limit),
    }
    Ok(())
}

/// Lifts a limit. Returns whether there was one.
pub fn lift(limits: &mut SignalLimits, strategy: &str, risk_profile: &str) -> bool {
    place(limits, strategy, risk_profile).map(|place| limits.0.remove(place)).is_some()
}

/// Takes out the limits that do not hold any more at `now`.
pub fn expire(limits: &mut SignalLimits, now: Nanos) -> Vec<SignalLimit> {
    super::expire(&mut limits.0, now, |limit| limit.expires_at)
}

/// The limit of a strategy under a risk profile.
#[must_use]
pub fn limit_of<'a>(limits: &'a SignalLimits, strategy: &str, risk_profile: &str) -> Option<&'a SignalLimit> {
    place(limits, strategy, risk_profile).map(|place| &limits.0[place])
}

fn place(limits: &SignalLimits, strategy: &str, risk_profile: &str) -> Option<usize> {
    limits.0.iter().position(|limit| limit.strategy == strategy && limit.risk_profile == risk_profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_no_number_or_has_no_sound_duration_leaves_what_there_was() {
        let (mut limits, key) = (SignalLimits::default(), ("trend", "balanced"));
        impose(&mut limits, key, 3.0, &Terms::default(), Nanos::ZERO).unwrap();
        let before = limits.clone();
        let endless = Terms { duration_seconds: Some(0.0), ..Terms::default() };
        assert!(impose(&mut limits, key, f64::NAN, &Terms::default(), Nanos::ZERO).is_err());
        assert!(impose(&mut limits, key, 1.0, &endless, Nanos::ZERO).is_err());
        assert_eq!(limits, before);
    }

    fn at(second: i64) -> Nanos {
        Nanos::new(second * Nanos::SECOND.get())
    }

    #[test]
    fn a_fraction_is_cut_off_and_a_negative_limit_is_zero() {
        for (asked, limit) in [(2.9, 2), (0.9, 0), (-1.3, 0), (1e20, u32::MAX)] {
            let mut limits = SignalLimits::default();
            impose(&mut limits, ("trend", "balanced"), asked, &Terms::default(), at(0)).unwrap();
            assert_eq!(limits.0[0].limit, limit, "{asked}");
        }
    }

    #[test]
    fn a_new_limit_replaces_the_old_one_wholly_and_keeps_its_place() {
        let mut limits = SignalLimits::default();
        let cap = Terms { reason: Some(" cap ".into()), duration_seconds: Some(60.0), until: None };
        impose(&mut limits, ("trend", "balanced"), 3.0, &cap, at(0)).unwrap();
        impose(&mut limits, ("grid", "balanced"), 1.0, &Terms::default(), at(0)).unwrap();
        assert_eq!(limits.0[0].reason.as_deref(), Some("cap"));
        impose(&mut limits, ("trend", "balanced"), 5.0, &Terms::default(), at(10)).unwrap();
        let [trend, grid] = limits.0.as_slice() else { panic!("{limits:?}") };
        assert_eq!((trend.limit, trend.reason.as_ref(), trend.created_at), (5, None, at(10)));
        assert_eq!((trend.expires_at, grid.strategy.as_str()), (Nanos::NEVER, "grid"));
    }

    #[test]
    fn a_limit_is_over_at_its_end_and_not_before() {
        let mut limits = SignalLimits::default();
        let minute = Terms { duration_seconds: Some(60.0), ..Terms::default() };
        impose(&mut limits, ("trend", "balanced"), 3.0, &minute, at(100)).unwrap();
        impose(&mut limits, ("grid", "balanced"), 3.0, &Terms::default(), at(100)).unwrap();
        assert_eq!(expire(&mut limits, at(-100)), [], "the clock went backwards");
        assert_eq!(expire(&mut limits, at(160) - Nanos::new(1)), []);
        let over = expire(&mut limits, at(160));
        assert_eq!(over.iter().map(|limit| limit.strategy.as_str()).collect::<Vec<_>>(), ["trend"]);
        assert_eq!(expire(&mut limits, at(161)), [], "once");
    }

    #[test]
    fn names_are_exact() {
        let mut limits = SignalLimits::default();
        impose(&mut limits, ("trend", "balanced"), 3.0, &Terms::default(), at(0)).unwrap();
        assert_eq!(limit_of(&limits, "Trend", "balanced"), None);
        assert!(!lift(&mut limits, "trend", "Balanced"));
        assert!(lift(&mut limits, "trend", "balanced"));
        assert!(!lift(&mut limits, "trend", "balanced"));
    }
}
