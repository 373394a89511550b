//! Asks a venue for one series, again and again.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hemiola_components::candle::Candle;
use hemiola_components::time::Nanos;
use tokio::sync::mpsc::Sender;
use tokio::time::sleep;

use super::venue::{Answer, Failure, FailureKind, Venue};
use super::{KlineSettings, PATIENCE};
use crate::feed::news::{News, Wanted};

/// How long until a symbol is asked for again that the venue does not know.
const UNKNOWN_PAUSE: Duration = Duration::from_mins(10);

/// One series on its way.
pub(super) struct Asking {
    venue: Arc<Venue>,
    series: usize,
    wanted: Wanted,
    news: Sender<News>,
    /// The last candle that was told; it is asked for again, and told again if it has changed.
    last: Option<Candle>,
    failures: u32,
    /// How often the closed candle was not there.
    misses: u32,
    /// What was told last of what is wrong.
    trouble: Option<String>,
}

/// Nobody listens any more.
struct Over;

impl Asking {
    pub(super) fn new(venue: Arc<Venue>, series: usize, wanted: Wanted, news: Sender<News>) -> Self {
        Self { venue, series, wanted, news, last: None, failures: 0, misses: 0, trouble: None }
    }

    /// Until nobody listens.
    pub(super) async fn run(mut self) {
        let news = self.news.clone();
        tokio::select! {
            () = news.closed() => {}
            Err(Over) = self.ask_on() => {}
        }
    }

    async fn ask_on(&mut self) -> Result<Infallible, Over> {
        loop {
            let since = self.last.map_or(self.wanted.since, |last| last.open_time);
            let pause = match self.venue.candles(&self.wanted, since).await {
                Ok(answer) => self.answered(answer).await?,
                Err(failure) => self.failed(failure).await?,
            };
            sleep(pause).await;
        }
    }

    /// Tells what is new, and says how long to wait.
    async fn answered(&mut self, Answer { candles, date, off }: Answer) -> Result<Duration, Over> {
        self.compare_clocks(off).await?;
        // One candle is open; what is later cannot be.
        let furthest = date.get().saturating_add(self.wanted.interval.length().get() + Nanos::SECOND.get());
        let absurd = candles.iter().map(|candle| self.end(candle)).find(|end| end.get() > furthest);
        let is_full = candles.len() >= usize::from(self.venue.settings.page());
        let is_new = |candle: &Candle| self.end(candle) <= date && self.is_news(candle);
        let new: Vec<Candle> = candles.into_iter().filter(is_new).collect();
        let newest = new.iter().max_by_key(|candle| candle.open_time).copied();
        let has_come = newest.is_some_and(|newest| self.next() <= newest.open_time);
        match absurd {
            Some(end) => {
                let what = "the venue has candles from the future".to_owned();
                let ahead = end.get().saturating_sub(date.get()) / Nanos::SECOND.get();
                let detail = format!("one ends {ahead} s after its own clock; they are left out");
                self.trouble(what, &detail, None).await?;
            }
            None if self.trouble.take().is_some() => {
                self.tell(News::Recovered { series: Some(self.series) }).await?;
            }
            None => {}
        }
        if let Some(newest) = newest {
            self.last = Some(newest);
            self.tell(News::Candles { series: self.series, candles: new }).await?;
        }
        (self.failures, self.misses) = (0, if has_come { 0 } else { self.misses.saturating_add(1) });
        Ok(if is_full && has_come { Duration::ZERO } else { self.until_next(off) })
    }

    /// Whether a candle has not been told, or was told otherwise.
    fn is_news(&self, candle: &Candle) -> bool {
        match &self.last {
            Some(last) if last.open_time == candle.open_time => bits(last) != bits(candle),
            _ => candle.open_time >= self.next(),
        }
    }

    /// The open time of the first candle that has not been told.
    fn next(&self) -> Nanos {
        self.last.map_or(self.wanted.since, |last| self.end(&last))
    }

    fn end(&self, candle: &Candle) -> Nanos {
        Nanos::new(candle.open_time.get().saturating_add(self.wanted.interval.length().get()))
    }

    /// A local clock that differs from the venue's is told of once, by whichever series sees it.
    async fn compare_clocks(&self, off: Nanos) -> Result<(), Over> {
        let is_off = off != Nanos::ZERO;
        if self.venue.is_off.swap(is_off, Ordering::Relaxed) == is_off {
            return Ok(());
        }
        if !is_off {
            return self.tell(News::Recovered { series: None }).await;
        }
        let message = format!(
            "the clock here is {:.1} s {} that of {}: set it; candles are taken when the venue's says that they have \
             closed",
            off.seconds().abs(),
            if off < Nanos::ZERO { "behind" } else { "before" },
            self.venue.settings.base_url
        );
        self.tell(News::Trouble { series: None, message }).await
    }

    /// How long until the next candle should be there, when the clock here is `off`.
    fn until_next(&self, off: Nanos) -> Duration {
        let KlineSettings { delay, retry, longest_backoff, .. } = self.venue.settings;
        let close = self.next().get().saturating_add(self.wanted.interval.length().get());
        let now = (self.venue.clock)().get().saturating_sub(off.get());
        let left = Duration::from_nanos(close.saturating_sub(now).max(0).unsigned_abs());
        if !left.is_zero() {
            return left + delay;
        }
        retry
            .saturating_mul(1 << self.misses.saturating_sub(PATIENCE).min(16))
            .min(longest_backoff.max(retry))
    }

    async fn failed(&mut self, Failure { kind, what, detail }: Failure) -> Result<Duration, Over> {
        let KlineSettings { backoff, longest_backoff, .. } = self.venue.settings;
        let pause = match kind {
            FailureKind::Wait(pause) => pause,
            FailureKind::Unknown => UNKNOWN_PAUSE,
            FailureKind::Passing => {
                let doubled = backoff.saturating_mul(1 << self.failures.min(16)).min(longest_backoff);
                // A part of the pause differs from series to series, so that they do not ask all at once.
                let share = u32::try_from(self.series % 8).unwrap_or_default();
                doubled + doubled / 32 * share
            }
        };
        self.failures += 1;
        self.trouble(what, &detail, Some(pause)).await?;
        Ok(pause)
    }

    /// Tells what is wrong, unless that was told last.
    async fn trouble(&mut self, what: String, detail: &str, pause: Option<Duration>) -> Result<(), Over> {
        if self.trouble.as_ref() == Some(&what) {
            return Ok(());
        }
        let mut message = format!("{}: {what}", self.venue.address(&self.wanted));
        if !detail.is_empty() {
            _ = write!(message, " ({detail})");
        }
        if let Some(pause) = pause {
            _ = write!(message, "; it is asked again in {:.1} s", pause.as_secs_f64());
        }
        self.trouble = Some(what);
        self.tell(News::Trouble { series: Some(self.series), message }).await
    }

    async fn tell(&self, news: News) -> Result<(), Over> {
        self.news.send(news).await.map_err(|_| Over)
    }
}

/// What is no number equals itself here.
fn bits(candle: &Candle) -> [u64; 5] {
    [candle.open, candle.high, candle.low, candle.close, candle.volume].map(f64::to_bits)
}
