//! Asks a venue for one series, again and again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use hemiola_components::candle::Candle;
use hemiola_components::time::Nanos;
use reqwest::header::{DATE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use tokio::sync::Mutex;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep, sleep_until};

use super::KlineSettings;
use super::answer::{Fault, read};
use crate::feed::FeedError;
use crate::feed::news::{News, Wanted};

/// Bytes of an answer at most: a thousand candles take a seventh of it.
const MOST_BYTES: usize = 1 << 20;

/// How long until a symbol is asked for again that the venue does not know.
const UNKNOWN_PAUSE: Duration = Duration::from_secs(600);

/// The longest pause that a venue may ask for.
const BAN: Duration = Duration::from_secs(3 * 86_400);

/// A clock that is off by more is told of.
const CLOCK_TOLERANCE: Nanos = Nanos::new(1_500_000_000);

/// A venue, and how it is asked.
#[derive(Debug)]
pub(super) struct Venue {
    client: Client,
    url: Url,
    settings: KlineSettings,
    /// The wall clock here.
    clock: fn() -> Nanos,
    /// Whether it was told that that differs from the venue's.
    clock_told: AtomicBool,
    /// Nobody asks before, since the venue wants a pause.
    closed_until: Mutex<Option<Instant>>,
}

impl Venue {
    pub(super) fn new(settings: KlineSettings, clock: fn() -> Nanos) -> Result<Self, FeedError> {
        static PROVIDER: Once = Once::new();
        // It may be installed already, which is as good.
        PROVIDER.call_once(|| _ = rustls::crypto::ring::default_provider().install_default());
        let address = || FeedError::Address { url: settings.base_url.clone() };
        let base = Url::parse(&settings.base_url).map_err(|_| address())?;
        let url = base.join("/api/v3/klines").map_err(|_| address())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(address());
        }
        // A password would stand in every message.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FeedError::Address { url: url.host_str().unwrap_or_default().to_owned() });
        }
        let client = Client::builder().timeout(settings.timeout).redirect(Policy::none());
        let is_here = url.host_str().is_some_and(|host| host == "localhost" || host.starts_with("127."));
        let client = if is_here { client.no_proxy() } else { client };
        Ok(Self {
            client: client.build()?,
            url,
            settings,
            clock,
            clock_told: AtomicBool::new(false),
            closed_until: Mutex::new(None),
        })
    }
}

/// Why a question had no answer.
enum Failure {
    /// The venue wants a pause.
    Wait(Duration, String),
    /// The venue does not know the symbol.
    Unknown(String),
    /// Anything else.
    Passing(String),
}

/// What a venue answered.
struct Answer {
    candles: Vec<Candle>,
    /// The venue's clock, to the second.
    date: Option<Nanos>,
}

/// One series on its way.
pub(super) struct Asking {
    venue: Arc<Venue>,
    series: usize,
    wanted: Wanted,
    news: Sender<News>,
    /// The open time of the first candle that has not been told.
    next: Nanos,
    failures: u32,
    /// Questions in a row that brought nothing new.
    misses: u32,
    /// What was told last of what is wrong.
    trouble: Option<String>,
}

/// Nobody listens any more.
struct Over;

impl Asking {
    pub(super) fn new(venue: Arc<Venue>, series: usize, wanted: Wanted, news: Sender<News>) -> Self {
        let next = wanted.since;
        Self { venue, series, wanted, news, next, failures: 0, misses: 0, trouble: None }
    }

    /// Until nobody listens.
    pub(super) async fn run(mut self) {
        loop {
            let pause = match self.round().await {
                Ok(pause) => pause,
                Err(Over) => return,
            };
            tokio::select! {
                () = self.news.closed() => return,
                () = sleep(pause) => {}
            }
        }
    }

    /// Asks once, tells what is new, and says how long to wait.
    async fn round(&mut self) -> Result<Duration, Over> {
        let answer = match self.ask().await {
            Ok(answer) => answer,
            Err(failure) => return self.failed(failure).await,
        };
        self.failures = 0;
        if self.trouble.take().is_some() {
            self.tell(News::Recovered { series: Some(self.series) }).await?;
        }
        let now = self.now(answer.date).await?;
        let length = self.wanted.interval.length();
        let is_full = answer.candles.len() >= usize::from(self.venue.settings.page);
        let has_closed = |candle: &Candle| candle.open_time.get().saturating_add(length.get()) <= now.get();
        let new: Vec<Candle> = answer
            .candles
            .into_iter()
            .filter(|candle| candle.open_time >= self.next && has_closed(candle))
            .collect();
        let Some(newest) = new.iter().map(|candle| candle.open_time).max() else {
            self.misses += 1;
            return Ok(self.until_next(now));
        };
        (self.next, self.misses) = (newest + length, 0);
        self.tell(News::Candles { series: self.series, candles: new }).await?;
        Ok(if is_full { Duration::ZERO } else { self.until_next(now) })
    }

    /// The venue's time as far as it says: to the second, in which candles close. A clock here that differs is told of
    /// once.
    async fn now(&mut self, date: Option<Nanos>) -> Result<Nanos, Over> {
        let local = (self.venue.clock)();
        let Some(date) = date else { return Ok(local) };
        let off = local - date;
        let is_off = off < Nanos::ZERO - CLOCK_TOLERANCE || off > CLOCK_TOLERANCE + Nanos::SECOND;
        if is_off && !self.venue.clock_told.swap(true, Ordering::SeqCst) {
            let message = format!(
                "the clock here is {:.1} s {} that of {}: set it",
                off.seconds().abs(),
                if off < Nanos::ZERO { "behind" } else { "before" },
                self.venue.url.host_str().unwrap_or_default()
            );
            self.tell(News::Trouble { series: None, message }).await?;
        }
        Ok(date)
    }

    /// How long until the next candle should be there. One that does not come is asked for less and less often.
    fn until_next(&self, now: Nanos) -> Duration {
        let KlineSettings { delay, retry, longest_backoff, .. } = self.venue.settings;
        let close = self.next + self.wanted.interval.length();
        let left = Duration::from_nanos((close - now).get().max(0).unsigned_abs());
        if left.is_zero() {
            return retry.saturating_mul(1 << self.misses.min(16)).min(longest_backoff);
        }
        left + delay
    }

    async fn ask(&self) -> Result<Answer, Failure> {
        let Venue { client, url, settings, .. } = &*self.venue;
        let query = [
            ("symbol", self.wanted.venue_symbol.clone()),
            ("interval", self.wanted.interval.to_string()),
            ("startTime", self.next.millis().to_string()),
            ("limit", settings.page.to_string()),
        ];
        let closed_until = *self.venue.closed_until.lock().await;
        if let Some(until) = closed_until {
            sleep_until(until).await;
        }
        let passing = |error: reqwest::Error| Failure::Passing(reason(&error));
        let response = client.get(url.clone()).query(&query).send().await.map_err(passing)?;
        let (status, date) = (response.status(), date(&response));
        if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::IM_A_TEAPOT {
            let pause =
                retry_after(&response).unwrap_or(settings.longest_backoff).clamp(settings.backoff, BAN);
            *self.venue.closed_until.lock().await = Some(Instant::now() + pause);
            return Err(Failure::Wait(pause, format!("the venue answers {status}")));
        }
        let body = body(response).await?;
        match read(&body) {
            Err(Fault::Unknown(msg)) => Err(Failure::Unknown(msg)),
            Err(Fault::Shape(why)) if status.is_success() => Err(Failure::Passing(why)),
            Err(Fault::Shape(why)) => Err(Failure::Passing(format!("the venue answers {status}: {why}"))),
            Ok(_) if !status.is_success() => Err(Failure::Passing(format!("the venue answers {status}"))),
            Ok(candles) => Ok(Answer { candles, date }),
        }
    }

    async fn failed(&mut self, failure: Failure) -> Result<Duration, Over> {
        let KlineSettings { backoff, longest_backoff, .. } = self.venue.settings;
        let (pause, why) = match failure {
            Failure::Wait(pause, why) => (pause, why),
            Failure::Unknown(why) => (UNKNOWN_PAUSE, format!("the venue does not know the symbol ({why})")),
            Failure::Passing(why) => {
                let doubled = backoff.saturating_mul(1 << self.failures.min(16)).min(longest_backoff);
                // A part of the pause differs from series to series, so that they do not ask all at once.
                let share = u32::try_from(self.series % 8).unwrap_or_default();
                (doubled + doubled / 32 * share, why)
            }
        };
        self.failures += 1;
        if self.trouble.as_ref() != Some(&why) {
            let message = format!(
                "{}?symbol={}&interval={}: {why}; it is asked again in {:.1} s",
                self.venue.url,
                self.wanted.venue_symbol,
                self.wanted.interval,
                pause.as_secs_f64()
            );
            self.trouble = Some(why);
            self.tell(News::Trouble { series: Some(self.series), message }).await?;
        }
        Ok(pause)
    }

    async fn tell(&self, news: News) -> Result<(), Over> {
        self.news.send(news).await.map_err(|_| Over)
    }
}

/// The body of an answer, up to so many bytes.
async fn body(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MOST_BYTES => body.extend_from_slice(&chunk),
            Ok(Some(_)) => {
                return Err(Failure::Passing(format!("the answer has more than {MOST_BYTES} bytes")));
            }
            Ok(None) => return Ok(body),
            Err(error) => return Err(Failure::Passing(reason(&error))),
        }
    }
}

/// What an error comes from, without the address, which stands before it.
fn reason(error: &reqwest::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    let what = match () {
        () if error.is_timeout() => "no whole answer in time",
        () if error.is_connect() => "no connection",
        () if error.is_body() || error.is_decode() => "the answer is cut off",
        () => "no answer",
    };
    format!("{what} ({reason})")
}

fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

fn date(response: &Response) -> Option<Nanos> {
    let text = response.headers().get(DATE)?.to_str().ok()?;
    let date = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    date.timestamp_nanos_opt().map(Nanos::new)
}
