//! Suspensions of schedules and tags; names are matched exactly.

use hemiola_components::control::{ControlError, Suspension, Suspensions, Target, Terms};
use hemiola_components::time::Nanos;

/// The reason when none is given.
const MANUAL: &str = "manual";

/// Suspends a target, in the place of a suspension that it has. Blanks around its name do not count.
///
/// # Errors
/// When the name is blank, or the terms are not sound; nothing has changed then.
pub fn suspend(
    suspensions: &mut Suspensions,
    target: Target,
    terms: &Terms,
    now: Nanos,
) -> Result<(), ControlError> {
    let target = target.trimmed();
    if target.name().is_empty() {
        return Err(ControlError::Target);
    }
    let suspension = Suspension {
        reason: terms.reason().unwrap_or_else(|| MANUAL.to_owned()),
        applied_at: now,
        expires_at: terms.expiry()?.instant(now),
        target,
    };
    match place(suspensions, &suspension.target) {
        Some(place) => suspensions.0[place] = suspension,
        None => suspensions.0.push(suspension),
    }
    Ok(())
}

/// Lifts the suspension of a target; that of a tag goes on holding its schedules. Returns whether there was one.
pub fn resume(suspensions: &mut Suspensions, target: &Target) -> bool {
    place(suspensions, &target.trimmed()).map(|place| suspensions.0.remove(place)).is_some()
}

/// Takes out the suspensions that do not hold any more at `now`.
pub fn expire(suspensions: &mut Suspensions, now: Nanos) -> Vec<Suspension> {
    super::expire(&mut suspensions.0, now, |suspension| suspension.expires_at)
}

/// What holds a schedule: its own suspension, else that of the first of its tags that has one, in their order and the
/// primary tag last.
#[must_use]
pub fn holding<'a>(
    suspensions: &'a Suspensions,
    schedule: &str,
    tags: &[String],
    primary_tag: Option<&str>,
) -> Option<&'a Suspension> {
    let of = |is_meant: &dyn Fn(&Target) -> bool| suspensions.0.iter().find(|one| is_meant(&one.target));
    let of_tag = |tag: &str| of(&|target| matches!(target, Target::Tag(name) if name == tag));
    of(&|target| matches!(target, Target::Schedule(name) if name == schedule))
        .or_else(|| tags.iter().map(String::as_str).chain(primary_tag).find_map(of_tag))
}

/// The suspension that ends next; of several the schedule's, then the one that was imposed first.
#[must_use]
pub fn next_to_expire(suspensions: &Suspensions) -> Option<&Suspension> {
    let ends = suspensions.0.iter().filter(|suspension| suspension.expires_at != Nanos::NEVER);
    ends.min_by_key(|suspension| (suspension.expires_at, matches!(suspension.target, Target::Tag(_))))
}

fn place(suspensions: &Suspensions, target: &Target) -> Option<usize> {
    suspensions.0.iter().position(|suspension| suspension.target == *target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Nanos {
        Nanos::new(second * Nanos::SECOND.get())
    }

    fn schedule(name: &str) -> Target {
        Target::Schedule(name.to_owned())
    }

    fn tag(name: &str) -> Target {
        Target::Tag(name.to_owned())
    }

    fn suspended(targets: impl IntoIterator<Item = (Target, Option<i64>)>) -> Suspensions {
        let mut suspensions = Suspensions::default();
        for (target, end) in targets {
            let terms = Terms { until: end.map(at), ..Terms::default() };
            suspend(&mut suspensions, target, &terms, at(0)).unwrap();
        }
        suspensions
    }

    #[test]
    fn names_and_reasons_are_trimmed_and_a_blank_name_is_nobody() {
        let mut suspensions = suspended([(tag(" core "), None)]);
        assert_eq!((&suspensions.0[0].target, suspensions.0[0].reason.as_str()), (&tag("core"), "manual"));
        let before = suspensions.clone();
        let blank = suspend(&mut suspensions, tag("  "), &Terms::default(), at(0));
        assert_eq!((blank, &suspensions), (Err(ControlError::Target), &before));
        assert!(resume(&mut suspensions, &tag("core  ")));
        assert!(!resume(&mut suspensions, &tag("core")), "lifted already");
    }

    #[test]
    fn a_new_suspension_replaces_the_old_one_wholly_and_keeps_its_place() {
        let mut suspensions = suspended([(tag("a"), Some(60)), (tag("b"), None)]);
        let again = Terms { reason: Some(" again ".into()), ..Terms::default() };
        suspend(&mut suspensions, tag("a"), &again, at(10)).unwrap();
        let [a, b] = suspensions.0.as_slice() else { panic!("{suspensions:?}") };
        assert_eq!((a.reason.as_str(), a.applied_at, a.expires_at), ("again", at(10), Nanos::NEVER));
        assert_eq!(b.target, tag("b"));
    }

    #[test]
    fn a_schedule_goes_before_its_tags_which_go_in_their_order_before_the_primary_one() {
        let mut suspensions = suspended(["core", "late", "early"].map(|name| (tag(name), None)));
        suspend(&mut suspensions, schedule("grid"), &Terms::default(), at(0)).unwrap();
        let tags = |names: [&str; 2]| names.map(ToOwned::to_owned);
        let held = |suspensions: &Suspensions, tags: &[String]| {
            holding(suspensions, "grid", tags, Some("core")).map(|found| found.target.clone())
        };
        assert_eq!(held(&suspensions, &tags(["early", "late"])), Some(schedule("grid")));
        assert!(resume(&mut suspensions, &schedule("grid")));
        assert_eq!(
            held(&suspensions, &tags(["early", "late"])),
            Some(tag("early")),
            "its tag still holds it"
        );
        assert_eq!(held(&suspensions, &tags(["late", "early"])), Some(tag("late")));
        assert_eq!(held(&suspensions, &[]), Some(tag("core")));
        assert_eq!(holding(&suspensions, "core", &tags(["EARLY", "Late"]), None), None, "names are exact");
    }

    #[test]
    fn a_suspension_is_over_at_its_end_and_not_before() {
        let mut suspensions = suspended([(tag("a"), Some(60)), (tag("b"), None)]);
        assert_eq!(expire(&mut suspensions, at(60) - Nanos::new(1)), []);
        assert_eq!(expire(&mut suspensions, at(-60)), [], "the clock went backwards");
        assert_eq!(expire(&mut suspensions, at(60)).len(), 1);
        assert_eq!(expire(&mut suspensions, at(61)), [], "once");
    }

    #[test]
    fn of_several_that_end_together_schedules_go_before_tags_and_then_the_earlier() {
        let ends = Some(60);
        let suspensions = suspended([
            (schedule("open"), None),
            (tag("a"), ends),
            (schedule("b"), ends),
            (schedule("a"), ends),
        ]);
        assert_eq!(next_to_expire(&suspensions).unwrap().target, schedule("b"));
        let suspensions = suspended([(schedule("late"), Some(61)), (tag("b"), ends), (tag("a"), ends)]);
        assert_eq!(next_to_expire(&suspensions).unwrap().target, tag("b"));
    }
}
