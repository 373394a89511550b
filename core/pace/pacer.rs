//! Wakes at the grid instants of schedules.

use hemiola_components::schedule::Cadence;
use hemiola_components::time::Nanos;

use super::clock::Clock;
use super::lateness::Lateness;

/// What becomes of instants that have passed when their turn comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// They are passed over; the next one is on the grid.
    #[default]
    Skip,
    /// They follow at once, one after another.
    Burst,
    /// They are passed over, and the grid begins anew with the wake.
    Delay,
}

/// A wall clock that is off by more than this was set; by less, it is followed.
const STEP: i64 = Nanos::SECOND.get();

/// To follow the wall clock, instants are moved by this part of the time that has passed at most.
const FOLLOW: i64 = 1_000;

/// A thread has woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// The instant; it never goes back.
    pub instant: Nanos,
    /// The grid instant that it woke for; `None` when it only slept as long as it was to.
    pub scheduled: Option<Nanos>,
    /// Grid instants of all schedules that were passed over.
    pub skipped: u64,
    /// By how much the wall clock was set since the last wake.
    pub stepped: Option<Nanos>,
}

/// Schedules with the same grid.
#[derive(Clone, Debug)]
struct Group {
    every: Nanos,
    next: Nanos,
    schedules: Vec<usize>,
    is_due: bool,
}

/// Wakes a thread at the grid instants of schedules.
#[derive(Debug)]
pub struct Pacer<C> {
    pub(super) clock: C,
    missed: Missed,
    groups: Vec<Group>,
    /// What is added to the monotonic clock.
    offset: Nanos,
    /// By how much the wall clock is known to be off.
    known: Nanos,
    last: Nanos,
    lateness: Lateness,
}

impl<C: Clock> Pacer<C> {
    /// For schedules of these cadences. The first instants are after now, and after `reached`.
    #[must_use]
    pub fn new(cadences: &[Cadence], missed: Missed, mut clock: C, reached: Nanos) -> Self {
        let (wall, monotonic) = (clock.wall(), clock.monotonic());
        let now = wall.max(reached);
        let mut groups: Vec<Group> = Vec::new();
        let mut grids: Vec<Cadence> = Vec::new();
        for (schedule, cadence) in cadences.iter().enumerate() {
            let known = grids.iter().position(|known| known == cadence);
            let group = known.unwrap_or_else(|| {
                grids.push(*cadence);
                let next = now.next_on_grid(cadence.offset, cadence.every);
                groups.push(Group { every: cadence.every, next, schedules: Vec::new(), is_due: false });
                groups.len() - 1
            });
            groups[group].schedules.push(schedule);
        }
        let lateness = Lateness::new(groups.iter().map(|group| group.every));
        Self { clock, missed, groups, offset: now - monotonic, known: now - wall, last: now, lateness }
    }

    /// Sleeps until the next instant, and no longer than `at_most`.
    pub fn wait(&mut self, at_most: Nanos) -> Wake {
        let next = self.groups.iter().map(|group| group.next).min().unwrap_or(Nanos::NEVER);
        let bound = Nanos::new(self.last.get().saturating_add(at_most.get()));
        let scheduled = (next <= bound).then_some(next);
        let deadline = next.min(bound);
        self.clock.sleep_until(Nanos::new(deadline.get().saturating_sub(self.offset.get())));
        let monotonic = self.clock.monotonic();
        let woke = (monotonic + self.offset).max(self.last);
        let stepped = self.follow(monotonic, woke - self.last);
        let instant = (monotonic + self.offset).max(self.last);
        self.last = instant;
        let mut skipped = 0;
        for (place, group) in self.groups.iter_mut().enumerate() {
            group.is_due = Some(group.next) == scheduled;
            if group.is_due {
                let every = if self.missed == Missed::Burst { Nanos::ZERO } else { group.every };
                self.lateness.record(place, woke - group.next, every);
                group.next = group.next + group.every;
            }
            // Of time that was jumped over nobody can be late.
            let jumped = stepped.is_some_and(|by| by > Nanos::ZERO);
            if !jumped && (!group.is_due || self.missed == Missed::Burst) {
                continue;
            }
            let passed = (instant - group.next).get().div_euclid(group.every.get()) + 1;
            if passed <= 0 {
                continue;
            }
            skipped += passed.unsigned_abs() * group.schedules.len() as u64;
            group.next = match self.missed {
                Missed::Delay => instant + group.every,
                Missed::Skip | Missed::Burst => group.next + Nanos::new(passed * group.every.get()),
            };
        }
        Wake { instant, scheduled, skipped, stepped }
    }

    /// The schedules that the last wake was for.
    pub fn due(&self) -> impl Iterator<Item = usize> + '_ {
        self.groups.iter().filter(|group| group.is_due).flat_map(|group| group.schedules.iter().copied())
    }

    /// How late the wakes were.
    #[must_use]
    pub const fn lateness(&self) -> &Lateness {
        &self.lateness
    }

    /// Follows the wall clock as it drifts. One that was set forward is followed at once, since time has passed; one that
    /// was set back is not, since instants never go back, until it is set forward again.
    fn follow(&mut self, monotonic: Nanos, passed: Nanos) -> Option<Nanos> {
        let wall = self.clock.wall();
        let ahead = (monotonic + self.offset) - wall - self.known;
        if ahead.get().abs() < STEP {
            let most = passed.get() / FOLLOW;
            self.offset = self.offset - Nanos::new(ahead.get().clamp(-most, most));
            return None;
        }
        if ahead > Nanos::ZERO {
            self.known = self.known + ahead;
        } else {
            let caught_up = self.known.min(Nanos::ZERO - ahead);
            self.known = self.known - caught_up;
            self.offset = self.offset - ahead - caught_up;
        }
        Some(Nanos::ZERO - ahead)
    }
}
