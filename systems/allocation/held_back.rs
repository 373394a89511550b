//! Signals that a schedule may not act on now.

use hemiola_components::control::Controls;
use hemiola_components::id::ScheduleIndex;
use hemiola_components::risk::Rule;
use hemiola_components::schedule::Schedule;
use hemiola_components::time::Nanos;

use crate::control::capacity::Capacity;

/// The rule that holds a signal back before it is sized. A suspension holds back everything, the others only what does
/// more than reduce a position.
pub(super) fn held_back(
    schedule: &Schedule,
    controls: &Controls,
    share: f64,
    only_reduces: bool,
    now: Nanos,
) -> Option<Rule> {
    let standing = &controls.standings[schedule.index.get()];
    if standing.suspension.is_some() {
        return Some(Rule::Suspended);
    }
    if only_reduces {
        return None;
    }
    if !schedule.windows.is_empty() && !schedule.windows.iter().any(|window| window.contains(now)) {
        return Some(Rule::OutsideWindow);
    }
    let is_suspended = |index: &ScheduleIndex| controls.standings[index.get()].suspension.is_some();
    if !schedule.stands_in_for.is_empty() && !schedule.stands_in_for.iter().any(is_suspended) {
        return Some(Rule::IdleFallback);
    }
    if share == 0.0 {
        return Some(Rule::AllocatorWeight);
    }
    let capacity = Capacity {
        base_max_signals: standing.base_max_signals,
        governor_factor: standing.governor_factor,
        max_signal_floor: standing.signal_floor,
        allocator_factor: share,
        limit: standing.limit,
    };
    // An engine emits one signal at most for an instrument at a decision, so that any budget is enough for it.
    (capacity.active_max_signals() == 0).then_some(Rule::SignalLimit)
}
