//! Wakes on a clock that is not the machine's.

use hemiola_components::schedule::Cadence;
use hemiola_components::time::Nanos;
use proptest::prelude::*;

use super::*;

const MILLI: i64 = 1_000_000;

/// A clock that goes on only while somebody sleeps on it, and once stalls; the wall is set once.
struct Virtual {
    now: i64,
    wall: i64,
    stall: Option<(i64, i64)>,
    step: Option<(i64, i64)>,
}

impl Virtual {
    fn at(now: i64) -> Self {
        Self { now, wall: 1_000_000 * MILLI, stall: None, step: None }
    }
}

impl Clock for Virtual {
    fn wall(&mut self) -> Nanos {
        Nanos::new(self.now + self.wall)
    }

    fn monotonic(&mut self) -> Nanos {
        Nanos::new(self.now)
    }

    fn sleep_until(&mut self, deadline: Nanos) {
        self.now = self.now.max(deadline.get());
        if let Some((_, by)) = self.stall.take_if(|(at, _)| *at <= self.now) {
            self.now += by;
        }
        if let Some((_, by)) = self.step.take_if(|(at, _)| *at <= self.now) {
            self.wall += by;
        }
    }
}

fn every(millis: i64) -> Cadence {
    Cadence { every: Nanos::new(millis * MILLI), offset: Nanos::ZERO }
}

const LONG: Nanos = Nanos::new(i64::MAX / 4);

/// Instants of wakes after the beginning, in milliseconds, with what was skipped.
fn wakes(missed: Missed, clock: Virtual, count: usize) -> Vec<(i64, u64)> {
    let start = 1_000_000;
    let mut pacer = Pacer::new(&[every(10)], missed, clock, Nanos::ZERO);
    let wakes = (0..count).map(|_| pacer.wait(LONG));
    wakes.map(|wake| (wake.instant.get() / MILLI - start, wake.skipped)).collect()
}

#[test]
fn instants_that_were_missed_are_skipped_burst_or_begin_anew() {
    let stalled = || Virtual { stall: Some((30 * MILLI, 35 * MILLI)), ..Virtual::at(0) };
    let calm = [(10, 0), (20, 0), (30, 0)];
    assert_eq!(wakes(Missed::Skip, Virtual::at(0), 3), calm);
    assert_eq!(wakes(Missed::Skip, stalled(), 5), [(10, 0), (20, 0), (65, 3), (70, 0), (80, 0)]);
    assert_eq!(wakes(Missed::Delay, stalled(), 5), [(10, 0), (20, 0), (65, 3), (75, 0), (85, 0)]);
    let burst = [(10, 0), (20, 0), (65, 0), (65, 0), (65, 0), (65, 0), (70, 0)];
    assert_eq!(wakes(Missed::Burst, stalled(), 7), burst);
}

#[test]
fn a_stall_shows_in_the_corrected_percentiles_and_not_in_the_naive_ones() {
    let clock = Virtual { stall: Some((5_000 * MILLI, 900 * MILLI)), ..Virtual::at(0) };
    let mut pacer = Pacer::new(&[every(1)], Missed::Skip, clock, Nanos::ZERO);
    for _ in 0..10_000 {
        pacer.wait(LONG);
    }
    let [raw, corrected] = [pacer.lateness().raw(), pacer.lateness().corrected()].map(Percentiles::of);
    assert_eq!((raw.p999, raw.count), (0, 10_000));
    assert!(corrected.p999 > 850 * MILLI.unsigned_abs(), "{corrected:?}");
    assert!(raw.max >= 900 * MILLI.unsigned_abs() && corrected.max >= raw.max);
}

#[test]
fn a_clock_that_is_set_forward_is_followed_and_one_that_is_set_back_is_not() {
    let hour = 3_600_000 * MILLI;
    for (by, after) in [(hour, hour / MILLI + 30), (-hour, 30)] {
        let clock = Virtual { step: Some((30 * MILLI, by)), ..Virtual::at(0) };
        let mut pacer = Pacer::new(&[every(10)], Missed::Skip, clock, Nanos::ZERO);
        let wakes: Vec<Wake> = (0..6).map(|_| pacer.wait(LONG)).collect();
        let instants: Vec<i64> = wakes.iter().map(|wake| wake.instant.get() / MILLI - 1_000_000).collect();
        assert_eq!(instants, [10, 20, after, after + 10, after + 20, after + 30]);
        let latest = pacer.lateness().raw().max();
        assert_eq!(latest, 0, "nobody is late in time that was jumped over");
        let steps: Vec<_> = wakes.iter().map(|wake| wake.stepped.map(Nanos::get)).collect();
        assert_eq!(steps, [None, None, Some(by), None, None, None]);
    }
}

#[test]
fn what_was_set_back_and_forward_again_is_where_it_was() {
    let hour = 3_600_000 * MILLI;
    let clock = Virtual { step: Some((30 * MILLI, -hour)), ..Virtual::at(0) };
    let mut pacer = Pacer::new(&[every(10), every(35)], Missed::Skip, clock, Nanos::ZERO);
    (0..6).for_each(|_| _ = pacer.wait(LONG));
    pacer.clock.step = Some((0, hour));
    let wakes: Vec<Wake> = (0..3).map(|_| pacer.wait(LONG)).collect();
    assert_eq!(
        wakes.iter().map(|wake| wake.stepped.map(Nanos::get)).collect::<Vec<_>>(),
        [Some(hour), None, None]
    );
    let ahead = wakes[2].instant.get() - pacer.clock.wall().get();
    assert_eq!(ahead, 0, "{ahead}");
}

#[test]
fn a_jump_skips_the_instants_of_all_grids() {
    let hour = 3_600_000 * MILLI;
    for missed in [Missed::Skip, Missed::Burst] {
        let clock = Virtual { step: Some((30 * MILLI, hour)), ..Virtual::at(0) };
        let mut pacer = Pacer::new(&[every(10), every(1_000)], missed, clock, Nanos::ZERO);
        let wakes: Vec<Wake> = (0..5).map(|_| pacer.wait(LONG)).collect();
        assert_eq!(wakes[2].skipped, 360_000 + 3_600, "{missed:?}");
        assert!(wakes[3].instant - wakes[2].instant <= Nanos::new(10 * MILLI));
    }
}

#[test]
fn a_sleep_is_no_longer_than_it_may_be() {
    let mut pacer = Pacer::new(&[every(1_000)], Missed::Skip, Virtual::at(0), Nanos::ZERO);
    let wakes: Vec<_> = (0..5).map(|_| pacer.wait(Nanos::new(250 * MILLI))).collect();
    let seen = wakes.iter().map(|wake| (wake.instant.get() / MILLI - 1_000_000, wake.scheduled.is_some()));
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [(250, false), (500, false), (750, false), (1_000, true), (1_250, false)]
    );
}

#[test]
fn instants_begin_after_what_was_reached() {
    let reached = Nanos::new(2_000_000 * MILLI);
    let mut pacer = Pacer::new(&[every(10)], Missed::Skip, Virtual::at(0), reached);
    let wakes: Vec<_> = (0..2).map(|_| pacer.wait(LONG)).collect();
    assert_eq!(wakes.iter().map(|wake| wake.instant.get() / MILLI - 2_000_000).collect::<Vec<_>>(), [10, 20]);
    assert!(wakes.iter().all(|wake| wake.stepped.is_none()));
}

proptest! {
    #[test]
    fn the_schedules_that_are_due_are_those_whose_grid_has_the_instant(
        cadences in prop::collection::vec((1_i64..50, 0_i64..20), 1..12),
    ) {
        let cadences: Vec<Cadence> = cadences
            .into_iter()
            .map(|(every, offset)| Cadence {
                every: Nanos::new(every * MILLI),
                offset: Nanos::new(offset * MILLI),
            })
            .collect();
        let mut pacer = Pacer::new(&cadences, Missed::Skip, Virtual::at(0), Nanos::ZERO);
        let mut last = 1_000_000;
        for _ in 0..100 {
            let wake = pacer.wait(LONG);
            let mut due: Vec<usize> = pacer.due().collect();
            due.sort_unstable();
            let is_due = |at: i64, cadence: &Cadence| (at * MILLI - cadence.offset.get()) % cadence.every.get() == 0;
            let at = (last + 1..last + 100).find(|at| cadences.iter().any(|cadence| is_due(*at, cadence))).unwrap();
            let expected: Vec<usize> =
                (0..cadences.len()).filter(|schedule| is_due(at, &cadences[*schedule])).collect();
            prop_assert_eq!((wake.instant.get() / MILLI, due), (at, expected));
            last = at;
        }
    }
}
