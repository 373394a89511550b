//! A session on the wall clock: when the world takes in what feeds tell.
//!
//! A candle that comes within the grace after its end is taken in at its end, as a backtest has it; until then the world
//! waits before that instant. One that comes later exists from the next instant on that the world has not come to: nobody
//! decides in the past.

use hemiola_components::candle::Candle;
use hemiola_components::time::Nanos;

use super::entry::Row;
use super::intake::{Flaw, Intake};
use crate::streams::Arrival;

/// A candle that claims to end later than this after now is not waited for.
const FURTHEST: Nanos = Nanos::new(3_600 * Nanos::SECOND.get());

/// Candles that wait for their end at most.
const MOST: usize = 100_000;

/// What is to be taken in at an instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Due {
    /// The instant.
    pub at: Nanos,
    /// The candles.
    pub candles: Vec<Row>,
}

/// What is wrong with a candle, or with there being none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A candle is left out.
    Flawed(usize, Nanos, Flaw),
    /// A candle came later than the grace allows; so late.
    Late(usize, Nanos, Nanos),
    /// A series' candle has not come; when it ended.
    Silent(usize, Nanos),
}

/// Candles on their way into the world.
#[derive(Debug)]
pub struct Waiting {
    grace: Nanos,
    intakes: Vec<Intake>,
    /// Candles with their ends and series.
    pool: Vec<(Nanos, usize, Candle)>,
    /// Until when each series' silence has been told.
    told: Vec<Nanos>,
}

impl Waiting {
    /// Of series whose ends are known; candles may be so late.
    #[must_use]
    pub fn new(intakes: Vec<Intake>, grace: Nanos) -> Self {
        let told = vec![Nanos::ZERO; intakes.len()];
        Self { grace, intakes, pool: Vec::new(), told }
    }

    /// The ends of the series.
    #[must_use]
    pub fn intakes(&self) -> &[Intake] {
        &self.intakes
    }

    /// A candle has come. One from the future waits for its end, unless that is too far off.
    pub fn came(&mut self, series: usize, candle: Candle, now: Nanos, mut notice: impl FnMut(Notice)) {
        let end = self.intakes[series].end_of(&candle);
        if end > now {
            notice(Notice::Flawed(series, candle.open_time, Flaw::Future));
            if end.get() > now.get().saturating_add(FURTHEST.get()) || self.pool.len() >= MOST {
                return;
            }
        }
        self.pool.push((end, series, candle));
    }

    /// What the world, which has come to `reached`, takes in at `now`, in order; the last of it is up to when nothing is
    /// missing.
    pub fn due(&mut self, reached: Nanos, now: Nanos, mut notice: impl FnMut(Notice)) -> Vec<Due> {
        let until = self.hold(now).map_or(now, |end| end - Nanos::new(1));
        self.pool.sort_by_key(|(end, series, _)| (*end, *series));
        let mut due: Vec<Due> = Vec::new();
        let mut late: Vec<Row> = Vec::new();
        let mut kept = Vec::new();
        for (end, series, candle) in std::mem::take(&mut self.pool) {
            if end > until {
                kept.push((end, series, candle));
                continue;
            }
            let is_late = end <= reached || now - end > self.grace;
            if is_late && until <= reached {
                kept.push((end, series, candle));
                continue;
            }
            match self.intakes[series].take(candle, now) {
                Err(flaw) => notice(Notice::Flawed(series, candle.open_time, flaw)),
                Ok(()) if is_late => {
                    notice(Notice::Late(series, candle.open_time, now - end));
                    late.push(Arrival { series, candle }.into());
                }
                Ok(()) => {
                    let row = Arrival { series, candle }.into();
                    match due.last_mut().filter(|last| last.at == end) {
                        Some(last) => last.candles.push(row),
                        None => due.push(Due { at: end, candles: vec![row] }),
                    }
                }
            }
        }
        self.pool = kept;
        self.listen(now, &mut notice);
        if until > reached && due.last().is_none_or(|last| last.at < until) {
            due.push(Due { at: until, candles: Vec::new() });
        }
        // They are older than whatever else there is of their series.
        if let Some(first) = due.first_mut() {
            first.candles.splice(..0, late);
        }
        due
    }

    /// The first instant at which a candle has ended that may still come in time.
    fn hold(&self, now: Nanos) -> Option<Nanos> {
        let missing = self.intakes.iter().enumerate().filter_map(|(series, intake)| {
            let (last, end) = (intake.ended()?, intake.next_end()?);
            let is_awaited = end <= now && now - end <= self.grace;
            let has_come = || self.pool.iter().any(|(at, of, _)| *of == series && *at > last);
            (is_awaited && !has_come()).then_some(end)
        });
        missing.min()
    }

    /// Tells of series that are silent, once for each candle that does not come.
    fn listen(&mut self, now: Nanos, notice: &mut impl FnMut(Notice)) {
        for (series, intake) in self.intakes.iter().enumerate() {
            let Some(end) = intake.next_end() else { continue };
            if now - end > self.grace && self.told[series] < now {
                self.told[series] = now + (end - intake.ended().unwrap_or(end));
                notice(Notice::Silent(series, end));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: i64 = 60;

    fn candle(end: i64) -> Candle {
        let open_time = Nanos::new(end - LENGTH);
        Candle { open_time, open: 2.0, high: 3.0, low: 1.0, close: 2.0, volume: 1.0 }
    }

    fn waiting() -> Waiting {
        let intake = || Intake::new(Nanos::new(LENGTH), [candle(600)]);
        Waiting::new(vec![intake(), intake()], Nanos::new(5))
    }

    /// An instant, with series and ends of its candles.
    type Instant = (i64, Vec<(usize, i64)>);

    /// What is due as instants with the ends of the candles of either series.
    fn due(waiting: &mut Waiting, reached: i64, now: i64) -> (Vec<Instant>, Vec<Notice>) {
        let mut notices = Vec::new();
        let due = waiting.due(Nanos::new(reached), Nanos::new(now), |notice| notices.push(notice));
        let end = |row: &Row| {
            let Arrival { series, candle } = (*row).into();
            (series, candle.open_time.get() + LENGTH)
        };
        let due = due.iter().map(|due| (due.at.get(), due.candles.iter().map(end).collect()));
        (due.collect(), notices)
    }

    fn came(waiting: &mut Waiting, series: usize, end: i64, now: i64) {
        waiting.came(series, candle(end), Nanos::new(now), |_| ());
    }

    #[test]
    fn the_world_waits_for_a_candle_within_its_grace_and_takes_it_in_at_its_end() {
        let mut waiting = waiting();
        assert_eq!(due(&mut waiting, 640, 650).0, [(650, vec![])]);
        assert_eq!(due(&mut waiting, 650, 661).0, [(659, vec![])], "both are missing");
        came(&mut waiting, 0, 660, 662);
        assert_eq!(due(&mut waiting, 659, 662).0, [], "one is missing");
        came(&mut waiting, 1, 660, 663);
        assert_eq!(due(&mut waiting, 659, 663).0, [(660, vec![(0, 660), (1, 660)]), (663, vec![])]);
    }

    #[test]
    fn a_candle_that_does_not_come_is_not_waited_for_beyond_the_grace() {
        let mut waiting = waiting();
        came(&mut waiting, 0, 660, 661);
        assert_eq!(due(&mut waiting, 650, 661), (vec![(659, vec![])], vec![]));
        let (due_now, notices) = due(&mut waiting, 659, 666);
        assert_eq!(due_now, [(666, vec![(0, 660)])], "by now it is late itself");
        assert_eq!(
            notices,
            [Notice::Late(0, Nanos::new(600), Nanos::new(6)), Notice::Silent(1, Nanos::new(660)),]
        );
        assert_eq!(due(&mut waiting, 666, 680), (vec![(680, vec![])], vec![]), "it was told");
        came(&mut waiting, 1, 660, 700);
        let (due_now, notices) = due(&mut waiting, 680, 700);
        assert_eq!(due_now, [(700, vec![(1, 660)])]);
        assert_eq!(notices, [Notice::Late(1, Nanos::new(600), Nanos::new(40))]);
    }

    #[test]
    fn what_comes_after_a_long_silence_exists_from_then_on_all_at_once() {
        let mut waiting = waiting();
        for end in [720, 660, 780, 900, 840] {
            came(&mut waiting, 0, end, 903);
            came(&mut waiting, 1, end, 903);
        }
        let (due_now, notices) = due(&mut waiting, 600, 903);
        let ends = |ends: &[i64]| ends.iter().flat_map(|end| [(0, *end), (1, *end)]).collect::<Vec<_>>();
        let mut all = ends(&[660, 720, 780, 840]);
        all.extend(ends(&[900]));
        assert_eq!(due_now, [(900, all), (903, vec![])], "{notices:?}");
    }

    #[test]
    fn candles_from_the_future_wait_for_their_end_unless_it_is_absurd() {
        let mut waiting = waiting();
        came(&mut waiting, 0, 660, 640);
        came(&mut waiting, 1, 660, 640);
        let mut notices = Vec::new();
        let absurd = 660 + LENGTH * (FURTHEST.get() / LENGTH + 1);
        waiting.came(0, candle(absurd), Nanos::new(640), |notice| notices.push(notice));
        assert_eq!(notices, [Notice::Flawed(0, Nanos::new(absurd - LENGTH), Flaw::Future)]);
        assert_eq!(waiting.pool.len(), 2);
        assert_eq!(due(&mut waiting, 630, 650).0, [(650, vec![])]);
        assert_eq!(due(&mut waiting, 650, 660).0, [(660, vec![(0, 660), (1, 660)])]);
    }

    #[test]
    fn what_is_wrong_with_a_candle_is_told_and_it_is_left_out() {
        let mut waiting = waiting();
        for (series, end) in [(0, 600), (0, 660), (0, 660), (1, 660)] {
            came(&mut waiting, series, end, 660);
        }
        let (due_now, notices) = due(&mut waiting, 659, 660);
        assert_eq!(due_now, [(660, vec![(0, 660), (1, 660)])]);
        let flaw = |open| Notice::Flawed(0, Nanos::new(open), Flaw::Duplicated);
        assert_eq!(notices, [flaw(540), flaw(600)]);
    }
}
