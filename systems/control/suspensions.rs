//! Suspensions of schedules and tags; names are matched exactly.

use hemiola_components::control::{ControlError, Suspension, Suspensions, Target, Terms};
use hemiola_components::time::Nanos;

/// The reason when none is given.
const MANUAL: &str = "manual";

/// Suspends a target, in the place of a suspension that it has.
///
/// # Errors
/// When the terms are not sound; nothing has changed then.
pub fn suspend(
    suspensions: &mut Suspensions,
    target: Target,
    terms: &Terms,
    now: Nanos,
) -> Result<(), ControlError> {
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
    place(suspensions, target).map(|place| suspensions.0.remove(place)).is_some()
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
