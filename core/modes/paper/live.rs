//! Feeds that go by the wall clock, as a session's source.

use std::time::Duration;

use hemiola_adapters::feed::news::{News, Wanted};
use hemiola_components::candle::Candle;
use hemiola_components::time::Nanos;
use hemiola_systems::allocation::VOLATILITY_CANDLES;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;

use super::entry::{Begin, ClockKind, KeptState, Row};
use super::intake::Intake;
use super::session::{Source, Stop};
use super::world::{latched, series};
use crate::clock::{self, Stopwatch};
use crate::exit::{Exit, Failure};
use crate::job::{Job, Prepared};
use crate::streams::Arrival;

/// How long a new session waits for the candles before its beginning.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often it looks whether they have come.
const PAUSE: Duration = Duration::from_millis(50);

/// Begins to tell the candles of some series.
pub type Feed<'a> = dyn FnMut(Vec<Wanted>) -> Result<mpsc::Receiver<News>, Failure> + 'a;

/// A feed that goes by the wall clock.
pub struct Live<'a> {
    prepared: &'a Prepared,
    job: Job,
    grace: Nanos,
    feed: Box<Feed<'a>>,
    tell: &'a dyn Fn(&str),
}

impl<'a> Live<'a> {
    /// Of what a job came to; `tell` hears what is wrong before the session begins.
    #[must_use]
    pub fn new(
        prepared: &'a Prepared,
        job: Job,
        grace: Nanos,
        feed: Box<Feed<'a>>,
        tell: &'a dyn Fn(&str),
    ) -> Self {
        Self { prepared, job, grace, feed, tell }
    }

    /// Candles that a series is warmed up with.
    fn warm_up(&self) -> i64 {
        let plan = &self.prepared.plan;
        let seen = if plan.capital_policy.is_static() { 0 } else { VOLATILITY_CANDLES };
        let most = plan.schedules.iter().map(|schedule| schedule.warmup_bars).fold(seen, usize::max);
        i64::try_from(most).unwrap_or(i64::MAX / 2) + 2
    }

    /// The candles that have ended before a session begins, as far as they come.
    fn gather(&mut self, wanted: Vec<Wanted>, stop: &Stop) -> Result<Vec<Vec<Candle>>, Failure> {
        let mut intakes: Vec<Intake> =
            wanted.iter().map(|wanted| Intake::new(wanted.interval.length(), [])).collect();
        let mut known: Vec<Vec<Candle>> = vec![Vec::new(); wanted.len()];
        let lengths: Vec<Nanos> = wanted.iter().map(|wanted| wanted.interval.length()).collect();
        let mut news = (self.feed)(wanted)?;
        let stopwatch = Stopwatch::start();
        while stop.asked() == 0 && stopwatch.elapsed() < PATIENCE {
            let mut take = |series: usize, candle: Candle| {
                if intakes[series].take(candle, clock::now()).is_ok() {
                    known[series].push(candle);
                }
            };
            match news.try_recv() {
                Ok(News::Candles { series, candles }) => {
                    for candle in candles {
                        take(series, candle);
                    }
                }
                Ok(News::Closed { candles, .. }) => {
                    for (series, candle) in candles {
                        take(series, candle);
                    }
                }
                Ok(News::Trouble { message, .. }) => (self.tell)(&message),
                Ok(News::Recovered { .. } | News::End) => {}
                Err(TryRecvError::Disconnected) => {
                    return Err(Failure::new(Exit::Operational, "the feed ended before the session began"));
                }
                Err(TryRecvError::Empty) => {
                    let now = clock::now();
                    let is_here = |(intake, length): (&Intake, &Nanos)| {
                        let newest = now - *length - self.grace;
                        intake.ended().is_some_and(|ended| ended > newest)
                    };
                    if intakes.iter().zip(&lengths).all(is_here) {
                        break;
                    }
                    Stopwatch::start().wait_until(PAUSE);
                }
            }
        }
        Ok(known)
    }
}

impl Source for Live<'_> {
    fn begin(&mut self, wanted: &[Wanted], stop: &Stop) -> Result<Begin, Failure> {
        let (now, candles) = (clock::now(), self.warm_up());
        let since = |wanted: &Wanted| {
            let back = wanted.interval.length().get().saturating_mul(candles);
            Wanted { since: Nanos::new((now.get() - back).max(0)), ..wanted.clone() }
        };
        let known = self.gather(wanted.iter().map(since).collect(), stop)?;
        let start = clock::now();
        let prepared = self.prepared;
        let rows = known.into_iter().enumerate().flat_map(|(series, candles)| {
            candles.into_iter().map(move |candle| Row::from(Arrival { series, candle }))
        });
        Ok(Begin {
            run_id: prepared.run_id.clone(),
            job: self.job.clone(),
            config_sha256: prepared.config_sha256.clone(),
            binary: env!("CARGO_PKG_VERSION").to_owned(),
            clock: ClockKind::Wall,
            kept: KeptState::default(),
            latches: latched(&prepared.plan),
            start: start.get(),
            end: None,
            series: series(&prepared.plan),
            history: rows.collect(),
        })
    }

    fn open(&mut self, wanted: Vec<Wanted>) -> Result<mpsc::Receiver<News>, Failure> {
        (self.feed)(wanted)
    }
}
